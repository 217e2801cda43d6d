import { isSysError } from "@aiosjs/sdk/protocol";
import type { Transport } from "@aiosjs/sdk/protocol";
import type { Lifecycle } from "./lifecycle.ts";
import type { Parts } from "./parts.ts";
import type { CallRow, KeptProgram, Principal } from "./ports.ts";
import type { Process } from "./process.ts";
import { Replay } from "./replay.ts";

/** Recorded calls that are read at a time. */
const PAGE = 1_000;

/** Starts the programs that run here: for the first time, and again after a kernel or a program was killed. */
export class Incarnations {
  readonly #parts: Parts;
  readonly #lifecycle: Lifecycle;
  readonly #openTransport: (principal: Principal) => Transport;
  #isClosing = false;

  constructor(parts: Parts, lifecycle: Lifecycle, openTransport: (principal: Principal) => Transport) {
    this.#parts = parts;
    this.#lifecycle = lifecycle;
    this.#openTransport = openTransport;
  }

  /** The kernel stops: programs stop with it, and their processes stay. */
  close(): void {
    this.#isClosing = true;
  }

  /** A process whose program ran under an earlier kernel: it goes on where its recorded answers end. */
  async again(process: Process): Promise<void> {
    const rows = await this.#recordedOf(process);
    if (process.exit) return;
    process.replay = new Replay(rows);
    process.seq = Math.max(process.seq, ...rows.slice(-1).map(({ seq }) => seq));
    process.incarnation++;
    this.#parts.outbox.event("process.restarted", process, { incarnation: process.incarnation, calls: rows.length });
    this.#lifecycle.save(process);
    await this.begin(process);
  }

  async #recordedOf({ tenant, pid }: Process): Promise<CallRow[]> {
    const rows: CallRow[] = [];
    await this.#parts.outbox.flushed();
    for (;;) {
      const afterSeq = rows.at(-1)?.seq ?? 0;
      const page = await this.#parts.journal.calls({ tenant, pid, afterSeq, limit: PAGE });
      rows.push(...page);
      if (page.length < PAGE) return rows;
    }
  }

  /** Runs its program to the end. */
  async begin(process: Process): Promise<void> {
    const { programs } = this.#parts;
    const { pid, tenant, key, capabilities } = process;
    process.hasBegun = true;
    try {
      const result = await programs.run({
        pid,
        tenant,
        program: process.program as KeptProgram,
        transport: this.#openTransport({ tenant, key: key as Principal["key"], pid, scopes: capabilities }),
        signal: process.abort.signal,
        print: (text) => this.#print(process, text),
      });
      if (!this.#isClosing) this.#lifecycle.end(process, { code: 0, signal: null, reason: "finished", result });
    } catch (cause) {
      if (!this.#isClosing) this.#fail(process, cause);
    }
  }

  #fail(process: Process, cause: unknown): void {
    const reason = isSysError(cause)
      ? `${cause.code}: ${cause.message}`
      : cause instanceof Error
        ? cause.message
        : String(cause);
    const hint = isSysError(cause) && cause.hint !== undefined ? `  → ${cause.hint}\n` : "";
    if (!process.exit) this.#parts.logs.append(process.pid, `${reason}\n${hint}`);
    this.#lifecycle.end(process, { code: 1, signal: null, reason });
  }

  /** What it printed before is in its log already. */
  #print({ pid, replay }: Process, text: string): void {
    if (!replay || replay.isLive) this.#parts.logs.append(pid, text);
  }
}
