// CPU per streamed token of the OpenAI-compatible core, against a raw undici → http byte pipe in the same run,
// and CPU per unstreamed call against a bare undici request with the same bytes.
//
//   node --conditions=aios-source bench/core-stream.ts [--json] [--streams 60] [--tokens 250] [--rounds 3]
//
// Three processes, so that only the measured one's CPU counts: an upstream that writes one packet per stream every
// 10 ms, this one, and a client that drains the pipe. Variants are measured alternately; the figure is the median.
//   pipe     undici reads, node:http writes: what any gateway pays at least
//   driver   the core, its events drained into nothing
//   sink     undici's callbacks, bytes thrown away: what the driver pays before it parses
//   iterate  undici's body as an async iterator, bytes thrown away
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { asCallId, asPid, asTenantId, type ChatArgs } from "@aiosjs/sdk/protocol";
import { Pool } from "undici";
import { createOpenAiCore } from "../src/drivers/llm/openai/core.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    streams: { type: "string", default: "60" },
    tokens: { type: "string", default: "250" },
    rounds: { type: "string", default: "3" },
    role: { type: "string", default: "measure" },
    port: { type: "string", default: "0" },
  },
});
const streams = Number(values.streams);
const tokens = Number(values.tokens);
const rounds = Number(values.rounds);

const chunk = (delta: unknown, finish: string | null = null): string =>
  `data: ${JSON.stringify({
    id: "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
    object: "chat.completion.chunk",
    created: 1741570283,
    model: "gpt-4o-2024-08-06",
    service_tier: "default",
    system_fingerprint: "fp_fc9f1d7035",
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  })}\n\n`;

const whole = JSON.stringify({
  id: "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
  object: "chat.completion",
  created: 1741570283,
  model: "gpt-4o-2024-08-06",
  choices: [{ index: 0, message: { role: "assistant", content: "word ".repeat(200) }, finish_reason: "stop" }],
  usage: { prompt_tokens: 2000, completion_tokens: 200, total_tokens: 2200 },
});

/** Model "0": one JSON answer. Model "1" or "4": so many tokens per packet, each an HTTP chunk of its own, as servers send them. */
function upstream(): void {
  const ticks = new Set<() => void>();
  setInterval(() => {
    for (const tick of ticks) tick();
  }, 10);
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => (body += part.toString()));
    request.on("end", () => {
      const perPacket = Number((JSON.parse(body) as { model: string }).model);
      if (perPacket === 0) {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(whole);
        return;
      }
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.flushHeaders();
      let left = tokens;
      const tick = (): void => {
        response.socket?.cork();
        for (let i = 0; i < perPacket && left > 0; i++, left--) response.write(chunk({ content: " token" }));
        if (left === 0) {
          ticks.delete(tick);
          response.write(chunk({}, "stop"));
          response.end("data: [DONE]\n\n");
        }
        response.socket?.uncork();
      };
      ticks.add(tick);
    });
  });
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
}

/** Drains as many streams of the pipe as it is told. */
function client(): void {
  process.on("message", (model: string) => {
    let left = streams;
    for (let i = 0; i < streams; i++) {
      get(`http://127.0.0.1:${values.port}/?model=${model}`, (response) => {
        response.resume();
        response.on("end", () => {
          if (--left === 0) process.send?.("done");
        });
      });
    }
  });
}

const calls = 2_000;
/** A conversation of about so many kilobytes, in turns of one kilobyte. */
const messagesOf = (kilobytes: number): ChatArgs["messages"] =>
  Array.from({ length: kilobytes }, (_, turn) => ({
    role: turn % 2 === 0 ? "user" : "assistant",
    content: "word ".repeat(200),
  }));

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;

