import { SysError } from "@aiosjs/sdk/protocol";

/** Levels of a body. Real ones have some dozens; JSON.stringify, the journal's database and upstreams give up at a thousand and more. */
const deepest = 256;

/**
 * JSON.parse takes any depth, and `__proto__` for a name like any other; what is made of a body afterwards does not: it would
 * overflow the stack in the middle of a call, or lose the member. 9 µs for 64 KB of an agent's messages and tools.
 * @throws SysError EINVAL
 */
export function checkShape(value: object, levels = deepest): void {
  if (levels === 0)
    throw new SysError("EINVAL", `the body is nested deeper than ${deepest} levels`, { hint: "send it flatter" });
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[])
      if (typeof item === "object" && item !== null) checkShape(item, levels - 1);
    return;
  }
  if (Object.hasOwn(value, "__proto__"))
    throw new SysError("EINVAL", "the body has a member called __proto__, which nobody here takes", {
      hint: "leave it out, or say it inside of a text",
    });
  const members = value as Readonly<Record<string, unknown>>;
  for (const name in members) {
    const member = members[name];
    if (typeof member === "object" && member !== null) checkShape(member, levels - 1);
  }
}
