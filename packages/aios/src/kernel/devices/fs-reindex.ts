import { SysError } from "@aiosjs/sdk/protocol";
import type { FileIndex } from "../file-index.ts";
import { placeOf } from "../file-path.ts";
import type { FileRow } from "../ports.ts";
import type { KernelCall, KernelDevice } from "./device.ts";

/** The index of files, made anew. */
export const fsReindexDevice: KernelDevice<"fs.reindex" | "fs.indexing"> = {
  "fs.reindex": async ({ path }, call) => {
    const { journal } = call.parts;
    const index = indexOf(call);
    const rows: FileRow[] = [];
    const limit = Number.MAX_SAFE_INTEGER;
    if (path === undefined)
      for (const root of await journal.fileRoots(call.record.process.tenant))
        rows.push(...(await journal.files({ ...root, limit })));
    else {
      const { tenant, root, path: within } = placeOf(path, "read", call);
      if (within !== "") rows.push(...(await journal.files({ tenant, root, paths: [within], limit })));
      rows.push(...(await journal.files({ tenant, root, within, limit })));
    }
    index.rebuild(rows);
    return { files: rows.length };
  },

  "fs.indexing": ({ path }, call) => {
    const { tenant } = call.record.process;
    const place = path === undefined ? { tenant, root: undefined, path: "" } : placeOf(path, "read", call);
    return { waiting: indexOf(call).waiting(place) };
  },
};

/** @throws SysError ENODEV where nobody searches */
function indexOf({ parts }: KernelCall): FileIndex {
  if (parts.fileIndex) return parts.fileIndex;
  throw new SysError("ENODEV", "this kernel finds no files by what they say");
}
