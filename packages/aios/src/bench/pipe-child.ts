// A raw pipe, undici → http: bytes in, bytes out, nothing looked at. What any gateway costs at least.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { Pool } from "undici";
import { serveParent } from "./child.ts";

export interface PipeAnswer {
  readonly url: string;
  readonly pid: number;
}

serveParent<{ upstreamUrl: string }, PipeAnswer>(async ({ upstreamUrl }) => {
  const { origin, pathname } = new URL(upstreamUrl);
  const pool = new Pool(origin, { connections: null });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      void pool
        .request({
          path: request.url ?? pathname,
          method: "POST",
          headers: { "content-type": "application/json" },
          body: Buffer.concat(chunks),
        })
        .then(({ statusCode, headers, body }) => {
          response.writeHead(statusCode, { "content-type": headers["content-type"] as string });
          return pipeline(body, response);
        })
        .catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`, pid: process.pid };
});
