import { isAbsolute, normalize } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import type { SandboxSpec } from "../../../kernel/ports.ts";
import { isSandboxId } from "./kept.ts";
import { homeInside } from "./profile.ts";
import { isFolder, sourcePath } from "./seat.ts";

/** Where something else stands, or nothing can be put: /usr is read-only before. */
const taken = /^\/(home|tmp|var|bin|sbin|lib\w*)$|^\/(proc|dev|etc|sys|run|usr)(\/|$)/;
const firstForward = 1024;

/** With paths of the machine without links. @throws SysError EINVAL, ENOENT, EPOLICY */
export function checkSpec(spec: SandboxSpec): SandboxSpec {
  const { id, workspace, workspaceAt, guarded = [], views = [], hidden = [], egress, forwards = [] } = spec;
  if (!isSandboxId(id))
    throw new SysError("EINVAL", `${JSON.stringify(id)} cannot be the id of a sandbox`, {
      hint: "use 1 to 32 small letters and digits",
    });
  const isHomeOwn = workspace === undefined || workspaceAt !== undefined;
  for (const { from, at } of views) {
    checkPlace(at, { what: "a view", isHomeOwn });
    sourcePath(from, "view");
  }
  if (egress !== undefined) sourcePath(egress, "proxy socket");
  for (const { port, socket } of forwards) {
    if (!Number.isInteger(port) || port < firstForward || port > 65_535)
      throw new SysError("EINVAL", `nothing can be forwarded from port ${port}`, {
        hint: "take one from 1024 to 65535",
      });
    sourcePath(socket, "socket");
  }
  const checked = { ...spec, ...(hidden.length === 0 ? {} : { hidden: hidden.map(withoutLinks) }) };
  if (workspace === undefined) {
    if (workspaceAt !== undefined)
      throw new SysError("EINVAL", "workspaceAt says where a workspace is, and none was given");
    if (guarded.length > 0) throw new SysError("EINVAL", "what is guarded lies in a workspace, and none was given");
    return checked;
  }
  const folder = sourcePath(workspace, "workspace");
  if (!isFolder(folder)) throw new SysError("EINVAL", `${folder} is no folder`);
  if (folder === "/") throw new SysError("EINVAL", "the whole machine cannot be the workspace of a sandbox");
  if (workspaceAt !== undefined) checkPlace(workspaceAt, { what: "a workspace", isHomeOwn });
  return { ...checked, workspace: folder };
}

function checkPlace(at: string, { what, isHomeOwn }: { what: string; isHomeOwn: boolean }): void {
  const isInHome = at === homeInside || (!isHomeOwn && at.startsWith(`${homeInside}/`));
  if (isAbsolute(at) && normalize(at) === at && at !== "/" && !at.endsWith("/") && !taken.test(at) && !isInHome) return;
  throw new SysError("EINVAL", `${what} cannot be at ${JSON.stringify(at)}`, {
    hint: "say a path below /opt or /srv, or its own",
  });
}

function withoutLinks(path: string): string {
  try {
    return sourcePath(path, "path");
  } catch {
    // Absent: there is nothing to hide.
    return normalize(path);
  }
}
