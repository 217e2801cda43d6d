import { version } from "../../version.ts";
import type { ContextOf } from "../registry.ts";

export function run(context: ContextOf<"version">): Promise<void> {
  const kernel = context.home.kernelFile();
  const versions = {
    aios: version,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    kernel: kernel?.version ?? null,
  };
  context.result(versions, () =>
    context.quiet
      ? version
      : [
          `aios ${version}`,
          `node ${versions.node} (${versions.platform})`,
          ...(kernel?.version ? [`kernel ${kernel.version} (${kernel.url})`] : []),
        ].join("\n"),
  );
  return Promise.resolve();
}
