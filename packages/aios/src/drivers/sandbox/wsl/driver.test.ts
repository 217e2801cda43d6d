import { linkSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hasBubblewrap } from "../../../../test/bubblewrap.ts";
import { ada, makeSandbox, newId, runShell } from "../../../../test/conformance/sandbox-opened.ts";
import { posixPrograms, sandboxConformance } from "../../../../test/conformance/sandbox.ts";
import { openFakeWsl } from "../../../../test/fake-wsl.ts";
import type { FakeWsl } from "../../../../test/fake-wsl.ts";
import { Distribution, spoken, words } from "./distribution.ts";
import { findDistribution, installed } from "./probe.ts";

describe.runIf(hasBubblewrap)("over a wsl.exe that is this Linux", () => {
  sandboxConformance(
    "wsl",
    async () => {
      const fake = openFakeWsl();
      return {
        driver: fake.driver,
        again: async () => fake.again(),
        [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
      };
    },
    // Each download is a sandbox of its own.
    { programs: posixPrograms, posix: true, folders: true, timeoutMs: 120_000 },
  );

  let fake: FakeWsl;
  beforeEach(() => {
    fake = openFakeWsl();
  });
  afterEach(() => fake[Symbol.asyncDispose]());

  test("wsl.exe gets one command line, whatever is run: what is to be done comes by the input", async () => {
    await using sandbox = await makeSandbox(fake.driver);
    const environment = { KEY: 'a "secret" \\ %PATH% ^ $HOME' };
    const { out } = await runShell(sandbox, 'printf "%s" "$KEY"', { environment });
    expect(out).toBe(environment.KEY);
    const starts = fake.called().filter(([first]) => first === "-d");
    expect(new Set(starts.map((call) => call.join(" ")))).toEqual(
      new Set(["-d Ubuntu --exec /bin/sh -c read -r s;IFS=;set -f;eval $s"]),
    );
    for (const word of starts.flat()) expect(word).not.toMatch(/["\\%^]/);
  });

  test("what the distribution has in its environment is not inside, not in that of the first process either", async () => {
    await using sandbox = await makeSandbox(fake.driver);
    const { out } = await runShell(sandbox, "env; cat /proc/*/environ | tr '\\0' '\\n'");
    expect(out).toContain("HOME=/home/agent");
    expect(out).not.toMatch(/WSL|fake/);
  });

  test("what a program makes has the rights that it has elsewhere, and its own folder is the user's alone", async () => {
    await using sandbox = await makeSandbox(fake.driver);
    const { out } = await runShell(sandbox, "umask; mkdir d; stat -c %a d $HOME");
    expect(out).toBe("0022\n755\n700\n");
  });

  test("what a program says that looks like the script's own end is output", async () => {
    await using sandbox = await makeSandbox(fake.driver);
    const { errors, ended } = await runShell(
      sandbox,
      "printf '00000000-0000-0000-0000-000000000000 0 - 1 ' >&2; exit 3",
    );
    expect(errors).toBe("00000000-0000-0000-0000-000000000000 0 - 1 ");
    expect(ended.code).toBe(3);
  });

  test("nothing of a deleted sandbox is left, on either side", async () => {
    const sandbox = await fake.driver.create({ id: newId(), tenant: ada });
    await runShell(sandbox, "echo x > file");
    await sandbox.snapshot();
    await sandbox.delete();
    const [linux = ""] = readdirSync(join(fake.folder, "linux/.local/share/aios/sandboxes"));
    const left = readdirSync(join(fake.folder, "linux/.local/share/aios/sandboxes", linux));
    expect(left).toEqual([".machine-1"]);
    expect(readdirSync(join(fake.folder, "windows/.gone"))).toEqual([]);
  });

  test("a guard in a folder that takes .ENV for .env is refused: EPOLICY says how such a folder is changed", async () => {
    const workspace = mkdtempSync(join(tmpdir(), "aios-workspace-"));
    writeFileSync(join(workspace, ".env"), "KEY=1");
    await (await makeSandbox(fake.driver, { workspace, guarded: [".env", "deep/file"] })).delete();
    // One file under both names is what such a folder shows.
    linkSync(join(workspace, ".env"), join(workspace, ".ENV"));
    const refused = expect(makeSandbox(fake.driver, { workspace, guarded: [".env"] })).rejects;
    await refused.toMatchObject({ code: "EPOLICY", hint: expect.stringContaining("setCaseSensitiveInfo") });
    expect(readdirSync(workspace).toSorted()).toEqual([".ENV", ".env"]);
    rmSync(workspace, { recursive: true });
  });

  test("a way out cannot be had: ENOSYS says where there is one", async () => {
    const refused = expect(makeSandbox(fake.driver, { egress: "/any" })).rejects;
    await refused.toMatchObject({ code: "ENOSYS", hint: expect.stringContaining("in the WSL distribution") });
  });

  test("words reach the distribution as they are, and paths of Windows as WSL names them", async () => {
    const distribution = new Distribution(fake.program, "Ubuntu");
    const odd = ["'", '"', "\\", "\n", "a\nb\n", "$n", "`id`", "%", " ", "", "*", "二", "-n", "é\t", "\r"];
    const all = [...odd, ...odd.flatMap((one) => odd.map((other) => one + other))];
    expect((await distribution.run(`printf '%s\\0' ${words(all)}`)).split("\0").slice(0, -1)).toEqual(all);
    expect(await distribution.pathOf("C:\\Users\\ada\\my work\\二")).toBe("/mnt/c/Users/ada/my work/二");
    expect(await distribution.pathOf("/home/ada")).toBe("/home/ada");
    await expect(distribution.run("echo why >&2; exit 3")).rejects.toMatchObject({
      code: "EIO",
      message: expect.stringContaining("why"),
    });
  });

  test("the default distribution is found by a wsl.exe that speaks UTF-8 and by one that speaks UTF-16", async () => {
    expect(await findDistribution(fake.program)).toMatchObject({
      is: "found",
      version: expect.stringMatching(/in Ubuntu$/),
    });
    const text = "* Ubuntu  Läuft  2\r\n";
    expect(spoken(Buffer.from(text, "utf16le"))).toBe("* Ubuntu  Läuft  2\n");
    expect(spoken(Buffer.from(text))).toBe("* Ubuntu  Läuft  2\n");
  });

  test("another distribution than the wanted is not taken for it", async () => {
    expect(await findDistribution(fake.program, "Debian")).toMatchObject({
      is: "missing",
      fix: "wsl --install Debian",
    });
  });
});

test("of a list the names, the default one and the versions are read, whatever the language", () => {
  expect(
    installed(
      "  名称      状态       版本\n* Ubuntu    正在运行    2\n  alt       Wird ausgeführt  1\n\nsomething else\n",
    ),
  ).toEqual([
    { name: "Ubuntu", isDefault: true, version: 2 },
    { name: "alt", isDefault: false, version: 1 },
  ]);
});

test.each([
  { what: "no distribution", list: "", why: "no default", fix: "wsl --install" },
  { what: "one of WSL 1", list: "* Old  Stopped  1\n", why: "WSL 1", fix: "wsl --set-version Old 2" },
])("with $what it is missing, and it is said what to do", async ({ list, why, fix }) => {
  const folder = mkdtempSync(join(tmpdir(), "aios-list-"));
  const file = join(folder, "wsl.exe");
  writeFileSync(file, `#!/bin/sh\nprintf '%s' '${list}'\n`, { mode: 0o755 });
  const found = await findDistribution({ file, environment: {} });
  expect(found).toMatchObject({ is: "missing", why: expect.stringContaining(why), fix: expect.stringContaining(fix) });
  rmSync(folder, { recursive: true });
});

test.each([
  ["root", "--set-default-user"],
  ["absent", "apt-get install -y bubblewrap"],
  ["start", "bwrap --unshare-all"],
  ["tools", "coreutils"],
  ["processor", "container driver"],
])("a distribution that complains of %s is of no use, and it is said what mends it", async (word, fix) => {
  const folder = mkdtempSync(join(tmpdir(), "aios-list-"));
  const file = join(folder, "wsl.exe");
  const list = "* Ubuntu  Running  2\n";
  writeFileSync(file, `#!/bin/sh\n[ "$1" = --list ] && printf '%s' '${list}' || echo ${word}\n`, { mode: 0o755 });
  const found = await findDistribution({ file, environment: {} });
  expect(found).toMatchObject({ is: "missing", fix: expect.stringContaining(fix) });
  rmSync(folder, { recursive: true });
});

test("where there is no wsl.exe, or no Windows, it says so, and makes nothing", async () => {
  const absent = { file: "/nonexistent/wsl.exe", environment: {} };
  expect(await findDistribution(absent)).toMatchObject({ is: "missing", fix: "wsl --install" });
  await using fake = openFakeWsl({ platform: "linux" });
  expect(await fake.driver.probe()).toMatchObject({ is: "missing", why: expect.stringContaining("Windows") });
  await expect(fake.driver.create({ id: newId(), tenant: ada })).rejects.toMatchObject({ code: "ENOSYS" });
  expect(await fake.driver.list()).toEqual([]);
});
