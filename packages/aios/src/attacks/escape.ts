import { isReason } from "./attack.ts";
import { BEGAN } from "./python.ts";
import type { Escape, Ground, Outcome, Outside, Ran } from "./attack.ts";

/** One attempt of one escape, judged by what it told and by what stands outside. */
export async function tryEscape({ program, lay }: Escape, ground: Ground, outside: Outside): Promise<Outcome> {
  const laid = await lay(ground, outside);
  if (isReason(laid)) return { is: "unknown", why: laid };
  try {
    const control = ground.isControl ? { CONTROL: "yes" } : {};
    const ran = await ground.run(program, { BOOT: outside.bootId, ...control, ...laid.words });
    if (ran.isMissing) return { is: "unknown", why: { is: "no-interpreter", name: program.language } };
    const failure = failureOf(ran);
    if (failure) return failure;
    const how = (await laid.seen?.()) ?? whatWasTold(ran, laid.secret);
    return how === undefined ? { is: "held", why: whyHeld(ran) } : { is: "escaped", how };
  } finally {
    await laid.end?.();
  }
}

/** What did not even begin tells nothing. */
export function failureOf({ output, code, isMissing }: Ran): Outcome | undefined {
  if (isMissing || output.includes(BEGAN)) return undefined;
  return { is: "unknown", why: { is: "failed", text: `exit code ${code}: ${output.trim().slice(-200)}` } };
}

function whatWasTold({ output }: Ran, secret: string | undefined): string | undefined {
  if (secret !== undefined && output.includes(secret)) return "it told the secret";
  return /^REACHED (.*)$/m.exec(output)?.[1];
}

/** What its attempts ran into, each once. */
function whyHeld({ output, code, exceeded }: Ran): string {
  if (exceeded !== undefined) return `it did not end in time (${exceeded})`;
  const told = output.split("\n").flatMap((line) => (line.startsWith("WHY ") ? [line.slice(4).trim()] : []));
  if (told.length > 0) return [...new Set(told)].slice(0, 2).join(", ");
  const complaint = output.split("\n").find((line) => / (denied|not permitted|Read-only|No such)/.test(line));
  return complaint?.slice(0, 120) ?? `exit code ${code}`;
}
