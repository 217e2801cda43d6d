import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import type { ResultOf } from "@aiosjs/sdk";
import { lookAtAudit, publicKeyOf } from "../../home-audit.ts";
import { isHeld } from "../../home-check.ts";
import { CliError, usage } from "../cli-error.ts";
import { CountLine } from "../count-line.ts";
import { auditText } from "../messages/audit.ts";
import type { ContextOf } from "../registry.ts";

type Context = ContextOf<"audit verify">;
type Verdict = ResultOf<"audit.verify">;
interface Asked {
  publicKey?: string;
  expected?: { number: number; hash: string };
}

export async function run(context: Context): Promise<number> {
  const { env, home, signal } = context;
  const asked: Asked = { ...keyOf(context), ...expectedOf(context) };
  const isRunning = Boolean(env["AIOS_URL"]) || isHeld(home.dir);
  const verdict = isRunning
    ? await (await context.client()).audit.verify(asked, { signal })
    : await look(context, asked);
  context.result(verdict, () => textOf(verdict, context));
  return verdict.fault === null ? 0 : 1;
}

async function look(context: Context, asked: Asked): Promise<Verdict> {
  const { home, t, quiet, signal } = context;
  const { journal, sqlite } = (await context.config()).config;
  if (journal.url === "memory:") throw new CliError(usage, t(auditText.noJournal));
  const journalFile = resolve(home.dir, journal.url.replace(/^sqlite:/, ""));
  const looking = lookAtAudit({ home: home.dir, journalFile, engine: sqlite.driver, ...asked });
  using line = new CountLine({ what: t(auditText.looking), terminal: process.stderr, isQuiet: quiet });
  for (;;) {
    signal.throwIfAborted();
    const { done, value } = await looking.next();
    if (done) return value as Verdict;
    if (line.show(value)) await turn();
  }
}

/** A file holds a key in PEM, or the digits. */
function keyOf({ options, cwd, t }: Context): Pick<Asked, "publicKey"> {
  const { publicKey: told } = options;
  if (told === undefined) return {};
  const file = resolve(cwd, told);
  const text = existsSync(file) ? readFileSync(file, "utf8").trim() : told;
  const publicKey = isHash(text) ? text.toLowerCase() : pemKey(text);
  if (publicKey === undefined || !isHash(publicKey)) throw new CliError(usage, t(auditText.noKey, { key: told }));
  return { publicKey };
}

function pemKey(text: string): string | undefined {
  try {
    return publicKeyOf(text);
  } catch {
    return undefined; // told by who asks
  }
}

function expectedOf({ options, t }: Context): Pick<Asked, "expected"> {
  const { expect } = options;
  if (expect === undefined) return {};
  const [number = "", hash = ""] = expect.split(":");
  if (!/^[1-9][0-9]{0,14}$/.test(number) || !isHash(hash)) throw new CliError(usage, t(auditText.noExpected));
  return { expected: { number: Number(number), hash } };
}

const isHash = (text: string): boolean => /^[0-9a-f]{64}$/i.test(text);

const whats = { ...auditText, "cut-off": auditText.cutOff } as const;

function textOf(verdict: Verdict, { t, paint }: Context): string {
  const { home, first, last, hash, events, lastSeqBefore, signed, replacedKeys, fault } = verdict;
  if (home === null) return t(auditText.none);
  if (fault) {
    const { number, seq, topic } = fault;
    const event = seq === null ? "" : t(auditText.ofEvent, { seq, topic: topic ?? "" });
    const what = t(whats[fault.what]);
    return paint.bad(
      number > 0 ? t(auditText.broken, { number, event, what }) : t(auditText.brokenOutside, { event, what }),
    );
  }
  const at = signed && new Date(signed.atMs).toISOString();
  const behind = last - (signed?.number ?? 0);
  return [
    paint.good(t(auditText.whole, { first, last, events })),
    ...(first > 1 ? [t(auditText.forgotten, { first })] : []),
    ...(lastSeqBefore > 0 ? [t(auditText.older, { seq: lastSeqBefore })] : []),
    ...replacedKeys.map((replaced) => paint.waiting(t(auditText.replaced, replaced))),
    signed && at ? t(auditText.signed, { number: signed.number, at, key: signed.key }) : t(auditText.unsigned),
    ...(signed && behind > 0 ? [t(auditText.behind, { count: behind })] : []),
    paint.dim(t(auditText.keep, { number: last, hash })),
  ].join("\n");
}
