import { hash as hashBytes } from "node:crypto";
import { zstdDecompressSync } from "node:zlib";
import type { EngineStatement, SqlEngine } from "../sql/engine.ts";
import { FaultError, restoreHint } from "../sql/fault.ts";
import { hashOf } from "./hash-body.ts";
import { FileReader } from "./sqlite-read-files.ts";
import type {
  CallFilter,
  CallRows,
  EventFilter,
  JournalSize,
  LoadedRows,
  NoteFilter,
  NoteVersionFilter,
  PlaceFilter,
  SqlRow,
  Value,
  ValueFilter,
} from "./wire.ts";

const OPEN_CALLS = "select * from syscall where state in ('intent', 'ambiguous', 'asked') order by tenant, pid, seq";
/**
 * Also those that are answered while the call goes on. That it may be made again is said of one making: with its next intent it
 * is used up.
 */
const OPEN_APPROVALS = `select * from approval where state = 'pending' or (answered_by is not null and (
  call in (select call from syscall where state = 'ambiguous')
  or (kind = 'gate' and call in (select call from syscall where state in ('intent', 'asked')))
)) order by asked_at`;
const noUsage: SqlRow = { notes: 0, bytes: 0, pinned_notes: 0, pinned_bytes: 0, evicted_notes: 0 };
const EVENT_COLUMNS = "seq, topic, tenant, pid, at, body";

