import { SysError } from "@aiosjs/sdk/protocol";
import type { ResultOf } from "@aiosjs/sdk/protocol";
import { shown } from "../file-path.ts";
import { reachOf } from "../note-space.ts";
import type { KernelDevice } from "./device.ts";

type Folder = ResultOf<"fs.usage">["folders"][number];

/** What files take, as far as it is the caller's business: of the tenant for its keys. */
export const fsUsageDevice: KernelDevice<"fs.usage"> = {
  "fs.usage": async ({ limit }, { parts, record, principal }) => {
    const { files, journal, settings } = parts;
    if (!files) throw new SysError("ENODEV", "this kernel keeps no files");
    const { process } = record;
    const { tenant, namespaces } = reachOf({ process, principal }, parts);
    const roots = namespaces ?? (await journal.fileRoots(tenant)).map(({ root }) => root);
    const { maxBytes, maxBytesPerProcess, maxFiles } = settings.files;
    const folders = await Promise.all(
      roots.map(async (root): Promise<Folder> => {
        const folder = shown({ root, path: "" });
        const ownLimit = root.startsWith("process:") ? maxBytesPerProcess : null;
        return { folder, ...(await journal.fileUsage(tenant, root)), maxBytes: ownLimit };
      }),
    );
    return {
      folders: folders
        .filter((one) => one.files + one.keptBytes > 0)
        .toSorted((left, right) => right.keptBytes - left.keptBytes || (left.folder < right.folder ? -1 : 1))
        .slice(0, limit),
      ...(principal.pid === null ? { tenant: { ...(await journal.fileUsage(tenant)), maxBytes, maxFiles } } : {}),
    };
  },
};
