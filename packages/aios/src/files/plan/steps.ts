import type { Draft, Unclear } from "./draft.ts";
import { baseOf, folderOf, inFolder, isWhole, placeFrom } from "./paths.ts";
import type { Calendar } from "./times.ts";

/** One call with its arguments. Paths are relative to the process's own folder, or from the top. */
type PlannedCall =
  | { readonly call: "fs.read"; readonly args: { readonly path: string; readonly version?: number } }
  | { readonly call: "fs.list"; readonly args: { readonly path: string; readonly isRemoved?: true } }
  | { readonly call: "fs.search"; readonly args: { readonly query: string } }
  | { readonly call: "fs.history"; readonly args: { readonly path: string } }
  /** Without versions: the last change. `to` is what stands there now where only `from` is told. */
  | { readonly call: "fs.diff"; readonly args: { readonly path: string; readonly from?: number; readonly to?: number } }
  /** `ifVersion` 0: only where nothing is there. */
  | {
      readonly call: "fs.write";
      readonly args: { readonly path: string; readonly content: string; readonly ifVersion?: 0 };
    }
  | { readonly call: "fs.append"; readonly args: { readonly path: string; readonly content: string } }
  | { readonly call: "fs.mkdir" | "fs.restore" | "fs.unshare"; readonly args: { readonly path: string } }
  | { readonly call: "fs.move" | "fs.copy"; readonly args: { readonly from: string; readonly to: string } }
  | { readonly call: "fs.remove"; readonly args: { readonly path: string; readonly isRecursive: boolean } }
  /** One of the three; `back`: so many versions before the one that stands there. */
  | {
      readonly call: "fs.rollback";
      readonly args: {
        readonly path: string;
        readonly version?: number;
        readonly atMs?: number;
        readonly back?: number;
      };
    }
  | { readonly call: "fs.share"; readonly args: { readonly path: string; readonly forMs?: number } }
  /** `folder` is the machine's; it comes to stand at /mnt/NAME. */
  | { readonly call: "fs.mount"; readonly args: { readonly folder: string; readonly name: string } };

export type Risk = "reads" | "changes" | "overwrites" | "removes" | "opens to others";

export type Step = PlannedCall & {
  readonly risk: Risk;
  readonly isUndoable: boolean;
  /** A person says yes before it is done. */
  readonly needsAsking: boolean;
};

/** Where a request is made, and when. */
export interface Setting extends Calendar {
  /** The folder that relative paths begin in: itself relative to the process's own, or from the top. */
  readonly cwd: string;
}

export type Fault = Unclear["is"];

/** The step that a draft asks for, or what is wrong with it. */
export function stepOf(draft: Draft, setting: Setting): { step: Step } | { fault: Fault; what: string } {
  const call = callOf(draft, setting);
  return "fault" in call ? call : { step: { ...call, ...dangerOf(call) } };
}

function callOf(draft: Draft, setting: Setting): PlannedCall | { fault: Fault; what: string } {
  const { verb, version } = draft;
  if (verb === "search")
    return draft.query?.trim()
      ? { call: "fs.search", args: { query: draft.query.trim() } }
      : { fault: "words", what: draft.query ?? "" };
  if (verb === "mount") return mountOf(draft);
  const place = placeFrom(setting.cwd, draft.path ?? "");
  if ("fault" in place) return { fault: place.fault === "which" ? "which" : "path", what: draft.path ?? "" };
  const { path } = place;
  switch (verb) {
    case "read":
      return { call: "fs.read", args: { path, ...(version === undefined ? {} : { version }) } };
    case "list":
      return { call: "fs.list", args: { path } };
    case "list-removed":
      return { call: "fs.list", args: { path, isRemoved: true } };
    case "history":
      return { call: "fs.history", args: { path } };
    case "diff": {
      const to = draft.toVersion === undefined ? {} : { to: draft.toVersion };
      return { call: "fs.diff", args: { path, ...(version === undefined ? {} : { from: version, ...to }) } };
    }
    case "write":
      return { call: "fs.write", args: { path, content: draft.content ?? "" } };
    case "create":
      return { call: "fs.write", args: { path, content: draft.content ?? "", ifVersion: 0 } };
    case "append":
      return { call: "fs.append", args: { path, content: draft.content ?? "" } };
    case "mkdir":
      return { call: "fs.mkdir", args: { path } };
    case "restore":
      return { call: "fs.restore", args: { path } };
    case "unshare":
      return { call: "fs.unshare", args: { path } };
    case "move":
    case "rename":
    case "copy":
      return pairOf(draft, path, setting);
    case "remove":
      if (isWhole(path)) return { fault: "whole", what: draft.path ?? "" };
      return { call: "fs.remove", args: { path, isRecursive: draft.isTree ?? false } };
    case "undo":
      return { call: "fs.rollback", args: { path, back: draft.back ?? 1 } };
    case "rollback":
      if (version !== undefined) return { call: "fs.rollback", args: { path, version } };
      return draft.atMs === undefined || draft.atMs > setting.now
        ? { fault: "time", what: draft.path ?? "" }
        : { call: "fs.rollback", args: { path, atMs: draft.atMs } };
    case "share":
      return { call: "fs.share", args: { path, ...(draft.forMs === undefined ? {} : { forMs: draft.forMs }) } };
  }
}

function pairOf(draft: Draft, from: string, { cwd }: Setting): PlannedCall | { fault: Fault; what: string } {
  const said = draft.to ?? "";
  // A new name alone stays in the folder; "to docs/" goes into it.
  const isName = draft.verb === "rename" && !said.includes("/");
  const place = isName ? placeFrom(folderOf(from), said) : placeFrom(cwd, said);
  if ("fault" in place) return { fault: "path", what: said };
  const isInto = draft.isInto === true || (!isName && (said.endsWith("/") || isWhole(place.path)));
  const to = isInto ? inFolder(place.path, baseOf(from)) : place.path;
  if (to === from || isWhole(to) || isWhole(from)) return { fault: isWhole(from) ? "whole" : "path", what: said };
  return { call: draft.verb === "copy" ? "fs.copy" : "fs.move", args: { from, to } };
}

function mountOf({ path = "", name }: Draft): PlannedCall | { fault: Fault; what: string } {
  const called = name ?? baseOf(path.replaceAll("\\", "/").replace(/\/+$/, ""));
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(path) || !/[\\/]/.test(path) || !/^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u.test(called))
    return { fault: "path", what: path };
  return { call: "fs.mount", args: { folder: path, name: called } };
}

function dangerOf({ call, args }: PlannedCall): Pick<Step, "risk" | "isUndoable" | "needsAsking"> {
  const risk: Risk = call === "fs.write" ? (args.ifVersion === 0 ? "changes" : "overwrites") : risks[call];
  return {
    risk,
    isUndoable: risk !== "opens to others" && call !== "fs.unshare",
    needsAsking: risk !== "reads" && risk !== "changes",
  };
}

const risks = {
  "fs.read": "reads",
  "fs.list": "reads",
  "fs.search": "reads",
  "fs.history": "reads",
  "fs.diff": "reads",
  "fs.append": "changes",
  "fs.mkdir": "changes",
  "fs.restore": "changes",
  "fs.unshare": "changes",
  "fs.move": "changes",
  "fs.copy": "changes",
  "fs.remove": "removes",
  "fs.rollback": "overwrites",
  "fs.share": "opens to others",
  "fs.mount": "opens to others",
} as const satisfies Record<Exclude<PlannedCall["call"], "fs.write">, Risk>;
