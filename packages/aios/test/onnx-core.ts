import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { createTransformersCore } from "../src/drivers/llm/transformers/core.ts";
import type { TransformersCore, TransformersCoreOptions } from "../src/drivers/llm/transformers/core.ts";
import { findLibrary } from "../src/drivers/llm/transformers/library.ts";
import { writeOnnxModel } from "./onnx-model.ts";
import type { OnnxModel } from "./onnx-model.ts";

interface OnnxCore extends AsyncDisposable {
  readonly core: TransformersCore;
  readonly folder: string;
  /** Orders that reached the model's thread, stops aside. */
  orders(): number;
  /** Ends the model's thread as soon as it has said so many things, its "ready" included. */
  breakAfter(reports: number): void;
}

/** A core on a graph that is written for the test, run by the real runtime in a real thread. */
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
    start(file, setup) {
      const worker = new Worker(file, { workerData: setup });
      const post = worker.postMessage.bind(worker);
      worker.postMessage = (order: { is: string }) => {
        if (order.is !== "stop") orders++;
        post(order);
      };
      let reports = 0;
      worker.on("message", () => {
        if (++reports === breakAfter) void worker.terminate();
      });
      return worker;
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
