import { onFiles } from "../file-calls.ts";
import { mountText } from "../messages/mount.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"fs unmount">): Promise<number> {
  const { t, signal } = context;
  const name = context.args.name.replace(/^\/mnt\//, "");
  const { unmounted } = await onFiles(context, (fs) => fs.unmount({ name }, { signal }));
  context.result({ name, unmounted }, () => t(unmounted ? mountText.unmounted : mountText.notMounted, { name }));
  return unmounted ? 0 : 1;
}
