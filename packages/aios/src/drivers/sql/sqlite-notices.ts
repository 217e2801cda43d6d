import { SysError } from "@aiosjs/sdk/protocol";
import type { SqlRow, SqlStatement, SqlValue } from "./port.ts";

/** The newest stay: whoever was away for longer has lost the older ones, and looks for itself. */
const KEPT = 1_000;
/** PostgreSQL's bounds, so that what works here works there. */
const MAX_PAYLOAD_BYTES = 7_999;
const channelName = /^[a-z_][a-z0-9_]{0,62}$/;

interface NoticeOptions {
  /** Tells our own notices, which are told at once, from those of others. */
  readonly sender: string;
  readonly pollMs: number;
  readonly query: (text: string, values?: readonly SqlValue[]) => Promise<readonly SqlRow[]>;
}

/** SQLite tells nobody what others write: notices are rows, looked for while somebody listens. */
export class Notices {
  readonly #options: NoticeOptions;
  readonly #listeners = new Map<string, Set<(payload: string) => void>>();
  #lastId = 0;
  #timer: NodeJS.Timeout | undefined;
  #isPolling = false;

  constructor(options: NoticeOptions) {
    this.#options = options;
  }

  async listen(channel: string, act: (payload: string) => void): Promise<AsyncDisposable> {
    if (this.#timer === undefined) {
      const [newest] = await this.#options.query("select coalesce(max(id), 0) as id from notice");
      this.#lastId = Math.max(this.#lastId, Number(newest?.["id"]));
      this.#timer ??= setInterval(() => void this.#poll(), this.#options.pollMs).unref();
    }
    // Its own function, so that one that listens twice is two.
    const listener = (payload: string): void => act(payload);
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
    return {
      [Symbol.asyncDispose]: () => {
        listeners.delete(listener);
        if (listeners.size === 0) this.#listeners.delete(channel);
        if (this.#listeners.size === 0) this.close();
        return Promise.resolve();
      },
    };
  }

  statements(channel: string, payload: string): SqlStatement[] {
    const { sender } = this.#options;
    const insert = "insert into notice (channel, payload, sender) values ($1, $2, $3)";
    return [
      { text: insert, values: [channel, payload, sender] },
      { text: `delete from notice where id <= (select max(id) from notice) - ${KEPT}` },
    ];
  }

  tell(channel: string, payload: string): void {
    for (const listener of this.#listeners.get(channel) ?? []) listener(payload);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #poll(): Promise<void> {
    if (this.#isPolling) return;
    this.#isPolling = true;
    const rows = await this.#newest();
    this.#isPolling = false;
    for (const { id, channel, payload, sender } of rows) {
      this.#lastId = Number(id);
      if (sender !== this.#options.sender) this.tell(String(channel), String(payload));
    }
  }

  async #newest(): Promise<readonly SqlRow[]> {
    try {
      const text = "select id, channel, payload, sender from notice where id > $1 order by id";
      return await this.#options.query(text, [this.#lastId]);
    } catch {
      // The file cannot be read just now, or is being closed: the next look finds what this one did not.
      return [];
    }
  }
}

/** @throws SysError EINVAL */
export function checkNotice(channel: string, payload = ""): void {
  if (!channelName.test(channel)) {
    throw new SysError("EINVAL", `no channel can be called ${JSON.stringify(channel)}`, {
      hint: "lower-case letters, digits and _, at most 63",
    });
  }
  if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES) {
    throw new SysError("EINVAL", `a notice on ${channel} has ${Buffer.byteLength(payload)} bytes`, {
      hint: `at most ${MAX_PAYLOAD_BYTES}: write a row and tell its id`,
    });
  }
}
