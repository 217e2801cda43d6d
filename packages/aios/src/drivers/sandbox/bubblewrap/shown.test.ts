import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hasBubblewrap, openBubblewrap } from "../../../../test/bubblewrap.ts";
import { makeSandbox, runShell } from "../../../../test/conformance/sandbox-opened.ts";

function temporaryFolder(): { readonly path: string } & Disposable {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "aios-shown-")));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

describe.runIf(hasBubblewrap)("what a bubblewrap shows of the machine", { timeout: 30_000 }, () => {
  test("a workspace is where it is on the machine, when that is asked for, and the home folder is another", async () => {
    using folder = temporaryFolder();
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver, { workspace: folder.path, workspaceAt: folder.path });
    const { out, errors } = await runShell(sandbox, "pwd; echo made > here; echo kept > ~/there; ls -A ~");
    expect({ out, errors }).toEqual({ out: `${folder.path}\nthere\n`, errors: "" });
    expect(readFileSync(join(folder.path, "here"), "utf8")).toBe("made\n");
    expect((await runShell(sandbox, "cat ~/there")).out).toBe("kept\n");
    expect(existsSync(join(folder.path, "there"))).toBe(false);
  });

  test("what is guarded is so at the workspace's own place", async () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, ".git/hooks"), { recursive: true });
    await using driver = openBubblewrap();
    const spec = { workspace: folder.path, workspaceAt: folder.path, guarded: [".git/hooks"] };
    await using sandbox = await makeSandbox(driver, spec);
    await runShell(sandbox, "echo x > .git/hooks/pre-commit; mv .git .got; echo y > .git-is-not-whole");
    expect(existsSync(join(folder.path, ".git/hooks/pre-commit"))).toBe(false);
    expect(existsSync(join(folder.path, ".git-is-not-whole"))).toBe(true);
  });

  test("what is hidden is empty, wherever it would be seen, and what is shown below it is seen", async () => {
    using folder = temporaryFolder();
    const at = (path: string) => join(folder.path, path);
    mkdirSync(at("work/.aios/programs/one"), { recursive: true });
    for (const path of ["work/.aios/credentials", "work/key.pem", "work/.aios/programs/one/a.js", "work/plain"])
      writeFileSync(at(path), path);
    symlinkSync(at("work/.aios"), at("home"));
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver, {
      workspace: at("work"),
      workspaceAt: at("work"),
      views: [
        { from: folder.path, at: "/opt/all" },
        { from: at("work/.aios/programs/one"), at: at("work/.aios/programs/one") },
      ],
      // By a link, as a home may be named.
      hidden: [at("home"), at("work/key.pem"), at("absent")],
    });
    const script = `find . /opt/all -type f -size +0 | sort; cat .aios/credentials /opt/all/work/.aios/credentials; cat key.pem; echo x > .aios/credentials; rm -rf .aios/programs; echo end`;
    const { out } = await runShell(sandbox, script);
    expect(out).toBe("./.aios/programs/one/a.js\n./plain\n/opt/all/work/plain\nend\n");
    expect(readFileSync(at("work/.aios/credentials"), "utf8")).toBe("work/.aios/credentials");
    expect(readFileSync(at("work/.aios/programs/one/a.js"), "utf8")).toBe("work/.aios/programs/one/a.js");
  });

  test("a port of its loopback leads to a socket of the machine, beside the way out", async () => {
    using folder = temporaryFolder();
    const listen = async (name: string) => {
      const server = createServer((connection) => connection.end(`this is ${name}`));
      server.listen(join(folder.path, name));
      await once(server, "listening");
      return { path: join(folder.path, name), [Symbol.dispose]: () => void server.close() };
    };
    using door = await listen("door");
    using other = await listen("other");
    using egress = await listen("egress");
    await using driver = openBubblewrap();
    const forwards = [
      { port: 4001, socket: door.path },
      { port: 4002, socket: other.path },
    ];
    await using sandbox = await makeSandbox(driver, { forwards, egress: egress.path });
    const script = `import socket
for port in (4001, 4002, 3128, 4003):
    try: print(socket.create_connection(("127.0.0.1", port)).recv(99).decode())
    except OSError as fault: print(fault.strerror)`;
    const { out } = await runShell(sandbox, `python3 -c '${script}'`);
    expect(out).toBe("this is door\nthis is other\nthis is egress\nConnection refused\n");
  });

  test.each([
    ["/", "view"],
    ["/etc/ssl", "view"],
    ["/home", "view"],
    ["/opt/../etc", "view"],
    ["/home/agent", "view"],
    ["/usr/local", "workspace"],
    ["relative", "workspace"],
  ])("nothing is put at %s", async (at, what) => {
    using folder = temporaryFolder();
    await using driver = openBubblewrap();
    const spec = what === "view" ? { views: [{ from: folder.path, at }] } : { workspace: folder.path, workspaceAt: at };
    await expect(makeSandbox(driver, spec)).rejects.toMatchObject({ code: "EINVAL" });
  });
});
