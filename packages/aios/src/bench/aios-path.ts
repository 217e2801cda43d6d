import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAios, stop } from "./child.ts";

/** A kernel in a process and a home of its own, in front of upstreams. */
export interface OpenedKernel extends AsyncDisposable {
  /** Base URL for OpenAI clients. */
  readonly url: string;
  readonly apiKey: string;
  /** On this machine. */
  readonly pid: number;
}

/** A core of the configuration in front of a simulated upstream. `limits` null: nothing is configured, they are learned. */
export const upstreamCore = (
  baseUrl: string,
  limits: { requestsPerMinute?: number; burst?: number; concurrency?: number } | null,
): Readonly<Record<string, unknown>> => ({
  name: "up",
  kind: "openai",
  baseUrl,
  models: ["sim"],
  ...(limits === null ? {} : { limits }),
});

/** Starts `aios up` on a fresh home with these cores. */
export async function openKernel({
  cores,
}: {
  cores: readonly Readonly<Record<string, unknown>>[];
}): Promise<OpenedKernel> {
  const home = await mkdtemp(join(tmpdir(), "aios-bench-"));
  // JSON is YAML.
  const config = {
    server: { port: 0, maxNewProcessesPerMinute: 1_000_000 },
    scheduler: { maxConcurrent: 10_000 },
    llms: { cores },
  };
  await writeFile(join(home, "config.yaml"), JSON.stringify(config));
  return startKernel(home);
}

/** Starts `aios up` on a home and waits until it is ready; with its disposal the home goes too. */
export async function startKernel(home: string): Promise<OpenedKernel> {
  const kernel = startAios(["up", "--home", home, "--jsonl"], { ...process.env, AIOS_HOME: home, AIOS_LANG: "en" });
  let said = "";
  kernel.stderr?.on("data", (piece: Buffer) => (said += piece.toString()));
  const dispose = async () => {
    await stop(kernel, "SIGTERM");
    await rm(home, { recursive: true, force: true });
  };
  try {
    const ended = once(kernel, "exit").then(([code]) => {
      throw new Error(`aios up ended with exit code ${code}: ${said}`);
    });
    await Promise.race([once(kernel.stdout!, "data"), ended]);
    const { url } = JSON.parse(await readFile(join(home, "kernel.json"), "utf8")) as { url: string };
    const apiKey = await readKey(home);
    ended.catch(() => undefined);
    return { url: `${url}/v1`, apiKey, pid: kernel.pid ?? 0, [Symbol.asyncDispose]: dispose };
  } catch (cause) {
    await dispose();
    throw cause;
  }
}

async function readKey(home: string): Promise<string> {
  const text = await readFile(join(home, "credentials"), "utf8");
  const key = /aios_sk_\w+/.exec(text)?.[0];
  if (key === undefined) throw new Error("the home has no key in its credentials");
  return key;
}