/** The journal's questions, on either thread's connection. */
export class JournalReader {
  readonly files = new FileReader((text, values) => this.#all(text, values));
  readonly #db: SqlEngine;
  readonly #path: string;
  readonly #statements = new Map<string, EngineStatement>();

  constructor(db: SqlEngine, path: string) {
    this.#db = db;
    this.#path = path;
  }

  load(zombiesAfterMs: number): LoadedRows {
    // One moment for all tables, whatever is written meanwhile.
    this.#db.exec("begin");
    try {
      return {
        processes: this.#all("select * from process where ended_at is null or ended_at > ?", [zombiesAfterMs]),
        keys: this.#all("select * from key"),
        accounts: this.#all("select * from account"),
        buckets: this.#all("select * from bucket"),
        meta: this.#all("select * from meta"),
        intents: this.#withBodies(this.#all(OPEN_CALLS)),
        messages: this.#all("select * from message where taken_by is null order by seq"),
        approvals: this.#all(OPEN_APPROVALS),
        cursors: this.#all("select * from cursor where is_removed = 0"),
        timers: this.#all("select * from timer where is_removed = 0"),
        groups: this.#all("select * from access_group where is_removed = 0"),
        shares: this.#all("select * from file_share where ended_at is null"),
        mounts: this.#all("select * from file_mount where is_removed = 0"),
        lastMessageSeq: Number(this.#all("select max(seq) as seq from message")[0]?.["seq"] ?? 0),
        lastEventSeq: Number(this.#all("select max(seq) as seq from event")[0]?.["seq"] ?? 0),
        lastFileChange: Number(this.#all("select max(change) as change from file_version")[0]?.["change"] ?? 0),
      };
    } finally {
      this.#db.exec("commit");
    }
  }

  events({ afterSeq, limit, tenant, pid, topics }: EventFilter): SqlRow[] {
    if (topics?.length === 0) return [];
    const conditions = ["seq > ?"];
    // The audit log's own entries have numbers below zero.
    const values: Value[] = [Math.max(0, afterSeq)];
    // A process belongs to one tenant, and the index begins with it.
    const owner = tenant ?? (pid === undefined ? undefined : this.#ownerOf(pid));
    if (owner !== undefined) {
      conditions.push("tenant = ?");
      values.push(owner);
    }
    if (pid !== undefined) {
      conditions.push("pid = ?");
      values.push(pid);
    }
    if (topics !== undefined) {
      conditions.push(`topic in (${topics.map(() => "?").join(", ")})`);
      values.push(...topics);
    }
    const where = conditions.join(" and ");
    return this.#all(`select ${EVENT_COLUMNS} from event where ${where} order by seq limit ?`, [...values, limit]);
  }

  calls({ tenant, pid, afterSeq, limit, idempotencyKey }: CallFilter): CallRows {
    const also = idempotencyKey === undefined ? "" : "and idempotency_key = ?";
    const text = `select * from syscall where tenant = ? and pid = ? and seq > ? ${also} order by seq limit ?`;
    const key = idempotencyKey === undefined ? [] : [idempotencyKey];
    return this.#withBodies(this.#all(text, [tenant, pid, afterSeq, ...key, limit]));
  }

  call(call: string): CallRows {
    return this.#withBodies(this.#all("select * from syscall where call = ?", [call]));
  }

  process(pid: string): SqlRow | undefined {
    return this.#all("select * from process where pid = ?", [pid])[0];
  }

  values({ tenant, scope, key, prefix, contains, afterKey, limit }: ValueFilter): SqlRow[] {
    const conditions = ["tenant = ?", "scope = ?", "is_removed = 0"];
    const values: Value[] = [tenant, scope];
    const also = (condition: string, value: string | undefined): void => {
      if (value === undefined) return;
      conditions.push(condition);
      values.push(value);
    };
    also("key = ?", key);
    also("substr(key, 1, length(?)) = ?", prefix);
    if (prefix !== undefined) values.push(prefix);
    also("instr(key, ?) > 0", contains);
    also("key > ?", afterKey);
    return this.#all(`select * from value where ${conditions.join(" and ")} order by key limit ?`, [...values, limit]);
  }

  notes({ tenant, namespaces, ids, afterId, limit }: NoteFilter): SqlRow[] {
    const conditions = ["is_removed = 0"];
    const values: Value[] = [];
    const also = (condition: string, ...more: Value[]): void => {
      conditions.push(condition);
      values.push(...more);
    };
    if (tenant !== undefined) also("tenant = ?", tenant);
    if (namespaces !== undefined) also(`namespace in (${marks(namespaces)})`, ...namespaces);
    if (ids !== undefined) also(`note.id in (${marks(ids)})`, ...ids);
    if (afterId !== undefined) also("note.id > ?", afterId);
    return this.#all(
      `select note.*, accessed_at, previous_at, retrievals from note left join note_use on note_use.id = note.id
       where ${conditions.join(" and ")} order by note.id limit ?`,
      [...values, limit],
    );
  }

  noteVersions({ tenant, id, writtenBy, limit }: NoteVersionFilter): SqlRow[] {
    const conditions = ["tenant = ?"];
    const values: Value[] = [tenant];
    if (id !== undefined) {
      conditions.push("id = ?");
      values.push(id);
    }
    if (writtenBy !== undefined) {
      conditions.push("pid = ? and seq > ?");
      values.push(writtenBy.pid, writtenBy.afterSeq);
    }
    const where = conditions.join(" and ");
    // A clock may have jumped between the versions of a note.
    const order = id === undefined ? "at desc, version desc" : "version desc";
    return this.#all(`select * from note_version where ${where} order by ${order} limit ?`, [...values, limit]);
  }

  noteNamespaces(tenant: string): SqlRow[] {
    return this.#all("select distinct namespace from note where tenant = ? and is_removed = 0 order by namespace", [
      tenant,
    ]);
  }

  noteUsage(places: readonly PlaceFilter[]): SqlRow[] {
    return places.flatMap(({ tenant = "", namespace = "" }) => {
      const rows = this.#all("select * from note_usage where tenant = ? and namespace = ?", [tenant, namespace]);
      return rows.length > 0 ? rows : [noUsage];
    });
  }

  evictableNotes({ tenant, namespace }: PlaceFilter, limit: number): SqlRow[] {
    const conditions = ["is_removed = 0", "is_evicted = 0", "is_pinned = 0"];
    if (tenant !== undefined) conditions.push("tenant = ?");
    if (namespace !== undefined) conditions.push("namespace = ?");
    const wanted = [tenant, namespace].filter((value) => value !== undefined);
    return this.#all(
      `select note.id, tenant, namespace, version, size_bytes from note left join note_use on note_use.id = note.id
       where ${conditions.join(" and ")}
       order by tier = 'long-term', coalesce(previous_at, 0), coalesce(accessed_at, created_at), note.id limit ?`,
      [...wanted, limit],
    );
  }

  size(): JournalSize {
    const pages = this.#number("page_count") - this.#number("freelist_count");
    const bodies = Number(this.#all("select count(*) as n from blob")[0]?.["n"]);
    return { bodies, sizeBytes: pages * this.#number("page_size") };
  }

  #ownerOf(pid: string): string | undefined {
    const tenant = this.#all("select tenant from process where pid = ?", [pid])[0]?.["tenant"];
    return typeof tenant === "string" ? tenant : undefined;
  }

  #number(pragma: string): number {
    return Number(this.#all(`pragma ${pragma}`)[0]?.[pragma]);
  }

  #all(text: string, values: readonly Value[] = []): SqlRow[] {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#db.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement.all(...values) as SqlRow[];
  }

  /** Fetches what calls point to: each body once, however many calls share it. */
  #withBodies(rows: SqlRow[]): CallRows {
    const bodies: string[] = [];
    const placeOfBody = new Map<string, number>();
    const links = new Map<string, { parent: string | null; place: number }>();
    const placeOf = (hash: Value | undefined, find = (one: string): string => this.#body(one)): number | null => {
      if (typeof hash !== "string") return null;
      let place = placeOfBody.get(hash);
      if (place === undefined) {
        place = bodies.push(find(hash)) - 1;
        placeOfBody.set(hash, place);
      }
      return place;
    };
    const messagesOf = (head: Value | undefined): number[] | null => {
      if (typeof head !== "string") return null;
      const places: number[] = [];
      for (let hash: string | null = head; hash !== null;) {
        let link = links.get(hash);
        if (link === undefined) {
          const { parent, message } = this.#link(hash);
          link = { parent, place: placeOf(message) as number };
          links.set(hash, link);
        }
        places.push(link.place);
        hash = link.parent;
      }
      return places.reverse();
    };
    const places = rows.map((row) => ({
      messages: messagesOf(row["transcript"]),
      request: placeOf(row["request_blob"]),
      content: placeOf(row["request_content"], (hash) => this.#content(hash)),
      result: placeOf(row["result_blob"]),
    }));
    return { rows, places, bodies };
  }

  #link(hash: string): { parent: string | null; message: string } {
    const row = this.#all("select parent, message from transcript where hash = ?", [hash])[0];
    if (row === undefined) throw this.#lost(hash);
    return row as { parent: string | null; message: string };
  }

