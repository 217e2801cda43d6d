import { SysError } from "@aiosjs/sdk/protocol";
import { shown } from "./file-path.ts";
import type { FilePlace } from "./file-path.ts";
import type { Files } from "./files.ts";

/** ENOENT: it was removed and can come back, or what there is instead. */
export async function absent(place: FilePlace, files: Files): Promise<Error> {
  const isGone = place.path !== "" && (await files.head(place))?.kind === "gone";
  const [last] = isGone ? await files.versions(place, [place.path], { isLastThere: true }) : [];
  if (!last) return files.disk.absent(place);
  return new SysError("ENOENT", `${shown(place)} was removed or moved`, {
    hint: `fs.restore brings back version ${last.version}; fs.history tells who took it away`,
  });
}

/** ENOENT, with the versions that there are. */
export async function noVersion(place: FilePlace, version: number, files: Files): Promise<Error> {
  const versions = await files.versions(place, [place.path]);
  const [last, first] = [versions[0], versions.at(-1)];
  if (!first || !last) return absent(place, files);
  return new SysError("ENOENT", `${shown(place)} has no file of version ${version}`, {
    hint: `there are versions ${first.version} to ${last.version}: fs.history tells what they are`,
  });
}
