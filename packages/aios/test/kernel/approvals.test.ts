// A call that may have happened when its kernel was killed is not repeated: its process asks, and a person answers.
import { createClient, inLanes } from "@aiosjs/sdk";
import type { Client, ManifestInput, ResultOf } from "@aiosjs/sdk";
import { asKeyId, asPid, isSysError } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import type { Journal, Toolbox } from "../../src/kernel/ports.ts";
import { mortal } from "../mortal-journal.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

const manifest: ManifestInput = { name: "poster", instructions: "Post." };

interface World {
  readonly clock: ReturnType<typeof createVirtualClock>;
  readonly posted: string[];
}

/** Sends a letter, which nobody can take back. */
const post = ({ clock, posted }: World): Toolbox => ({
  name: "post",
  device: "tool",
  concurrency: 8,
  tools: () => [{ name: "post", description: "", parameters: { type: "object" }, effect: "unsafe" }],
  async *execute(_name, args, { signal }) {
    posted.push((args as { arguments: { to: string } }).arguments.to);
    await clock.wakeAt(clock.nowMs() + 500, signal);
    yield [{ type: "result", result: { content: "posted" } }];
  },
});

/** Posts one letter, and says what came of it. */
async function program(client: Client): Promise<string> {
  try {
    return (await client.tool.call({ name: "post", arguments: { to: "Ada" } })).content as string;
  } catch (cause) {
    return isSysError(cause) ? cause.code : String(cause);
  }
}

const kernelOn = (world: World, journal: Journal): Promise<Rig> =>
  openRig({
    journal,
    clock: world.clock,
    cores: () => [createScriptedCore({ clock: world.clock })],
    drivers: () => [post(world)],
    programs: {
      find: () => Promise.reject(new Error("no programs here")),
      run: ({ transport }) => program(createClient(inLanes(transport))),
    },
  });

/** A kernel that finds a letter under way, and the question about it. */
async function asked() {
  const world: World = { clock: createVirtualClock(1_000), posted: [] };
  const journal = createMemoryJournal();
  const dying = mortal(journal, { lastCommit: Infinity });
  const first = await kernelOn(world, dying);
  const { pid } = await first.admin.proc.spawn({ program: { kind: "agent", agent: manifest, task: "" } });
  await world.clock.run(1_200);
  dying.kill();
  const rig = await kernelOn(world, journal);
  await world.clock.run(1_400);
  const [question] = (await rig.admin.approval.list()).approvals;
  if (!question) throw new Error("nothing was asked");
  const end = async () => (await world.clock.run(Promise.resolve(rig.admin.proc.wait({ pid })))).result;
  return { rig, pid, end, id: question.id, ...world };
}

const statusOf = async ({ admin }: Rig): Promise<ResultOf<"sys.status">> => admin.sys.status();

describe("a question to a person", () => {
  test("is what its process waits for, and is counted until it is answered", async () => {
    const { rig, pid, id, end } = await asked();
    expect(await rig.admin.proc.show({ pid })).toMatchObject({
      state: "blocked",
      on: `an approval: aios approve show ${id}`,
      asks: [id],
    });
    expect((await statusOf(rig)).approvals).toBe(1);
    expect(await rig.admin.approval.show({ id })).toMatchObject({
      name: "tool.call",
      request: { name: "post", arguments: { to: "Ada" } },
    });
    await rig.admin.approval.answer({ id, isApproved: true });
    expect(await end()).toBe("posted");
    expect((await statusOf(rig)).approvals).toBe(0);
    expect((await rig.admin.proc.show({ pid })).asks).toBeUndefined();
  });

  test("is answered with yes: made again; with a result: that is told; with no: EAMBIGUOUS", async () => {
    const again = await asked();
    await again.rig.admin.approval.answer({ id: again.id, isApproved: true });
    expect([await again.end(), again.posted]).toEqual(["posted", ["Ada", "Ada"]]);
    const known = await asked();
    await known.rig.admin.approval.answer({ id: known.id, isApproved: true, result: { content: "was posted" } });
    expect([await known.end(), known.posted]).toEqual(["was posted", ["Ada"]]);
    const denied = await asked();
    await denied.rig.admin.approval.answer({ id: denied.id, isApproved: false });
    expect([await denied.end(), denied.posted]).toEqual(["EAMBIGUOUS", ["Ada"]]);
  });

  test("takes no result that its call could not have returned, and goes on waiting", async () => {
    const { rig, id, end } = await asked();
    await expect(rig.admin.approval.answer({ id, isApproved: true, result: "was posted" })).rejects.toMatchObject({
      code: "EINVAL",
      message: expect.stringContaining("tool.call"),
    });
    await rig.admin.approval.answer({ id, isApproved: true, result: { content: "was posted" } });
    expect(await end()).toBe("was posted");
  });

  test("is why a wait ends with EPENDING, not with ETIMEDOUT", async () => {
    const { rig, pid, id, clock } = await asked();
    const waiting = clock.run(Promise.resolve(rig.admin.proc.wait({ pid, timeoutMs: 1_000 })));
    await expect(waiting).rejects.toMatchObject({ code: "EPENDING", hint: expect.stringContaining(id) });
  });

  test("is answered by no process, its own or another, and not seen by another tenant", async () => {
    const { rig, pid, id, posted } = await asked();
    for (const of of [pid, rig.client("other").pid]) {
      const client = createClient(rig.kernel.transport({ ...rig.root, key: asKeyId("k"), pid: asPid(of) }));
      await expect(client.approval.answer({ id, isApproved: true })).rejects.toMatchObject({ code: "EACCES" });
    }
    const stranger = { ...rig.root, tenant: "elsewhere" as typeof rig.root.tenant, scopes: ["approval.*", "sys.*"] };
    const client = createClient(rig.kernel.transport(stranger));
    expect((await client.approval.list()).approvals).toEqual([]);
    expect((await client.sys.status()).approvals).toBe(0);
    await expect(client.approval.answer({ id, isApproved: true })).rejects.toMatchObject({ code: "ENOENT" });
    expect(posted).toEqual(["Ada"]);
  });

  test("that is answered as its process is killed is answered once, and leaves nothing open", async () => {
    const { rig, pid, id, posted, clock } = await asked();
    const calls = [
      rig.kernel.syscall("approval.answer", { id, isApproved: true }, { principal: rig.root, onDetach: "keep" }),
      rig.kernel.syscall("proc.signal", { pid, signal: "kill" }, { principal: rig.root, onDetach: "keep" }),
    ];
    expect(calls).toHaveLength(2);
    await clock.run(clock.nowMs() + 2_000);
    const answers = (await rig.events()).filter(({ topic }) => topic === "approval.answered");
    expect([posted, answers.length]).toEqual([["Ada"], 1]);
    const atMs = clock.nowMs();
    await clock.run(Promise.resolve(rig.kernel[Symbol.asyncDispose]()));
    expect(clock.nowMs() - atMs).toBeLessThan(100);
  });
});
