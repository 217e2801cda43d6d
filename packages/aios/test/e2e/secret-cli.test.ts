import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openAios } from "./aios.ts";
import type { Aios } from "./aios.ts";

const timeoutMs = 60_000;

let aios: Aios;
beforeEach(async () => {
  aios = await openAios();
}, timeoutMs);
afterEach(() => aios[Symbol.asyncDispose](), timeoutMs);

const value = "value-of-the-bank";

describe("aios secret", { timeout: timeoutMs }, () => {
  test("keeps what is piped in, lists it without its value, changes its hosts alone, and forgets it", async () => {
    const set = await aios.run(["secret", "set", "bank", "--host", "api.bank.example"], { input: `${value}\n` });
    expect([set.code, set.out]).toEqual([0, ""]);
    expect(set.err).toContain("secret://bank is kept, for https://api.bank.example:443\n");
    const file = join(aios.home, "secrets", "bank@local.json");
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ value });
    if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);

    const moved = await aios.run(["secret", "set", "bank", "--host", "http://intranet.example:8080"], { input: "" });
    expect(moved.err).toContain("over plain HTTP anybody on the way can read it: http://intranet.example:8080");
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ value, hosts: ["http://intranet.example:8080"] });
    await aios.run(["secret", "set", "bank", "--tenant", "team-b", "--host", "x.example"], { input: "other-value" });

    const listed = await aios.run(["secret", "ls"]);
    expect(listed.out).toMatch(/^bank +local +http:\/\/intranet\.example:8080 /m);
    expect(listed.out).toMatch(/^bank +team-b +https:\/\/x\.example:443 /m);
    const data = await aios.data<Record<string, unknown>[]>(["secret", "ls"]);
    expect(Object.keys(data[0] ?? {})).toEqual(["name", "tenant", "hosts", "setAt"]);
    for (const { out, err } of [set, moved, listed]) expect(out + err).not.toContain(value);

    expect((await aios.run(["secret", "rm", "bank"])).code).toBe(0);
    expect(await aios.run(["secret", "rm", "bank"])).toMatchObject({ code: 3 });
    expect((await aios.data<unknown[]>(["secret", "ls"])).length).toBe(1);
  });

  test("refuses what would be no good, and says what to do", async () => {
    const refused = async (args: readonly string[], input = value) => {
      const { code, err } = await aios.run(["secret", "set", ...args], { input });
      return `${code} ${err}`;
    };
    expect(await refused(["bank"])).toMatch(
      /^2 .*hosts that bank is for are missing[^]*aios secret set bank --host api\.example\.com/,
    );
    expect(await refused(["bank", "--host", "x.example"], "")).toMatch(/^2 .*value of bank is missing/);
    expect(await refused(["bank", "--host", "x.example"], "short")).toMatch(/^2 [^]*5 characters/);
    expect(await refused(["BANK", "--host", "x.example"])).toMatch(/^2 [^]*in lower case: bank/);
    expect(await refused(["bank", "--host", "*:443"])).toMatch(/^2 [^]*is no host/);
    expect(await refused(["bank", value, "--host", "x.example"])).toMatch(/^2 /);
    const inside = await aios.run(["secret", "ls"], { env: { AIOS_PID: "p1" } });
    expect(inside).toMatchObject({ code: 5 });
  });

  test("what a command prints is in its log without the secret, and on its terminal as it is", async () => {
    writeFileSync(join(aios.home, "env"), "OPENAI_API_KEY=sk-0123456789abcdef\n");
    await aios.run(["secret", "set", "bank", "--host", "x.example"], { input: value });
    expect((await aios.run(["up", "-d", "--port", "0", "--core", "sim"])).code).toBe(0);
    const encoded = Buffer.from(`user:${value}`).toString("base64");
    const script = `console.log("${value} ${encoded} sk-0123456789abcdef")`;
    const ran = await aios.run(["run", "--name", "teller", "--", process.execPath, "-e", script]);
    expect(ran.out).toContain(value);
    const logs = await aios.run(["logs", "teller"]);
    expect(logs.out).toMatch(
      /^secret:\/\/bank [A-Za-z0-9+/]{0,8}secret:\/\/bank[A-Za-z0-9+/=]{0,4} env:OPENAI_API_KEY$/m,
    );
    const folder = join(aios.home, "logs");
    for (const name of readdirSync(folder)) expect(readFileSync(join(folder, name), "utf8")).not.toContain(value);
  });
});
