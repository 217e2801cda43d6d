import { envText } from "../messages/env.ts";
import type { ContextOf } from "../registry.ts";
import { table } from "../table.ts";
import { variableStates } from "../variable-state.ts";

export async function run(context: ContextOf<"env ls">): Promise<void> {
  const { t, paint } = context;
  const { config } = await context.config();
  const usersOf = (name: string): string[] =>
    config.llms.cores.filter(({ apiKey }) => [apiKey].flat().includes(`env:${name}`)).map((core) => core.name);
  const rows = variableStates(context).map(({ variable, from }) => {
    const { name, provider, core, isSecret } = variable;
    return {
      name,
      provider,
      from: from ?? null,
      isSecret,
      cores: usersOf(name),
      addWith: core ? `aios llm add ${core}` : null,
    };
  });
  const stateOf = ({ from }: (typeof rows)[number]): string =>
    t(from === "shell" ? envText.inShell : from === "home" ? envText.inHome : envText.notSet);
  context.result(rows, () =>
    table(
      rows,
      [
        { title: t(envText.variable), text: ({ name }) => name, rank: 0 },
        { title: t(envText.provider), text: ({ provider }) => provider || t(envText.other), rank: 1 },
        {
          title: t(envText.state),
          text: stateOf,
          rank: 0,
          paint: (text, { from }) => (from === null ? paint.dim(text) : paint.good(text)),
        },
        {
          title: t(envText.use),
          text: ({ cores, from, addWith }) =>
            cores.length > 0 ? t(envText.inUse, { cores: cores.join(", ") }) : from ? (addWith ?? "") : "",
          rank: 2,
        },
      ],
      context,
    ),
  );
}
