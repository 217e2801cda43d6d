import { spawn } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openKernel } from "./aios-path.ts";
import { startChild, stop } from "./child.ts";
import { cpuOf } from "./cpu-time.ts";
import type { FramesRequest } from "./frames-upstream-child.ts";
import type { PostAnswer, PostRequest } from "./post-load-child.ts";
import { aimed, percentile, rounded } from "./report.ts";
import type { Figure } from "./report.ts";

const rounds = 3;
/** Per round; before the first as many again, for compilation goes on for thousands of calls. */
const callsOf = (clients: number): number => (clients === 1 ? 1_600 : 4_800);

/** A gateway of npm in a process of its own, forwarding to an upstream. @throws Error when the package is not installed. */
async function openGateway(): Promise<AsyncDisposable & { url: string; pid: number }> {
  const main = fileURLToPath(import.meta.resolve("@portkey-ai/gateway/package.json"));
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [main.replace("package.json", "build/start-server.js"), `--port=${port}`, "--headless"],
    {
      env: { ...process.env, NODE_ENV: "production" },
      stdio: ["ignore", "ignore", "ignore"],
    },
  );
  const url = `http://127.0.0.1:${port}/v1`;
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      await fetch(`http://127.0.0.1:${port}/`);
      return { url, pid: child.pid ?? 0, [Symbol.asyncDispose]: () => stop(child, "SIGKILL") };
    } catch {
      await sleep(100); // it tells nobody when it listens
    }
  }
  await stop(child, "SIGKILL");
  throw new Error("the gateway did not start");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The same unstreamed calls through AIOS and through the gateway, alternately, at 1 and 16 connections. */
export async function gatewayFigures(): Promise<Figure[]> {
  await using upstream = startChild<FramesRequest, { url: string }>("frames-upstream-child");
  const { url: upstreamUrl } = await upstream.ask({ tokens: 1, tickMs: 1_000 });
  await using gateway = await openGateway();
  await using kernel = await openKernel({
    cores: [{ name: "up", kind: "openai", baseUrl: upstreamUrl, models: ["m"], limits: { concurrency: 64 } }],
  });
  await using load = startChild<PostRequest, PostAnswer>("post-load-child");
  const paths = {
    aios: {
      pid: kernel.pid,
      request: { url: `${kernel.url}/chat/completions`, headers: { authorization: `Bearer ${kernel.apiKey}` } },
    },
    gateway: {
      pid: gateway.pid,
      request: {
        url: `${gateway.url}/chat/completions`,
        headers: {
          authorization: "Bearer x",
          "x-portkey-provider": "openai",
          "x-portkey-custom-host": upstreamUrl,
        },
      },
    },
  };
  const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "x".repeat(2_000) }] });
  const run = async (path: keyof typeof paths, clients: number, calls: number) => {
    const { pid, request } = paths[path];
    let durationMs = 0;
    const cpuMs = await cpuOf(pid, async () => {
      const answer = await load.ask({
        ...request,
        headers: { "content-type": "application/json", ...request.headers },
        body,
        clients,
        callsPerClient: calls / clients,
        endsWith: "completion_tokens",
      });
      if (answer.failures.length > 0)
        throw new Error(`${answer.failures.length} calls through ${path} failed: ${answer.failures[0]}`);
      durationMs = answer.durationMs;
    });
    return { cpuUs: (cpuMs * 1_000) / calls, perSecond: (calls * 1_000) / durationMs };
  };
  for (const path of ["aios", "gateway"] as const) await run(path, 16, callsOf(16));
  const figures: Figure[] = [];
  for (const clients of [1, 16]) {
    const measured: { ours: Awaited<ReturnType<typeof run>>; theirs: Awaited<ReturnType<typeof run>> }[] = [];
    for (let round = 0; round < rounds; round++)
      measured.push({
        ours: await run("aios", clients, callsOf(clients)),
        theirs: await run("gateway", clients, callsOf(clients)),
      });
    const median = (pick: (one: (typeof measured)[number]) => number): number => percentile(measured.map(pick), 0.5);
    const at = `${clients} connection${clients === 1 ? "" : "s"}`;
    figures.push(
      {
        ...aimed(
          `CPU per request of the gateway against ours, ${at}`,
          rounded(median(({ ours, theirs }) => theirs.cpuUs / ours.cpuUs)),
          {
            unit: "×",
            bound: { atLeast: 5 },
          },
        ),
        peer: { name: "@portkey-ai/gateway, µs", value: rounded(median(({ theirs }) => theirs.cpuUs)) },
      },
      {
        ...aimed(
          `throughput against the gateway's, ${at}`,
          rounded(median(({ ours, theirs }) => ours.perSecond / theirs.perSecond)),
          {
            unit: "×",
            bound: { atLeast: 3 },
          },
        ),
        peer: { name: "@portkey-ai/gateway, calls/s", value: rounded(median(({ theirs }) => theirs.perSecond)) },
      },
    );
  }
  return figures;
}
