import type { ResultOf } from "@aiosjs/sdk";
import { memText } from "../messages/mem.ts";
import type { ContextOf } from "../registry.ts";

type Context = ContextOf<"mem consolidate">;
type Group = ResultOf<"mem.consolidate">["groups"][number];

const HOUR_MS = 3_600_000;
/** Of one call. */
const GROUPS = 4;

/** Until there is nothing more; each call is a step of its own. */
export async function run(context: Context): Promise<void> {
  const { options, signal, t } = context;
  const { namespace, by } = options;
  const minAgeMs = options.age * HOUR_MS;
  const client = await context.client();
  const groups: Group[] = [];
  for (;;) {
    const where = namespace === undefined ? {} : { namespace };
    const made = (await client.mem.consolidate({ ...where, by, minAgeMs, groups: GROUPS }, { signal })).groups;
    if (made.length === 0) break;
    groups.push(...made);
  }
  if (groups.length === 0) context.say(t(memText.nothingToDistil));
  context.result(groups, () => groups.map((group) => lineOf(group, context)).join("\n"));
}

function lineOf({ is, id, of }: Group, { t }: Context): string {
  const others = of.join(", ");
  if (is === "new") return t(memText.distilledNew, { id, of: others });
  return of.length === 0 ? t(memText.distilledAlone, { id }) : t(memText.distilledKept, { id, of: others });
}
