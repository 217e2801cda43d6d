import type { Reason } from "../attacks/attack.ts";
import type { AttackReport } from "../attacks/start-attacks.ts";
import type { TrialRow } from "../attacks/trial.ts";
import { verdictOf, whyUnseen } from "../attacks/verdict.ts";
import type { Column } from "../tui/columns.ts";
import { wrap } from "../tui/width.ts";
import type { CommandContext } from "./context.ts";
import { attackTableText, attackText } from "./messages/attacks.ts";
import { table } from "./table.ts";
import type { Text } from "./text.ts";

type Reader = Pick<CommandContext, "t" | "paint" | "width">;

const attackName = (id: string, { t }: Pick<Reader, "t">): string => {
  const text: Text | undefined = (attackText as Readonly<Record<string, Text>>)[id];
  return text === undefined ? id : t(text);
};

/** A line for each attack: what it does without a sandbox, and in each of them; below it why something is not verified. */
export function attackTable({ rows, drivers }: AttackReport, reader: Reader): string {
  const { t, paint } = reader;
  const attacked = drivers.filter(({ missing }) => missing === undefined);
  const columns: Column<TrialRow>[] = [
    { title: t(attackTableText.attack), text: ({ id }) => attackName(id, reader), rank: 0, least: 24 },
    {
      title: t(attackTableText.control),
      text: ({ control }) => t(whyUnseen(control) ? attackTableText.unverified : attackTableText.succeeds),
      rank: 0,
    },
    ...attacked.map(({ name }): Column<TrialRow> => {
      const verdict = ({ control, drivers: outcomes }: TrialRow) =>
        outcomes[name] && verdictOf(control, outcomes[name]).is;
      const paints = { escaped: "bad", held: "good", unverified: "waiting" } as const;
      return {
        title: name,
        text: (row) => {
          const is = verdict(row);
          return is ? t(attackTableText[is]) : "";
        },
        rank: 0,
        paint: (text, row) => {
          const is = verdict(row);
          return is ? paint[paints[is]](text) : text;
        },
      };
    }),
  ];
  const lines = [table(rows, columns, reader)];
  for (const { name } of attacked) {
    const escapes = rows.flatMap(({ id, drivers: { [name]: outcome } }) =>
      outcome?.is === "escaped" ? [`  ${attackName(id, reader)} (${id}): ${outcome.how}`] : [],
    );
    if (escapes.length > 0) lines.push("", paint.bad(t(attackTableText.escapes, { name })), ...escapes);
  }
  const unverified = Map.groupBy(
    rows.flatMap((row) => whyUnverified(row, attacked, reader)),
    ({ why }) => why,
  );
  if (unverified.size > 0) lines.push("", paint.dim(t(attackTableText.unverifiedTitle)));
  const room = Number.isFinite(reader.width) ? reader.width : 120;
  for (const [why, those] of unverified)
    lines.push(`  ${why}`, ...wrap(those.map(({ what }) => what).join("; "), room - 4).map((line) => `    ${line}`));
  return lines.join("\n");
}

interface Unverified {
  readonly what: string;
  readonly why: string;
}

function whyUnverified(row: TrialRow, drivers: AttackReport["drivers"], reader: Reader): Unverified[] {
  const { id, control, drivers: outcomes } = row;
  const what = attackName(id, reader);
  const unseen = whyUnseen(control);
  if (unseen) return [{ what, why: reasonText(unseen, reader) }];
  return drivers.flatMap(({ name }) => {
    const verdict = outcomes[name] && verdictOf(control, outcomes[name]);
    return verdict?.is === "unverified" ? [{ what, why: `${name}: ${reasonText(verdict.why, reader)}` }] : [];
  });
}

export function reasonText(reason: Reason, { t }: Pick<Reader, "t">): string {
  switch (reason.is) {
    case "no-interpreter":
      return t(attackTableText.noInterpreter, { name: reason.name });
    case "refused":
      return t(attackTableText.proofless, { detail: reason.text });
    case "failed":
      return t(attackTableText.failed, { detail: reason.text });
    case "needs":
      return t(needs[reason.what]);
  }
}

const needs = {
  root: attackTableText.needsRoot,
  terminal: attackTableText.needsTerminal,
  handles: attackTableText.needsHandles,
  address: attackTableText.needsAddress,
  home: attackTableText.needsHome,
} as const;
