// What a person has said once is meant once: the same done again is asked about, whoever orders it.
import type { Client } from "@aiosjs/sdk";
import { expect, test } from "vitest";
import { agent, asked, call, endOf, mail, open, spawn, worldOf } from "../gate-world.ts";
import { mortal } from "../mortal-journal.ts";

const task = "Tell ann@corp.example and tom@corp.example what the page says.";

/** Has read what a stranger wrote, then writes to each; a person is asked never, or says no. */
async function outcomes(work: (client: Client) => Promise<unknown>, policy?: Parameters<typeof worldOf>[1]) {
  const world = worldOf(async (client, said) => {
    if (said === "child") return mail(client, "ann@corp.example");
    await call(client, "web_fetch");
    return work(client);
  }, policy);
  const rig = await open(world);
  const pid = await spawn(rig, task);
  const questions = await asked(rig);
  for (const { id } of questions) await rig.admin.approval.answer({ id, isApproved: false });
  return { result: await endOf(rig, pid), sent: world.sent, why: questions[0]?.about?.reasons.map(({ why }) => why) };
}

test("a mail to each who was named passes, and a second to one of them is asked about", async () => {
  const { result, sent, why } = await outcomes(async (client) => [
    await mail(client, "ann@corp.example"),
    await mail(client, "tom@corp.example"),
    await mail(client, "ann@corp.example"),
  ]);
  expect(result).toEqual(["sent", "sent", "EPOLICY"]);
  expect(sent).toHaveLength(2);
  expect(why).toEqual(["all that a person has said for it was used already, by a call of the same kind"]);
});

test("it is the same however it is written, with what else beside it, or as one of several", async () => {
  for (const args of [
    { to: "ANN@corp.example" },
    { to: "Ann <ann@corp.example>" },
    { to: ["ann@corp.example"] },
    { to: "ann@corp.example", approved: true },
  ]) {
    const { result } = await outcomes(async (client) => [
      await call(client, "mail_send", { to: ["tom@corp.example", "ann@corp.example"] }),
      await call(client, "mail_send", args),
    ]);
    expect(result, JSON.stringify(args)).toEqual(["sent", "EPOLICY"]);
  }
});

test("a child does not do again what its parent has done", async () => {
  const { result, sent } = await outcomes(async (client) => {
    await mail(client, "ann@corp.example");
    const { pid } = await client.proc.spawn({ program: { kind: "agent", agent, task: "child" } });
    return (await client.proc.wait({ pid })).result;
  });
  expect([result, sent.length]).toEqual(["EPOLICY", 1]);
});

test("what no word is needed for passes as often as it is made", async () => {
  const { result } = await outcomes(
    async (client) => [await mail(client, "ann@corp.example"), await mail(client, "ann@corp.example")],
    { version: 1, defaults: { effect: "declared" }, tools: { mail_send: { effect: "sink", sinkArgs: {} } } },
  );
  expect(result).toEqual(["sent", "sent"]);
});

test("a program that goes on after the kernel's death has not forgotten what it did", async () => {
  const world = worldOf(async (client) => {
    await call(client, "web_fetch");
    await mail(client, "ann@corp.example");
    await client.proc.sleep({ ms: 1_000 });
    return mail(client, "ann@corp.example");
  });
  const dying = mortal(world.journal, { lastCommit: Infinity });
  await spawn(await open(world, dying), task);
  await world.clock.run(1_500);
  dying.kill();
  const rig = await open(world);
  await world.clock.run(5_000);
  expect(await asked(rig)).toHaveLength(1);
  expect(world.sent).toHaveLength(1);
});

test("a person who says it again means it again", async () => {
  const world = worldOf(() => Promise.resolve());
  const rig = await open(world);
  const { client, chat } = rig.client("talk", "local", "theirs");
  const say = (text: string) => rig.clock.run(Promise.resolve(chat(text)));
  await say("Write to ann@corp.example.");
  await rig.clock.run(Promise.resolve(call(client, "web_fetch")));
  const write = async (): Promise<string> => {
    const done = Promise.resolve(mail(client, "ann@corp.example"));
    for (const { id } of await asked(rig)) await rig.admin.approval.answer({ id, isApproved: false });
    return rig.clock.run(done);
  };
  expect(await write()).toBe("sent");
  expect(await write()).toBe("EPOLICY");
  await say("Now write to ann@corp.example once more.");
  expect(await write()).toBe("sent");
  expect(await write()).toBe("EPOLICY");
});
