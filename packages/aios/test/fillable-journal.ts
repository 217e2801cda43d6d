import { SysError } from "@aiosjs/sdk/protocol";
import type { Journal, JournalRecord } from "../src/kernel/ports.ts";

/** A journal on a disk that can be full; it keeps a log of what it was given. */
export function fillable(journal: Journal): {
  journal: Journal;
  disk: { isFull: boolean };
  written: JournalRecord[];
} {
  const disk = { isFull: false };
  const written: JournalRecord[] = [];
  const full: Journal = {
    driver: "fillable",
    isReadOnly: false,
    load: () => journal.load(),
    holder: () => journal.holder(),
    claim: (node, after) => journal.claim(node, after),
    renew: (node) => journal.renew(node),
    events: (query) => journal.events(query),
    calls: (query) => journal.calls(query),
    call: (id) => journal.call(id),
    process: (pid) => journal.process(pid),
    values: (query) => journal.values(query),
    notes: (query) => journal.notes(query),
    noteVersions: (query) => journal.noteVersions(query),
    noteNamespaces: (tenant) => journal.noteNamespaces(tenant),
    noteUsage: (places) => journal.noteUsage(places),
    evictableNotes: (place, limit) => journal.evictableNotes(place, limit),
    files: (query) => journal.files(query),
    fileVersions: (query) => journal.fileVersions(query),
    blob: (hash) => journal.blob(hash),
    unplacedFiles: (limit) => journal.unplacedFiles(limit),
    fileUsage: (tenant, root) => journal.fileUsage(tenant, root),
    fileRoots: (tenant) => journal.fileRoots(tenant),
    verifyAudit: (query) => journal.verifyAudit(query),
    [Symbol.asyncDispose]: () => journal[Symbol.asyncDispose](),
    commit: async (records) => {
      await Promise.resolve();
      if (disk.isFull) throw new SysError("ENOSPC", "the disk is full");
      written.push(...records);
      await journal.commit(records);
    },
  };
  return { journal: full, disk, written };
}
