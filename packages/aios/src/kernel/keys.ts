import { asKeyId, SysError } from "@aiosjs/sdk/protocol";
import type { KeyId, Limit, Pid, TenantId } from "@aiosjs/sdk/protocol";
import type { Clock, Hash, KeyRow, Principal, Random } from "./ports.ts";

const TOKEN = /^aios_sk_([0-9a-z]{8})_([0-9a-z]{32})$/;
/** Verified tokens remembered, so that a busy client costs a hash once. */
const CACHE = 10_000;

/** Access keys: `aios_sk_<id>_<secret>`, SHA-256 at rest. */
export class Keys {
  #home: KeyId | undefined;
  readonly #rows = new Map<KeyId, KeyRow>();
  readonly #verified = new Map<string, KeyRow>();
  readonly #random: Random;
  readonly #hash: Hash;
  readonly #clock: Clock;

  constructor(ports: { random: Random; hash: Hash; clock: Clock }) {
    this.#random = ports.random;
    this.#hash = ports.hash;
    this.#clock = ports.clock;
  }

  restore(rows: readonly KeyRow[]): void {
    for (const row of rows) this.#rows.set(row.id, row);
  }

  list(): KeyRow[] {
    return [...this.#rows.values()].filter((row) => !row.isRevoked);
  }

  /** Whether it is the home's own, which a person keeps to themselves. */
  isHomes(id: KeyId): boolean {
    return id === this.#home;
  }

  find(id: string): KeyRow | undefined {
    const row = this.#rows.get(asKeyId(id));
    return row && !row.isRevoked ? row : undefined;
  }

  create(options: {
    tenant: TenantId;
    pid: Pid | null;
    scopes: readonly string[];
    limits: readonly Limit[];
    expiresInMs?: number | undefined;
  }): {
    row: KeyRow;
    token: string;
  } {
    const id = asKeyId(this.#random.text(8));
    const token = `aios_sk_${id}_${this.#random.text(32)}`;
    return { row: this.#add(token, id, options), token };
  }

  /** Takes over the home's own key, which was made before the kernel ran. @throws SysError EINVAL */
  adopt(token: string, tenant: TenantId): KeyRow {
    const id = TOKEN.exec(token)?.[1];
    if (!id)
      throw new SysError("EINVAL", "the home's key is malformed", {
        hint: "remove the file `credentials` of the home; the next start makes a new one",
      });
    this.#home = asKeyId(id);
    return (
      this.#rows.get(asKeyId(id)) ?? this.#add(token, asKeyId(id), { tenant, pid: null, scopes: ["*"], limits: [] })
    );
  }

  #add(
    token: string,
    id: KeyId,
    options: {
      tenant: TenantId;
      pid: Pid | null;
      scopes: readonly string[];
      limits: readonly Limit[];
      expiresInMs?: number | undefined;
    },
  ): KeyRow {
    const createdAtMs = this.#clock.nowMs();
    const { tenant, pid, scopes, limits, expiresInMs } = options;
    const expiresAtMs = expiresInMs === undefined ? null : createdAtMs + expiresInMs;
    const row: KeyRow = {
      id,
      hash: this.#hash.sha256(token),
      tenant,
      pid,
      scopes,
      limits,
      createdAtMs,
      expiresAtMs,
      isRevoked: false,
    };
    this.#rows.set(id, row);
    return row;
  }

  setLimits(id: KeyId, limits: readonly Limit[]): KeyRow | undefined {
    return this.#replace(id, { limits });
  }

  revoke(id: KeyId): KeyRow | undefined {
    const row = this.#replace(id, { isRevoked: true });
    // A process key dies with its process: only its hash in the journal is left.
    if (row) this.#rows.delete(id);
    return row;
  }

  #replace(id: KeyId, change: Partial<KeyRow>): KeyRow | undefined {
    const row = this.#rows.get(id);
    if (!row) return undefined;
    const next = { ...row, ...change };
    this.#rows.set(id, next);
    this.#verified.clear();
    return next;
  }

  /** @throws SysError EAUTH, without saying whether the key ever existed. */
  authenticate(token: string): Principal {
    const row = this.#verified.get(token) ?? this.#verify(token);
    if (row.expiresAtMs !== null && row.expiresAtMs <= this.#clock.nowMs())
      throw new SysError("EAUTH", `the key ${row.id} has expired`, { hint: "make a new one: aios key new" });
    return { tenant: row.tenant, key: row.id, pid: row.pid, scopes: row.scopes };
  }

  #verify(token: string): KeyRow {
    const id = TOKEN.exec(token)?.[1];
    const row = id === undefined ? undefined : this.find(id);
    if (!row || row.hash !== this.#hash.sha256(token))
      throw new SysError("EAUTH", token === "" ? "a key is required" : "the key is unknown or revoked", {
        hint: "send `Authorization: Bearer <key>`; make one with `aios key new -q`",
      });
    if (this.#verified.size >= CACHE) this.#verified.clear();
    this.#verified.set(token, row);
    return row;
  }
}
