import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { asPid } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import type { Journal } from "../../src/kernel/ports.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

const open = (journal: Journal = createMemoryJournal(), clock = createVirtualClock(1_000)): Promise<Rig> =>
  openRig({ journal, clock, cores: () => [createScriptedCore({ clock })] });

async function child(rig: Rig, parent: Client): Promise<{ pid: string; client: Client }> {
  const { pid, key } = await parent.proc.spawn({ program: { kind: "command", command: ["x"], cwd: "/" } });
  return { pid, client: createClient(rig.kernel.transport(rig.kernel.authenticate(key as string), asPid(pid))) };
}

/** What is read until the end. */
async function readAll({ pipe: { read } }: Client, pipe: string): Promise<unknown[]> {
  const bodies: unknown[] = [];
  for (;;) {
    const { isEnd, message } = await read({ pipe });
    if (isEnd) return bodies;
    bodies.push(message?.body);
  }
}

describe("a pipe", () => {
  test("hands over what is written in order, holds the writer back while it is full, and ends when it is closed", async () => {
    const rig = await open();
    const [one, two] = [rig.client("one"), rig.client("two")];
    const { pipe } = await one.client.pipe.open({ to: two.pid, capacity: 2 });
    let written = 0;
    const writing = (async () => {
      for (let index = 0; index < 5; index++, written++) await one.client.pipe.write({ pipe, body: index });
      await one.client.pipe.close({ pipe });
    })();
    await rig.clock.run(rig.clock.nowMs() + 10);
    expect(written).toBe(2);
    expect(await readAll(two.client, pipe)).toEqual([0, 1, 2, 3, 4]);
    await writing;
    expect(await two.client.pipe.read({ pipe })).toEqual({ isEnd: true, message: null });
    await expect(one.client.pipe.write({ pipe, body: "late" })).rejects.toMatchObject({ code: "ECANCELED" });
  });

  test("tells a reader that waits of the end, and a timeout takes nothing", async () => {
    const rig = await open();
    const [one, two] = [rig.client("one"), rig.client("two")];
    const { pipe } = await one.client.pipe.open({ to: two.pid });
    const late = rig.clock.run(Promise.resolve(two.client.pipe.read({ pipe, timeoutMs: 50 })));
    await expect(late).rejects.toMatchObject({ code: "ETIMEDOUT" });
    const reading = readAll(two.client, pipe);
    await one.client.pipe.write({ pipe, body: "only" });
    await one.client.pipe.close({ pipe });
    expect(await reading).toEqual(["only"]);
  });

  test("is for its two ends and their children; to all others it does not exist", async () => {
    const rig = await open();
    const parent = await child(rig, rig.admin);
    const [one, two] = [await child(rig, parent.client), await child(rig, parent.client)];
    const { pipe } = await parent.client.pipe.open();
    await one.client.pipe.write({ pipe, body: "from one" });
    expect((await two.client.pipe.read({ pipe })).message).toMatchObject({ body: "from one", from: one.pid });
    const { pipe: narrow } = await one.client.pipe.open({ to: parent.pid });
    await one.client.pipe.write({ pipe: narrow, body: "up" });
    // `two` is a child of the end that it leads to.
    expect((await two.client.pipe.read({ pipe: narrow })).message?.body).toBe("up");
    for (const stranger of [rig.client("s").client, rig.client("t", "elsewhere").client, rig.admin])
      await expect(stranger.pipe.read({ pipe })).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("ends when the process at one end ends: what is unread comes, then the end; a writer is told who has ended", async () => {
    const journal = createMemoryJournal();
    const rig = await open(journal);
    const [one, two] = [rig.client("one"), rig.client("two")];
    const [{ pipe: down }, { pipe: up }] = [
      await one.client.pipe.open({ to: two.pid }),
      await two.client.pipe.open({ to: one.pid }),
    ];
    await one.client.pipe.write({ pipe: down, body: "last words" });
    await rig.admin.proc.signal({ pid: one.pid, signal: "kill" });
    expect(await readAll(two.client, down)).toEqual(["last words"]);
    await expect(two.client.pipe.write({ pipe: up, body: "hello?" })).rejects.toMatchObject({ code: "ESRCH" });
    await rig.admin.proc.signal({ pid: two.pid, signal: "kill" });
    await rig.clock.run(rig.clock.nowMs() + 100);
    expect((await journal.load()).messages).toEqual([]);
  });

  test("of a parent that has ended is read to its end by the children that it was opened for", async () => {
    const rig = await open();
    const parent = await child(rig, rig.admin);
    const worker = await child(rig, parent.client);
    const { pipe } = await parent.client.pipe.open();
    for (const body of [1, 2]) await parent.client.pipe.write({ pipe, body });
    await rig.admin.proc.exit({ pid: parent.pid, code: 0, signal: null });
    expect(await readAll(worker.client, pipe)).toEqual([1, 2]);
    await rig.admin.proc.exit({ pid: worker.pid, code: 0, signal: null });
    await rig.clock.run(rig.clock.nowMs() + 100);
    expect((await rig.journal.load()).messages).toEqual([]);
  });

  test("outlives the kernel, with what is unread in it, its bound and its end", async () => {
    const [journal, clock] = [createMemoryJournal(), createVirtualClock(1_000)];
    const rig = await open(journal, clock);
    const [one, two] = [rig.client("one"), rig.client("two")];
    const { pipe } = await one.client.pipe.open({ to: two.pid, capacity: 2 });
    const { pipe: closed } = await one.client.pipe.open({ to: two.pid });
    for (const body of ["a", "b"]) await one.client.pipe.write({ pipe, body });
    await one.client.pipe.write({ pipe: closed, body: "z" });
    await one.client.pipe.close({ pipe: closed });
    const next = await open(journal, clock);
    const [writer, reader] = [next.client("one"), next.client("two")];
    const full = next.clock.run(Promise.resolve(writer.client.pipe.write({ pipe, body: "c", timeoutMs: 10 })));
    await expect(full).rejects.toMatchObject({ code: "ETIMEDOUT" });
    expect((await reader.client.pipe.read({ pipe })).message?.body).toBe("a");
    await writer.client.pipe.write({ pipe, body: "c" });
    await writer.client.pipe.close({ pipe });
    expect(await readAll(reader.client, pipe)).toEqual(["b", "c"]);
    expect(await readAll(reader.client, closed)).toEqual(["z"]);
  });

  test("is one of a thousand of its process: one that is closed and read makes room", async () => {
    const rig = await open();
    const { client } = rig.client("one");
    const pipes = await Promise.all(Array.from({ length: 1_000 }, async () => (await client.pipe.open()).pipe));
    await expect(client.pipe.open()).rejects.toMatchObject({ code: "EAGAIN" });
    await client.pipe.close({ pipe: pipes[7] as string });
    await client.pipe.open();
    await expect(client.pipe.read({ pipe: pipes[7] as string })).rejects.toMatchObject({ code: "ENOENT" });
  });
});
