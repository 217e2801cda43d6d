import { instantText } from "../instant-text.ts";
import { groupText } from "../messages/group.ts";
import type { ContextOf } from "../registry.ts";
import { table } from "../table.ts";

export async function run(context: ContextOf<"group ls">): Promise<void> {
  const { t } = context;
  const { groups } = await (await context.client()).group.list();
  if (groups.length === 0) context.say(t(groupText.none));
  const nobody = { member: t(groupText.nobody), access: undefined, shares: false, expiresAt: null };
  const rows = groups.flatMap(({ group, members }) =>
    (members.length === 0 ? [nobody] : members).map((member) => ({ group, ...member })),
  );
  const access = { read: t(groupText.reads), write: t(groupText.writes) };
  context.result(groups, () =>
    rows.length === 0
      ? ""
      : table(
          rows,
          [
            { title: t(groupText.group), rank: 0, text: ({ group }) => group },
            { title: t(groupText.member), rank: 0, text: ({ member }) => member },
            { title: t(groupText.notes), rank: 1, text: (row) => (row.access ? access[row.access] : "") },
            { title: t(groupText.own), rank: 2, text: ({ shares }) => (shares ? t(groupText.shared) : "") },
            {
              title: t(groupText.expires),
              rank: 3,
              text: ({ expiresAt }) => (expiresAt === null ? "" : instantText(expiresAt)),
            },
          ],
          context,
        ),
  );
}
