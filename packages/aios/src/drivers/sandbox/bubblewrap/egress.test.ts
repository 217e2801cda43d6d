import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { hasBubblewrap, openBubblewrap } from "../../../../test/bubblewrap.ts";
import { makeSandbox, run, runShell } from "../../../../test/conformance/sandbox-opened.ts";

const sha = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/** A server of the machine, and a proxy on a unix socket that leads every address to it, by CONNECT too. */
async function openWay(answer: Buffer) {
  const folder = mkdtempSync(join(tmpdir(), "aios-way-"));
  const got: string[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      got.push(`${request.method} ${request.url} ${sha(Buffer.concat(parts))}`);
      response.end(answer);
    });
  });
  server.on("connect", (_request, socket, head) => {
    const upstream = connect((server.address() as AddressInfo).port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    for (const one of [upstream, socket]) one.on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const path = join(folder, "proxy.sock");
  const listener = createServer();
  for (const name of ["request", "connect"])
    for (const one of server.listeners(name)) listener.on(name, one as () => void);
  listener.listen(path);
  await once(listener, "listening");
  chmodSync(path, 0o600);
  return {
    path,
    got,
    [Symbol.asyncDispose]: async () => {
      for (const one of [server, listener]) {
        one.closeAllConnections();
        one.close();
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

describe.runIf(hasBubblewrap)("the way out of a bubblewrap", { timeout: 30_000 }, () => {
  test("large bodies go both ways whole, many at a time", async () => {
    const body = randomBytes(3_000_000);
    await using way = await openWay(body);
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver, { egress: way.path });
    const script = `
import hashlib, threading, urllib.request
def one(index):
    request = urllib.request.Request(f"http://far.test/{index}", data=b"a" * 2000000)
    print(hashlib.sha256(urllib.request.urlopen(request, timeout=20).read()).hexdigest(), flush=True)
threads = [threading.Thread(target=one, args=(index,)) for index in range(8)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]`;
    const { out, errors } = await run(sandbox, ["python3", "-c", script]);
    expect(errors).toBe("");
    expect(out.trim().split("\n")).toEqual(Array.from({ length: 8 }, () => sha(body)));
    const sent = sha(Buffer.alloc(2_000_000, "a"));
    expect(way.got.toSorted()).toEqual(
      Array.from({ length: 8 }, (_, index) => `POST http://far.test/${index} ${sent}`),
    );
  });

  test("Node's fetch goes by it: the environment says so", async () => {
    await using way = await openWay(Buffer.from("from afar"));
    await using driver = openBubblewrap();
    const views = [{ from: dirname(process.execPath), at: "/opt/node" }];
    await using sandbox = await makeSandbox(driver, { egress: way.path, views });
    const script = "fetch('http://far.test/page').then((answer) => answer.text()).then(console.log)";
    const { out, errors } = await run(sandbox, ["/opt/node/node", "-e", script]);
    expect({ out, errors }).toEqual({ out: "from afar\n", errors: "" });
  });

  test("a tunnel by CONNECT works, and addresses that are not the proxy lead nowhere", async () => {
    await using way = await openWay(Buffer.from("by tunnel"));
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver, { egress: way.path });
    const tunnel = `
import http.client
connection = http.client.HTTPConnection("127.0.0.1", 3128, timeout=10)
connection.set_tunnel("far.test", 80)
connection.request("GET", "/")
print(connection.getresponse().read().decode())`;
    expect((await run(sandbox, ["python3", "-c", tunnel])).out).toBe("by tunnel\n");
    const direct = await runShell(
      sandbox,
      "unset http_proxy; python3 -c 'import socket; socket.create_connection((\"192.0.2.1\", 80), 3)'",
    );
    expect(direct.errors).toMatch(/unreachable/);
  });

  test("a proxy that is gone ends connections, not the sandbox", async () => {
    await using driver = openBubblewrap();
    const way = await openWay(Buffer.from("x"));
    await using sandbox = await makeSandbox(driver, { egress: way.path });
    expect((await runShell(sandbox, "echo here")).out).toBe("here\n");
    const gone = Promise.withResolvers<void>();
    const waiting = runShell(
      sandbox,
      "echo up; sleep 0.3; python3 -c 'import urllib.request as u; u.urlopen(\"http://far.test\", timeout=3)'; echo after",
      { onOutput: () => gone.resolve(way[Symbol.asyncDispose]()) },
    );
    await gone.promise;
    expect((await waiting).out).toBe("up\nafter\n");
    // A sandbox that is started anew cannot show it any more.
    await sandbox.stop();
    await expect(runShell(sandbox, "echo never")).rejects.toMatchObject({ code: "EIO" });
  });
});
