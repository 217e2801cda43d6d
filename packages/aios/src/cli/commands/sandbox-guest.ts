import { resolve } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import { sandboxText } from "../messages/sandbox.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"sandbox guest">): Promise<void> {
  const { options, t, cwd, home } = context;
  const { root, kernel, modules } = options;
  if ((kernel === undefined) !== (modules === undefined)) throw new SysError("EINVAL", t(sandboxText.kernelAlone));
  const [{ makeGuest }, { config }] = await Promise.all([import("../../boot-guest.ts"), context.config()]);
  const at = (path: string | undefined): string | undefined => (path === undefined ? undefined : resolve(cwd, path));
  const folder = resolve(home.dir, config.sandbox.qemu.guest);
  const made = await makeGuest({ folder, root: at(root), kernel: at(kernel), modules: at(modules) });
  context.result({ folder, ...made }, () => t(sandboxText.guestMade, { folder, ...made }));
}
