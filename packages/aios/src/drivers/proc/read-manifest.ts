import { manifestSchema, SysError } from "@aiosjs/sdk/protocol";
import type { Manifest } from "@aiosjs/sdk/protocol";
import { isNode, LineCounter, parseDocument } from "yaml";
import type { Document } from "yaml";

/**
 * A manifest from its YAML text.
 * @throws SysError EINVAL that names file, line and member for everything that is wrong.
 */
export function readManifest(text: string, path: string): Manifest {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = (offset: number | undefined): string =>
    offset === undefined ? path : `${path}:${Math.max(1, lines.linePos(offset).line)}`;
  const [fault] = document.errors;
  if (fault) throw refusal([`${at(fault.pos[0])}: ${fault.message.split(" at line ")[0]}`]);
  const parsed = manifestSchema.safeParse(document.toJS() ?? {});
  if (parsed.success) return parsed.data;
  throw refusal(
    parsed.error.issues.flatMap((issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => `${at(offsetOf(document, [...issue.path, key]))}: there is no member ${key}`)
        : [`${at(offsetOf(document, issue.path))}: ${[...issue.path, ""].map(String).join(": ")}${issue.message}`],
    ),
  );
}

const refusal = (faults: readonly string[]): SysError =>
  new SysError("EINVAL", faults.join("; "), {
    hint: `A manifest has ${Object.keys(manifestSchema.shape).join(", ")}.`,
  });

/** Where a member stands, or the nearest thing around it that is there. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  for (let depth = path.length; depth > 0; depth--) {
    const node: unknown = document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return undefined;
}
