import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import type { ArgsOf } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import { createEmbeddingCore, tokensOf, vectorOf } from "../embedding-core.ts";
import type { EmbeddingCoreOptions } from "../embedding-core.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";

type Options = Omit<EmbeddingCoreOptions, "clock">;

async function open(options: Options = {}, more: Partial<Parameters<typeof openRig>[0]> = {}) {
  let core: ReturnType<typeof createEmbeddingCore> | undefined;
  const rig = await openRig({
    ...more,
    cores: (clock) => {
      core = createEmbeddingCore({ clock, batching: { maxSize: 8, maxWaitMs: 50 }, ...options });
      return [core];
    },
  });
  const made = core as ReturnType<typeof createEmbeddingCore>;
  return { ...rig, core: made, inputs: () => made.requests.map(({ args }) => args.input) };
}

const embed = async (
  rig: Pick<Rig, "client">,
  [who, tenant]: [session: string, tenant?: string],
  { signal, class: urgency, ...args }: ArgsOf<"llm.embed"> & { signal?: AbortSignal; class?: "interactive" | "batch" },
) => {
  const { client } = rig.client(who, tenant);
  return client.llm.embed(args, { ...(signal ? { signal } : {}), ...(urgency ? { class: urgency } : {}) });
};

describe("calls that wait for the same model", () => {
  test("go as one request, and each gets its own vectors in its own order", async () => {
    const rig = await open();
    const results = await rig.clock.run(
      Promise.all([
        embed(rig, ["a"], { input: ["one", "two"] }),
        embed(rig, ["b"], { input: ["three"] }),
        embed(rig, ["c"], { input: ["four", "five", "six"] }),
      ]),
    );
    expect(rig.inputs()).toEqual([["one", "two", "three", "four", "five", "six"]]);
    expect(results.map(({ embeddings }) => embeddings)).toEqual([
      [vectorOf("one"), vectorOf("two")],
      [vectorOf("three")],
      [vectorOf("four"), vectorOf("five"), vectorOf("six")],
    ]);
    expect(results.map(({ model }) => model)).toEqual(["vec/e", "vec/e", "vec/e"]);
  });

  test("wait for company no longer than maxWaitMs, and not at all once a request is full", async () => {
    const rig = await open();
    const startMs = rig.clock.nowMs();
    await rig.clock.run(embed(rig, ["a"], { input: ["alone"] }));
    expect(rig.core.requests.map(({ atMs }) => atMs - startMs)).toEqual([50]);
    const secondMs = rig.clock.nowMs();
    await rig.clock.run(
      Promise.all(Array.from({ length: 8 }, (_, index) => embed(rig, ["a"], { input: [`text ${index}`] }))),
    );
    expect(rig.core.requests.slice(1).map(({ atMs, args }) => [atMs - secondMs, args.input.length])).toEqual([[0, 8]]);
  });

  test("make no request larger than maxSize; a call that is larger by itself goes alone", async () => {
    const rig = await open({ batching: { maxSize: 3, maxWaitMs: 50 } });
    const inputs = [["1", "2"], ["3", "4"], ["5"], ["6", "7", "8", "9"]];
    await rig.clock.run(Promise.all(inputs.map((input) => embed(rig, ["a"], { input }))));
    expect(rig.inputs()).toEqual([
      ["1", "2"],
      ["3", "4", "5"],
      ["6", "7", "8", "9"],
    ]);
  });

  test("are joined only where they say the same of all but their texts", async () => {
    const rig = await open({ limits: { concurrency: 8 } });
    const foreign = { dialect: "openai", members: { user: "u" } };
    await rig.clock.run(
      Promise.all([
        embed(rig, ["a"], { input: ["plain"] }),
        embed(rig, ["a"], { input: ["short"], dimensions: 4 }),
        embed(rig, ["a"], { input: [[1, 2]] }),
        embed(rig, ["a"], { input: ["user"], foreign }),
        embed(rig, ["a"], { input: ["too"] }),
        embed(rig, ["a"], { input: ["mixed", [1]] }),
      ]),
    );
    // Neighbours that differ are not jumped: the policy's order stands.
    expect(rig.inputs().flat()).toHaveLength(7);
    for (const { args } of rig.core.requests) expect(args.input.length).toBe(args.input[0] === "mixed" ? 2 : 1);
  });

  test("of several tenants share a request", async () => {
    const rig = await open();
    const [one, two] = await rig.clock.run(
      Promise.all([embed(rig, ["a", "acme"], { input: ["x"] }), embed(rig, ["b", "other"], { input: ["y"] })]),
    );
    expect(rig.core.requests).toHaveLength(1);
    expect([one.embeddings, two.embeddings]).toEqual([[vectorOf("x")], [vectorOf("y")]]);
  });
});

