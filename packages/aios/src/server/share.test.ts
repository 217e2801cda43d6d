import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { openFileRig, removeFileFolders } from "../../test/file-rig.ts";
import { refuseThrown } from "./dialect.ts";
import { nativeDialect as dialect } from "./native/problem.ts";
import { createSharePage } from "./share.ts";

afterEach(removeFileFolders);

/** More than the sockets of a connection hold. */
const LARGE_BYTES = 16 * 1024 * 1024;

test(
  "readers that take nothing hold so much in memory and no more, and are given up",
  { timeout: 60_000 },
  async () => {
    const { kernel, admin } = await openFileRig();
    const links: string[] = [];
    for (const [name, size] of [
      ["large", LARGE_BYTES],
      ["small", 5],
    ] as const) {
      await admin.fs.write({ path: name, content: "x".repeat(size) });
      links.push((await admin.fs.share({ path: name })).link.slice("/s/".length));
    }
    const [large = "", small = ""] = links;
    const page = createSharePage({ maxBytes: LARGE_BYTES + 10, idleMs: 1_000 });
    const server = createServer((incoming, outgoing) => {
      page({ doors: { kernel }, incoming, outgoing, dialect }, incoming.url?.slice(1) ?? "").catch((thrown: unknown) =>
        refuseThrown(outgoing, dialect, thrown),
      );
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const get = (token: string) => fetch(`http://127.0.0.1:${port}/${token}`);

    const stalled = connect(port, "127.0.0.1").pause();
    stalled.write(`GET /${large} HTTP/1.1\r\nhost: here\r\n\r\n`);
    await expect.poll(async () => (await get(large)).status, { timeout: 30_000 }).toBe(429);
    const busy = await get(large);
    expect([busy.status, busy.headers.get("retry-after")]).toEqual([429, "1"]);
    // What fits goes on, as often as it is asked for.
    for (let times = 0; times < 5; times++) expect(await (await get(small)).text()).toBe("xxxxx");
    expect((await fetch(`http://127.0.0.1:${port}/${large}`, { method: "HEAD" })).status).toBe(200);
    await expect.poll(async () => (await get(large)).text(), { timeout: 30_000 }).toHaveLength(LARGE_BYTES);
    stalled.destroy();
    server.closeAllConnections();
    server.close();
  },
);
