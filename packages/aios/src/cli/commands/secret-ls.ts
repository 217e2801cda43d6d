import { readSecrets } from "../../config/secret-store.ts";
import { instantText } from "../instant-text.ts";
import { secretText } from "../messages/secret.ts";
import type { ContextOf } from "../registry.ts";
import { table } from "../table.ts";

export async function run(context: ContextOf<"secret ls">): Promise<void> {
  const { t, home } = context;
  // Not spread: a member that is added to what is kept must not come out here by itself.
  const rows = readSecrets(home.dir).map(({ name, tenant, hosts, setAt }) => ({ name, tenant, hosts, setAt }));
  if (rows.length === 0) context.say(t(secretText.none));
  context.result(rows, () =>
    rows.length === 0
      ? ""
      : table(
          rows,
          [
            { title: t(secretText.name), text: (row) => row.name, rank: 0 },
            { title: t(secretText.tenant), text: ({ tenant }) => tenant, rank: 2 },
            { title: t(secretText.hosts), text: ({ hosts }) => hosts.join(" "), rank: 1, least: 16 },
            { title: t(secretText.setAt), text: ({ setAt }) => instantText(Date.parse(setAt)), rank: 3 },
          ],
          context,
        ),
  );
}
