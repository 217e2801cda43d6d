import type { FileVersion } from "@aiosjs/sdk/protocol";
import { shortTime } from "../../tui/figures.ts";
import { pad, widthOf } from "../../tui/width.ts";
import { lookFor, onFiles } from "../file-calls.ts";
import { momentText, nameText } from "../file-text.ts";
import { fsText } from "../messages/fs.ts";
import type { ContextOf } from "../registry.ts";
import { sizeText } from "../size-text.ts";

type Context = ContextOf<"fs stat">;

export async function run(context: Context): Promise<void> {
  const { path } = context.args;
  const version = await onFiles(context, (fs) => fs.stat({ path }, { signal: context.signal }), lookFor(path, context));
  context.result(version, () =>
    [context.paint.strong(nameText(version.path)), ...factsOf(version, context)].join("\n"),
  );
}

function factsOf(stat: FileVersion, { t, paint }: Context): string[] {
  const { version, kind, sizeBytes, hash, labels, pid, call, at, from } = stat;
  const isFile = kind === "file";
  const when = { when: momentText(at), time: shortTime(Date.now() - at) };
  const facts: readonly (readonly [string, string])[] = [
    [t(fsText.kind), t(isFile ? fsText.isFile : fsText.isFolder)],
    [t(fsText.sizeIs), isFile ? sizeIn(sizeBytes, t) : ""],
    [t(fsText.versionIs), version === 0 ? "" : String(version)],
    [t(fsText.changed), at === 0 ? "" : t(fsText.ago, when)],
    [t(fsText.madeBy), byText({ version, pid, call }, t)],
    [t(fsText.fromIs), nameText(from ?? "")],
    [t(fsText.labels), `${labels.trust}, ${labels.confidentiality}`],
    ["SHA-256", hash ?? ""],
  ];
  const told = facts.filter(([, value]) => value !== "");
  const labelWidth = Math.max(...told.map(([label]) => widthOf(label)));
  return told.map(([label, value]) => `${paint.dim(pad(label, labelWidth))}  ${value}`);
}

const sizeIn = (bytes: number, t: Context["t"]): string =>
  bytes < 1_000 ? sizeText(bytes) : t(fsText.sizeBytes, { size: sizeText(bytes), bytes });

function byText({ version, pid, call }: Pick<FileVersion, "version" | "pid" | "call">, t: Context["t"]): string {
  if (version === 0) return "";
  return pid === null ? t(fsText.outside) : t(fsText.byProcess, { pid, call: call ?? "–" });
}