async function measure(): Promise<void> {
  const start = performance.now();
  const child = (role: string, port = 0) =>
    fork(import.meta.filename, [
      "--role",
      role,
      "--port",
      String(port),
      "--streams",
      values.streams,
      "--tokens",
      values.tokens,
    ]);
  const source = child("upstream");
  const [port] = (await once(source, "message")) as [number];
  const origin = `http://127.0.0.1:${port}`;
  const pool = new Pool(origin, { allowH2: false });
  const core = createOpenAiCore({ name: "up", endpoint: 0, kind: "openai", baseUrl: `${origin}/v1`, models: [] });
  const requestOf = (model: string) => ({
    path: "/v1/chat/completions",
    method: "POST" as const,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "hi" }] }),
  });

  const pipe = createServer((request, response) => {
    const model = new URL(request.url ?? "", origin).searchParams.get("model") ?? "";
    void pool.request(requestOf(model)).then(({ body }) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      body.pipe(response);
    });
  });
  pipe.listen(0, "127.0.0.1");
  await once(pipe, "listening");
  const sink = child("client", (pipe.address() as AddressInfo).port);
  await once(sink, "spawn");

  let batches = 0;
  const all = (one: () => Promise<void>): Promise<unknown> => Promise.all(Array.from({ length: streams }, one));
  const variants: Record<string, (model: string) => Promise<unknown>> = {
    pipe: (model) => {
      sink.send(model);
      return once(sink, "message");
    },
    driver: (model) =>
      all(async () => {
        const args: ChatArgs = { model, stream: true, messages: [{ role: "user", content: "hi" }] };
        for await (const batch of core.execute("llm.chat", args, contextOf(model))) if (batch.length > 0) batches++;
      }),
    sink: (model) =>
      all(
        () =>
          new Promise((resolve, reject) => {
            pool.dispatch(requestOf(model), {
              onRequestStart() {},
              onResponseStart() {},
              onResponseData() {},
              onResponseEnd: () => resolve(),
              onResponseError: (_controller, error) => reject(error),
            });
          }),
      ),
    iterate: (model) =>
      all(async () => {
        const { body } = await pool.request(requestOf(model));
        let bytes = 0;
        for await (const part of body) bytes += (part as Buffer).length;
        if (bytes === 0) throw new Error("an empty body");
      }),
  };

  const contextOf = (model: string) => ({
    call: asCallId("c"),
    idempotencyKey: "once",
    pid: asPid("p"),
    tenant: asTenantId("t"),
    model,
    signal: new AbortController().signal,
    syscall: () => Promise.reject(new Error("none")),
  });
  const callers = 8;
  const repeat = (one: () => Promise<void>): Promise<unknown> =>
    Promise.all(
      Array.from({ length: callers }, async () => {
        for (let i = 0; i < calls / callers; i++) await one();
      }),
    );
  const callVariants: Record<string, (kilobytes: number) => Promise<unknown>> = {
    "bare call": (kilobytes) => {
      const body = JSON.stringify({ model: "0", messages: messagesOf(kilobytes) });
      return repeat(async () => {
        const answer = await pool.request({ ...requestOf("0"), body });
        JSON.parse(await answer.body.text());
      });
    },
    "driver call": (kilobytes) => {
      const args: ChatArgs = { model: "0", messages: messagesOf(kilobytes) };
      return repeat(async () => {
        for await (const batch of core.execute("llm.chat", args, contextOf("0"))) if (batch.length > 0) batches++;
      });
    },
  };

  const micros: Record<string, number[]> = {};
  for (let round = -1; round < rounds; round++) {
    for (const kilobytes of [8, 64]) {
      for (const [name, run] of Object.entries(callVariants)) {
        const before = process.cpuUsage();
        await run(kilobytes);
        const { user, system } = process.cpuUsage(before);
        if (round >= 0) (micros[`${name} ${kilobytes}`] ??= []).push((user + system) / calls);
      }
    }
  }
  let perBatch: Record<string, number> = {};
  for (let round = -1; round < rounds; round++) {
    for (const model of ["1", "4"]) {
      for (const [name, run] of Object.entries(variants)) {
        batches = 0;
        const before = process.cpuUsage();
        await run(model);
        const { user, system } = process.cpuUsage(before);
        // Round -1 warms up.
        if (round >= 0) (micros[`${name} ${model}`] ??= []).push((user + system) / (streams * tokens));
        if (name === "driver") perBatch = { ...perBatch, [model]: (streams * tokens) / batches };
      }
    }
  }
  source.disconnect();
  source.kill();
  sink.disconnect();
  sink.kill();
  pipe.close();
  await pool.close();
  await core[Symbol.asyncDispose]();
  report(micros, perBatch, (performance.now() - start) / 1_000);
}

function report(micros: Record<string, number[]>, perBatch: Record<string, number>, durationS: number): void {
  const figure = (model: string, name: string) => {
    const value = median(micros[`${name} ${model}`] ?? []);
    const peer = median(micros[`pipe ${model}`] ?? []);
    return {
      name: `${name}, ${model} per packet`,
      value: Math.round(value * 10) / 10,
      unit: "µs CPU per token",
      ratio: Math.round((value / peer) * 100) / 100,
      ...(name === "driver" ? { peer: "pipe", target: 1.3, holds: value / peer <= 1.3 } : {}),
    };
  };
  const figures = ["1", "4"].flatMap((model) =>
    ["pipe", "driver", "sink", "iterate"].map((name) => figure(model, name)),
  );
  for (const kilobytes of ["8", "64"]) {
    const value = median(micros[`driver call ${kilobytes}`] ?? []);
    const peer = median(micros[`bare call ${kilobytes}`] ?? []);
    figures.push(
      { name: `bare call, ${kilobytes} KB`, value: Math.round(peer), unit: "µs CPU per call", ratio: 1 },
      {
        name: `driver call, ${kilobytes} KB`,
        value: Math.round(value),
        unit: "µs CPU per call",
        ratio: Math.round((value / peer) * 100) / 100,
      },
    );
  }
  const notes = Object.entries(perBatch).map(
    ([model, count]) => `driver, ${model} per packet: ${count.toFixed(2)} tokens per batch`,
  );
  const data = {
    name: "core-stream",
    version: 1,
    machine: { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version },
    seed: 0,
    durationS: Math.round(durationS),
    figures,
    notes,
  };
  if (values.json) {
    console.log(JSON.stringify({ ok: true, data, meta: { v: 1 } }));
    return;
  }
  for (const { name, value, unit, ratio } of figures)
    console.log(`${name.padEnd(24)} ${value} ${unit}  ${ratio}× pipe`);
  for (const note of notes) console.log(note);
}

if (values.role === "upstream") upstream();
else if (values.role === "client") client();
else await measure();
