import type { ResultOf } from "@aiosjs/sdk";
import { SysError } from "@aiosjs/sdk";
import type { Errno } from "@aiosjs/sdk/protocol";
import type { Plan } from "../../files/plan/plan.ts";
import { isWanted } from "../ask-first.ts";
import { CliError, usage } from "../cli-error.ts";
import { asTyped, onFiles } from "../file-calls.ts";
import { fsText } from "../messages/fs.ts";
import { doText } from "../messages/plan.ts";
import { cardOf, whatOf } from "../plan-card.ts";
import type { ContextOf } from "../registry.ts";
import { commandOf, outcomeOf } from "../step-outcome.ts";

type Context = ContextOf<"fs do">;
type Done = ResultOf<"fs.do">;

export async function run(context: Context): Promise<number | void> {
  const { args, options, t, signal, lang } = context;
  const request = args.request.join(" ");
  const first = await onFiles(context, (fs) => fs.do({ request, isPlanOnly: options.plan }, { signal }));
  const card = cardOf(planOf(first), lang);
  if (first.unclear) {
    const [what = "", hint, ...more] = card;
    for (const line of more) context.say(line);
    throw new CliError(usage, what, { hint });
  }
  if (options.plan) return context.result(first, () => card.join("\n"));
  for (const line of card) context.say(line);
  const { steps, approval } = first;
  if (approval === undefined) return tell(first, context);
  if (!options.yes && !(context.isTty && (await isWanted(t(doText.ask), context)))) {
    context.say(t(fsText.notDone));
    if (!context.isTty) context.say(t(doText.yes));
    context.result(first, () => "");
    return 130;
  }
  return tell(await onFiles(context, (fs) => fs.do({ steps, approval }, { signal })), context);
}

/** The kernel's own steps are those of its planner. */
const planOf = (done: Done): Plan => done as unknown as Plan;

/** @throws SysError as the step failed that did */
async function tell(done: Done, context: Context): Promise<void> {
  const { t, lang, paint } = context;
  const { steps } = planOf(done);
  const told: { readonly what: string; readonly text: string }[] = [];
  for (const [index, outcome] of done.outcomes.entries()) {
    const step = steps[index];
    if (outcome.is !== "done" || !step) continue;
    const { said, text } = await outcomeOf(step, outcome.result, context);
    for (const line of said) context.say(line);
    if (text !== "") told.push({ what: whatOf(step, lang), text });
  }
  const titled = ({ what, text }: (typeof told)[number]): string => `${paint.strong(what)}\n${text}`;
  context.result(done, () => told.map((one) => (told.length === 1 ? one.text : titled(one))).join("\n"));
  if (done.undo) context.say([t(doText.undo), ...done.undo.steps.map((step) => `  ${commandOf(step)}`)].join("\n"));
  const failed = done.outcomes.findIndex(({ is }) => is === "failed");
  const outcome = done.outcomes[failed];
  if (outcome?.is !== "failed") return;
  const left = done.outcomes.length - failed - 1;
  if (left > 0) context.say(t(doText.left, { count: left }));
  const { code, message, hint } = outcome.error;
  const typed = hint === undefined ? undefined : asTyped(hint);
  throw new SysError(code as Errno, t(doText.failed, { step: failed + 1, message }), { hint: typed });
}
