// node target-child.ts kernel|handle|real-path|unprotected FOLDER: answers, over the channel to its parent, one call after
// another. It is a process of its own because it may hang or die, and because it may belong to another user.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "@aiosjs/sdk";
import { asKeyId, asTenantId, isSysError } from "@aiosjs/sdk/protocol";
import { verbs } from "./files.ts";
import type { Answer, Ask, Caller, RawAsk } from "./files.ts";
import { openJail } from "./jail.ts";
import { askUnprotected } from "./unprotected.ts";

type Target = (ask: Ask | RawAsk) => Promise<unknown>;

const [kind = "", folder = ""] = process.argv.slice(2);
/** Nobody is there to be asked: what is attacked stands behind the gate. */
const UNASKED = "version: 1\ntools: {fs.share: {effect: sink, gate: L1}, fs.do: {effect: write, gate: L1}}\n";
/** Of a result only so much travels. */
const SHOWN = 8_192;

const openers: Record<string, () => Promise<Target>> = {
  kernel: openKernel,
  handle: async () => (await openJail(folder, "linux")) as Target,
  "real-path": async () => (await openJail(folder, "none")) as Target,
  unprotected: async () => (ask) => askUnprotected(folder, ask as Ask),
};

const target = await (openers[kind] as () => Promise<Target>)();
process.on("message", ({ id, ask }: { id: number; ask: Ask | RawAsk }) => {
  void answerOf(ask).then((answer) => process.send?.({ id, answer }));
});
process.send?.({ id: 0 });

async function answerOf(ask: Ask | RawAsk): Promise<Answer> {
  try {
    return { is: "done", ...shown(JSON.stringify(await target(ask))) };
  } catch (cause) {
    const text = isSysError(cause) ? `${cause.code} ${cause.message} → ${cause.hint ?? ""}` : String(cause);
    return { is: "refused", ...shown(text) };
  }
}

function shown(text: string): Omit<Answer, "is"> {
  const { length } = text;
  return { length, text: length <= 2 * SHOWN ? text : `${text.slice(0, SHOWN)}…${text.slice(-SHOWN)}` };
}

async function openKernel(): Promise<Target> {
  // The others need none of it, and start again after each time that they hang.
  const { createClient } = await import("@aiosjs/sdk");
  const { boot } = await import("../../src/boot.ts");
  const { configSchema } = await import("../../src/config/schema.ts");
  const config = configSchema.parse({
    server: { port: 0 },
    llms: { cores: [{ name: "sim", kind: "sim", slots: 1, fixed: { latencyMs: 0, tokenMs: 0 } }] },
  });
  const home = join(folder, "home");
  mkdirSync(home, { recursive: true, mode: 0o700 });
  writeFileSync(join(home, "policy.yaml"), UNASKED);
  const { kernel, client: admin } = await boot({ home, config, env: {} });
  const mounted = join(folder, "mounted");
  mkdirSync(mounted, { recursive: true });
  await admin.fs.mount({ folder: mounted, name: "attacked", isReadOnly: false });
  const clients = new Map<string, { client: Client; pid: string }>();
  const clientOf = ({ tenant, session }: Caller): { client: Client; pid: string } => {
    const id = `${tenant}/${session}`;
    const known = clients.get(id);
    if (known) return known;
    const owner = { tenant: asTenantId(tenant), key: asKeyId(`k-${tenant}`), pid: null, scopes: ["*"] };
    const pid = kernel.identify(owner, { session });
    const made = { client: createClient(kernel.transport({ ...owner, pid })), pid };
    clients.set(id, made);
    return made;
  };
  let fresh = 0;
  return async (ask) => {
    const { client, pid } = clientOf("by" in ask ? ask.by : { tenant: "local", session: "attacked" });
    if ("by" in ask && ask.name === "pid") return pid;
    const calls = "by" in ask ? [[ask.name, ask.args] as const] : verbs[ask.verb].calls(ask.path, `fresh-${fresh++}`);
    const results: unknown[] = [];
    for (const [name, args] of calls) {
      const [device, verb] = name.split(".") as ["fs", "read"];
      results.push(await (client[device][verb] as unknown as (args: object) => Promise<unknown>)(args));
    }
    return results.length === 1 ? results[0] : results;
  };
}
