import type { CallRow, FileRow, JournalRecord, NoteRow, ProcessRow } from "../../kernel/ports.ts";
import { hashOf, linkOf } from "./hash-body.ts";
import type { KnownRest, KnownTranscripts } from "./known-transcripts.ts";
import { copyJson, isSameJson } from "./same-json.ts";
import {
  CALL_CODE,
  FILE_BLOB_CODE,
  FILE_CODE,
  FILE_PLACED_CODE,
  FILES_ERASED_CODE,
  NOTE_CODE,
  NOTE_ERASED_CODE,
  NOTE_EVICTED_CODE,
  upsertCode,
} from "./columns.ts";
import type { Value } from "./wire.ts";

/** Bodies up to this length stay in the call's own row: a hash and two index entries would cost as much. */
const INLINE_CHARS = 512;

/** A body that is stored by its hash; `body` is null when the journal holds it already. */
interface Stored {
  readonly text: string | null;
  readonly hash: string | null;
  readonly body: string | null;
}

/**
 * Writes one commit's records into a flat array for the writer thread: per record its code, then its values.
 * A call ends in its bodies: the number of links and per link (link, parent, message hash, message), then
 * the request's and the result's body, null where they are stored already or stand in the row.
 * @throws TypeError for a value that JSON cannot say (a cycle, a bigint); nothing of the commit is recorded then.
 */
export function encodeCommit(records: readonly JournalRecord[], known: KnownTranscripts): Value[] {
  const values: Value[] = [];
  for (const record of records) {
    switch (record.kind) {
      case "process":
        pushProcess(values, record.row);
        break;
      case "call":
        pushCall(values, record.row, known);
        break;
      case "key": {
        const { id, hash: secretHash, tenant, pid, scopes, limits, createdAtMs, expiresAtMs, isRevoked } = record.row;
        values.push(upsertCode.key, id, secretHash, tenant, pid, json(scopes), json(limits), createdAtMs, expiresAtMs);
        values.push(isRevoked ? 1 : 0);
        break;
      }
      case "account": {
        const { scope, resource, window, limit, used, windowStartedAtMs } = record.row;
        values.push(upsertCode.account, scope, resource, window, limit, used, windowStartedAtMs);
        break;
      }
      case "bucket": {
        const { lane, bucket, level, atMs } = record.row;
        values.push(upsertCode.bucket, lane, bucket, level, atMs);
        break;
      }
      case "message": {
        const { seq, tenant, queue, from, body, atMs, takenBy, label } = record.row;
        values.push(upsertCode.message, seq, tenant, queue, from, json(body), atMs, takenBy, json(label));
        break;
      }
      case "approval": {
        const { id, tenant, pid, call, kind, question, state, answer, answeredBy, about } = record.row;
        values.push(upsertCode.approval, id, tenant, pid, call, kind, question, state);
        values.push(jsonOrNull(answer), answeredBy, jsonOrNull(about), record.row.askedAtMs, record.row.answeredAtMs);
        break;
      }
      case "cursor": {
        const { tenant, name, pid, pattern, position, atMs, isRemoved } = record.row;
        values.push(upsertCode.cursor, tenant, name, pid, pattern, position, atMs, isRemoved ? 1 : 0);
        break;
      }
      case "timer": {
        const { id, tenant, key, schedule, timeZone, program, scopes, nextAtMs, lastPid } = record.row;
        values.push(upsertCode.timer, id, tenant, key, schedule, timeZone, json(program), json(scopes), nextAtMs);
        values.push(lastPid, record.row.createdAtMs, record.row.isRemoved ? 1 : 0);
        break;
      }
      case "value": {
        const { tenant, scope, key, value, version, label, atMs, isRemoved } = record.row;
        values.push(upsertCode.value, tenant, scope, key, jsonOrNull(value), version, json(label), atMs);
        values.push(isRemoved ? 1 : 0);
        break;
      }
      case "group": {
        const { tenant, name, members, createdAtMs, isRemoved } = record.row;
        values.push(upsertCode.access_group, tenant, name, json(members), createdAtMs, isRemoved ? 1 : 0);
        break;
      }
      case "note":
        pushNote(values, record.row);
        break;
      case "noteUse": {
        const { id, accessedAtMs, previousAtMs, retrievals } = record.row;
        values.push(upsertCode.note_use, id, accessedAtMs, previousAtMs, retrievals);
        break;
      }
      case "noteEvicted":
        values.push(NOTE_EVICTED_CODE, record.id, record.version, record.isEvicted ? 1 : 0);
        break;
      case "noteErased":
        values.push(NOTE_ERASED_CODE, record.id);
        break;
      case "file":
        pushFile(values, record.row);
        break;
      case "filePlaced": {
        const { stamp, unsynced = null, tenant, root, path, version } = record;
        values.push(FILE_PLACED_CODE, stamp, unsynced, tenant, root, path, version);
        break;
      }
      case "filesErased":
        values.push(FILES_ERASED_CODE, record.tenant, record.root);
        break;
      case "blob": {
        const { hash, sizeBytes, encoding, bytes } = record.row;
        // A copy of its own: a view would cross with all of what it is a view of.
        values.push(FILE_BLOB_CODE, hash, sizeBytes, encoding, new Uint8Array(bytes));
        break;
      }
      case "share": {
        const { id, tenant, root, path, version, content, pid, createdAtMs, expiresAtMs, endedAtMs } = record.row;
        values.push(upsertCode.file_share, id, tenant, root, path, version, content?.hash ?? null);
        values.push(content?.sizeBytes ?? null, pid, createdAtMs, expiresAtMs, endedAtMs);
        break;
      }
      case "mount": {
        const { tenant, name, folder, identity, isReadOnly, createdAtMs, isRemoved } = record.row;
        values.push(
          upsertCode.file_mount,
          tenant,
          name,
          folder,
          identity,
          isReadOnly ? 1 : 0,
          createdAtMs,
          isRemoved ? 1 : 0,
        );
        break;
      }
      case "meta":
        values.push(upsertCode.meta, record.key, record.value);
        break;
      case "event": {
        const { seq, topic, tenant, pid, atMs, body } = record.row;
        values.push(upsertCode.event, seq, topic, tenant, pid, atMs, json(body));
        break;
      }
    }
  }
  return values;
}

