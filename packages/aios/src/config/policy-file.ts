import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { accessPolicySchema, SysError } from "@aiosjs/sdk/protocol";
import type { AccessPolicy } from "@aiosjs/sdk/protocol";
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { compilePolicy, placeText } from "../kernel/gate/compile.ts";
import type { PolicyFault } from "../kernel/gate/compile.ts";
import type { JsonSchema } from "./keys.ts";
import { nearest } from "./nearest.ts";
import type { Config } from "./schema.ts";
import { yamlFault } from "./yaml-fault.ts";

/** A YAML text with the lines of what stands in it. */
export interface YamlText {
  readonly path: string;
  readonly value: unknown;
  /** `policy.yaml:12`, of a key or the nearest above it that stands there. */
  whereOf(path: readonly PropertyKey[]): string;
}

/** The access policy of a home; undefined: it has none, and the shipped one holds. @throws SysError EINVAL, EACCES */
export function homePolicy(home: string, { policy }: Pick<Config, "policy">): AccessPolicy | undefined {
  const file = policy.file ?? "policy.yaml";
  const path = isAbsolute(file) ? file : join(home, file);
  if (policy.file === undefined && !existsSync(path)) return undefined;
  return readPolicyFile(path);
}

/**
 * Reads a policy and checks all that can be wrong about it.
 * @throws SysError EINVAL with file, line and the nearest thing that exists; ENOENT; EACCES
 */
export function readPolicyFile(path: string): AccessPolicy {
  const text = readYamlText(path);
  const policy = parseAs(accessPolicySchema, text, {
    schema: policyJsonSchema,
    hint: "`aios schema policy` says what it takes",
  });
  checkPolicy(policy, text);
  return policy;
}

/** Policy as JSON Schema, for editors and for the reference page. */
export const policyJsonSchema = (): JsonSchema => z.toJSONSchema(accessPolicySchema, { io: "input" }) as JsonSchema;

/** @throws SysError EINVAL for conditions that are none and lists that are not there, `under` a key of the text. */
export function checkPolicy(policy: AccessPolicy, text: YamlText, under: readonly string[] = []): void {
  const refuse = ({ path, at, message, word, known }: PolicyFault): SysError => {
    const near = nearest(word, known);
    const place = `${placeText(path)}${at === null ? "" : `, character ${at + 1}`}`;
    return new SysError("EINVAL", `${text.whereOf([...under, ...path])}: ${place}: ${message}`, {
      hint: near ? `did you mean ${near}?` : known.length > 0 ? `there are ${known.join(", ")}` : undefined,
    });
  };
  compilePolicy(policy, { refuse });
}

/** @throws SysError ENOENT, EACCES, and EINVAL for what is no YAML. */
export function readYamlText(path: string): YamlText {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const isGone = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new SysError(
      isGone ? "ENOENT" : "EACCES",
      `${path} ${isGone ? "is not there" : `cannot be read: ${(cause as Error).message}`}`,
      {
        cause,
        hint: isGone
          ? "give the path of a policy file; `aios policy show --yaml` prints one to begin with"
          : "mend its rights",
      },
    );
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [error] = document.errors;
  if (error) throw new SysError("EINVAL", yamlFault(path, error), { hint: "mend the file" });
  return {
    path,
    value: document.toJS(),
    whereOf: (keys) => {
      for (let length = keys.length; length > 0; length--) {
        const node = document.getIn(keys.slice(0, length) as unknown[], true) as
          | { range?: [number, number, number] }
          | undefined;
        if (node?.range) return `${path}:${lines.linePos(node.range[0]).line}`;
      }
      return path;
    },
  };
}

/** Takes a text for what a schema describes. @throws SysError EINVAL: where, what, and the nearest thing that exists. */
export function parseAs<Schema extends z.ZodType>(
  of: Schema,
  text: YamlText,
  { schema, hint }: { schema: () => JsonSchema; hint: string },
): z.output<Schema> {
  const parsed = of.safeParse(text.value ?? {});
  if (parsed.success) return parsed.data;
  const { path, issue } = deepest(parsed.error.issues);
  const at = (keys: readonly PropertyKey[]): string => placeText(keys as (string | number)[]);
  if (issue.code === "unrecognized_keys") {
    const [unknown = ""] = issue.keys;
    const known = namesAt(schema(), path);
    const near = nearest(unknown, known);
    throw new SysError("EINVAL", `${text.whereOf([...path, unknown])}: unknown key ${at([...path, unknown])}`, {
      hint: near ? `did you mean ${at([...path, near])}?` : known.length > 0 ? `there are ${known.join(", ")}` : hint,
    });
  }
  const said = path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key],
    text.value,
  );
  if (issue.code === "invalid_value" && typeof said === "string") {
    const near = nearest(said, issue.values.map(String));
    throw new SysError(
      "EINVAL",
      `${text.whereOf(path)}: ${at(path)}: ${JSON.stringify(said)} is not among what it takes`,
      {
        hint: near ? `did you mean ${near}?` : `it is one of ${issue.values.map(String).join(", ")}`,
      },
    );
  }
  throw new SysError("EINVAL", `${text.whereOf(path)}: ${at(path) || "the file"}: ${issue.message}`, { hint });
}

/** Of alternatives the one that was meant: where reading came furthest; an unknown key says more than what it leaves missing. */
function deepest(
  issues: readonly z.core.$ZodIssue[],
  prefix: readonly PropertyKey[] = [],
): { path: readonly PropertyKey[]; issue: z.core.$ZodIssue } {
  const found = issues.map((issue) => {
    const path = [...prefix, ...issue.path];
    if (issue.code !== "invalid_union" || issue.errors.length === 0) return { path, issue };
    return issue.errors
      .map((branch) => deepest(branch, path))
      .reduce((one, other) => (other.path.length > one.path.length ? other : one));
  });
  return found.find(({ issue }) => issue.code === "unrecognized_keys") ?? found[0]!;
}

function namesAt(schema: JsonSchema, path: readonly PropertyKey[]): string[] {
  let branches: readonly JsonSchema[] = [schema];
  for (const word of path)
    branches = branches
      .flatMap((branch) => [branch, ...(branch.anyOf ?? [])])
      .flatMap(({ items, properties, additionalProperties: others }) =>
        typeof word === "number"
          ? (items ?? [])
          : (properties?.[String(word)] ?? (typeof others === "object" ? others : [])),
      );
  return [
    ...new Set(
      branches
        .flatMap((branch) => [branch, ...(branch.anyOf ?? [])])
        .flatMap(({ properties = {} }) => Object.keys(properties)),
    ),
  ];
}
