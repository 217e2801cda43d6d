// What a person is asked, what they may say, and what nobody is asked about.
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { accessPolicySchema, asKeyId, asPid, isSysError } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import { agent, asked, call, endOf, mail, open, spawn, worldOf } from "../gate-world.ts";
import { mortal } from "../mortal-journal.ts";

describe("a person's leave", () => {
  test("is asked for what cannot be taken back, whatever the policy says", async () => {
    const world = worldOf((client) => call(client, "wire", { amount: 5 }), {
      version: 1,
      defaults: { effect: "declared" },
      tools: { wire: { effect: "write", gate: "L0", returns: { trust: "kernel" } } },
    });
    const rig = await open(world);
    const pid = await spawn(rig, "Pay 5.");
    const [question] = await asked(rig);
    expect(question?.question).toContain("wire");
    await rig.admin.approval.answer({ id: question?.id ?? "", isApproved: true });
    expect([await endOf(rig, pid), world.sent]).toEqual(["sent", [{ amount: 5 }]]);
  });

  test("is waited for without a slot, for days, and longer than any call may take", async () => {
    const world = worldOf((client) => call(client, "wire", { amount: 5 }));
    const rig = await open(world);
    const pids = [await spawn(rig, "Pay."), await spawn(rig, "Pay."), await spawn(rig, "Pay.")];
    await rig.clock.run(rig.clock.nowMs() + 3 * 86_400_000);
    const questions = await asked(rig);
    expect(questions).toHaveLength(3);
    expect((await rig.admin.sys.status()).running).toBe(0);
    for (const { id } of questions) await rig.admin.approval.answer({ id, isApproved: true });
    for (const pid of pids) expect(await endOf(rig, pid)).toBe("sent");
  });

  test("is good once: the next call is asked about again", async () => {
    const world = worldOf(async (client) => {
      await call(client, "wire", { amount: 5 });
      return call(client, "wire", { amount: 5 });
    });
    const rig = await open(world);
    await spawn(rig, "Pay.");
    const [first] = await asked(rig);
    await rig.admin.approval.answer({ id: first?.id ?? "", isApproved: true });
    expect(await asked(rig)).toHaveLength(1);
    expect(world.sent).toHaveLength(1);
  });

  test("is asked for by the same question after a crash, and is not needed twice", async () => {
    const world = worldOf((client) => call(client, "wire", { amount: 5 }));
    const dying = mortal(world.journal, { lastCommit: Infinity });
    const first = await open(world, dying);
    const pid = await spawn(first, "Pay.");
    const [before] = await asked(first);
    dying.kill();
    const rig = await open(world);
    const [question] = await asked(rig);
    expect(question?.id).toBe(before?.id);
    await rig.admin.approval.answer({ id: question?.id ?? "", isApproved: true });
    expect([await endOf(rig, pid), world.sent]).toEqual(["sent", [{ amount: 5 }]]);
    expect(await asked(rig)).toEqual([]);
  });

  test("may be given while the program that asks does not run, and is heard when it does", async () => {
    for (const isApproved of [true, false]) {
      const world = worldOf((client) => call(client, "wire", { amount: 5 }));
      const dying = mortal(world.journal, { lastCommit: Infinity });
      const first = await open(world, dying);
      const pid = await spawn(first, "Pay.");
      await asked(first);
      await first.admin.proc.signal({ pid, signal: "suspend" });
      await first.clock.run(first.clock.nowMs() + 100);
      dying.kill();
      const second = mortal(world.journal, { lastCommit: Infinity });
      const middle = await open(world, second);
      const [question] = (await middle.admin.approval.list()).approvals;
      await middle.admin.approval.answer({ id: question?.id ?? "", isApproved });
      await middle.clock.run(middle.clock.nowMs() + 100);
      second.kill();
      const rig = await open(world);
      await rig.admin.proc.signal({ pid, signal: "resume" });
      expect(await endOf(rig, pid)).toBe(isApproved ? "sent" : "EPOLICY");
      expect(world.sent).toHaveLength(isApproved ? 1 : 0);
    }
  });

  test("is no process's to give: not the asking one's, nor its child's, nor its parent's", async () => {
    const world = worldOf((client) => call(client, "wire", { amount: 5 }));
    const rig = await open(world);
    const pid = await spawn(rig, "Pay.");
    const [question] = await asked(rig);
    const { pid: other } = rig.client("other");
    for (const of of [pid, other]) {
      const client = createClient(rig.kernel.transport({ ...rig.root, key: asKeyId("k"), pid: asPid(of) }));
      await expect(client.approval.answer({ id: question?.id ?? "", isApproved: true })).rejects.toMatchObject({
        code: "EACCES",
      });
    }
    expect(world.sent).toEqual([]);
  });

  test("is not given by the key of the client that asks, unless it is the home's own", async () => {
    const world = worldOf(() => Promise.resolve());
    const rig = await open(world);
    const of = (key: string) => createClient(rig.kernel.transport({ ...rig.root, key: asKeyId(key) }));
    void of("k1")
      .tool.call({ name: "wire", arguments: { amount: 5 } })
      .outcome();
    const [question] = await asked(rig);
    const id = question?.id ?? "";
    await expect(of("k1").approval.answer({ id, isApproved: true })).rejects.toMatchObject({ code: "EACCES" });
    await of("k2").approval.answer({ id, isApproved: true });
    await rig.clock.run(rig.clock.nowMs() + 100);
    expect(world.sent).toHaveLength(1);
  });

  test("is asked for, too, where a person has broken the glass, for as long as they said", async () => {
    const world = worldOf(
      async (client) => {
        const before = await call(client, "wire", { amount: 5 });
        await client.proc.sleep({ ms: 1_000 });
        const broken = await call(client, "wire", { amount: 5 });
        await client.proc.sleep({ ms: 60_000 });
        return [before, broken, await call(client, "wire", { amount: 5 })];
      },
      { version: 1 },
    );
    const rig = await open(world);
    const pid = await spawn(rig, "Pay.");
    await rig.clock.run(rig.clock.nowMs() + 500);
    await rig.admin.approval.break({ pid, name: "wire", forMs: 10_000, why: "a test" });
    await rig.clock.run(rig.clock.nowMs() + 1_000);
    const [question] = await asked(rig);
    await rig.admin.approval.answer({ id: question?.id ?? "", isApproved: true });
    expect(await endOf(rig, pid)).toEqual(["EPOLICY", "sent", "EPOLICY"]);
    expect((await rig.events()).filter(({ topic }) => topic === "glass.broken")).toHaveLength(1);
  });

  test("is not asked for any more when the process has been killed", async () => {
    const world = worldOf((client) => call(client, "wire", { amount: 5 }));
    const rig = await open(world);
    const pid = await spawn(rig, "Pay.");
    expect(await asked(rig)).toHaveLength(1);
    await rig.admin.proc.signal({ pid, signal: "kill" });
    expect(await asked(rig)).toEqual([]);
    expect(world.sent).toEqual([]);
  });
});

