import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openAios } from "./aios.ts";
import type { Aios } from "./aios.ts";

const timeoutMs = 60_000;
const chat = ["call", "llm.chat", '{"messages":[{"role":"user","content":"hi"}]}'];

let aios: Aios;
beforeAll(async () => {
  aios = await openAios();
  const { code, err } = await aios.run(["up", "-d", "--port", "0", "--core", "sim"]);
  expect(code, err).toBe(0);
}, timeoutMs);
afterAll(() => aios[Symbol.asyncDispose](), timeoutMs);

test(
  "a key that is void is exit 4, in the language of the user, with the way to a new one",
  async () => {
    const key = (await aios.run(["key", "new", "-q"])).out.trim();
    expect((await aios.run(["ps"], { env: { AIOS_KEY: key } })).code).toBe(0);
    await aios.run(["key", "revoke", key]);
    const { code, err } = await aios.run(["ps", "--lang", "zh"], { env: { AIOS_KEY: key } });
    expect(code).toBe(4);
    expect(err).toMatch(/^aios: \p{Script=Han}.*\(EAUTH\).*\n {2}→ .*aios key new -q/u);
  },
  timeoutMs,
);

test(
  "a key without the scope is exit 5",
  async () => {
    const key = (await aios.run(["key", "new", "-q", "--scopes", "llm.*"])).out.trim();
    const { code, err } = await aios.run(["ps"], { env: { AIOS_KEY: key } });
    expect(code, err).toBe(5);
  },
  timeoutMs,
);

test(
  "a spent budget is exit 8 and names the command that raises it, which works",
  async () => {
    await aios.run(["budget", "set", "tenant:local", "calls=0/day"]);
    const { code, err } = await aios.run(chat);
    expect(code).toBe(8);
    expect(err).toContain("aios budget set tenant:local calls=N/day");
    expect((await aios.run(["budget", "set", "tenant:local", "calls=100/day"])).code).toBe(0);
    expect((await aios.run(chat)).code).toBe(0);
  },
  timeoutMs,
);

test(
  "a request that is wrong is exit 2 and names the schema, which the next command prints",
  async () => {
    const { code, err } = await aios.run(["call", "llm.chat", "{}"]);
    expect(code).toBe(2);
    const [, syscall = ""] = /aios schema (\S+)/.exec(err) ?? [];
    const schema = await aios.data<{ args: { required: string[] } }>(["schema", syscall]);
    expect(schema.args.required).toContain("messages");
    const unknown = await aios.run(["schema", "llm.chta"]);
    expect(unknown).toMatchObject({ code: 3, out: "" });
    expect(unknown.err).toContain('did you mean "aios schema llm.chat"?');
  },
  timeoutMs,
);

test(
  "something else that listens where the kernel should is told apart from one",
  async () => {
    const foreign = createServer((_request, response) => response.writeHead(502).end("<html>bad gateway</html>"));
    foreign.listen(0, "127.0.0.1");
    await once(foreign, "listening");
    const url = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}`;
    try {
      const { code, err } = await aios.run(["ps"], { env: { AIOS_URL: url, AIOS_KEY: "aios_sk_x" } });
      expect(code).toBe(1);
      expect(err).toContain(url);
      expect(err).toContain("is it an AIOS kernel?");
      expect(err).not.toMatch(/^\s+at |<html>/m);
    } finally {
      foreign.close();
    }
  },
  timeoutMs,
);
