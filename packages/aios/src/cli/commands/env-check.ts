import { checkKey } from "../../config/providers.ts";
import type { KeyState } from "../../config/providers.ts";
import { CliError, notFound } from "../cli-error.ts";
import { envText } from "../messages/env.ts";
import type { ContextOf } from "../registry.ts";
import { table } from "../table.ts";
import { variableStates } from "../variable-state.ts";

const shades = { good: "good", refused: "bad", unreachable: "waiting", unknown: "dim" } as const satisfies Record<
  KeyState,
  string
>;

export async function run(context: ContextOf<"env check">): Promise<number> {
  const { args, t, paint, env, signal } = context;
  const wanted = variableStates(context).filter(({ variable, value }) =>
    args.name === undefined ? value !== undefined && variable.isSecret : variable.name === args.name,
  );
  const [first] = wanted;
  if (args.name !== undefined && first?.value === undefined)
    throw new CliError(notFound, `${args.name}: ${t(envText.notSet)}`, { hint: `aios env set ${args.name}` });
  const rows = await Promise.all(
    wanted.map(async ({ variable, value }) => ({
      name: variable.name,
      provider: variable.provider,
      ...(await checkKey(variable, value ?? "", { env, signal })),
    })),
  );
  if (rows.length === 0) context.say(t(envText.noneSet));
  context.result(rows, () =>
    rows.length === 0
      ? ""
      : table(
          rows,
          [
            { title: t(envText.variable), text: ({ name }) => name, rank: 0 },
            { title: t(envText.provider), text: ({ provider }) => provider || t(envText.other), rank: 1 },
            {
              title: t(envText.state),
              text: ({ state, detail }) => `${t(envText[state])}${detail ? ` (${detail})` : ""}`,
              rank: 0,
              paint: (text, { state }) => paint[shades[state]](text),
            },
          ],
          context,
        ),
  );
  return rows.some(({ state }) => state === "refused" || state === "unreachable") ? 1 : 0;
}
