// The agents of a storm: the official OpenAI client, each agent with one of its own, in a process of its own.
import { setTimeout as sleep } from "node:timers/promises";
import { serveParent } from "./child.ts";

export interface LoadAgent {
  readonly startMs: number;
  /** One call per entry, after so many milliseconds of thinking. */
  readonly thinkMs: readonly number[];
  readonly headers: Readonly<Record<string, string>>;
}

export interface LoadRequest {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly model: string;
  /** Null: the client's own default. */
  readonly maxRetries: number | null;
  readonly agents: readonly LoadAgent[];
}

/** One call; instants are Unix epoch milliseconds with fractions. */
export interface LoadCall {
  readonly agent: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly error: string | undefined;
}

export interface LoadAnswer {
  readonly calls: readonly LoadCall[];
  /** Share of one core that the agents themselves took. */
  readonly cpuShare: number;
}

const now = () => performance.timeOrigin + performance.now();

serveParent<LoadRequest, LoadAnswer>(async ({ baseUrl, apiKey, model, maxRetries, agents }) => {
  const { OpenAI } = await import("openai");
  const calls: LoadCall[] = [];
  const before = process.cpuUsage();
  const beganAt = now();
  const run = async ({ startMs, thinkMs, headers }: LoadAgent, agent: number) => {
    const client = new OpenAI({
      baseURL: baseUrl,
      apiKey,
      defaultHeaders: headers,
      logLevel: "off",
      ...(maxRetries === null ? {} : { maxRetries }),
    });
    await sleep(startMs);
    for (const [index, pauseMs] of thinkMs.entries()) {
      await sleep(pauseMs);
      const startedAt = now();
      const content = `agent ${agent}, step ${index}: what comes next?`;
      let error: string | undefined;
      try {
        await client.chat.completions.create({ model, messages: [{ role: "user", content }] });
      } catch (cause) {
        error = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
      }
      calls.push({ agent, startedAt, endedAt: now(), error });
      // An agent whose call fails for good is done for.
      if (error !== undefined) return;
    }
  };
  await Promise.all(agents.map(run));
  const { user, system } = process.cpuUsage(before);
  return { calls, cpuShare: (user + system) / 1000 / (now() - beganAt) };
});
