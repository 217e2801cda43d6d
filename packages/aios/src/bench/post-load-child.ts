// A load of one POST over and over: undici's pool and nothing else, in a process of its own.
import { Pool } from "undici";
import { serveParent } from "./child.ts";

export interface PostRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly clients: number;
  readonly callsPerClient: number;
  /** What the last bytes of a good answer hold. */
  readonly endsWith: string;
}

export interface PostAnswer {
  readonly failures: readonly string[];
  readonly durationMs: number;
}

serveParent<PostRequest, PostAnswer>(async ({ url, headers, body, clients, callsPerClient, endsWith }) => {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: null });
  const failures: string[] = [];
  const run = async (): Promise<void> => {
    for (let call = 0; call < callsPerClient; call++) {
      try {
        const answer = await pool.request({ path: pathname, method: "POST", headers, body });
        let last = "";
        for await (const piece of answer.body) last = (last + (piece as Buffer).toString("latin1")).slice(-4_000);
        if (answer.statusCode !== 200 || !last.includes(endsWith)) throw new Error(`${answer.statusCode}: ${last}`);
      } catch (cause) {
        failures.push(cause instanceof Error ? cause.message : String(cause));
      }
    }
  };
  const beganAt = performance.now();
  await Promise.all(Array.from({ length: clients }, run));
  const durationMs = performance.now() - beganAt;
  await pool.close();
  return { failures, durationMs };
});
