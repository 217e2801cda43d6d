import { randomBytes } from "node:crypto";
import type { JournalEvent } from "@aiosjs/sdk/protocol";
import { AuditCheck } from "./audit-check.ts";
import type { AuditMoment, AuditState, StoredCheckpoint, StoredEntry } from "./audit-check.ts";
import { BEGAN, entryHash, KEY_REPLACED, noHash, PRUNED } from "./audit-entry.ts";
import type { AuditSigner } from "./audit-signature.ts";
import type { AuditQuery, AuditVerdict } from "../../kernel/ports.ts";
import type { Kept } from "./kept.ts";

/** An event, or what the log itself says. */
type Entry = { readonly event: Kept<JournalEvent> } | { readonly topic: string; readonly atMs: number; body: string };

/** The audit log of a journal in memory: the same entries, hashed when somebody asks, for nobody else can have changed them. */
export class MemoryAudit {
  #home = "";
  #number = 0;
  #cutNumber = 0;
  #cutHash: Uint8Array = noHash;
  readonly #entries = new Map<number, Entry>();
  readonly #hashes = new Map<number, Uint8Array>();
  #hashed = 0;
  #hash: Uint8Array = noHash;
  #checkpoints: StoredCheckpoint[] = [];

  append(event: Kept<JournalEvent>, nowMs: number): void {
    if (this.#home === "") {
      this.#home = randomBytes(16).toString("hex");
      this.#say(BEGAN, { version: 1, home: this.#home, lastSeqBefore: 0 }, nowMs);
    }
    this.#entries.set(++this.#number, { event });
  }

  /** Forgets the events that may go, from the beginning on; what stays of those before the last of them is entered anew. */
  forget(mayGo: (event: JournalEvent) => boolean, nowMs: number): JournalEvent[] {
    this.#hashAll();
    let cut = 0;
    const gone: JournalEvent[] = [];
    for (const [number, entry] of this.#entries)
      if ("event" in entry && mayGo(entry.event.read())) {
        cut = number;
        gone.push(entry.event.read());
      }
    if (cut === 0) return gone;
    this.#cutHash = this.#hashes.get(cut) as Uint8Array;
    this.#cutNumber = cut;
    let kept = 0;
    for (const [number, entry] of this.#entries) {
      if (number > cut) break;
      this.#entries.delete(number);
      this.#hashes.delete(number);
      if (!("event" in entry) || gone.some(({ seq }) => seq === entry.event.read().seq)) continue;
      this.#entries.set(++this.#number, entry);
      kept++;
    }
    this.#checkpoints = this.#checkpoints.filter(({ number }) => number >= cut);
    const said = { version: 1, home: this.#home, lastSeqBefore: 0, number: cut };
    this.#say(PRUNED, { ...said, hash: hexOf(this.#cutHash), removed: gone.length, kept }, nowMs);
    return gone;
  }

  sign(signer: AuditSigner, nowMs: number): void {
    const last = this.#checkpoints.at(-1);
    if (this.#number === (last?.number ?? 0)) return;
    if (last && last.key !== signer.key) this.#say(KEY_REPLACED, { from: last.key, to: signer.key }, nowMs);
    this.#hashAll();
    const signed = { number: this.#number, hash: this.#hash, atMs: Math.floor(nowMs) };
    const signature = signer.sign({ home: this.#home, ...signed });
    this.#checkpoints.push({ ...signed, key: signer.key, signature });
  }

  verify(query: Pick<AuditQuery, "publicKey" | "expected">, ownKey: string | undefined): AuditVerdict {
    this.#hashAll();
    const moment: AuditMoment = {
      state: () => this.#state(),
      entries: (after, limit) => this.#page(after, limit),
      checkpoints: (after, upTo) => this.#checkpoints.filter(({ number }) => number > after && number <= upTo),
      stray: () => undefined,
    };
    const check = new AuditCheck({ at: (look) => look(moment) }, query, ownKey);
    for (;;) {
      const seen = check.step();
      if ("last" in seen) return seen;
    }
  }

  #state(): AuditState | undefined {
    if (this.#home === "") return undefined;
    const cut = { cutNumber: this.#cutNumber, cutHash: this.#cutHash };
    return { home: this.#home, number: this.#number, hash: this.#hash, ...cut, lastSeqBefore: 0 };
  }

  #say(topic: string, told: object, atMs: number): void {
    this.#entries.set(++this.#number, { topic, atMs, body: JSON.stringify(told) });
  }

  #page(after: number, limit: number): StoredEntry[] {
    const page: StoredEntry[] = [];
    for (let number = after + 1; page.length < limit && number <= this.#number; number++) {
      const hash = this.#hashes.get(number);
      if (hash) page.push({ ...this.#read(number), hash, isTyped: true });
    }
    return page;
  }

  #read(number: number): Omit<StoredEntry, "hash" | "isTyped"> {
    const entry = this.#entries.get(number) as Entry;
    if (!("event" in entry)) {
      const { topic, atMs, body } = entry;
      return { number, seq: -number, topic: bytesOf(topic), tenant: "", pid: null, at: atMs, body };
    }
    const { seq, topic, tenant, pid, atMs, body } = entry.event.read();
    return { number, seq, topic: bytesOf(topic), tenant, pid, at: atMs, body: JSON.stringify(body) };
  }

  #hashAll(): void {
    while (this.#hashed < this.#number) {
      this.#hash = entryHash(this.#hash, this.#read(++this.#hashed));
      this.#hashes.set(this.#hashed, this.#hash);
    }
  }
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
