import type { Jail, JailPlan } from "../command-jail.ts";
import { asPid } from "@aiosjs/sdk/protocol";
import { openLogs } from "../command-host.ts";
import { doorEnvironment } from "./child-environment.ts";
import type { CommandAnswer, CommandEntry, Patience } from "./command-answer.ts";
import { exitCodeOf, parentCommand } from "./command-parent.ts";
import type { CommandEnd } from "./command-parent.ts";
import { runText } from "./messages/run.ts";
import { translate } from "./text.ts";

const firstPauseMs = 250;
const longestPauseMs = 60_000;
/** Who dies sooner dies at once. */
const quickMs = 10_000;
/** Deaths at once without a new recorded call between them: it would die so for ever. */
const mostQuickDeaths = 5;

/** What the parent does beside. */
interface StartsOptions extends Pick<Patience, "patienceMs" | "onAway"> {
  readonly answer: CommandAnswer;
  /** Where the kernel listens now. */
  readonly doorUrl: () => Promise<string>;
  /** The parent's own, for what its log must not tell; the command has the one of its program. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Called at each start. */
  readonly started?: (hostPid: number) => void;
  /** Aborts while it waits for the next start: there is none then. */
  readonly signal?: AbortSignal;
  /** Tells people what becomes of the command; its log has it anyway. */
  readonly say?: (text: string) => void;
}

/**
 * Parents a command to its last end: as its policy says it is started again, ever more slowly, with a new key and the same
 * recorded answers. Each start waits for the end of the one before and for the kernel's word, so there are never two of them.
 * When this resolves, all that it printed is in the log of its process.
 */
export async function parentToTheEnd(entry: CommandEntry, options: StartsOptions): Promise<CommandEnd> {
  const { answer, env, started, signal, say } = options;
  const { pid, home, lang } = entry;
  await using jail = entry.jail ? await jailOf(entry, options) : undefined;
  await using logs = home === null ? undefined : await openLogs(home, env);
  const print = (text: string): void => logs?.append(asPid(pid), text);
  const tell = (text: string): void => {
    say?.(text);
    print(`⟲ ${text}\n`);
  };
  const deaths = new Deaths();
  for (let { program } = entry; ;) {
    const startedAtMs = performance.now();
    const begun = (hostPid: number): void => {
      answer.started(hostPid);
      started?.(hostPid);
    };
    const end = await parentCommand(program, { started: begun, print, jail });
    if (!isStartedAgain(entry, end)) return end;
    deaths.add(performance.now() - startedAtMs);
    if (!(await answer.pause(deaths.pauseMs, signal))) return end;
    const next = await answer.again((calls) => deaths.mayGoOn(calls), options);
    if (deaths.areTooMany) tell(translate(lang, runText.diesAtOnce, { count: mostQuickDeaths }));
    if (!next) return end;
    tell(translate(lang, runText.startedAgain, { code: exitCodeOf(end), incarnation: next.incarnation }));
    // In a sandbox the door is where it was, wherever the kernel is now.
    const url = jail ? program.environment["AIOS_URL"]! : next.url;
    program = { ...program, environment: { ...program.environment, ...doorEnvironment({ ...next, url, pid }) } };
  }
}

async function jailOf({ jail, pid, home }: CommandEntry, { doorUrl }: Pick<StartsOptions, "doorUrl">): Promise<Jail> {
  const { openJail } = await import("../command-jail.ts");
  return openJail(jail as JailPlan, { pid, home, doorUrl });
}

/** What a person ends stays ended, and what could not be started will not be. */
function isStartedAgain({ restart }: CommandEntry, { code, isAskedFor, failure }: CommandEnd): boolean {
  if (restart === "never" || isAskedFor || failure) return false;
  return restart === "always" || code !== 0;
}

class Deaths {
  /** One after the other, each soon after its start. */
  #quick = 0;
  /** Those of them since the last recorded call. */
  #idle = 0;
  #calls = 0;
  areTooMany = false;

  add(livedMs: number): void {
    this.#quick = livedMs < quickMs ? this.#quick + 1 : 0;
    this.#idle = livedMs < quickMs ? this.#idle + 1 : 0;
  }

  get pauseMs(): number {
    return Math.min(longestPauseMs, firstPauseMs * 2 ** Math.max(0, this.#quick - 1));
  }

  mayGoOn(calls: number): boolean {
    if (calls !== this.#calls) this.#idle = Math.min(this.#idle, 1);
    this.#calls = calls;
    this.areTooMany = this.#idle >= mostQuickDeaths;
    return !this.areTooMany;
  }
}
