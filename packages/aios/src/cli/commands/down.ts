import { isSysError } from "@aiosjs/sdk";
import { CliError } from "../cli-error.ts";
import { isAlive } from "../is-alive.ts";
import { kernelIsGone } from "../kernel-process.ts";
import { kernelText } from "../messages/kernel.ts";
import type { ContextOf } from "../registry.ts";

/** Longer than any grace time a kernel gives its calls by default. */
const patienceMs = 30_000;

export async function run(context: ContextOf<"down">): Promise<void> {
  const wasUp = await stopKernel(context);
  context.say(context.t(wasUp ? kernelText.stopped : kernelText.notUp, { home: context.home.dir }));
  context.result({ wasUp }, () => "");
}

/**
 * Asks the kernel of this home to stop, and waits until it has. False when none was up.
 * @throws CliError when it is still there after half a minute.
 */
export async function stopKernel(context: Pick<ContextOf<"down">, "home" | "client" | "t">): Promise<boolean> {
  const { home, t } = context;
  const kernel = home.kernelFile();
  if (!kernel || !isAlive(kernel.pid)) return false;
  const client = await context.client();
  await client.sys.shutdown().then(undefined, (cause: unknown) => {
    // It may be gone before its answer is out.
    if (!(isSysError(cause) && ["EIO", "ENODEV"].includes(cause.code))) throw cause;
  });
  if (await kernelIsGone(home, kernel.pid, patienceMs)) return true;
  const { pid } = kernel;
  throw new CliError(["ETIMEDOUT", 124], t(kernelText.stillThere, { pid, seconds: patienceMs / 1_000 }), {
    hint: t(kernelText.stillThereHint, { pid }),
  });
}