  /** @throws FaultError when the body is not the one that was written: SQLite itself keeps no checksums of pages. */
  #body(hash: string): string {
    const body = this.#all("select body from blob where hash = ?", [hash])[0]?.["body"];
    if (typeof body !== "string" || hashOf(body) !== hash) throw this.#lost(hash);
    return body;
  }

  /** Of a file, as text. @throws FaultError as `#body` does */
  #content(hash: string): string {
    const row = this.files.blob(hash);
    const bytes = row && textBytes(row);
    if (!bytes || hashBytes("sha256", bytes, "hex") !== hash) throw this.#lost(hash);
    return bytes.toString("utf8");
  }

  #lost(hash: string): FaultError {
    return new FaultError({
      kind: "damaged",
      message: `${this.#path} is damaged: the body ${hash} is missing or was changed`,
      hint: restoreHint,
    });
  }
}

/** Undefined for what cannot be unpacked. */
function textBytes({ encoding, bytes }: SqlRow): Buffer | undefined {
  try {
    return encoding === "zstd" ? zstdDecompressSync(bytes as Uint8Array) : Buffer.from(bytes as Uint8Array);
  } catch {
    return undefined; // told as lost
  }
}

const marks = (values: readonly unknown[]): string => values.map(() => "?").join(", ");
