import type { Ask } from "../../memory/ask.ts";
import type { Listed, Unclear } from "./draft.ts";
import { askForPlan } from "./model.ts";
import { readRequest } from "./rules.ts";
import type { Setting, Step } from "./steps.ts";

export interface Plan {
  /** In their order; none where something is unclear. */
  readonly steps: readonly Step[];
  readonly by: "model" | "rules";
  /** Why no model made it. */
  readonly why?: string;
  readonly unclear?: Unclear;
}

/** UTF-16 units. */
const MAX_REQUEST = 8_000;

/**
 * What a request asks for, as calls that nobody has made yet: by one structured model call, or, where there is no model or it
 * does not answer as asked, by the documented forms. It is decided from the request alone: `listing` tells which names there
 * are, and what those say has no say. Nothing is planned where a part of the request is not understood.
 * @throws SysError as `askOnce` does: the call was cancelled, fenced or diverged
 */
export async function planOf(
  request: string,
  { ask, listing = [], ...setting }: Setting & { readonly ask?: Ask | undefined; readonly listing?: readonly Listed[] },
): Promise<Plan> {
  if (request.length > MAX_REQUEST)
    return { steps: [], by: "rules", unclear: { is: "many", what: `${request.length} > ${MAX_REQUEST}`, hint: "" } };
  const asked = ask ? await askForPlan(request, { ask, listing, setting }) : undefined;
  if (asked?.is === "answered") return { steps: asked.steps, by: "model" };
  const why = asked ? { why: asked.why } : {};
  const read = readRequest(request, setting);
  return "unclear" in read
    ? { steps: [], by: "rules", ...why, unclear: read.unclear }
    : { steps: read.steps, by: "rules", ...why };
}