function pushProcess(values: Value[], row: ProcessRow): void {
  values.push(upsertCode.process, row.pid, row.tenant, row.parent, row.name, row.kind, row.state, row.nice, row.class);
  values.push(json(row.capabilities), json(row.limits), json(row.usage), json(row.counts), jsonOrNull(row.program));
  values.push(row.key, jsonOrNull(row.host), row.onExhausted, row.startedAtMs, row.endedAtMs, jsonOrNull(row.exit));
  values.push(row.incarnation, json(row.seen), json(row.userTexts));
}

function pushNote(values: Value[], row: NoteRow): void {
  const { id, tenant, namespace, version, body, createdAtMs, atMs, pid, seq, isRemoved } = row;
  values.push(NOTE_CODE, id, tenant, namespace, version, json(body), createdAtMs, atMs, pid, seq, isRemoved ? 1 : 0);
  values.push(body.tier, body.isPinned ? 1 : 0);
}

function pushFile(values: Value[], row: FileRow): void {
  const { tenant, root, path, version, change, kind, hash, sizeBytes, labels, pid, call, seq, atMs, from } = row;
  values.push(FILE_CODE, tenant, root, path, version, change, kind, hash, sizeBytes, json(labels));
  values.push(pid, call, seq, atMs, from);
}

function pushCall(values: Value[], row: CallRow, known: KnownTranscripts): void {
  const { request, result, timing } = row;
  const messages = messagesOf(request);
  const chat = messages && encodeChat(row.pid, { request: request as object, messages, known });
  const kept = contentIn(row);
  const asked = chat ? chat.rest : store(jsonOrNull(kept === null ? request : { ...(request as object), content: "" }));
  const answered = store(jsonOrNull(result));
  values.push(CALL_CODE, row.call, row.tenant, row.pid, row.seq, row.name);
  values.push(chat ? chat.head : null, asked.hash, asked.text, kept);
  values.push(row.replayKey, row.requestHash, row.idempotencyKey, row.device, row.incarnation, row.state);
  values.push(timing.queuedAt, timing.startedAt, timing.endedAt, timing.waitingMs, timing.turnaroundMs);
  values.push(json(row.usage), answered.hash, jsonOrNull(row.error), answered.text);
  values.push(row.completion, row.firstOutputAtMs, jsonOrNull(row.context), jsonOrNull(row.judgement));
  values.push(chat ? chat.fresh.length / 4 : 0);
  if (chat) for (const value of chat.fresh) values.push(value);
  values.push(asked.body, answered.body);
}