describe("an interactive call", () => {
  test("waits for nobody, and ends the wait of those before it", async () => {
    const rig = await open({ limits: { concurrency: 4 } });
    const startMs = rig.clock.nowMs();
    const waiting = embed(rig, ["a"], { input: ["batch"] });
    await rig.clock.run(startMs + 10);
    expect(rig.core.requests).toHaveLength(0);
    await rig.clock.run(Promise.all([waiting, embed(rig, ["b"], { input: ["now"], class: "interactive" })]));
    expect(rig.core.requests.map(({ atMs }) => atMs - startMs)).toEqual(rig.core.requests.map(() => 10));
  });

  test("takes no batch call along, whose texts would lengthen its request", async () => {
    const rig = await open({ limits: { concurrency: 1 } }, { scheduler: { policy: "priority" } });
    const blocking = embed(rig, ["z"], { input: ["blocking"], class: "interactive" });
    await rig.clock.run(rig.clock.nowMs() + 1);
    const rest = [
      embed(rig, ["a"], { input: ["batch 1"] }),
      embed(rig, ["b"], { input: ["urgent 1"], class: "interactive" }),
      embed(rig, ["c"], { input: ["urgent 2"], class: "interactive" }),
      embed(rig, ["d"], { input: ["batch 2"] }),
    ];
    await rig.clock.run(Promise.all([blocking, ...rest]));
    expect(rig.inputs()).toEqual([["blocking"], ["urgent 1", "urgent 2"], ["batch 1", "batch 2"]]);
  });
});

describe("what a joined request costs", () => {
  test("is split by the size of each part, exactly, on every budget and counter", async () => {
    const price = { input: 2, output: 0 };
    const rig = await open({ models: [{ id: "e", serves: ["llm.embed"], price }] });
    const texts = ["x".repeat(4), "y".repeat(40), "z".repeat(123)];
    for (const tenant of ["t0", "t1", "t2"])
      await rig.admin.budget.set({ scope: `tenant:${tenant}`, limits: [{ resource: "tokens", limit: 1_000 }] });
    await rig.clock.run(
      Promise.all(texts.map((text, index) => embed(rig, [`p${index}`, `t${index}`], { input: [text] }))),
    );
    expect(rig.core.requests).toHaveLength(1);
    const { accounts } = await rig.admin.budget.show();
    expect(accounts.map(({ used, reserved }) => [used, reserved])).toEqual(texts.map((text) => [tokensOf(text), 0]));
    const [lane] = (await rig.admin.llm.lanes()).lanes;
    const tokens = texts.reduce((sum, text) => sum + tokensOf(text), 0);
    expect(lane).toMatchObject({ done: 3, failed: 0, running: 0, queued: 0 });
    expect(lane?.usage?.inputTokens).toBe(tokens);
    expect(lane?.usage?.costUsd).toBeCloseTo((tokens * 2) / 1e6, 12);
  });

  test("is one request of the rate limit, and all its tokens", async () => {
    const limits = { requestsPerMinute: 60, inputTokensPerMinute: 10_000, burst: 10, concurrency: 4 };
    const rig = await open({ limits });
    await rig.clock.run(
      Promise.all(Array.from({ length: 8 }, (_, index) => embed(rig, ["a"], { input: [`${index}`.repeat(400)] }))),
    );
    const [lane] = (await rig.admin.llm.lanes()).lanes;
    const level = (name: string) => lane?.buckets.find((bucket) => bucket.name === name)?.level ?? Number.NaN;
    expect(rig.core.requests).toHaveLength(1);
    expect(level("requests")).toBeGreaterThan(7.9);
    expect(level("inputTokens")).toBeLessThan(9_500 - 780);
  });

  test("who cannot pay its part is refused, and the others go", async () => {
    const rig = await open();
    const poor = rig.client("poor");
    await rig.admin.proc.limits({ pid: poor.pid, limits: [{ resource: "tokens", limit: 5 }] });
    const [refused, paid] = await rig.clock.run(
      Promise.allSettled([
        embed(rig, ["poor"], { input: ["x".repeat(100)] }),
        embed(rig, ["rich"], { input: ["y".repeat(100)] }),
      ]),
    );
    expect(refused).toMatchObject({ status: "rejected", reason: { code: "EDQUOT" } });
    expect(paid).toMatchObject({ status: "fulfilled", value: { embeddings: [vectorOf("y".repeat(100))] } });
  });
});

