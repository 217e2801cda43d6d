import { fsText } from "../messages/fs.ts";
import type { ContextOf } from "../registry.ts";

/** Paths that are told of each kind. */
const SHOWN = 10;

export async function run(context: ContextOf<"fs verify">): Promise<number> {
  const { t, signal, paint } = context;
  const compared = await (await context.client()).fs.verify({}, { signal });
  const { files, lost, different, unplaced, missing, orphaned } = compared;
  const isWrong = lost.length + unplaced.length + missing.length + orphaned.length > 0;
  context.result(compared, () => {
    const counts = {
      files,
      lost: lost.length,
      different: different.length,
      unplaced: unplaced.length,
      missing: missing.length,
      orphaned: orphaned.length,
    };
    const isSame = !isWrong && different.length === 0;
    const sum = isSame ? t(fsText.verified, { files }) : t(fsText.differs, counts);
    return [
      isWrong ? paint.bad(sum) : paint.good(sum),
      ...listed("!", lost),
      ...listed("~", different),
      ...listed("…", unplaced),
      ...listed("−", missing),
      ...listed("+", orphaned),
      ...(unplaced.length > 0 ? [t(fsText.unplacedHint)] : []),
    ].join("\n");
  });
  return isWrong ? 1 : 0;
}

const listed = (mark: string, paths: readonly string[]): string[] => [
  ...paths.slice(0, SHOWN).map((path) => `  ${mark} ${path}`),
  ...(paths.length > SHOWN ? [`  ${mark} … ${paths.length - SHOWN}`] : []),
];
