import type { Manifest } from "@aiosjs/sdk/protocol";
import { allows } from "../access.ts";
import type { Principal } from "../ports.ts";
import type { Process } from "../process.ts";
import { USER_TURNS } from "../scopes.ts";
import { join, labelOf, unknownLabel } from "./label.ts";
import type { Label } from "./label.ts";
import { personal, spokenBy } from "./speaker.ts";
import { withText } from "./user-texts.ts";

/** What a process knows when it begins. */
interface Known {
  readonly seen: Label;
  readonly userTexts: readonly string[];
}

/** A key whose user turns are a person's: its scope says so, or it has all. */
export const speaksForPerson = ({ scopes, pid }: Principal): boolean => pid === null && allows(scopes, USER_TURNS);

/** Of whom the kernel knows a key alone. */
const stranger = labelOf({ trust: "untrusted", confidentiality: "internal" });

/** Of a client's process, before its first request. */
export const knownToClient = (principal: Principal): Known => ({
  seen: speaksForPerson(principal) ? personal : stranger,
  userTexts: [],
});

/**
 * A child knows what its parent has seen, for its task may tell all of it; what people have told the parent, they may have told
 * it to be passed on. `asked` are a person's words only where a person starts it; what an agent's own folder says of it was put
 * there by one.
 */
export function knownToChild(
  caller: Process,
  { principal, asked, manifest }: { principal: Principal; asked: readonly string[]; manifest: Manifest | undefined },
): Known {
  const isPersonal = caller.kind === "kernel" && speaksForPerson(principal);
  const texts = [...(manifest ? [manifest.instructions] : []), ...(isPersonal ? asked : [])];
  const seen = caller.kind !== "kernel" ? spokenBy(caller) : isPersonal ? personal : stranger;
  return { seen, userTexts: texts.reduce(withText, caller.userTexts) };
}

/** What comes from a snapshot is as its process had seen it; the word of a process that brings one counts no more than its own. */
export function knownAgain(
  caller: Process,
  { principal, head }: { principal: Principal; head: { readonly [Name in keyof Known]?: Known[Name] | undefined } },
): Known {
  const seen = head.seen ?? unknownLabel;
  if (caller.kind !== "kernel") return { seen: join(seen, caller.seen), userTexts: caller.userTexts };
  if (!speaksForPerson(principal)) return { seen: join(seen, stranger), userTexts: [] };
  return { seen, userTexts: head.userTexts ?? [] };
}