describe("when a part of a joined request ends early", () => {
  const three = (rig: Pick<Rig, "client">, signals: readonly (AbortSignal | undefined)[]) =>
    Promise.allSettled(
      signals.map((signal, index) =>
        embed(rig, [`p${index}`], { input: [`text ${index}`], ...(signal ? { signal } : {}) }),
      ),
    );

  test("one that is cancelled leaves, and the others get their vectors", async () => {
    const rig = await open();
    const abort = new AbortController();
    const results = three(rig, [undefined, abort.signal, undefined]);
    await rig.clock.run(rig.clock.nowMs() + 100);
    expect(rig.core.running).toBe(1);
    abort.abort();
    const [first, second, third] = await rig.clock.run(results);
    expect(second).toMatchObject({ status: "rejected", reason: { code: "ECANCELED" } });
    expect(first).toMatchObject({ status: "fulfilled", value: { embeddings: [vectorOf("text 0")] } });
    expect(third).toMatchObject({ status: "fulfilled", value: { embeddings: [vectorOf("text 2")] } });
    expect(rig.core.requests).toHaveLength(1);
  });

  test("the request is broken off when all have left, and the slot comes back", async () => {
    const rig = await open({ serviceMs: 60_000 });
    const abort = new AbortController();
    const results = three(rig, [abort.signal, abort.signal, abort.signal]);
    await rig.clock.run(rig.clock.nowMs() + 100);
    abort.abort();
    for (const result of await results) expect(result).toMatchObject({ reason: { code: "ECANCELED" } });
    await rig.clock.run(rig.clock.nowMs() + 1);
    expect(rig.core.running).toBe(0);
    const [lane] = (await rig.admin.llm.lanes()).lanes;
    expect(lane).toMatchObject({ running: 0, queued: 0 });
  });
});

describe("when a joined request fails", () => {
  test("one text that the upstream refuses fails its own call only", async () => {
    const rig = await open({
      script: ({ args }) => {
        if (args.input.includes("bad")) throw new SysError("EINVAL", "text too long");
      },
    });
    const results = await rig.clock.run(
      Promise.allSettled(["good", "bad", "fine"].map((text) => embed(rig, [text], { input: [text] }))),
    );
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(results[1]).toMatchObject({ reason: { code: "EINVAL", message: "text too long" } });
    expect(rig.inputs()).toEqual([["good", "bad", "fine"], ["good"], ["bad"], ["fine"]]);
  });

  test("a rate limit is one refusal for the lane, and all go again", async () => {
    const rig = await open({
      script: ({ number }) => {
        if (number === 1) throw new SysError("EAGAIN", "slow down", { retryAfterMs: 1_000 });
      },
    });
    const results = await rig.clock.run(
      Promise.all(["a", "b", "c"].map((text) => embed(rig, [text], { input: [text] }))),
    );
    expect(results.map(({ embeddings }) => embeddings)).toEqual(["a", "b", "c"].map((text) => [vectorOf(text)]));
    expect(rig.inputs()).toEqual([
      ["a", "b", "c"],
      ["a", "b", "c"],
    ]);
    const [lane] = (await rig.admin.llm.lanes()).lanes;
    expect(lane).toMatchObject({ refused: 1, done: 3, failed: 0 });
  });

  test("an upstream that gives too few vectors fails all, and mixes nothing up", async () => {
    const rig = await open({}, { scheduler: { maxAttempts: 1 } });
    const execute = rig.core.execute.bind(rig.core);
    rig.core.execute = async function* (name, args, context) {
      for await (const batch of execute(name, args, context))
        yield batch.map((event) =>
          event.type === "result" ? { ...event, result: { ...(event.result as object), embeddings: [[1]] } } : event,
        );
    };
    const results = await rig.clock.run(
      Promise.allSettled(["a", "b"].map((text) => embed(rig, [text], { input: [text] }))),
    );
    for (const result of results) expect(result).toMatchObject({ status: "rejected", reason: { code: "EIO" } });
  });
});

