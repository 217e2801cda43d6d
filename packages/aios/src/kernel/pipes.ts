import { SysError } from "@aiosjs/sdk/protocol";
import { spokenBy } from "./gate/speaker.ts";
import type { Pid } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import type { Mailbox } from "./mailbox.ts";
import type { MessageQueue } from "./message-queue.ts";
import type { Clock, MessageRow, Random } from "./ports.ts";
import type { Process } from "./process.ts";
import type { ProcessTable } from "./process-table.ts";

/** Open at a time, of one process. */
const MAX_PIPES = 1_000;
/** A pipe that is there is a message in this queue, which is taken when the pipe goes. */
const DIRECTORY = "pipes";

/** What the message that stands for a pipe says. */
interface Entry {
  readonly id: string;
  readonly to: Pid | null;
  readonly capacity: number;
  readonly closed: { readonly code: "ECANCELED" | "ESRCH"; readonly reason: string } | null;
}

interface Pipe {
  row: MessageRow & { readonly body: Entry };
  readonly queue: MessageQueue;
}

/** Queues between processes, each with two ends: who opened it and who it leads to, or the opener's children. */
export class Pipes {
  readonly #pipes = new Map<string, Pipe>();
  readonly #parts: { mailbox: Mailbox; processes: ProcessTable; clock: Clock; random: Random };

  constructor(parts: { mailbox: Mailbox; processes: ProcessTable; clock: Clock; random: Random }) {
    this.#parts = parts;
    for (const row of parts.mailbox.takeLeft(DIRECTORY)) this.#restore(row as Pipe["row"]);
  }

  #restore(row: Pipe["row"]): void {
    const pipe = this.#make(row);
    const { closed } = row.body;
    if (closed) pipe.queue.close(new SysError(closed.code, closed.reason));
  }

  /** @throws SysError EAGAIN when the process has too many. */
  open(record: CallRecord, { to, capacity }: { to: Process | undefined; capacity: number }): string {
    const { process } = record;
    const own = [...this.#pipes.values()].filter(({ row }) => row.from === process.pid);
    const spent = own.find(({ queue }) => queue.isClosed && queue.count === 0);
    if (own.length >= MAX_PIPES && !spent)
      throw new SysError("EAGAIN", `process ${process.pid} has ${own.length} pipes`, {
        hint: "close those that are not needed (pipe.close)",
      });
    if (own.length >= MAX_PIPES && spent) this.#forget(spent);
    const { mailbox, random, clock } = this.#parts;
    const id = random.text(10);
    const row = {
      seq: mailbox.nextSeq(),
      tenant: process.tenant,
      queue: DIRECTORY,
      from: process.pid,
      body: { id, to: to?.pid ?? null, capacity, closed: null },
      atMs: clock.nowMs(),
      takenBy: null,
      label: spokenBy(process),
    };
    const pipe = this.#make(row);
    record.effects.push({ kind: "message", row });
    record.settles.push((isKept) => void (isKept || this.#remove(pipe)));
    return id;
  }

  /** @throws SysError ENOENT, also for what is there but not the caller's. */
  queueOf(id: string, process: Process): MessageQueue {
    return this.#find(id, process).queue;
  }

  /** What is on its way into it comes through. */
  close(id: string, record: CallRecord): void {
    const pipe = this.#find(id, record.process);
    if (pipe.queue.isClosed) return;
    const closed = { code: "ECANCELED", reason: `pipe ${id} was closed by process ${record.process.pid}` } as const;
    record.effects.push({ kind: "message", row: closedRow(pipe, closed) });
    record.settles.push((isKept) => {
      if (isKept) this.#close(pipe, closed);
    });
  }

  /** Its pipes end; a pipe whose ends and their children have all ended goes, with what is unread. */
  ended(process: Process): void {
    const { mailbox, processes } = this.#parts;
    for (const pipe of this.#pipes.values()) {
      if (!isUser(process, pipe)) continue;
      const { id } = pipe.row.body;
      if (isEnd(process.pid, pipe) && !pipe.queue.isClosed) {
        const closed = { code: "ESRCH", reason: `pipe ${id}: process ${process.pid} at its end has ended` } as const;
        this.#close(pipe, closed);
        mailbox.note(pipe.row);
      }
      if (![...processes].some((one) => !one.exit && isUser(one, pipe))) this.#forget(pipe);
    }
  }

  #find(id: string, process: Process): Pipe {
    const pipe = this.#pipes.get(id);
    if (pipe && isUser(process, pipe)) return pipe;
    throw new SysError("ENOENT", `no pipe ${id}`, {
      hint: "a pipe is for who opened it, who it was opened to, and their children",
    });
  }

  #make(row: Pipe["row"]): Pipe {
    const { id, capacity } = row.body;
    const pipe = { row, queue: this.#parts.mailbox.queue(queueName(id), { tenant: row.tenant, capacity }) };
    this.#pipes.set(id, pipe);
    return pipe;
  }

  #close(pipe: Pipe, closed: NonNullable<Entry["closed"]>): void {
    if (pipe.queue.isClosed) return;
    pipe.row = closedRow(pipe, closed);
    pipe.queue.close(new SysError(closed.code, closed.reason));
  }

  #forget(pipe: Pipe): void {
    this.#remove(pipe);
    this.#parts.mailbox.discard(pipe.row);
  }

  #remove({ row }: Pipe): void {
    const { id } = row.body;
    this.#pipes.delete(id);
    this.#parts.mailbox.drop(queueName(id), new SysError("ENOENT", `pipe ${id} is gone`));
  }
}

const queueName = (id: string): string => `pipe:${id}`;

const closedRow = ({ row }: Pipe, closed: NonNullable<Entry["closed"]>): Pipe["row"] => ({
  ...row,
  body: { ...row.body, closed },
});

const isEnd = (pid: Pid, { row }: Pipe): boolean => pid === row.from || pid === row.body.to;

function isUser(process: Process, pipe: Pipe): boolean {
  for (let one: Process | undefined = process; one; one = one.parent) if (isEnd(one.pid, pipe)) return true;
  return false;
}
