/**
 * JSON in which equal values are equal texts: members in order of their names, absent ones left out. What two requests are
 * compared by, and what a hash of one is taken of.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    const members = member as Readonly<Record<string, unknown>>;
    return Object.fromEntries(
      Object.keys(members)
        .toSorted()
        .map((name) => [name, members[name]]),
    );
  });
}
