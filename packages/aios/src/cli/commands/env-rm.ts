import { storeEnv } from "../../config/env-file.ts";
import { readStoredEnv } from "../../config/secrets.ts";
import { CliError, notFound } from "../cli-error.ts";
import { envText } from "../messages/env.ts";
import type { ContextOf } from "../registry.ts";

export async function run({ args, home, t, say, result }: ContextOf<"env rm">): Promise<void> {
  const { name } = args;
  if (!Object.hasOwn(readStoredEnv(home.dir), name))
    throw new CliError(notFound, t(envText.notKept, { name, file: home.file("env") }), {
      hint: t(envText.notKeptHint),
    });
  await storeEnv(home.dir, { [name]: undefined });
  result({ name }, () => "");
  say(t(envText.removed, { name }));
}
