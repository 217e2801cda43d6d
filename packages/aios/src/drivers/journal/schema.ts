import { auditMigrations } from "./schema-audit.ts";
import { fileMigrations } from "./schema-files.ts";

/**
 * The journal's tables, as numbered steps: step n leads from version n - 1 to n, and is never edited once released.
 * Common SQL types only (text, double precision, smallint, bigint, bytea), so that one text serves SQLite and PostgreSQL.
 * Instants are Unix epoch milliseconds; what ends in `_blob` is the hash of a row of `blob`.
 */
export const migrations: readonly string[] = [
  `
  create table meta (
    key text primary key,
    value text not null
  );
  create table process (
    pid text primary key,
    tenant text not null,
    parent text,
    name text not null,
    kind text not null,
    state text not null,
    nice smallint not null,
    class text not null,
    capabilities text not null,
    limits text not null,
    usage text not null,
    counts text not null,
    program text,
    key text,
    host text,
    on_exhausted text not null,
    started_at double precision not null,
    ended_at double precision,
    exit text
  );
  create index process_by_end on process (ended_at);

  -- A request is \`request\` (small ones) or \`request_blob\`, and for a chat the messages that end in \`transcript\`.
  -- \`pruned\`: 0 whole, 1 the result is gone, 2 the request too.
  create table syscall (
    call text primary key,
    tenant text not null,
    pid text not null,
    seq bigint not null,
    name text not null,
    device text not null,
    state text not null,
    pruned smallint not null default 0,
    queued_at double precision not null,
    started_at double precision not null,
    ended_at double precision not null,
    waiting_ms double precision not null,
    turnaround_ms double precision not null,
    usage text not null,
    transcript text,
    request_blob text,
    result_blob text,
    error text,
    request text,
    result text
  );
  create index syscall_by_process on syscall (tenant, pid, seq);
  create index syscall_intents on syscall (call) where state = 'intent';
  create index syscall_whole on syscall (queued_at) where pruned = 0;
  create index syscall_without_result on syscall (queued_at) where pruned = 1;
  create index syscall_without_request on syscall (queued_at) where pruned = 2;

  -- Bodies by their SHA-256 (base64url), stored once; \`refs\` counts who points to them.
  create table blob (
    hash text primary key,
    refs bigint not null,
    body text not null
  );
  -- Conversations as chains that share their beginnings: a longer transcript costs its new messages only.
  -- \`message\` is a blob; \`refs\` counts the calls that end here and the links that go on from here.
  create table transcript (
    hash text primary key,
    parent text,
    message text not null,
    refs bigint not null
  );

  create table key (
    id text primary key,
    hash text not null,
    tenant text not null,
    pid text,
    scopes text not null,
    limits text not null,
    created_at double precision not null,
    expires_at double precision,
    is_revoked smallint not null
  );
  create table account (
    scope text not null,
    resource text not null,
    span text not null,
    ceiling double precision,
    used double precision not null,
    window_started_at double precision not null,
    primary key (scope, resource, span)
  );
  create table bucket (
    lane text not null,
    bucket text not null,
    level double precision not null,
    at double precision not null,
    primary key (lane, bucket)
  );

  -- The outbox; \`seq\` is the cursor of subscribers.
  create table event (
    seq bigint primary key,
    topic text not null,
    tenant text not null,
    pid text,
    at double precision not null,
    body text not null
  );
  create index event_by_topic on event (tenant, topic, seq);
  create index event_by_process on event (tenant, pid, seq);
  `,
  `
  alter table process add column incarnation bigint not null default 1;
  alter table syscall add column incarnation bigint not null default 1;
  -- \`lane#n\`: the call's place in a program that is replayed.
  alter table syscall add column replay_key text;
  alter table syscall add column request_hash text;
  alter table syscall add column idempotency_key text;
  alter table syscall add column completion bigint;
  alter table syscall add column first_output_at double precision;
  create index syscall_by_idempotency_key on syscall (tenant, pid, idempotency_key) where idempotency_key is not null;
  drop index syscall_intents;
  create index syscall_open on syscall (call) where state in ('intent', 'ambiguous');

  -- Inboxes and pipes; what was taken stays for a while, for whoever asks what happened.
  create table message (
    seq bigint primary key,
    tenant text not null,
    queue text not null,
    sender text,
    body text not null,
    at double precision not null,
    taken_by text
  );
  create index message_waiting on message (seq) where taken_by is null;
  create index message_by_queue on message (tenant, queue, seq);

  create table approval (
    id text primary key,
    tenant text not null,
    pid text not null,
    call text not null,
    kind text not null,
    question text not null,
    state text not null,
    answer text,
    asked_at double precision not null,
    answered_at double precision
  );
  create table cursor (
    tenant text not null,
    name text not null,
    pid text,
    pattern text not null,
    position bigint not null,
    at double precision not null,
    is_removed smallint not null,
    primary key (tenant, name)
  );
  create table timer (
    id text primary key,
    tenant text not null,
    key text not null,
    schedule text not null,
    time_zone text not null,
    program text not null,
    scopes text not null,
    next_at double precision,
    last_pid text,
    created_at double precision not null,
    is_removed smallint not null
  );
  create table value (
    tenant text not null,
    scope text not null,
    key text not null,
    value text,
    version bigint not null,
    at double precision not null,
    is_removed smallint not null,
    primary key (tenant, scope, key)
  );
  `,
  `
  -- The kernel that claimed the journal last: one row, or none. \`beat\` counts its renewals.
  create table node (
    id text primary key,
    epoch bigint not null,
    host_pid bigint not null,
    lease_ms double precision not null,
    beat bigint not null,
    is_sole smallint not null
  );
  `,
  `
  -- What is remembered, as it is now; \`pid\` and \`seq\` are the call that made it so.
  create table note (
    id text primary key,
    tenant text not null,
    namespace text not null,
    version bigint not null,
    body text not null,
    created_at double precision not null,
    at double precision not null,
    pid text not null,
    seq bigint not null,
    is_removed smallint not null
  );
  create index note_by_namespace on note (tenant, namespace, id) where is_removed = 0;

  -- And as it was after each of its changes.
  create table note_version (
    id text not null,
    tenant text not null,
    namespace text not null,
    version bigint not null,
    body text not null,
    created_at double precision not null,
    at double precision not null,
    pid text not null,
    seq bigint not null,
    is_removed smallint not null,
    primary key (id, version)
  );
  create index note_version_by_call on note_version (tenant, pid, seq);

  create table note_use (
    id text primary key,
    accessed_at double precision not null,
    retrievals bigint not null
  );
  `,
  `
  create table access_group (
    tenant text not null,
    name text not null,
    members text not null,
    created_at double precision not null,
    is_removed smallint not null,
    primary key (tenant, name)
  );
  `,
  `
  -- What a note takes, and whether it is live: neither removed nor evicted.
  alter table note add column size_bytes bigint not null default 0;
  alter table note add column tier text not null default 'long-term';
  alter table note add column is_pinned smallint not null default 0;
  alter table note add column is_evicted smallint not null default 0;
  update note set
    size_bytes = octet_length(body),
    tier = case when body like '%"tier":"long-term"%' then 'long-term' else 'working' end,
    is_pinned = case when body like '%"isPinned":true%' then 1 else 0 end;

  -- The use before the last one; null: there was none.
  alter table note_use add column previous_at double precision;

  -- What live notes take, and how many are evicted, by namespace; '' stands for all of the tenant, and for all tenants.
  create table note_usage (
    tenant text not null,
    namespace text not null,
    notes bigint not null,
    bytes bigint not null,
    pinned_notes bigint not null,
    pinned_bytes bigint not null,
    evicted_notes bigint not null,
    primary key (tenant, namespace)
  );
  insert into note_usage
    select tenant, namespace, count(*), sum(size_bytes), sum(is_pinned), sum(is_pinned * size_bytes), 0
    from note where is_removed = 0 group by tenant, namespace;
  insert into note_usage
    select tenant, '', sum(notes), sum(bytes), sum(pinned_notes), sum(pinned_bytes), 0 from note_usage group by tenant;
  insert into note_usage
    select '', '', sum(notes), sum(bytes), sum(pinned_notes), sum(pinned_bytes), 0
    from note_usage where namespace = '' having count(*) > 0;
  `,
  ...fileMigrations,
  `
  -- What stands on the disk and is not synced: in which start of the machine it was put there.
  alter table file add column unsynced text;
  create index file_unsynced on file (change) where unsynced is not null;
  `,
  `
  -- Labels (JSON); null: from before there were any, and nothing is known.
  alter table process add column seen text;
  alter table process add column user_texts text;
  alter table syscall add column context text;
  alter table message add column label text;
  alter table value add column label text;
  alter table approval add column answered_by text;
  alter table approval add column about text;
  drop index syscall_open;
  create index syscall_open on syscall (call) where state in ('intent', 'ambiguous', 'asked');
  `,
  ...auditMigrations,
  `
  -- What the policy said of a call when it was made (JSON); null: nothing, or it was made before that was kept.
  alter table syscall add column judgement text;
  `,
];
