import type { JoinedRow } from "./agent-row.ts";
import { valuesAt } from "./argument-values.ts";
import type { CompiledPolicy } from "./compile.ts";
import type { KnownCall } from "./known-call.ts";
import { isTrusted } from "./label.ts";
import { isListed, listed } from "./listed.ts";
import { linksOf } from "./links.ts";
import { useOf } from "./used-words.ts";
import { linkVouchedFor, vouchedFor } from "./vouched.ts";
import type { Vouchers } from "./vouched.ts";
import type { ArgumentOrigin, GateRequest, Origin, Reason } from "./verdict.ts";

interface Judged {
  readonly reasons: Reason[];
  readonly origins: ArgumentOrigin[];
}

/** What a call's sinks want of its arguments, and what of it is not met: then a person is asked. */
export function judgeNeeds(
  compiled: CompiledPolicy,
  {
    request,
    row,
    agent,
    isToldToFew,
  }: { request: GateRequest; row: KnownCall; agent: JoinedRow; isToldToFew: boolean },
): Judged {
  const { args, context } = request;
  const { contacts, allowlists } = compiled;
  const vouchers: Vouchers = {
    said: request.userTexts.map((text) => compiled.said(text)),
    contacts,
    allowlists,
    agent,
  };
  const judged: Judged = { reasons: [], origins: [] };
  const said: { readonly use: string; readonly times: () => number }[] = [];
  /** Notes what stands on a person's word alone, and in how many of their texts that stands. */
  const settleSaid = (
    about: { path: string; value: string; where: string; what: string },
    originOf: (by: Vouchers) => Origin,
  ): void => {
    const origin = originOf(vouchers);
    settle(judged, { ...about, origin });
    if (request.uses !== undefined && origin.is === "user")
      said.push({
        use: useOf(about),
        times: () => vouchers.said.filter((text) => originOf({ ...vouchers, said: [text] }).is === "user").length,
      });
  };
  const targets: { readonly path: string; readonly text: string }[] = [];
  for (const { name, path, need, where } of row.needs) {
    const { values, isWhole } = valuesAt(args, path);
    if (!isWhole) ask(judged, { where, why: `${name} holds more than can be looked through` });
    for (const { path: at, text } of values) {
      if (need.urls === undefined || need.trust !== undefined) targets.push({ path: at, text });
      const isSeenTrusted = (level: NonNullable<typeof need.trust>): boolean => isTrusted(context, level);
      if (need.trust !== undefined || (need.urls === undefined && need.or))
        for (const part of partsOf(text))
          settleSaid({ path: at, value: part, where, what: name }, (by) =>
            need.trust !== undefined && isSeenTrusted(need.trust)
              ? { is: "context" }
              : vouchedFor(part, { or: need.or, mayBeSaid: need.trust !== undefined && need.trust !== "kernel" }, by),
          );
      if (need.urls !== undefined)
        for (const link of linksOf(text))
          settleSaid({ path: at, value: link.raw, where, what: `a link in ${name}` }, (by) =>
            isSeenTrusted(need.urls ?? "kernel")
              ? { is: "context" }
              : linkVouchedFor(link, { or: need.or, mayBeSaid: need.urls !== "kernel" }, by),
          );
    }
  }
  // What a person says once is meant once: somebody else may have ordered the same again, with nothing but the person's values.
  if (said.length > 0 && said.every(({ use, times }) => (request.uses?.get(use) ?? 0) >= times()))
    ask(judged, {
      where: "said",
      why: "all that a person has said for it was used already, by a call of the same kind",
    });
  if (isToldToFew) judgeReaders(judged, { targets, readers: context.readers ?? [] });
  return judged;
}

/** What only some may hear of goes to nobody else, and a call that does not say to whom it goes may go to anybody. */
function judgeReaders(
  judged: Judged,
  { targets, readers }: { targets: readonly { path: string; text: string }[]; readers: readonly string[] },
): void {
  const list = listed(readers);
  const strangers = targets.flatMap(({ text }) => partsOf(text)).filter((text) => !isListed(addressOf(text), list));
  if (targets.length === 0 || strangers.length > 0)
    ask(judged, { where: "readers", why: `what the process has seen is for ${readers.join(", ") || "nobody"} alone` });
}

/** Several addresses in one text are judged one by one. */
function partsOf(text: string): readonly string[] {
  if (!/[,;\n]/.test(text)) return [text];
  const parts = text
    .split(/[,;\r\n]+/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
  return parts.length > 1 &&
    parts.length <= 64 &&
    parts.every((part) => /^[^@\s]+@[^@\s]+$|^[^<>@]*<[^<>@\s]+@[^<>@\s]+>$/.test(part))
    ? parts
    : [text];
}

const addressOf = (text: string): string => /^[^<>@]*<([^<>\s]+)>$/.exec(text)?.[1] ?? text;

function settle(
  judged: Judged,
  { path, value, origin, where, what }: { path: string; value: string; origin: Origin; where: string; what: string },
): void {
  const isMet = origin.is !== "unknown";
  judged.origins.push({ path, value: shown(value), origin, isMet });
  if (!isMet) ask(judged, { where, why: `${what} is nothing that a person has said, and on no list` });
}

/** Each need once: a list of a hundred strangers is one reason. */
function ask(judged: Judged, { where, why }: { where: string; why: string }): void {
  if (!judged.reasons.some((reason) => reason.where === where && reason.why === why))
    judged.reasons.push({ gate: "L2", where, why });
}

// As much as a person reads; the whole stands among the arguments.
const MAX_SHOWN = 300;
const shown = (value: string): string => (value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value);
