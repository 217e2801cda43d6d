import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeSandbox, ok, runShell } from "./sandbox-opened.ts";
import type { OpenedSandboxes, SandboxAbilities } from "./sandbox-opened.ts";

/** A folder of the machine that goes with the test. */
function temporaryFolder(files: Readonly<Record<string, string>> = {}): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "aios-workspace-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(path, name, ".."), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const guarded = [".git/hooks", ".git/config", ".env", "deep/er/.npmrc"];

/** Folders of the machine that are seen inside. */
export function describeSandboxFolders(opened: () => OpenedSandboxes, _abilities: SandboxAbilities): void {
  test("a given workspace is the home folder: written inside, found outside, and left there by delete", async () => {
    using workspace = temporaryFolder({ "given.txt": "given", "sub/old.txt": "old" });
    const sandbox = await makeSandbox(opened().driver, { workspace: workspace.path });
    const { out, ended } = await runShell(
      sandbox,
      "cat given.txt && echo made > made.txt && echo new > sub/old.txt && mkdir d",
    );
    expect({ out, ended }).toEqual({ out: "given", ended: ok });
    await sandbox.upload("d/up.txt", new TextEncoder().encode("up"));
    await sandbox.delete();
    expect(readFileSync(join(workspace.path, "made.txt"), "utf8")).toBe("made\n");
    expect(readFileSync(join(workspace.path, "sub/old.txt"), "utf8")).toBe("new\n");
    expect(readFileSync(join(workspace.path, "d/up.txt"), "utf8")).toBe("up");
  });

  test("what it makes in a workspace belongs to the workspace's owner outside", async () => {
    using workspace = temporaryFolder();
    await using sandbox = await makeSandbox(opened().driver, { workspace: workspace.path });
    await runShell(sandbox, "echo x > made.txt");
    expect(lstatSync(join(workspace.path, "made.txt")).uid).toBe(lstatSync(workspace.path).uid);
    if (process.getuid?.() !== 0) return;
    using users = temporaryFolder();
    chownSync(users.path, 1234, 1234);
    await using other = await makeSandbox(opened().driver, { workspace: users.path });
    expect((await runShell(other, "echo x > made.txt")).ended).toEqual(ok);
    expect(lstatSync(join(users.path, "made.txt")).uid).toBe(1234);
  });

  test("nothing that it leaves in a workspace runs with its owner's rights: no set-user-id", async () => {
    using workspace = temporaryFolder();
    await using sandbox = await makeSandbox(opened().driver, { workspace: workspace.path });
    await runShell(
      sandbox,
      "cp /bin/sh s1; chmod 4755 s1; chmod u+s s1; cp s1 s2; chmod 2755 s2; install -m 4755 s1 s3",
    );
    for (const name of ["s1", "s2", "s3"]) {
      const path = join(workspace.path, name);
      if (existsSync(path)) expect(lstatSync(path).mode & 0o6000).toBe(0);
    }
  });

  test("what is guarded is read inside and not changed, moved, replaced or linked away", async () => {
    using workspace = temporaryFolder({
      ".git/hooks/pre-commit": "hook",
      ".git/config": "config",
      ".env": "KEY=1",
      "deep/er/.npmrc": "npmrc",
      "free.txt": "free",
    });
    await using sandbox = await makeSandbox(opened().driver, { workspace: workspace.path, guarded });
    expect((await runShell(sandbox, "cat .git/hooks/pre-commit .git/config .env deep/er/.npmrc")).out).toBe(
      "hookconfigKEY=1npmrc",
    );
    const attempts = [
      "echo bad > .env",
      "echo bad >> .git/config",
      "echo bad > .git/hooks/post-commit",
      "rm -rf .git/hooks",
      "rm .env; echo bad > .env",
      "mv .env .env2; echo bad > .env",
      "mv .git .git2; mkdir .git; echo bad > .git/config",
      "mv deep/er deep/away; mkdir deep/er; echo bad > deep/er/.npmrc",
      "mv deep deeper; mkdir -p deep/er; echo bad > deep/er/.npmrc",
      "ln -sf free.txt .env",
      "ln .env hard; echo bad > hard",
      "cp free.txt tmp && mv -f tmp .git/config",
      "umount .env; echo bad > .env",
      "chmod 777 .env; echo bad > .env",
      `cd ..; mv ${sandbox.home} /tmp/x; echo bad > ${sandbox.home}/.env`,
    ];
    for (const attempt of attempts) await runShell(sandbox, attempt);
    const read = (name: string) => readFileSync(join(workspace.path, name), "utf8");
    expect([read(".git/hooks/pre-commit"), read(".git/config"), read(".env"), read("deep/er/.npmrc")]).toEqual([
      "hook",
      "config",
      "KEY=1",
      "npmrc",
    ]);
    expect(existsSync(join(workspace.path, ".git/hooks/post-commit"))).toBe(false);
    expect(lstatSync(join(workspace.path, ".env")).isFile()).toBe(true);
    expect((await runShell(sandbox, "echo changed > free.txt; cat free.txt")).out).toBe("changed\n");
    await expect(sandbox.upload(".env", new Uint8Array(3))).rejects.toMatchObject({ code: "EPOLICY" });
    await expect(sandbox.upload(".git/hooks/x", new Uint8Array(3))).rejects.toMatchObject({ code: "EPOLICY" });
  });

  test("what is guarded and absent cannot be made, and nothing is left of the guard afterwards", async () => {
    using workspace = temporaryFolder({ "free.txt": "free" });
    const sandbox = await makeSandbox(opened().driver, { workspace: workspace.path, guarded });
    const attempts = [
      "echo bad > .env",
      "mkdir -p .git/hooks && echo bad > .git/hooks/pre-commit",
      "ln -s free.txt .env",
      "mkdir -p deep/er; echo bad > deep/er/.npmrc",
      "mv free.txt .env",
      "rm -rf .env .git deep; mkdir .git; echo bad > .git/config; echo bad > .env",
    ];
    for (const attempt of attempts) await runShell(sandbox, attempt);
    await expect(sandbox.upload(".env", new Uint8Array(3))).rejects.toMatchObject({ code: "EPOLICY" });
    await sandbox.delete();
    for (const name of [".env", ".git/hooks", ".git/config", ".git", "deep/er/.npmrc"]) {
      expect(existsSync(join(workspace.path, name)), name).toBe(false);
    }
  });

  test("a guarded name that is a link is refused: what stands behind it could be swapped", async () => {
    using workspace = temporaryFolder({ "free.txt": "free" });
    symlinkSync("free.txt", join(workspace.path, ".env"));
    await expect(makeSandbox(opened().driver, { workspace: workspace.path, guarded: [".env"] })).rejects.toMatchObject({
      code: "EPOLICY",
    });
    await expect(makeSandbox(opened().driver, { workspace: workspace.path, guarded: ["../x"] })).rejects.toMatchObject({
      code: "EINVAL",
    });
  });

  test("a view is read inside and not written; one that is not there is ENOENT", async () => {
    using folder = temporaryFolder({ "file.txt": "seen", "sub/x": "y" });
    using workspace = temporaryFolder();
    const views = [
      { from: folder.path, at: "/opt/seen" },
      { from: join(folder.path, "file.txt"), at: "/opt/one.txt" },
    ];
    await using sandbox = await makeSandbox(opened().driver, { workspace: workspace.path, views });
    expect((await runShell(sandbox, "cat /opt/seen/file.txt /opt/seen/sub/x /opt/one.txt")).out).toBe("seenyseen");
    await runShell(
      sandbox,
      "echo bad > /opt/seen/file.txt; echo bad > /opt/seen/new; echo bad > /opt/one.txt; rm -rf /opt/seen",
    );
    expect(readFileSync(join(folder.path, "file.txt"), "utf8")).toBe("seen");
    expect(existsSync(join(folder.path, "new"))).toBe(false);
    const absent = [{ from: join(folder.path, "absent"), at: "/opt/absent" }];
    await expect(makeSandbox(opened().driver, { views: absent })).rejects.toMatchObject({ code: "ENOENT" });
    await expect(makeSandbox(opened().driver, { workspace: join(folder.path, "absent") })).rejects.toMatchObject({
      code: "ENOENT",
    });
  });

  test("the machine's files are not there", async () => {
    using secret = temporaryFolder({ "key.txt": "do not show" });
    await using sandbox = await makeSandbox(opened().driver);
    const places = [secret.path, "/root/.ssh", "/etc/shadow", "/var/run/docker.sock", process.cwd()];
    for (const place of places) {
      const { out } = await runShell(
        sandbox,
        `cat '${place}/key.txt' '${place}' 2>/dev/null; ls '${place}' 2>/dev/null | grep -v '^$'`,
      );
      expect(out, place).toBe("");
    }
  });
}
