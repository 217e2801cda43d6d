import type { Journal, JournalRecord } from "../src/kernel/ports.ts";

export interface MortalJournal extends Journal {
  /** Commits that have reached it so far. */
  readonly commits: number;
  /** Its kernel dies now. */
  kill(): void;
}

/**
 * What a kernel that is killed leaves of a journal: the commits up to `lastCommit`, and of the later ones neither a trace nor an
 * answer. `isAcknowledged: false`: the last one is durable, and its kernel dies before it learns of it.
 */
export function mortal(
  journal: Journal,
  {
    lastCommit,
    isAcknowledged = true,
    onDeath,
  }: { lastCommit: number; isAcknowledged?: boolean; onDeath?: () => void },
): MortalJournal {
  let commits = 0;
  let isDead = false;
  const never = new Promise<never>(() => undefined);
  const asked = async <T>(answer: () => Promise<T>): Promise<T> => (isDead ? never : answer());
  const die = (): Promise<never> => {
    isDead = true;
    onDeath?.();
    return never;
  };
  return {
    driver: journal.driver,
    isReadOnly: false,
    get commits() {
      return commits;
    },
    kill: () => void die(),
    async commit(records: readonly JournalRecord[]) {
      if (isDead || ++commits > lastCommit) return die();
      await journal.commit(records);
      if (isDead || (commits === lastCommit && !isAcknowledged)) return die();
    },
    load: () => journal.load(),
    holder: () => asked(() => journal.holder()),
    claim: (node, after) => asked(() => journal.claim(node, after)),
    renew: (node) => asked(() => journal.renew(node)),
    events: (query) => asked(() => journal.events(query)),
    calls: (query) => asked(() => journal.calls(query)),
    call: (id) => asked(() => journal.call(id)),
    process: (pid) => asked(() => journal.process(pid)),
    values: (query) => asked(() => journal.values(query)),
    notes: (query) => asked(() => journal.notes(query)),
    noteVersions: (query) => asked(() => journal.noteVersions(query)),
    noteNamespaces: (tenant) => asked(() => journal.noteNamespaces(tenant)),
    noteUsage: (places) => asked(() => journal.noteUsage(places)),
    evictableNotes: (place, limit) => asked(() => journal.evictableNotes(place, limit)),
    files: (query) => asked(() => journal.files(query)),
    fileVersions: (query) => asked(() => journal.fileVersions(query)),
    blob: (hash) => asked(() => journal.blob(hash)),
    unplacedFiles: (limit) => asked(() => journal.unplacedFiles(limit)),
    fileUsage: (tenant, root) => asked(() => journal.fileUsage(tenant, root)),
    fileRoots: (tenant) => asked(() => journal.fileRoots(tenant)),
    verifyAudit: (query) => asked(() => journal.verifyAudit(query)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
