// All that a tenant can have, with its secrets in it: what others must neither hear of nor touch.
import { createClient } from "@aiosjs/sdk";
import { asPid } from "@aiosjs/sdk/protocol";
import type { Pid } from "@aiosjs/sdk/protocol";
import type { ApprovalRow, JournalRecord, Principal } from "../../src/kernel/ports.ts";
import type { Rig } from "../rig.ts";

/** What of a tenant's can be named, by what it is. */
export type Things = Readonly<Record<Kind, readonly string[]>>;
export type Kind =
  | "tenant"
  | "pid"
  | "call"
  | "note"
  | "path"
  | "group"
  | "agent"
  | "approval"
  | "timer"
  | "share"
  | "pipe"
  | "topic"
  | "subscription"
  | "upload"
  | "key"
  | "value"
  | "scope"
  | "sleep"
  | "debugger"
  | "mount"
  | "session"
  | "sandbox"
  | "box";

export interface World {
  /** Stands in every name that the tenant has chosen. */
  readonly mark: string;
  readonly tenant: string;
  /** Stands in all that it has written. */
  readonly secret: string;
  readonly things: Things;
  readonly key: Principal;
  readonly process: Principal;
  readonly client: Pid;
  /** Asks again, so that its debugger is not taken for one that has left. */
  readonly stay: () => Promise<void>;
}

/** A question that waits for somebody of the tenant; nobody but the kernel before this one could have asked it. */
export const questionOf = (tenant: string, mark: string): JournalRecord => ({
  kind: "approval",
  row: {
    id: `q${mark}1`,
    tenant: tenant as ApprovalRow["tenant"],
    pid: asPid(`${mark}9`),
    call: `c${mark}9` as ApprovalRow["call"],
    kind: "ambiguous",
    question: `pay ${mark}secret?`,
    state: "pending",
    answer: null,
    answeredBy: null,
    about: null,
    askedAtMs: 1,
    answeredAtMs: null,
  },
});

const command = { kind: "command" as const, command: ["x"], cwd: "/" };
const manifestOf = (name: string, secret: string) => ({ name, instructions: `keep ${secret}` });

interface Planting {
  /** The tenant's. */
  readonly key: string;
  readonly mark: string;
  /** A debugger holds all that its client asks for. */
  readonly isDebugged: boolean;
}

export async function plant(rig: Rig, { key, mark, isDebugged }: Planting): Promise<World> {
  const principal = rig.kernel.authenticate(key);
  const { tenant } = principal;
  const admin = createClient(rig.kernel.transport(principal));
  const secret = `${mark}secret`;
  const body = { said: secret };
  const program = { kind: "agent" as const, agent: manifestOf(`${mark}-scout`, secret), task: `find ${secret}` };
  const agent = await admin.proc.spawn({
    program,
    name: `${mark}-agent`,
    limits: [{ resource: "tokens", limit: 1e9 }],
  });
  const restarted = { ...command, command: [`/bin/${secret}`], restart: "always" as const };
  const own = await admin.proc.spawn({ program: restarted, name: `${mark}-command` });
  await admin.proc.bind({ pid: own.pid, hostPid: 99_999, hostStartedAt: secret });
  const process = rig.kernel.authenticate(own.key as string);
  const self = createClient(rig.kernel.transport(process));
  const client = rig.kernel.identify(principal, { session: `${mark}-session` });
  const foreign = createClient(rig.kernel.transport(principal, client));
  const chat = foreign.llm.chat({ messages: [{ role: "user", content: `what of ${secret}?` }] });
  await rig.clock.run(Promise.resolve(chat));
  const shared = { scope: `${mark}-team`, key: `${mark}-plan`, value: body };
  await self.value.put(shared);
  await self.value.put({ key: `${mark}-plan`, value: body });
  const notes = [
    await self.mem.add({ content: `the plan ${secret}` }),
    await self.mem.add({ namespace: "tenant", content: `the shared plan ${secret}`, keywords: [secret] }),
    await admin.mem.add({ namespace: `agent:${mark}-scout`, content: `the scout's plan ${secret}` }),
  ];
  await self.fs.write({ path: `${mark}-plan.md`, content: `plan ${secret}` });
  await self.fs.write({ path: `/shared/${mark}-plan.md`, content: `plan ${secret}` });
  const share = await admin.fs.share({ path: `/home/${own.pid}/${mark}-plan.md` });
  await self.topic.publish({ topic: `${mark}.plans`, body });
  await admin.topic.subscribe({ pattern: `${mark}.*`, name: `${mark}-reader`, from: "start" });
  await foreign.proc.send({ pid: own.pid, body });
  const { pipe } = await admin.pipe.open({ to: own.pid });
  await self.pipe.write({ pipe, body });
  const timer = await admin.cron.add({ schedule: "@yearly", program: { program }, name: `${mark}-timer` });
  await admin.group.create({ group: `${mark}-desk` });
  await admin.group.add({ group: `${mark}-desk`, member: `process:${own.pid}` });
  const { sandbox } = await self.sandbox.create({ tier: "wasm", name: `${mark}-box` });
  const second = await admin.key.create({ scopes: ["llm.*"], limits: [{ resource: "costUsd", limit: 7 }] });
  await admin.budget.set({ scope: `key:${second.id}`, limits: [{ resource: "calls", limit: 77_777 }] });
  const { items } = await admin.proc.snapshot({ pid: agent.pid });
  const { upload } = await admin.proc.import({ items });
  goesOn(self.proc.sleep({ untilMs: 9e12, key: `${mark}-alarm` }));
  const debugging = await admin.proc.debug({ pid: client, waitMs: 0 });
  goesOn(foreign.topic.publish({ topic: `${mark}.held`, body }));
  const stay = async (): Promise<void> => {
    await admin.proc.debug({ pid: client, debugger: debugging.debugger, waitMs: 0 });
  };
  const { held } = await admin.proc.debug({ pid: client, debugger: debugging.debugger, waitMs: 0 });
  if (!isDebugged) await admin.proc.debug({ pid: client, debugger: debugging.debugger, detach: true });
  await rig.events();
  const { calls } = await admin.proc.trace({ pid: own.pid });
  const chats = await admin.proc.trace({ pid: client });
  const pids = [own.pid, agent.pid, client];
  return {
    mark,
    tenant,
    secret,
    key: principal,
    process,
    client,
    stay,
    things: {
      tenant: [tenant],
      pid: pids,
      call: [...held, ...chats.calls, ...calls.slice(0, 4)].map(({ call }) => call),
      note: notes.map(({ id }) => id),
      path: [
        `/home/${own.pid}/${mark}-plan.md`,
        `/home/${own.pid}`,
        `/agents/${mark}-scout`,
        `/groups/${mark}-desk`,
        `../${own.pid}/${mark}-plan.md`,
        `/${tenant}/${own.pid}/${mark}-plan.md`,
      ],
      group: [`${mark}-desk`],
      agent: [`${mark}-scout`],
      approval: [`q${mark}1`],
      timer: [timer.id],
      share: [share.id],
      pipe: [pipe],
      topic: [`${mark}.plans`],
      subscription: [`${mark}-reader`],
      upload: [upload],
      key: [second.id],
      value: [`${mark}-plan`],
      scope: [`${mark}-team`],
      sleep: [`${mark}-alarm`],
      debugger: [debugging.debugger],
      mount: [`${mark}-mount`],
      session: [`${mark}-session`],
      sandbox: [sandbox],
      box: [`${mark}-box`],
    },
  };
}

/** A call that does not end while the world lasts. */
const goesOn = (call: PromiseLike<unknown>): void => void Promise.resolve(call).catch(() => undefined);
