import { SysError } from "@aiosjs/sdk/protocol";
import type { z } from "zod";
import type { Source, YamlFile } from "./layers.ts";
import { configJsonSchema } from "./keys.ts";
import type { JsonSchema } from "./keys.ts";
import { nearest } from "./nearest.ts";

/** What a wrong configuration has wrong, in one sentence: where, what, and the nearest thing that exists. */
export function refuse(
  error: z.ZodError,
  from: { path: string; file: YamlFile | undefined; sources: ReadonlyMap<string, Source> },
): SysError {
  const issue = error.issues[0] as z.core.$ZodIssue;
  const key = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const [unknown = ""] = issue.keys;
    const near = nearest(unknown, knownAt(issue.path));
    const full = [...issue.path, unknown];
    return new SysError("EINVAL", `${whereOf(full, from)}: unknown setting ${full.map(String).join(".")}`, {
      hint: near
        ? `did you mean ${[...issue.path, near].map(String).join(".")}?`
        : `there are ${knownAt(issue.path).join(", ")}`,
    });
  }
  if (issue.code === "invalid_value") {
    const said: unknown = from.file?.document.getIn(issue.path as unknown[]);
    const near = typeof said === "string" ? nearest(said, issue.values.map(String)) : undefined;
    const isSaid = typeof said === "string" || typeof said === "number" || typeof said === "boolean";
    const what = isSaid ? `${JSON.stringify(said)} is` : "that is";
    return new SysError("EINVAL", `${whereOf(issue.path, from)}: ${key}: ${what} not among what it takes`, {
      hint: near ? `did you mean ${near}?` : `it is one of ${issue.values.map(String).join(", ")}`,
    });
  }
  const isSecret = /(^|\.)apiKey(\.\d+)?$/.test(key);
  return new SysError(
    "EINVAL",
    `${whereOf(issue.path, from)}: ${key}: ${isSecret ? "a secret is a reference, never the secret itself" : issue.message}`,
    {
      hint: isSecret
        ? "write apiKey: env:NAME, and set the variable with `aios env set NAME`"
        : `\`aios config explain ${key.replace(/\.\d+.*$/, "")}\` says what it takes`,
    },
  );
}

function whereOf(
  path: readonly PropertyKey[],
  {
    path: file,
    file: yaml,
    sources,
  }: { path: string; file: YamlFile | undefined; sources: ReadonlyMap<string, Source> },
): string {
  const source = sources.get(path.map(String).join("."));
  if (source && source.layer !== "home") return source.where;
  for (let length = path.length; length > 0; length--) {
    const node = yaml?.document.getIn(path.slice(0, length) as unknown[], true) as
      | { range?: [number, number, number] }
      | undefined;
    if (node?.range) return `${file}:${yaml?.lines.linePos(node.range[0]).line ?? 1}`;
  }
  return file;
}

function knownAt(path: readonly PropertyKey[]): string[] {
  let schema: JsonSchema | undefined = configJsonSchema();
  for (const word of path) schema = typeof word === "number" ? schema?.items : schema?.properties?.[String(word)];
  return Object.keys(schema?.properties ?? {});
}
