import { SysError, type Foreign } from "@aiosjs/sdk/protocol";

/** Who reads a request: a core, the dialect it speaks, and what it will have left out. */
export interface ForeignReader {
  readonly core: string;
  readonly dialect: string;
  readonly leftOut: Set<string>;
}

/**
 * Members said in the reader's own dialect. Another dialect's hints are left out, and noted.
 * @throws SysError EINVAL for what another dialect means.
 */
export function ownMembers(foreign: Foreign | undefined, reader: ForeignReader): Readonly<Record<string, unknown>> {
  if (foreign === undefined) return {};
  const { dialect, members, hints = [] } = foreign;
  if (dialect === reader.dialect) return members;
  const meant = Object.keys(members).filter((name) => !hints.includes(name));
  if (meant.length > 0) {
    throw new SysError("EINVAL", `core ${reader.core} speaks ${reader.dialect} and cannot take ${dialect} members`, {
      hint: `leave out ${meant.join(", ")}, or name a core that speaks ${dialect}`,
    });
  }
  for (const name of Object.keys(members)) reader.leftOut.add(name);
  return {};
}

/** A part that only its own dialect knows. @throws SysError EINVAL for another one's. */
export function ownPart({ dialect, value }: { dialect: string; value: unknown }, reader: ForeignReader): unknown {
  if (dialect === reader.dialect) return value;
  const { type } = (value ?? {}) as { type?: unknown };
  const called = typeof type === "string" ? ` of type ${JSON.stringify(type.slice(0, 60))}` : "";
  throw new SysError(
    "EINVAL",
    `core ${reader.core} speaks ${reader.dialect} and cannot take a message part${called} of ${dialect}`,
    { hint: `say it in another part, or name a core that speaks ${dialect}` },
  );
}
