// Both ways into a kernel under the same suite, and what only a network can do to one of them.
import { createHttpTransport, isTerminal } from "@aiosjs/sdk";
import type { SysEvent } from "@aiosjs/sdk";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { expect, test } from "vitest";
import { describeTransport } from "../conformance/transport.ts";
import type { OpenedTransport } from "../conformance/transport.ts";
import type { Reply } from "../upstream.ts";
import { openDoors } from "./open-doors.ts";
import type { Doors } from "./open-doors.ts";

const replies: Record<string, Reply> = {
  hi: { is: "answer" },
  endless: { is: "answer", isEndless: true },
  silence: { is: "silence" },
  broken: { is: "answer", breakAfterChunks: 3 },
};
const openWith = async (way: (doors: Doors) => OpenedTransport["transport"]): Promise<OpenedTransport> => {
  const doors = await openDoors({
    script: ({ body }) => replies[String(body.messages?.at(-1)?.content)] ?? { is: "answer" },
  });
  return {
    transport: way(doors),
    received: (n) => doors.upstream.received(n),
    arrived: () => doors.upstream.requests.length,
    idle: () => doors.upstream.idle(),
    [Symbol.asyncDispose]: () => doors[Symbol.asyncDispose](),
  };
};
const overHttp = ({ url, key }: Pick<Doors, "url" | "key">) => createHttpTransport({ url, key });

describeTransport("the kernel in process", () =>
  openWith(({ kernel, key }) => kernel.transport(kernel.authenticate(key))),
);
describeTransport("HTTP", () => openWith(overHttp));

const say = (content: string) => ({ model: "m", stream: true, messages: [{ role: "user", content }] });
const eventsOf = async (calls: AsyncIterable<readonly SysEvent[]>): Promise<SysEvent[]> => {
  const events: SysEvent[] = [];
  for await (const batch of calls) events.push(...batch);
  return events;
};

/** A network that cuts each connection after so many bytes of the answer; when the list is used up it cuts no more. */
async function openCutter(url: string, cutAfter: number[]) {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let cuts = 0;
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    let left = cutAfter.shift() ?? Infinity;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.on("data", (bytes) => {
      near.write(bytes.subarray(0, left));
      left -= bytes.byteLength;
      if (left > 0) return;
      cuts++;
      // What was let through arrives; then the connection is gone in the middle of a line.
      near.end(() => near.destroy());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cuts: () => cuts,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

test("a connection that is cut anywhere is taken up where it broke: no event is lost or seen twice", async () => {
  const pieces = Array.from({ length: 30 }, (_, piece) => `word ${piece} `);
  await using doors = await openDoors({ script: () => ({ is: "answer", pieces }) });
  let cuts = 0;
  for (let after = 300; after < 3_300; after += 150) {
    await using cutter = await openCutter(doors.url, [after, after, 700]);
    const events = await eventsOf(overHttp({ url: cutter.url, key: doors.key }).syscall("llm.chat", say("hi")));
    cuts += cutter.cuts();
    const text = events.map((event) => (event.type === "text.delta" ? event.text : "")).join("");
    const last = events.at(-1);
    // Cut within the headers, the call cannot be found again, and the kernel does not leave it running.
    if (last?.type === "syscall.failed") {
      expect(last.error).toMatchObject({ code: expect.stringMatching(/^(EIO|ENODEV)$/) as string });
      continue;
    }
    expect(text, `cut after ${after}`).toBe(pieces.join(""));
    expect(events.filter(isTerminal)).toHaveLength(1);
    expect(events.filter(({ type }) => type === "syscall.queued")).toHaveLength(1);
  }
  expect(cuts).toBeGreaterThan(20);
}, 60_000);

test("no kernel at the address, and a server that is none, are told as such", async () => {
  await using doors = await openDoors();
  const { url } = doors;
  const wrong = await eventsOf(createHttpTransport({ url, key: "nonsense" }).syscall("sys.status", {}));
  expect(wrong).toMatchObject([{ type: "syscall.failed", error: { code: "EAUTH", status: 401 } }]);
  const elsewhere = createHttpTransport({ url: `${doors.upstream.baseUrl}/`, key: "x" });
  expect(await eventsOf(elsewhere.syscall("sys.status", {}))).toMatchObject([
    { type: "syscall.failed", error: { code: "EIO" } },
  ]);
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, "close");
  const nobody = createHttpTransport({ url: `http://127.0.0.1:${port}`, key: "x" });
  expect(await eventsOf(nobody.syscall("sys.status", {}))).toMatchObject([
    {
      type: "syscall.failed",
      error: { code: "ENODEV", detail: `no kernel at http://127.0.0.1:${port}`, hint: "Start one with `aios up`." },
    },
  ]);
});

test("nice, class, deadline and process go as headers", async () => {
  await using doors = await openDoors({ script: () => ({ is: "silence" }) });
  const pid = doors.kernel.identify(doors.kernel.authenticate(doors.key), { session: "s" });
  const { url, key } = doors;
  const events = await eventsOf(
    createHttpTransport({ url, key, pid }).syscall("llm.chat", say("x"), { nice: 3, class: "batch", deadlineMs: 20 }),
  );
  expect(events[0]).toMatchObject({ type: "syscall.queued", pid });
  expect(events.at(-1)).toMatchObject({ error: { code: "ETIMEDOUT" } });
  const stranger = createHttpTransport({ url, key, pid: "nobody" });
  expect(await eventsOf(stranger.syscall("sys.status", {}))).toMatchObject([{ error: { code: "ESRCH" } }]);
});
