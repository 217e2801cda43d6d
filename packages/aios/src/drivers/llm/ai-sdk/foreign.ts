import { SysError, type Foreign } from "@aiosjs/sdk/protocol";

/** What everybody may say to any package, in the words of its specification. */
const common = "ai-sdk";

/** The dialect of what one provider's models say: signatures that only they can read. */
export const dialectOf = (provider: string): string => `${common}:${provider}`;

export const isOwnDialect = (dialect: string, provider: string): boolean =>
  dialect === common || dialect === dialectOf(provider);

interface Reading {
  readonly core: string;
  readonly provider: string;
  /** Members that the place has beyond our form. */
  readonly takes: readonly string[];
  /** Hints of other dialects are noted here. */
  readonly leftOut: Set<string>;
}

/**
 * Members in this driver's own dialect; none for another one's hints.
 * @throws SysError EINVAL for what another dialect means, or what this place does not take.
 */
export function ownMembers(
  foreign: Foreign | undefined,
  { core, provider, takes, leftOut }: Reading,
): Readonly<Record<string, unknown>> {
  if (foreign === undefined) return {};
  const { dialect, members, hints = [] } = foreign;
  const names = Object.keys(members);
  if (!isOwnDialect(dialect, provider)) {
    const meant = names.filter((name) => !hints.includes(name));
    if (meant.length > 0) {
      throw new SysError("EINVAL", `core ${core} speaks ${dialectOf(provider)} and cannot take ${dialect} members`, {
        hint: `leave out ${meant.join(", ")}, or name a core that speaks ${dialect}`,
      });
    }
    for (const name of names) leftOut.add(name);
    return {};
  }
  const unknown = names.filter((name) => !takes.includes(name));
  if (unknown.length > 0) {
    throw new SysError("EINVAL", `core ${core} does not take ${unknown.join(", ")} here`, {
      hint: `in the dialect ${common} this place takes ${takes.join(", ")}`,
    });
  }
  return members;
}
