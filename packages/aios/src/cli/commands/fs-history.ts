import { lookFor, onFiles } from "../file-calls.ts";
import { changeText, momentText, nameText, sizeOf } from "../file-text.ts";
import { fsText } from "../messages/fs.ts";
import type { ContextOf } from "../registry.ts";
import { table } from "../table.ts";

export async function run(context: ContextOf<"fs history">): Promise<void> {
  const { args, options, t, signal, paint } = context;
  const { path } = args;
  const { limit, before } = options;
  const page = { limit, ...(before !== undefined && { beforeVersion: before }) };
  const { versions } = await onFiles(
    context,
    (fs) => fs.history({ path, ...page }, { signal }),
    lookFor(path, context),
  );
  const isOne = versions.every((version) => version.path === versions[0]?.path && version.kind !== "folder");
  context.result(versions, () =>
    table(
      versions,
      [
        { title: t(fsText.version), rank: 1, align: "right", text: ({ version }) => String(version) },
        { title: t(fsText.when), rank: 1, text: ({ at }) => momentText(at) },
        { title: t(fsText.size), rank: 3, align: "right", text: sizeOf },
        { title: t(fsText.by), rank: 4, text: ({ pid }) => pid ?? "–" },
        {
          title: t(fsText.what),
          rank: 2,
          least: 12,
          text: (version) => changeText(version, context),
          paint: (text, { kind, from }) =>
            kind === "gone" ? paint.bad(text) : from === null ? text : paint.busy(text),
        },
        ...(isOne
          ? []
          : [
              {
                title: t(fsText.path),
                rank: 0,
                least: 20,
                text: (version: { path: string }) => nameText(version.path),
              },
            ]),
      ],
      context,
    ),
  );
  const oldest = versions.at(-1)?.version ?? 1;
  if (isOne && oldest > 1) context.say(t(fsText.older, { version: oldest }));
  else if (!isOne && versions.length === limit) context.say(t(fsText.more, { limit: Math.min(1_000, limit * 2) }));
  if (isOne && versions.length > 1) context.say(t(fsText.tells, { path }));
}
