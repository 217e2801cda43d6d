// What is wrong with the notes of a journal: lost, back, twice, linked one way.
import type { DatabaseSync } from "node:sqlite";
import type { NoteLink } from "@aiosjs/sdk/protocol";
import type { KeptNotes, KnownNote } from "./keepers.ts";

/** A note as a program saw it last. */
export interface SeenNote {
  readonly id: string;
  readonly content: string;
  readonly links: readonly string[];
}

interface Row {
  readonly id: string;
  readonly namespace: string;
  readonly version: number;
  readonly content: string;
  readonly links: ReadonlySet<string>;
  readonly isRemoved: boolean;
}

/** `ended`: the notes of processes that have ended, by their pids, as they saw them at their end. */
export function noteFaults(
  db: DatabaseSync,
  {
    kept,
    ended,
  }: { kept: ReadonlyMap<string, KeptNotes>; ended: ReadonlyMap<string, { readonly notes: readonly SeenNote[] }> },
): string[] {
  const rows = rowsOf(db);
  const versions = versionsOf(db);
  return [
    ...[...kept].flatMap(([name, notes]) => ofKeeper(name, notes, { rows, versions })),
    ...[...ended].flatMap(([pid, { notes }]) => ofProcess(pid, notes, rows)),
    ...oneWay(rows),
  ];
}

function rowsOf(db: DatabaseSync): ReadonlyMap<string, Row> {
  const rows = db
    .prepare("select id, namespace, version, body, is_removed from note")
    .all()
    .map((row): Row => {
      const { content, links } = JSON.parse(String(row["body"])) as { content: string; links: readonly NoteLink[] };
      const [id, namespace] = [String(row["id"]), String(row["namespace"])];
      const to = new Set(links.map((link) => link.to));
      return { id, namespace, version: Number(row["version"]), content, links: to, isRemoved: row["is_removed"] === 1 };
    });
  return new Map(rows.map((row) => [row.id, row]));
}

/** How many versions of each note there are. */
const versionsOf = (db: DatabaseSync): ReadonlyMap<string, number> =>
  new Map(
    db
      .prepare("select id, count(*) as count from note_version group by id")
      .all()
      .map((row) => [String(row["id"]), Number(row["count"])]),
  );

function ofKeeper(
  name: string,
  { namespace, known, forgotten, open }: KeptNotes,
  { rows, versions }: { rows: ReadonlyMap<string, Row>; versions: ReadonlyMap<string, number> },
): string[] {
  const faults: string[] = [];
  for (const note of known.values()) {
    const row = rows.get(note.id);
    if (!row && open?.erases.includes(note.id)) continue;
    const wrong = row ? difference(note, row, open !== undefined) : "is lost";
    if (wrong !== undefined) faults.push(`${name}'s note ${note.id} ${wrong}`);
    if (row && versions.get(note.id) !== row.version)
      faults.push(`${name}'s note ${note.id} has ${versions.get(note.id)} versions, the last is ${row.version}`);
  }
  for (const id of forgotten)
    if (rows.has(id) || versions.has(id)) faults.push(`${name}'s note ${id} was forgotten, and is there`);
  const may = [...(open?.adds ?? [])];
  for (const { id, content, namespace: place } of rows.values()) {
    if (place !== namespace || known.has(id) || forgotten.has(id)) continue;
    if (may.includes(content)) may.splice(may.indexOf(content), 1);
    else faults.push(`${name} does not know its note ${id} (${content})`);
  }
  return faults;
}

/** A call that is under way may have made the next version. */
function difference(note: KnownNote, row: Row, isOpen: boolean): string | undefined {
  if (isOpen && row.version === note.version + 1) return undefined;
  const [is, was] = [row, note].map(({ version, content, isRemoved, links }) =>
    JSON.stringify({ version, content, isRemoved, links: [...links].toSorted() }),
  );
  return is === was ? undefined : `is ${is}, acknowledged was ${was}`;
}

/** After its end nobody changes what a process kept. A fork may have been told the ids of the one that it is a fork of. */
function ofProcess(pid: string, notes: readonly SeenNote[], rows: ReadonlyMap<string, Row>): string[] {
  const there = [...rows.values()].filter(({ namespace, isRemoved }) => namespace === `process:${pid}` && !isRemoved);
  const text = (all: readonly { id: string; content: string; links: Iterable<string> }[]): string => {
    const contentOf = new Map(all.map(({ id, content }) => [id, content]));
    const told = all.map(({ content, links }) => {
      const near = [...links].flatMap((to) => contentOf.get(to) ?? []);
      return JSON.stringify({ content, links: near.toSorted() });
    });
    return told.toSorted().join(", ");
  };
  const [is, was] = [text(there), text(notes)];
  return is === was ? [] : [`the notes of ${pid} are ${is}, at its end they were ${was}`];
}

function oneWay(rows: ReadonlyMap<string, Row>): string[] {
  const faults: string[] = [];
  for (const { id, links, isRemoved } of rows.values()) {
    if (isRemoved) continue;
    for (const to of links) {
      const other = rows.get(to);
      if (!other) faults.push(`${id} links to ${to}, which is not there`);
      else if (!other.links.has(id)) faults.push(`${id} links to ${to}, and that not to it`);
    }
  }
  return faults;
}
