import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openEgressProxy } from "../src/drivers/egress/proxy.ts";
import { hasBubblewrap, openBubblewrap } from "./bubblewrap.ts";
import { makeSandbox, run } from "./conformance/sandbox-opened.ts";
import { openEgressWorld } from "./egress-world.ts";
import { tlsCertificate } from "./tls-certificate.ts";

/** Asks for each URL with the system's own Python, which goes by the proxy that its environment names. */
const script = `
import ssl, sys, urllib.request
context = ssl.create_default_context(cadata=sys.stdin.read())
for url in sys.argv[1:]:
    request = urllib.request.Request(url, headers={"x-key": "secret://bank"} if url.startswith("http://api") else {})
    try:
        print(urllib.request.urlopen(request, timeout=10, context=context).read().decode().strip())
    except urllib.error.HTTPError as refused:
        print(refused.code, refused.read().decode().split(chr(10))[0])
    except Exception as refused:
        print(refused)`;

describe.runIf(hasBubblewrap)("a sandbox with an egress proxy", () => {
  test("reaches what is allowed and nothing else, and uses a secret that it never has", async () => {
    const folder = mkdtempSync(join(tmpdir(), "aios-way-"));
    await using plain = await openEgressWorld((request, response) => response.end(`plain ${request.url}`));
    await using tls = await openEgressWorld((request, response) => response.end(`tls ${request.url}`), { isTls: true });
    const ports = [plain.port, tls.port];
    await using proxy = await openEgressProxy({
      ...plain.options,
      openAddresses: ports.map((port) => `127.0.0.1:${port}`),
      allowed: () => ports.flatMap((port) => [`api.test:${port}`, `metadata.test:${port}`]),
      socketPath: join(folder, "own", "proxy.sock"),
      findSecret: (name) =>
        Promise.resolve({ name, value: "value-of-the-bank", hosts: [`http://api.test:${plain.port}`] }),
    });
    await using driver = openBubblewrap();
    await using sandbox = await makeSandbox(driver, { egress: proxy.socketPath });
    const urls = [
      `https://api.test:${tls.port}/a`,
      `http://api.test:${plain.port}/b`,
      `http://other.test:${plain.port}/`,
      `https://other.test:${tls.port}/`,
      `http://metadata.test:${plain.port}/`,
      "http://169.254.169.254/latest/meta-data",
    ];
    const { out, errors } = await run(sandbox, ["python3", "-c", script, ...urls], { input: tlsCertificate.cert });
    expect(errors).toBe("");
    expect(out.trim().split("\n")).toEqual([
      "tls /a",
      "plain /b",
      expect.stringMatching(/^403 other\.test:\d+ is not among/),
      expect.stringMatching(/403 Forbidden/),
      expect.stringMatching(/^403 metadata\.test:\d+ leads to an address .*169\.254\.169\.254/),
      expect.stringMatching(/^403 169\.254\.169\.254:80 is not among/),
    ]);
    expect(plain.seen.map(({ request }) => request.headers["x-key"])).toEqual(["value-of-the-bank"]);
    expect(tls.seen).toHaveLength(1);
    rmSync(folder, { recursive: true, force: true });
  });
});
