import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startModelChild } from "../src/drivers/llm/transformers/child.ts";
import { createTransformersCore } from "../src/drivers/llm/transformers/core.ts";
import type { TransformersCore, TransformersCoreOptions } from "../src/drivers/llm/transformers/core.ts";
import { findLibrary } from "../src/drivers/llm/transformers/library.ts";
import { writeOnnxModel } from "./onnx-model.ts";
import type { OnnxModel } from "./onnx-model.ts";

interface OnnxCore extends AsyncDisposable {
  readonly core: TransformersCore;
  readonly folder: string;
  /** Orders that reached the model's process, stops aside. */
  orders(): number;
  /** Ends the model's process as soon as it has said so many things, its "ready" included. */
  breakAfter(reports: number): void;
}

/** A core on a graph that is written for the test, run by the real runtime in a real process. */
export async function openOnnxCore(
  model: OnnxModel,
  options: Partial<TransformersCoreOptions> = {},
): Promise<OnnxCore> {
  const folder = join(mkdtempSync(join(tmpdir(), "aios-onnx-")), "tiny");
  writeOnnxModel(folder, model);
  let orders = 0;
  let breakAfter = Infinity;
  const core = await createTransformersCore({
    name: "onnx",
    folder,
    library: findLibrary({ core: "onnx", home: folder }),
    threads: 1,
    start() {
      const child = startModelChild();
      const send = child.send.bind(child) as (message: object, told: () => void) => boolean;
      child.send = ((message: { is: string }, told: () => void) => {
        if (message.is !== "stop" && message.is !== "load") orders++;
        return send(message, told);
      }) as typeof child.send;
      let reports = 0;
      child.on("message", () => {
        // As the runtime's own abort ends it.
        if (++reports === breakAfter) child.kill("SIGABRT");
      });
      return child;
    },
    ...options,
  });
  return {
    core,
    folder,
    orders: () => orders,
    breakAfter(reports) {
      breakAfter = reports;
    },
    async [Symbol.asyncDispose]() {
      await core[Symbol.asyncDispose]();
      rmSync(join(folder, ".."), { recursive: true, force: true });
    },
  };
}
