// A bare load: undici's pool and nothing else, in a process of its own, so that what is measured is not the client.
import { Pool } from "undici";
import { serveParent } from "./child.ts";

export interface HttpLoadRequest {
  /** Base URL for OpenAI clients, of each path in turn: the n-th call of a client goes to the n-th of them. */
  readonly baseUrls: readonly string[];
  readonly apiKey: string;
  readonly model: string;
  readonly clients: number;
  readonly callsPerClient: number;
  /** Size of the prompt. */
  readonly promptBytes: number;
  readonly stream: boolean;
  readonly maxTokens: number;
}

export interface HttpLoadAnswer {
  /** Milliseconds of each call, by path. */
  readonly latenciesMs: readonly (readonly number[])[];
  readonly failures: readonly string[];
  /** Chunks with text that came. */
  readonly tokens: number;
  readonly durationMs: number;
}

serveParent<HttpLoadRequest, HttpLoadAnswer>(async (request) => {
  const { baseUrls, apiKey, model, clients, callsPerClient, promptBytes, stream, maxTokens } = request;
  const pools = baseUrls.map((url) => ({
    pool: new Pool(new URL(url).origin, { connections: null }),
    path: `${new URL(url).pathname}/chat/completions`,
  }));
  const latenciesMs: number[][] = pools.map(() => []);
  const failures: string[] = [];
  let tokens = 0;
  const body = JSON.stringify({
    model,
    stream,
    max_tokens: maxTokens,
    messages: [{ role: "user", content: "x".repeat(promptBytes) }],
  });
  const run = async (client: number): Promise<void> => {
    const headers = {
      "content-type": "application/json",
      authorization: `Bearer ${apiKey}`,
      "x-session-id": `load-${client % 50}`,
    };
    for (let call = 0; call < callsPerClient; call++) {
      const path = call % pools.length;
      const { pool, path: pathname } = pools[path] as (typeof pools)[number];
      const startedAt = performance.now();
      try {
        const { statusCode, body: answer } = await pool.request({ path: pathname, method: "POST", headers, body });
        let text = "";
        if (stream)
          for await (const piece of answer) {
            const chunk = (piece as Buffer).toString("latin1");
            tokens += chunk.split('"content":"').length - 1;
            text = (text + chunk).slice(-200);
          }
        else text = await answer.text();
        if (statusCode !== 200 || (stream && !text.includes("[DONE]")))
          throw new Error(`${statusCode}: ${text.slice(0, 200)}`);
        (latenciesMs[path] as number[]).push(performance.now() - startedAt);
      } catch (cause) {
        failures.push(cause instanceof Error ? cause.message : String(cause));
      }
    }
  };
  const beganAt = performance.now();
  await Promise.all(Array.from({ length: clients }, (_, client) => run(client)));
  const durationMs = performance.now() - beganAt;
  await Promise.all(pools.map(({ pool }) => pool.close()));
  return { latenciesMs, failures, tokens, durationMs };
});
