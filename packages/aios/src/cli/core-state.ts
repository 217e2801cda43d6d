import type { ResultOf } from "@aiosjs/sdk";
import type { CommandContext } from "./context.ts";
import { marksOf } from "./find-process.ts";
import { kernelText } from "./messages/kernel.ts";

type Context = Pick<CommandContext, "say" | "t" | "paint">;
type Cores = Pick<ResultOf<"sys.status">, "cores">;

/** What a person who starts a kernel should know of its cores: which are simulated, and which are down. */
export function tellCores(context: Context, { cores }: Cores): void {
  const { simulatedCores, recordedCores } = marksOf(cores);
  const tell = (text: typeof kernelText.simulated | typeof kernelText.recorded, names: ReadonlySet<string>) =>
    names.size === 0 ? undefined : context.say(context.t(text, { cores: [...names].join(", ") }));
  tell(kernelText.simulated, simulatedCores);
  tell(kernelText.recorded, recordedCores);
  tellDown(context, { cores });
}

/** One line for each core that is down, and what mends it. */
export function tellDown({ say, t, paint }: Context, { cores }: Cores): void {
  for (const { down } of cores)
    if (down) {
      say(`${paint.bad("✗")} ${t(kernelText.coreDown, { detail: down.message })}`);
      if (down.hint !== null) say(`  ${paint.dim("→")} ${down.hint}`);
    }
}
