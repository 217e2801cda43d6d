import { SysError } from "@aiosjs/sdk/protocol";
import type { Llama, LlamaGrammarEvaluationState, Token } from "node-llama-cpp";
import type * as NodeLlamaCpp from "node-llama-cpp";

export type Library = typeof NodeLlamaCpp;

/** As the package names the folders of its prebuilt binaries; `gpu` appends its own. */
function platformPackage(gpu: Gpu = "off"): string {
  const system = { darwin: "mac", win32: "win" }[process.platform as string] ?? process.platform;
  const variant =
    system === "mac" ? (process.arch === "arm64" ? "-metal" : "") : gpu === "cuda" || gpu === "vulkan" ? `-${gpu}` : "";
  return `@node-llama-cpp/${system}-${process.arch}${variant}`;
}

export type Gpu = "auto" | "cuda" | "vulkan" | "metal" | "off";

/** 85 MB: without --omit=optional npm fetches the binaries of every platform and GPU, 725 MB. */
export const installCommand = (gpu?: Gpu): string =>
  `npm install --omit=optional node-llama-cpp ${platformPackage(gpu)}`;

/**
 * The optional package.
 * @throws SysError EINVAL with the command that installs it.
 */
export async function loadLibrary({
  core,
  gpu,
  load = () => import("node-llama-cpp"),
}: {
  core: string;
  gpu?: Gpu;
  load?: () => Promise<Library>;
}): Promise<Library> {
  try {
    return await load();
  } catch (cause) {
    const isMissing = ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"].includes(
      (cause as NodeJS.ErrnoException).code ?? "",
    );
    const what = isMissing ? "is not installed" : `cannot be loaded: ${(cause as Error).message}`;
    throw new SysError("EINVAL", `core ${core} is of kind llama and the package node-llama-cpp ${what}`, {
      cause,
      hint: installCommand(gpu),
    });
  }
}

/** Members that the package keeps out of its types. */
interface GrammarInternals {
  readonly _bindings: {
    readonly AddonSampler: { acceptGrammarEvaluationStateToken(state: unknown, token: Token): void };
  };
}

/**
 * Takes a token that was sampled before into a fresh grammar state. The package itself does that only while it samples;
 * a call that goes on in another process has nothing to sample, so this reaches for what lies below (3.22).
 */
export function acceptToken(llama: Llama, state: LlamaGrammarEvaluationState, token: Token): void {
  const { _bindings } = llama as unknown as GrammarInternals;
  _bindings.AddonSampler.acceptGrammarEvaluationStateToken((state as unknown as { _state: unknown })._state, token);
}
