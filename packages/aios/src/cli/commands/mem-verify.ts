import { memText } from "../messages/mem.ts";
import type { ContextOf } from "../registry.ts";

/** Ids that are told of each kind. */
const SHOWN = 10;

export async function run(context: ContextOf<"mem verify">): Promise<number> {
  const { options, t, signal, paint } = context;
  const { repair } = options;
  const compared = await (await context.client()).mem.verify({ repair }, { signal });
  const { notes, missing, orphaned, index } = compared;
  const isSame = missing.length + orphaned.length === 0;
  const vectors = ({ driver, down, isBehind }: NonNullable<typeof index.vectors>): string => {
    if (down !== null) return paint.bad(t(memText.vectorsDown, { driver, down }));
    return paint.dim(t(isBehind ? memText.vectorsBehind : memText.vectors, { driver }));
  };
  context.result({ ...compared, isRepaired: !isSame && repair }, () => {
    const counts = { notes, missing: missing.length, orphaned: orphaned.length };
    return [
      isSame ? paint.good(t(memText.verified, counts)) : paint.bad(t(memText.differs, counts)),
      ...listed("−", missing),
      ...listed("+", orphaned),
      ...(isSame || !repair ? [] : [paint.good(t(memText.repaired))]),
      paint.dim(t(memText.index, index)),
      ...(index.reindexing ? [t(memText.reindexing, index.reindexing)] : []),
      ...(index.vectors ? [vectors(index.vectors)] : []),
      ...(index.why === undefined ? [] : [paint.bad(t(memText.noEmbedder, { why: index.why }))]),
    ].join("\n");
  });
  if (isSame || repair) return 0;
  context.say(t(memText.repairWith));
  return 1;
}

const listed = (mark: string, ids: readonly string[]): string[] => [
  ...ids.slice(0, SHOWN).map((id) => `  ${mark} ${id}`),
  ...(ids.length > SHOWN ? [`  ${mark} … ${ids.length - SHOWN}`] : []),
];
