import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeGuest } from "../src/drivers/sandbox/qemu/make-guest.ts";
import { pathOf } from "./busybox-image.ts";
import { unpackMachine } from "./machine-image.ts";

/**
 * Whether virtual machines can be run here. Their kernel is downloaded from this Debian's mirror, so that elsewhere than in CI
 * it is done for who asks for it: `AIOS_TEST_QEMU=yes npm test`.
 */
export const hasQemu =
  process.env["CI"] === "true" ||
  (process.env["AIOS_TEST_QEMU"] === "yes" && pathOf("qemu-system-x86_64") !== undefined);

/** A guest, and where what has booted is kept. Its root is a busybox alone, or what programs of this Debian need. */
export async function openGuest({ contents = "busybox" }: { readonly contents?: "busybox" | "machine" } = {}): Promise<
  { readonly guest: string; readonly templates: string } & AsyncDisposable
> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.adopt(await mkdtemp(join(tmpdir(), "aios-guest-")), (made) =>
    rm(made, { recursive: true, force: true }),
  );
  const guest = join(folder, "guest");
  const root = contents === "machine" ? await unpackMachine(join(folder, "root")) : undefined;
  await makeGuest({ folder: guest, root });
  const stack = opened.move();
  return { guest, templates: join(folder, "templates"), [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