describe("a plan", () => {
  test("holds a process and those below it to what was chosen before anything was read, also after a crash", async () => {
    const world = worldOf(async (client, task) => {
      if (task === "child") return call(client, "mail_send", { to: "ann@corp.example" });
      await client.proc.plan({ tools: ["web_fetch", "proc.spawn"] });
      await call(client, "web_fetch");
      await client.proc.sleep({ ms: 1_000 });
      const { pid } = await client.proc.spawn({ program: { kind: "agent", agent, task: "child" } });
      const { result } = await client.proc.wait({ pid });
      return [await call(client, "web_fetch"), await mail(client, "ann@corp.example"), result];
    });
    world.page = "page";
    const dying = mortal(world.journal, { lastCommit: Infinity });
    const pid = await spawn(await open(world, dying), "Read, and tell ann@corp.example.");
    await world.clock.run(1_500);
    dying.kill();
    expect(await endOf(await open(world), pid)).toEqual(["page", "EPOLICY", "EPOLICY"]);
    expect(world.sent).toEqual([]);
  });

  test("is made once, and not by whoever has read what is not to be trusted", async () => {
    const plan = (client: Client) =>
      client.proc.plan({ tools: ["web_fetch"] }).then(
        () => "planned",
        (cause: unknown) => (isSysError(cause) ? cause.code : ""),
      );
    const world = worldOf(async (client, task) => {
      if (task === "late") await call(client, "web_fetch");
      return [await plan(client), await plan(client)];
    });
    const rig = await open(world);
    expect(await endOf(rig, await spawn(rig, "early"))).toEqual(["planned", "EEXIST"]);
    expect(await endOf(rig, await spawn(rig, "late"))).toEqual(["EPOLICY", "EPOLICY"]);
  });

  test("is missed by an agent of that mode that calls something before it has one", async () => {
    const world = worldOf((client) => call(client, "web_fetch"));
    const rig = await open(world);
    const { pid } = await rig.admin.proc.spawn({
      program: { kind: "agent", agent: { ...agent, mode: "plan" }, task: "Read." },
    });
    expect(await endOf(rig, pid)).toBe("EPOLICY");
  });
});

describe("a policy", () => {
  test("denies what it does not name, and says where that stands", async () => {
    const world = worldOf((client) => client.tool.call({ name: "wire", arguments: {} }), { version: 1 });
    const rig = await open(world);
    const pid = await spawn(rig, "Pay.");
    await rig.clock.run(Promise.resolve(rig.admin.proc.wait({ pid })));
    const { exit } = await rig.admin.proc.show({ pid });
    expect(exit?.reason).toContain("the policy forbids tool.call");
    expect([await asked(rig), world.sent]).toEqual([[], []]);
  });

  test("holds for all that an agent starts, whatever agent that is", async () => {
    const world = worldOf(
      async (client, task) => {
        if (task === "child") return mail(client, "ann@corp.example");
        const { pid } = await client.proc.spawn({ program: { kind: "agent", agent: "sender", task: "child" } });
        return (await client.proc.wait({ pid })).result;
      },
      { version: 1, defaults: { effect: "declared" }, agents: { clerk: { tools: ["web_fetch"] } } },
    );
    const rig = await open(world);
    expect(await endOf(rig, await spawn(rig, "Write to ann@corp.example."))).toBe("EPOLICY");
    const { pid } = await rig.admin.proc.spawn({ program: { kind: "agent", agent: "sender", task: "child" } });
    await asked(rig);
    expect(await endOf(rig, pid)).toBe("sent");
  });

  test("is another one after a refresh, for the calls that come then", async () => {
    const world = worldOf(async (client) => {
      const first = await call(client, "mail_send", { to: "a@b.example" });
      await client.proc.sleep({ ms: 1_000 });
      return [first, await call(client, "mail_send", { to: "a@b.example" })];
    });
    const rig = await open(world);
    const pid = await spawn(rig, "Write to a@b.example.");
    await rig.clock.run(rig.clock.nowMs() + 500);
    await rig.refresh({}, { accessPolicy: accessPolicySchema.parse({ version: 1 }) });
    expect(await endOf(rig, pid)).toEqual(["sent", "EPOLICY"]);
  });
});
