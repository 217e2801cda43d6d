import { expect, test } from "vitest";
import { createHttpTransport } from "./http-transport.ts";
import type { SysEvent } from "./events.ts";

test("a call whose kernel died without a record of it fails so that it is made again, not as one that is not found", async () => {
  const queued = { type: "syscall.queued", call: "c1", pid: "p1", name: "proc.restart", atMs: 0 };
  const paths: string[] = [];
  const transport = createHttpTransport({
    url: "http://127.0.0.1:9",
    key: "k",
    fetch: (input) => {
      paths.push(new URL(input as string).pathname);
      // The first kernel dies behind its first event; the next one has never heard of the call.
      if (paths.length === 1)
        return Promise.resolve(
          new Response(`id: 1\ndata: ${JSON.stringify(queued)}\n\n`, {
            headers: { "content-type": "text/event-stream" },
          }),
        );
      const problem = { code: "ENOENT", detail: "no call c1", retryable: false };
      return Promise.resolve(Response.json(problem, { status: 404 }));
    },
  });
  let last: SysEvent | undefined;
  for await (const batch of transport.syscall("proc.restart", { pid: "p1" })) last = batch.at(-1);
  expect(paths).toEqual(["/v1/syscalls/proc.restart", "/v1/calls/c1"]);
  expect(last).toMatchObject({ type: "syscall.failed", error: { code: "EIO", retryable: true } });
});
