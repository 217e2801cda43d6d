import { createRequire } from "node:module";
import { join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";

/** Without install scripts: that of onnxruntime-node fetches CUDA's libraries from elsewhere; the processor's are in the package. */
const installCommand = "npm install --ignore-scripts @huggingface/transformers";

/**
 * Where the optional package is: beside this one, or in the home for those who installed this one elsewhere.
 * It is loaded in the model's process.
 * @throws SysError EINVAL with the command that installs it.
 */
export function findLibrary({
  core,
  home,
  own = import.meta.url,
}: {
  core: string;
  home: string;
  own?: string;
}): string {
  for (const from of [own, join(home, "x.js")]) {
    try {
      return createRequire(from).resolve("@huggingface/transformers");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw cause;
    }
  }
  throw new SysError("EINVAL", `core ${core} is of kind transformers and @huggingface/transformers is not installed`, {
    hint: installCommand,
  });
}
