import { createClient } from "@aiosjs/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { boot } from "../../src/boot.ts";
import type { System } from "../../src/boot.ts";
import { configSchema } from "../../src/config/schema.ts";
import { builtinTool } from "../../src/drivers/tool/builtin/builtin-tool.ts";
import { openAios } from "./aios.ts";
import type { Aios } from "./aios.ts";

/** Generous: each test starts several Node processes, and the machine may be busy. */
const timeoutMs = 120_000;

let aios: Aios;
let system: System;
const posted: string[] = [];
beforeAll(async () => {
  aios = await openAios();
  system = await boot({
    home: aios.home,
    config: configSchema.parse({ server: { port: 0 } }),
    tools: [
      builtinTool({
        name: "post",
        description: "Post a letter.",
        parameters: z.strictObject({ to: z.string() }),
        effect: "unsafe",
        async run({ to }) {
          posted.push(to);
          return Promise.resolve(`posted to ${to}`);
        },
      }),
    ],
  });
}, timeoutMs);
afterAll(async () => {
  await system[Symbol.asyncDispose]();
  await aios[Symbol.asyncDispose]();
}, timeoutMs);

/** A foreign client posts a letter as soon as the command line holds its calls. */
async function debug(...args: string[]) {
  const { kernel, key } = system;
  const root = kernel.authenticate(key);
  const pid = kernel.identify(root, { session: `poster ${args.join(" ")}` });
  const poster = createClient(kernel.transport(root, pid));
  const ran = aios.run(["debug", pid, "--break", "tool.*", ...args]);
  for await (const batch of kernel.events(root, { afterSeq: 0, pid }, new AbortController().signal))
    if (batch.some(({ topic }) => topic === "debugger.attached")) break;
  const came = await poster.tool.call({ name: "post", arguments: { to: "Ada" } }).then(
    ({ content }) => content,
    (cause: { code: string }) => cause.code,
  );
  if (!args.includes("--once")) await system.client.proc.signal({ pid, signal: "kill" });
  return { ...(await ran), came };
}

test("a script looks at a call, edits it, answers it or fails it", { timeout: timeoutMs }, async () => {
  const looked = await debug("--once", "--json");
  expect(JSON.parse(looked.out)).toMatchObject({ ok: true, data: { name: "tool.call", args: { name: "post" } } });
  expect(looked.came).toBe("posted to Ada");
  const edited = await debug("--once", "--edit", '{"name": "post", "arguments": {"to": "Bob"}}');
  expect(edited.came).toBe("posted to Bob");
  const answered = await debug("--once", "--answer", '{"content": "said"}');
  expect(answered.came).toBe("said");
  const failed = await debug("--once", "--fail", "EPOLICY");
  expect(failed.came).toBe("EPOLICY");
  expect(posted).toEqual(["Ada", "Bob"]);
  // Without --once it goes on to the end of the process.
  const shown = await debug("--jsonl");
  expect(shown).toMatchObject({ code: 0, out: expect.stringContaining('"to":"Ada"') });
  expect(await aios.run(["debug", "nobody", "--edit", "{}"])).toMatchObject({ code: 2 });
});
