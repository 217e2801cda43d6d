import type { JournalEventBodies, Pid } from "@aiosjs/sdk/protocol";
import type { Gate } from "./gate/gate.ts";
import { labelOf } from "./gate/label.ts";
import type { Outbox } from "./outbox.ts";
import type { Process } from "./process.ts";
import type { EgressDoor, SandboxPorts } from "./sandboxes-port.ts";

/** What comes by the way out comes from anybody. */
const fromOutside = labelOf({ trust: "untrusted", confidentiality: "public" });

interface JailParts {
  readonly outbox: Outbox;
  readonly gate: () => Gate;
}

/**
 * Ways out of processes whose whole program runs in a sandbox, which its starter has made: modules, and commands under
 * `aios run --sandbox`. Each has one as long as it lives; what the policy does not list is refused there, with the reason.
 */
export class Jails {
  readonly #open: SandboxPorts["openEgress"];
  readonly #parts: JailParts;
  readonly #doors = new Map<Pid, Promise<EgressDoor>>();

  constructor({ openEgress }: Pick<SandboxPorts, "openEgress">, parts: JailParts) {
    this.#open = openEgress;
    this.#parts = parts;
  }

  /** Path of the socket. @throws SysError EINVAL, EACCES, EIO */
  async wayOut(process: Process): Promise<string> {
    const { pid } = process;
    const opening = this.#doors.get(pid) ?? this.#openFor(process);
    this.#doors.set(pid, opening);
    try {
      return (await opening).socketPath;
    } catch (cause) {
      this.#doors.delete(pid);
      throw cause;
    }
  }

  ended({ pid }: Process): void {
    void this.#close(pid);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#doors.keys()].map((pid) => this.#close(pid)));
  }

  #openFor(process: Process): Promise<EgressDoor> {
    const { pid, tenant } = process;
    const { outbox, gate } = this.#parts;
    // The policy may be another one by the time of a connection.
    const row = () => gate().rowOf(process);
    return this.#open({
      id: `p-${pid}`,
      pid,
      tenant,
      allowed: () => (process.exit ? [] : row().egress),
      secrets: () => (process.exit ? [] : row().secrets),
      tell: ({ topic, body }) => {
        outbox.event(topic, process, body as JournalEventBodies[typeof topic]);
        if (topic === "egress.permitted" && process.sees(fromOutside))
          outbox.note({ kind: "process", row: process.row() });
      },
    });
  }

  async #close(pid: Pid): Promise<void> {
    const opening = this.#doors.get(pid);
    this.#doors.delete(pid);
    const door = await opening?.catch(() => undefined);
    await door?.[Symbol.asyncDispose]();
  }
}
