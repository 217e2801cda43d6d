import { realClock } from "../../src/drivers/clock/real.ts";
import { createAnthropicCore } from "../../src/drivers/llm/anthropic/core.ts";
import { createSimCore, type SimCore } from "../../src/drivers/llm/sim/core.ts";
import { openUpstream, type Received, type Reply } from "../upstream.ts";
import { openDoors, type Doors } from "./open-doors.ts";

/** In OpenAI's dialect or in Anthropic's. */
const isToolAnswer = ({ role, content }: { role: string; content: unknown }): boolean =>
  role === "tool" || (Array.isArray(content) && content.some(({ type }: { type: string }) => type === "tool_result"));

/**
 * What a model would do: call the tool that is offered, answer when its result is there, keep to a schema,
 * and never end when it is asked to go on for ever.
 */
function answering({ body }: Received): Reply {
  const { messages = [], tools = [] } = body;
  const [tool] = tools;
  if (tool !== undefined && !messages.some(isToolAnswer)) {
    const { name } = (tool as Partial<typeof tool>).function ?? (tool as unknown as { name: string });
    return { is: "answer", toolCalls: [{ id: "call_1", name, arguments: '{"city":"Paris"}' }] };
  }
  if (tool !== undefined) return { is: "answer", pieces: ["It is ", "mild in Paris."] };
  if ((body["response_format"] ?? body["output_config"]) !== undefined)
    return { is: "answer", pieces: ['{"ci', 'ty":"Lima"}'] };
  if (JSON.stringify(messages).includes("for ever")) return { is: "answer", isEndless: true };
  return { is: "answer" };
}

export interface Backend extends AsyncDisposable {
  readonly doors: Doors;
  /** The model behind the door, with its core. */
  readonly model: string;
  /** Resolves when a call is being worked on behind the door. */
  busy(): Promise<void>;
  /** Resolves when nothing behind the door works on a call any more. */
  idle(): Promise<void>;
}

/** The simulation is in this process and tells no one: it is looked at once a turn of the event loop. */
async function turnUntil(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

async function openWith(sim: SimCore | undefined): Promise<Backend> {
  const doors = await openDoors({ script: answering, ...(sim === undefined ? {} : { cores: [sim] }) });
  return {
    doors,
    model: sim === undefined ? "up/m" : "sim/sim",
    async busy() {
      if (sim === undefined) await doors.upstream.received(1);
      else await turnUntil(() => sim.running > 0);
    },
    async idle() {
      if (sim === undefined) await doors.upstream.idle();
      else await turnUntil(() => sim.running + sim.waiting === 0);
    },
    [Symbol.asyncDispose]: () => doors[Symbol.asyncDispose](),
  };
}

/** A real HTTP upstream that speaks Anthropic's dialect. */
export const anthropicBackend = {
  name: "an upstream of Anthropic's dialect",
  async open(): Promise<Backend> {
    const upstream = await openUpstream(answering);
    const { baseUrl } = upstream;
    const core = createAnthropicCore({ name: "claude", endpoint: 0, baseUrl, apiKey: "k", models: [{ id: "c" }] });
    const doors = await openDoors({ cores: [core] });
    return {
      doors,
      model: "claude/c",
      busy: async () => void (await upstream.received(1)),
      idle: () => upstream.idle(),
      async [Symbol.asyncDispose]() {
        await doors[Symbol.asyncDispose]();
        await core[Symbol.asyncDispose]();
        await upstream[Symbol.asyncDispose]();
      },
    };
  },
};

/** The two things that clients are tried against: a real HTTP upstream, and the simulated core. */
export const backends: readonly { name: string; open: (isEndless?: boolean) => Promise<Backend> }[] = [
  { name: "an upstream", open: () => openWith(undefined) },
  {
    name: "the simulated core",
    // Endless: 20 s of tokens, longer than a test may take.
    open: (isEndless = false) =>
      openWith(
        createSimCore({
          clock: realClock,
          ttftMs: 0,
          iterationMs: 1,
          perSequenceMs: 0,
          outputTokens: isEndless ? 20_000 : 100,
          outputSigma: 0,
        }),
      ),
  },
];
