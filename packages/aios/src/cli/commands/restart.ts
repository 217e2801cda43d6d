import { startKernel } from "../kernel-process.ts";
import { kernelText } from "../messages/kernel.ts";
import type { ContextOf } from "../registry.ts";
import { stopKernel } from "./down.ts";

export async function run(context: ContextOf<"restart">): Promise<void> {
  const { options, home, t } = context;
  const before = home.kernelFile()?.url;
  await stopKernel(context);
  // Programs hold its address: the next kernel takes the same port unless another one was asked for.
  const port = options.port ?? (before ? Number(new URL(before).port) : undefined);
  const kernel = await startKernel(context, port === undefined ? [] : ["--port", String(port)]);
  context.result(kernel, () => t(kernelText.ready, kernel));
}
