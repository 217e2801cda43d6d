// secret://NAME in what a sandbox asks for: composed as boot composes it, on a real bubblewrap and a real home.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@aiosjs/sdk";
import { accessPolicySchema, asTenantId } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import { openSandboxes } from "../src/boot-sandboxes.ts";
import { openHomeSecrets } from "../src/boot-secrets.ts";
import { configSchema } from "../src/config/schema.ts";
import { storeSecret } from "../src/config/secret-store.ts";
import { createRealClock } from "../src/drivers/clock/real.ts";
import { createVirtualClock } from "../src/drivers/clock/virtual.ts";
import { openSqliteJournal } from "../src/drivers/journal/sqlite.ts";
import { hasBubblewrap } from "./bubblewrap.ts";
import { openEgressWorld } from "./egress-world.ts";
import { openRig } from "./rig.ts";
import { createScriptedCore } from "./scripted-core.ts";
import { temporaryHome } from "./temporary-home.ts";

const value = "Zx9-value-of-the-bank-7Qw";
const forms = [
  value,
  Buffer.from(value).toString("base64").slice(0, -4),
  Buffer.from(`told ${value}`).toString("base64").slice(8, -4),
  Buffer.from(value).toString("hex"),
];

/** Asks with the name of the secret; prints what comes back as it is and encoded, and all that the command could know it from. */
const script = `
import base64, os, sys, urllib.request
def ask(url, name):
    request = urllib.request.Request(url, headers={"x-key": "secret://" + name})
    try:
        return urllib.request.urlopen(request, timeout=10).read().decode()
    except urllib.error.HTTPError as refused:
        return str(refused.code) + " " + refused.read().decode().split(chr(10))[0]
for url, name in zip(sys.argv[1::2], sys.argv[2::2]):
    said = ask(url, name)
    print(said, base64.b64encode(said.encode()).decode(), said.encode().hex())
print(dict(os.environ), file=sys.stderr)`;

describe.runIf(hasBubblewrap)("a command in a sandbox that names a secret", { timeout: 60_000 }, () => {
  test("has it sent to its host alone, and nobody is told it: no caller, no journal, no file of the home", async () => {
    using home = temporaryHome();
    // The worst of allowed hosts: it says all that it is told.
    await using world = await openEgressWorld((request, response) =>
      response.end(`told ${String(request.headers["x-key"])}`),
    );
    const [own, other] = [`api.test:${world.port}`, `other.test:${world.port}`];
    const kept = { tenant: asTenantId("local"), value, hosts: [`http://${own}`], setAt: "2026-11-22T00:00:00.000Z" };
    await storeSecret(home.dir, { ...kept, name: "bank" });
    await storeSecret(home.dir, { ...kept, name: "shop", value: "value-of-the-shop" });
    const { watch } = openHomeSecrets({ home: home.dir, env: () => ({}) });
    const { resolve, openAddresses } = world.options;
    await using sandboxes = openSandboxes({
      home: home.dir,
      config: configSchema.parse({}),
      env: {},
      clock: createRealClock(),
      generation: 1,
      resolve,
      openAddresses,
    });
    const journal = await openSqliteJournal({ path: join(home.dir, "journal.db") });
    const rig = await openRig({
      cores: (clock) => [createScriptedCore({ clock })],
      clock: createVirtualClock(1_700_000_000_000),
      seed: process.pid,
      journal,
      secrets: watch,
      sandboxes,
      settings: {
        accessPolicy: accessPolicySchema.parse({
          version: 1,
          defaults: { effect: "declared" },
          agents: { teller: { egress: [own, other], secrets: ["bank"] } },
        }),
      },
    });
    const { key } = await rig.admin.proc.spawn({
      program: { kind: "command", command: ["x"], cwd: "/" },
      name: "teller",
    });
    const client = createClient(rig.kernel.transport(rig.kernel.authenticate(key ?? "")));
    const [pages, others] = [`http://${own}/`, `http://${other}/`];
    const asked = [pages, "bank", others, "bank", pages, "shop", pages, "none"];
    const pieces: unknown[] = [];
    let told: { stdout: string; stderr: string } | undefined;
    for await (const event of client.sandbox.exec({ argv: ["python3", "-c", script, ...asked] })) {
      pieces.push(event);
      if (event.type === "syscall.completed") told = event.result as typeof told;
    }
    expect(told?.stdout.split("\n")).toEqual([
      expect.stringMatching(/^told secret:\/\/bank [^ ]+secret:\/\/bank [0-9a-f]+secret:\/\/bank$/),
      expect.stringMatching(/^403 other.test:\d+: secret:\/\/bank is not for/),
      expect.stringMatching(/^403 api.test:\d+: secret:\/\/shop is not given to this process/),
      expect.stringMatching(/^403 api.test:\d+: secret:\/\/none is not given to this process/),
      "",
    ]);
    expect(told?.stderr).toMatch(/PATH/);
    expect(world.seen.map(({ request }) => request.headers["x-key"])).toEqual([value]);
    const events = await rig.events();
    expect(events.map(({ topic }) => topic).filter((topic) => topic.startsWith("egress."))).toContain(
      "egress.permitted",
    );
    await rig.kernel[Symbol.asyncDispose]();
    await journal[Symbol.asyncDispose]();
    const stored = filesBelow(home.dir).filter(({ path }) => !path.startsWith("secrets"));
    expect(stored.map(({ path }) => path)).toContain("journal.db");
    for (const form of forms) {
      expect(JSON.stringify([pieces, events])).not.toContain(form);
      for (const { path, bytes } of stored) expect(bytes.includes(form), `${path} holds ${form}`).toBe(false);
    }
  });
});

function filesBelow(folder: string): { path: string; bytes: Buffer }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return { path: path.slice(folder.length + 1), bytes: readFileSync(path) };
    });
}