/** The hash of the file's content in place of which the request has none; a short one stays in it. */
function contentIn({ request, requestContent }: CallRow): string | null {
  if (requestContent === undefined || typeof request !== "object" || request === null) return null;
  const { content } = request as { content?: unknown };
  return typeof content === "string" && content.length > INLINE_CHARS ? requestContent : null;
}

function messagesOf(request: unknown): readonly unknown[] | undefined {
  if (typeof request !== "object" || request === null || !("messages" in request)) return undefined;
  return Array.isArray(request.messages) && request.messages.length > 0 ? request.messages : undefined;
}

interface Chat {
  readonly head: string;
  readonly rest: Stored;
  /** Four values for each message that the journal does not hold in this place. */
  readonly fresh: readonly (string | null)[];
}

function encodeChat(
  pid: string,
  { request, messages, known }: { request: object; messages: readonly unknown[]; known: KnownTranscripts },
): Chat {
  const { messages: _messages, ...rest } = request as { messages: unknown };
  const found = known.find(pid, messages);
  const shared = found?.shared ?? 0;
  const held = found ? found.known.messages.slice(0, shared) : [];
  const links = found ? found.known.links.slice(0, shared) : [];
  const sizes = found ? found.known.sizes.slice(0, shared) : [];
  const fresh: (string | null)[] = [];
  let parent = links.at(-1) ?? null;
  for (const message of messages.slice(shared)) {
    const body = json(message);
    const messageHash = hashOf(body);
    const link = linkOf(parent, messageHash);
    fresh.push(link, parent, messageHash, body);
    held.push(copyJson(message));
    links.push(link);
    sizes.push(body.length);
    parent = link;
  }
  const { stored, body } = storeRest(rest, found?.known.rest);
  const continued = found && shared === found.known.messages.length ? found.known : undefined;
  known.remember(pid, { messages: held, links, sizes, rest: stored }, continued);
  return { head: parent as string, rest: { text: stored.text, hash: stored.hash, body }, fresh };
}

/** Model, tools and sampling parameters: mostly those of the call before. */
function storeRest(rest: object, known: KnownRest | undefined): { stored: KnownRest; body: string | null } {
  if (known && isSameJson(known.value, rest)) return { stored: known, body: null };
  const written = json(rest);
  const { text, hash, body } = store(written);
  return { stored: { value: copyJson(rest), text, hash, chars: written.length }, body };
}

function store(text: string | null): Stored {
  if (text === null || text.length <= INLINE_CHARS) return { text, hash: null, body: null };
  return { text: null, hash: hashOf(text), body: text };
}

/** JSON text; what JSON has no word for (undefined, a function) is null. */
const json = (value: unknown): string => JSON.stringify(value) ?? "null";
const jsonOrNull = (value: unknown): string | null => (value === null ? null : (JSON.stringify(value) ?? null));