test("an upstream's words about a request are told to nobody whose texts were not all of it", async () => {
  const rig = await open({
    script: ({ args }) => {
      throw new SysError("EIO", `up answered 500: cannot read ${JSON.stringify(args.input)}`, { retryable: false });
    },
  });
  const askAll = (callers: readonly (readonly [who: string, tenant: string])[]) =>
    rig.clock.run(
      Promise.allSettled(callers.map(([who, tenant]) => embed(rig, [who, tenant], { input: [`secret of ${tenant}`] }))),
    );
  const reasonsOf = (results: readonly PromiseSettledResult<unknown>[]): string[] =>
    results.map((result) => (result.status === "rejected" ? String(result.reason) : "taken"));
  for (const [index, reason] of reasonsOf(
    await askAll([
      ["a", "one"],
      ["b", "two"],
    ]),
  ).entries()) {
    expect(reason).toMatch(/EIO|failed/);
    expect(reason).not.toContain(index === 0 ? "secret of two" : "secret of one");
  }
  // Among one's own there is nothing to hide.
  for (const reason of reasonsOf(
    await askAll([
      ["a", "one"],
      ["b", "one"],
    ]),
  ))
    expect(reason).toContain("secret of one");
});

test.each([1, 2, 3, 4, 5])(
  "whatever fails or leaves, every call ends once, with its own vectors (seed %i)",
  async (seed) => {
    const random = createSeededRandom(seed);
    const rig = await open(
      {
        limits: { concurrency: 2, requestsPerMinute: 6_000, inputTokensPerMinute: 50_000 },
        script: ({ args }) => {
          const chance = random.next();
          if (args.input.some((text) => String(text).startsWith("bad"))) throw new SysError("EINVAL", "bad text");
          if (chance < 0.1) throw new SysError("EAGAIN", "slow down", { retryAfterMs: 200 });
          if (chance < 0.2) throw new SysError("EIO", "broke");
        },
      },
      { seed },
    );
    const calls = Array.from({ length: 120 }, async (_, index) => {
      const abort = new AbortController();
      const atMs = rig.clock.nowMs() + Math.floor(random.next() * 2_000);
      const leavesAtMs = random.next() < 0.2 ? atMs + Math.floor(random.next() * 300) : undefined;
      const isBad = random.next() < 0.1;
      const input = Array.from(
        { length: 1 + Math.floor(random.next() * 3) },
        (_item, at) => `${isBad ? "bad" : "ok"} ${index} ${at}`,
      );
      const urgency = random.next() < 0.2 ? "interactive" : "batch";
      await rig.clock.wakeAt(atMs, new AbortController().signal);
      if (leavesAtMs !== undefined)
        void rig.clock.wakeAt(leavesAtMs, new AbortController().signal).then(() => abort.abort());
      try {
        const { embeddings } = await embed(rig, [`p${index % 7}`, `t${index % 3}`], {
          input,
          class: urgency,
          signal: abort.signal,
        });
        expect(embeddings).toEqual(input.map(vectorOf));
        return "done";
      } catch (cause) {
        if (!isSysError(cause)) throw cause;
        if (cause.code === "EINVAL") expect(isBad).toBe(true);
        else expect(["ECANCELED", "EIO"]).toContain(cause.code);
        return cause.code;
      }
    });
    const ends = await rig.clock.run(Promise.all(calls));
    await rig.clock.run(rig.clock.nowMs() + 1_000);
    expect(ends.filter((end) => end === "done").length).toBeGreaterThan(60);
    expect(rig.core.running).toBe(0);
    expect(rig.core.requests.length).toBeLessThan(ends.length);
    const [lane] = (await rig.admin.llm.lanes()).lanes;
    expect(lane).toMatchObject({ running: 0, queued: 0 });
  },
);
