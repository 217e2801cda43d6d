import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A proxy on a unix socket that goes nowhere: it answers with the address that it was asked for. */
export async function openProxy(): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), "aios-proxy-"));
  const path = join(folder, "proxy.sock");
  const server = createServer((request, response) => response.end(`by the proxy: ${request.url ?? ""}`));
  server.listen(path);
  await once(server, "listening");
  chmodSync(path, 0o666);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
