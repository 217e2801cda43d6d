import type { Attack } from "./attack.ts";
import type { Contest } from "./contest.ts";

export interface Row {
  readonly attack: Attack;
  readonly user: string;
  readonly control: Contest;
  readonly kernel: Contest;
  /** The jail alone, on its two ways; undefined: the attack does not concern it. */
  readonly jails: { readonly handle: Contest; readonly realPath: Contest } | undefined;
}

const count = (number: number): string => number.toLocaleString("en-US");
const of = ({ escapes, attempts }: Contest): string => `${count(escapes.length)} of ${count(attempts)}`;

export function toTable(rows: readonly Row[]): string {
  const counted = rows.filter(({ attack }) => attack.beyond === undefined);
  const lines: string[] = [];
  for (const user of new Set(rows.map((row) => row.user))) {
    lines.push(
      "",
      `As ${user}:`,
      "",
      "| attack | attempts | escapes unprotected | escapes | jail alone, by handle | jail alone, by real path |",
      "| --- | --- | --- | --- | --- | --- |",
      ...counted.filter((row) => row.user === user).map(line),
    );
  }
  const racing = counted.filter(({ attack }) => attack.racers).reduce((sum, { kernel }) => sum + kernel.attempts, 0);
  const other = counted.filter(({ attack }) => !attack.racers).reduce((sum, { kernel }) => sum + kernel.attempts, 0);
  lines.push("", `${count(racing)} racing attempts on kernels, and ${count(other)} others.`);
  const closed = counted.filter(({ jails }) => jails && jails.realPath.escapes.length > 0);
  if (counted.some(({ jails }) => jails))
    lines.push(
      "By real path, where there is no /proc, the jail compares before and after: that narrows a race and cannot close it" +
        (closed.length > 0
          ? `. It was lost in: ${[...new Set(closed.map(({ attack }) => attack.name))].join("; ")}.`
          : "."),
    );
  const beyond = rows.filter(({ attack }) => attack.beyond !== undefined);
  if (beyond.length > 0)
    lines.push(
      "",
      "No boundary, and not counted:",
      "",
      "| what | as | attempts | escapes unprotected | gets through | why |",
      "| --- | --- | --- | --- | --- | --- |",
      ...beyond.map(
        ({ attack, user, control, kernel }) =>
          `| ${attack.name} | ${user} | ${count(kernel.attempts)} | ${of(control)} | ${count(kernel.escapes.length)} | ${attack.beyond} |`,
      ),
    );
  return `${lines.join("\n")}\n`;
}

function line({ attack, control, kernel, jails }: Row): string {
  const cells = [
    attack.name,
    count(kernel.attempts),
    of(control),
    count(kernel.escapes.length),
    jails ? of(jails.handle) : "–",
    jails ? of(jails.realPath) : "–",
  ];
  return `| ${cells.join(" | ")} |`;
}
