import { SysError } from "@aiosjs/sdk/protocol";

/** Where the guest's clock stands while it takes in what it is sent; a command runs at the real time. */
export const unpackedSeconds = 1_000_000_000;
/** Nobody has waited for so long with sending. */
const freshSeconds = unpackedSeconds + 86_400;

/** What stands in the home folder: each name ends with a zero byte, and each has a line with its inode and its change time. */
export interface Listing {
  readonly names: Buffer;
  readonly stats: Buffer;
}

/**
 * What a command did. A file that it wrote, made or renamed has a new change time, which nobody but root can set back; what lies in
 * a folder that it moved is the same as before, but its folder is not: `stat(2)`.
 * @throws SysError EIO the guest's lists do not fit.
 */
export function changesOf(
  before: Listing,
  after: Listing,
): { readonly present: ReadonlySet<string>; readonly changed: Buffer } {
  const earlier = new Map(entriesOf(before).map(({ name, inode }) => [name, inode]));
  const present = new Set<string>();
  const changed: string[] = [];
  /** Folders that stand where another one stood, or none, and all in them. */
  const moved = new Set<string>();
  for (const { name, inode, changedSeconds } of entriesOf(after)) {
    present.add(Buffer.from(name, "latin1").toString().replace(/^\.\//, ""));
    const isOther = earlier.get(name) !== inode || moved.has(name.slice(0, name.lastIndexOf("/")));
    if (isOther) moved.add(name);
    if (isOther || changedSeconds > freshSeconds) changed.push(`${name}\0`);
  }
  return { present, changed: Buffer.from(changed.join(""), "latin1") };
}

/** As bytes: not every name is text. */
function entriesOf({
  names,
  stats,
}: Listing): readonly { readonly name: string; readonly inode: string; readonly changedSeconds: number }[] {
  const all = names.toString("latin1").split("\0").slice(0, -1);
  const lines = stats.toString("latin1").split("\n").slice(0, -1);
  if (all.length !== lines.length) throw new SysError("EIO", "the guest lists other files than it describes");
  return all.map((name, index) => {
    const [inode = "", seconds = ""] = lines[index]!.split(" ");
    return { name, inode, changedSeconds: Number(seconds) };
  });
}
