import { SysError } from "@aiosjs/sdk/protocol";
import type { FileVersion } from "@aiosjs/sdk/protocol";
import { absent, noVersion } from "../file-absent.ts";
import { filePlace, shown } from "../file-path.ts";
import type { FilePlace } from "../file-path.ts";
import { nothing, versionOf } from "../file-writing.ts";
import type { FileRow } from "../ports.ts";
import type { Files } from "../files.ts";
import type { Handler } from "./device.ts";

/** Of each side: what is longer is compared by whoever reads it. */
const MAX_BYTES = 1 << 20;

interface Side {
  readonly version: FileVersion;
  /** Undefined where it is no text. */
  readonly text: string | undefined;
}

/** Two versions of a file, line by line. */
export const diffFiles: Handler<"fs.diff"> = async ({ path, from, to }, call) => {
  const { files, compareTexts } = call.parts;
  if (!files || !compareTexts) throw new SysError("ENODEV", "this kernel keeps no files");
  const place = filePlace(path, "read", call);
  const head = await files.seen(place, call.record);
  if (!head) throw await absent(place, files);
  if (head.kind === "folder")
    throw new SysError("EINVAL", `${shown(place)} is a folder`, { hint: "fs.history tells what changed in it" });
  const last = to ?? head.version;
  const first = from ?? last - 1;
  const never = {
    ...versionOf(head),
    ...nothing,
    version: 0,
    kind: "gone" as const,
    pid: null,
    call: null,
    at: 0,
    from: null,
  };
  const other = await sideOf(last, place, files);
  const one: Side = first === 0 ? { version: never, text: "" } : await sideOf(first, place, files);
  const isText = one.text !== undefined && other.text !== undefined;
  return {
    from: one.version,
    to: other.version,
    isText,
    isSame: one.version.kind === other.version.kind && one.version.hash === other.version.hash,
    hunks: isText ? [...compareTexts(one.text, other.text)] : [],
  };
};

async function sideOf(version: number, place: FilePlace, files: Files): Promise<Side> {
  const row = await files.version(place, version);
  if (!row || row.kind === "folder") throw await noVersion(place, version, files);
  return { version: versionOf(row), text: row.kind === "gone" ? "" : await textOf(row, files) };
}

/** @throws SysError E2BIG, ESTALE for what is not kept */
async function textOf(row: FileRow, files: Files): Promise<string | undefined> {
  if (row.sizeBytes > MAX_BYTES)
    throw new SysError("E2BIG", `version ${row.version} of ${shown(row)} has more than ${MAX_BYTES} bytes`, {
      hint: "read both versions by fs.read, and compare them yourself",
    });
  const content = await files.contentOf(row);
  try {
    const text = content.as("utf8");
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined; // not UTF-8
  }
}
