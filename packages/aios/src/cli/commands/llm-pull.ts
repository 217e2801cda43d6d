import { basename } from "node:path";
import { withStoredEnv } from "../../config/secrets.ts";
import { pull, PullFault } from "../../model-pull.ts";
import type { Pulled, PullEvent } from "../../model-pull.ts";
import { CliError } from "../cli-error.ts";
import { pullFaults, pullText } from "../messages/pull.ts";
import { ProgressLine } from "../progress-line.ts";
import type { ContextOf } from "../registry.ts";
import { sizeText } from "../size-text.ts";
import { fill } from "../text.ts";

type Context = ContextOf<"llm pull">;

export async function run(context: Context): Promise<void> {
  const { args, options, home, signal, quiet } = context;
  const { stderr } = process;
  using line = stderr.isTTY && !quiet ? new ProgressLine(stderr) : undefined;
  let hasPart = false;
  try {
    const env = withStoredEnv(context.env, home.dir);
    for await (const event of pull(args.weights, { env, form: options.onnx ? "onnx" : undefined, signal })) {
      if (event.is === "progress") {
        hasPart = event.doneBytes > 0;
        line?.show(event.file, event.doneBytes, event.totalBytes);
        continue;
      }
      line?.clear();
      if (event.is === "pulled") tell(event.pulled, context);
      else say(event, context);
    }
  } catch (cause) {
    line?.clear();
    if (signal.aborted && hasPart) context.say(context.t(pullText.stays));
    throw cause instanceof PullFault ? await toldFault(cause, context) : cause;
  }
}

function say(event: Exclude<PullEvent, { is: "progress" | "pulled" }>, { t, say: print }: Context): void {
  switch (event.is) {
    case "chosen": {
      const { file, quantisation, bytes, count, why } = event;
      if (why === "preferred") print(t(pullText.preferred, { name: quantisation ?? file }));
      const size = sizeText(bytes);
      print(
        count > 1 ? t(pullText.chosenBeside, { file, count: count - 1, size }) : t(pullText.chosen, { file, size }),
      );
      return;
    }
    case "kept":
      print(t(pullText.kept, event));
      return;
    case "damaged":
      print(t(pullText.damaged, event));
      return;
    case "waiting":
      print(t(pullText.waiting, event));
      return;
    case "resumed":
      print(t(pullText.resumed, { file: event.file, size: sizeText(event.bytes) }));
      return;
  }
}

function tell(pulled: Pulled, { result, say: print, t, args }: Context): void {
  const { path, sha256, form, repo } = pulled;
  result(pulled, () => path);
  if (sha256 !== null) print(t(pullText.done, { sha256 }));
  const name = basename(repo)
    .toLowerCase()
    .replace(/-(gguf|onnx)$/, "");
  const kind = form === "gguf" ? "llama" : "transformers";
  print(t(pullText.useIt, { name, kind, reference: args.weights }));
}

async function toldFault({ fault, code, values }: PullFault, { lang }: Context): Promise<CliError> {
  const { errnoTable } = await import("@aiosjs/sdk");
  const { exit, retryable } = errnoTable[code];
  const { what, next } = pullFaults[fault];
  return new CliError([code, exit], fill(lang, what, values).trim(), {
    hint: fill(lang, next, values),
    isRetryable: retryable,
  });
}
