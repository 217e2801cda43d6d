/** The step of `schema.ts` that chains the events to each other. The list is closed: later steps stand behind it there. */
export const auditMigrations: readonly string[] = [
  `
  -- Each event's place in the audit log, and its hash: over the hash before it, and all of the event. Null for events that are
  -- older than the log. The log's own entries are rows too; their \`seq\` is their number below zero, where no cursor looks.
  alter table event add column number bigint;
  alter table event add column hash bytea;
  create unique index event_by_number on event (number);

  -- Where the log ends, and up to where it was forgotten: one row, or none before the first entry.
  create table audit (
    home text not null,
    number bigint not null,
    hash bytea not null,
    cut_number bigint not null,
    cut_hash bytea not null,
    last_seq_before bigint not null
  );
  -- Signatures by the home's key over the log as it was up to an entry.
  create table audit_checkpoint (
    number bigint primary key,
    hash bytea not null,
    at double precision not null,
    key text not null,
    signature bytea not null
  );
  `,
];
