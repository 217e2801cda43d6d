import type { ResultOf } from "@aiosjs/sdk";
import { memText } from "../messages/mem.ts";
import type { ContextOf } from "../registry.ts";
import { table } from "../table.ts";

const MB = 1_048_576;

type Usage = ResultOf<"mem.usage">["namespaces"][number];

export async function run(context: ContextOf<"mem usage">): Promise<void> {
  const { options, t, signal } = context;
  const namespaces = options.namespace.length > 0 ? [...options.namespace] : undefined;
  const client = await context.client();
  const usage = await client.mem.usage({ namespaces, limit: options.limit }, { signal });
  const { tenant, all } = usage;
  const rows: Usage[] = [
    ...usage.namespaces,
    ...(tenant ? [{ namespace: t(memText.allOfTenant), ...tenant }] : []),
    ...(all ? [{ namespace: t(memText.allTenants), ...all }] : []),
  ];
  context.result(usage, () =>
    table(
      rows,
      [
        { title: t(memText.used), rank: 0, align: "right", text: (row) => `${Math.round(100 * shareOf(row))} %` },
        {
          title: t(memText.notesHeld),
          rank: 1,
          align: "right",
          text: ({ notes, limit }) => `${notes} / ${limit.notes}`,
        },
        {
          title: t(memText.bytesHeld),
          rank: 1,
          align: "right",
          text: ({ bytes, limit }) => `${(bytes / MB).toFixed(1)} / ${Number((limit.bytes / MB).toPrecision(3))}`,
        },
        { title: t(memText.pinnedHeld), rank: 3, align: "right", text: ({ pinned }) => String(pinned) },
        { title: t(memText.evictedHeld), rank: 2, align: "right", text: ({ evicted }) => String(evicted) },
        { title: t(memText.spaceHeld), rank: 0, text: ({ namespace }) => namespace },
      ],
      context,
    ),
  );
}

const shareOf = ({ notes, bytes, limit }: Usage): number => Math.max(notes / limit.notes, bytes / limit.bytes);
