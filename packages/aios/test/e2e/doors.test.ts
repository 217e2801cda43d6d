import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chunk } from "../upstream.ts";
import { allOf, chatBody, errorOf, framesOf, json, openDoors, responseOf, textOf } from "./open-doors.ts";
import type { Doors } from "./open-doors.ts";

let doors: Doors;
beforeAll(async () => {
  doors = await openDoors({ maxBodyBytes: 100_000 });
});
afterAll(() => doors[Symbol.asyncDispose]());

describe("who may ask", () => {
  test("a request without a key, or with a wrong one, is told so in its door's words", async () => {
    for (const key of ["", `aios_sk_rootroot_${"1".repeat(32)}`, "nonsense"]) {
      const native = await doors.fetch("/v1/syscalls/sys.status", { key, body: {} });
      expect([native.status, native.headers.get("content-type")]).toEqual([401, "application/problem+json"]);
      expect(await json(native)).toMatchObject({ code: "EAUTH", status: 401, retryable: false });
      const openai = await doors.fetch("/v1/chat/completions", { key, body: chatBody() });
      expect([openai.status, openai.headers.get("x-should-retry")]).toEqual([401, "false"]);
      expect(await errorOf(openai)).toMatchObject({
        type: "authentication_error",
        code: "invalid_api_key",
        param: null,
      });
      const anthropic = await doors.fetch("/v1/models", { key, headers: { "anthropic-version": "2023-06-01" } });
      expect(anthropic.status).toBe(401);
      expect(await json(anthropic)).toMatchObject({ type: "error", error: { type: "authentication_error" } });
      for (const path of ["/v1/events", "/v1/calls/c1", "/metrics"])
        expect((await doors.fetch(path, { key })).status).toBe(401);
    }
  });

  test("x-api-key is a key too", async () => {
    const response = await doors.fetch("/v1/models", { key: "", headers: { "x-api-key": doors.key } });
    expect(response.status).toBe(200);
  });

  test("a name that a page has pointed to us is refused, and so is the page itself", async () => {
    const rebound = await responseOf(doors.raw("/healthz", { headers: { host: "evil.example:4141" } }).end());
    expect(rebound.statusCode).toBe(403);
    expect(JSON.parse(await textOf(rebound))).toMatchObject({
      code: "EACCES",
      hint: expect.stringContaining("server.allowedHosts") as string,
    });
    const page = await responseOf(doors.raw("/v1/models", { headers: { origin: "https://evil.example" } }).end());
    expect(page.statusCode).toBe(403);
    expect(JSON.parse(await textOf(page))).toMatchObject({ error: { type: "permission_error" } });
    const own = await responseOf(doors.raw("/v1/models", { headers: { origin: doors.url } }).end());
    expect(own.statusCode).toBe(200);
    own.resume();
  });

  test("health and documents need no key, figures do", async () => {
    for (const path of ["/healthz", "/readyz", "/openapi.json", "/docs"])
      expect((await doors.fetch(path, { key: "" })).status, path).toBe(200);
    const { key } = await doors.admin.key.create({ scopes: ["llm.*"] });
    const refused = await doors.fetch("/metrics", { key });
    expect([refused.status, (await json(refused))["code"]]).toEqual([403, "EACCES"]);
  });
});

describe("bad input", () => {
  test("a body over the limit is 413, whether it says its length or not", async () => {
    const big = "x".repeat(100_001);
    const native = await doors.fetch("/v1/syscalls/llm.chat", { body: big });
    expect([native.status, (await json(native))["code"]]).toEqual([413, "E2BIG"]);
    const request = doors.raw("/v1/chat/completions", { method: "POST" });
    request.on("error", () => undefined); // the rest of the body may meet a closed socket
    const responded = responseOf(request);
    for (let sent = 0; sent < 20; sent++) request.write("x".repeat(10_000));
    const chunked = await responded;
    request.destroy();
    expect([chunked.statusCode, chunked.headers["x-should-retry"]]).toEqual([413, "false"]);
  });

  test("what is not JSON is told where it stops being it", async () => {
    const native = await doors.fetch("/v1/syscalls/llm.chat", { body: '{"model": ' });
    expect(native.status).toBe(400);
    expect(await json(native)).toMatchObject({
      code: "EINVAL",
      detail: expect.stringMatching(/not valid JSON/) as string,
    });
    const openai = await doors.fetch("/v1/chat/completions", { body: "{'model': 1}" });
    expect(openai.status).toBe(400);
    expect(await errorOf(openai)).toMatchObject({
      type: "invalid_request_error",
      message: expect.stringMatching(/position 1/) as string,
    });
    for (const body of ["[]", "3", '"x"', "null"]) {
      const response = await doors.fetch("/v1/chat/completions", { body });
      expect((await errorOf(response))["message"]).toMatch(/not an object/);
    }
  });

  test("a compressed body is refused instead of being read as text", async () => {
    const response = await doors.fetch("/v1/chat/completions", {
      body: chatBody(),
      headers: { "content-encoding": "gzip" },
    });
    expect([response.status, (await errorOf(response))["message"]]).toEqual([400, expect.stringMatching(/"gzip"/)]);
  });

  test("wrong types name the member, in both dialects", async () => {
    const openai = await doors.fetch("/v1/chat/completions", { body: chatBody({ temperature: "hot" }) });
    expect(openai.status).toBe(400);
    expect(await errorOf(openai)).toEqual({
      type: "invalid_request_error",
      code: null,
      param: "temperature",
      message: "temperature: expected a number, got a string",
    });
    const native = await doors.fetch("/v1/syscalls/llm.chat", { body: { messages: [{ role: "user", content: 4 }] } });
    expect(native.status).toBe(400);
    expect((await json(native))["detail"]).toMatch(/^llm\.chat: messages\.0\.content: /);
  });

  test("a wrong urgency is refused by the header's name", async () => {
    const response = await doors.fetch("/v1/chat/completions", { body: chatBody(), headers: { "x-aios-nice": "99" } });
    expect([response.status, (await errorOf(response))["message"]]).toEqual([
      400,
      expect.stringMatching(/x-aios-nice/),
    ]);
  });

  test("an unknown model, process, call, syscall and path are 404 each, and a path names the nearest one", async () => {
    const model = await doors.fetch("/v1/chat/completions", { body: chatBody({ model: "up/none" }) });
    expect([model.status, await errorOf(model)]).toMatchObject([404, { code: "model_not_found", param: "model" }]);
    const listed = await doors.fetch("/v1/models/none");
    expect([listed.status, (await errorOf(listed))["code"]]).toEqual([404, "model_not_found"]);
    const process = await doors.fetch("/v1/chat/completions", {
      body: chatBody(),
      headers: { "x-aios-pid": "nobody" },
    });
    expect([process.status, (await errorOf(process))["code"]]).toEqual([404, "process_not_found"]);
    for (const accept of ["application/json", "text/event-stream"]) {
      const call = await doors.fetch("/v1/calls/nobody", { headers: { accept } });
      expect([call.status, (await json(call))["code"]]).toEqual([404, "ENOENT"]);
    }
    const syscall = await doors.fetch("/v1/syscalls/llm.chatt", { body: {} });
    expect([syscall.status, (await json(syscall))["code"]]).toEqual([404, "ENOSYS"]);
    const path = await doors.fetch("/v1/sycalls/llm.chat", { body: {} });
    expect([path.status, (await json(path))["hint"]]).toEqual([404, expect.stringMatching(/\/v1\/syscalls\/\{id\}/)]);
    const withoutV1 = await doors.fetch("/chat/completions", { body: chatBody() });
    expect([withoutV1.status, (await errorOf(withoutV1))["message"]]).toEqual([
      404,
      expect.stringMatching(/mean \/v1\/chat\/completions\?/),
    ]);
  });

  test("a wrong method says which one is right", async () => {
    const native = await doors.fetch("/v1/syscalls/sys.status");
    expect([native.status, native.headers.get("allow"), (await json(native))["status"]]).toEqual([405, "POST", 405]);
    const openai = await doors.fetch("/v1/models", { body: {} });
    expect([openai.status, openai.headers.get("allow"), (await errorOf(openai))["type"]]).toEqual([
      405,
      "GET",
      "invalid_request_error",
    ]);
  });

  test("an address that is none is told so", async () => {
    const socket = connect(Number(new URL(doors.url).port), "127.0.0.1");
    socket.write("GET /v1\\events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    let text = "";
    for await (const part of socket.setEncoding("utf8")) text += part as string;
    expect(text).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"EINVAL","detail":"the request's address is wrong"/);
  });

  test("a request that is no HTTP is answered, and the server lives on", async () => {
    const { hostname, port } = new URL(doors.url);
    const socket = connect(Number(port), hostname);
    socket.end("\u0000\u0001 nonsense\r\n\r\n");
    let text = "";
    for await (const part of socket.setEncoding("utf8")) text += part as string;
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect((await doors.fetch("/healthz")).status).toBe(200);
  });
});

describe("closing", () => {
  const frames = (response: Response) => allOf(framesOf(response));

  test("ends streams that would never end, and refuses in its own words what has not been answered in time", async () => {
    await using closing = await openDoors({
      graceMs: 20,
      limits: { concurrency: 2 },
      script: ({ body }) => (body.stream === true ? { is: "answer", isEndless: true } : { is: "silence" }),
    });
    const events = await closing.fetch("/v1/events?after=0");
    const stream = await closing.fetch("/v1/chat/completions", { body: chatBody({ stream: true }) });
    const unanswered = closing.fetch("/v1/chat/completions", { body: chatBody() });
    await closing.upstream.received(2);
    const [seen, said, refused] = await Promise.all([frames(events), frames(stream), unanswered, closing.close()]);
    expect(seen.length).toBeGreaterThan(0);
    expect(JSON.parse(said.at(-1)?.data ?? "")).toMatchObject({ error: { code: "rate_limit_exceeded" } });
    expect([refused.status, refused.headers.get("retry-after-ms")]).toEqual([429, "2000"]);
    expect((await errorOf(refused))["message"]).toMatch(/shutting down/);
    await closing.upstream.idle();
    await expect(closing.fetch("/healthz")).rejects.toThrow(/fetch failed/);
  });

  test("lets a call that ends within the grace time be answered", async () => {
    const answered = Promise.withResolvers<void>();
    await using closing = await openDoors({
      graceMs: 60_000,
      script: () => ({ is: "answer", after: answered.promise }),
    });
    const asked = closing.fetch("/v1/chat/completions", { body: chatBody() });
    await closing.upstream.received(1);
    const closed = closing.close();
    answered.resolve();
    expect((await asked).status).toBe(200);
    expect(await json(await asked)).toMatchObject({ choices: [{ message: { content: "Hello, world." } }] });
    await closed;
  });

  test("is not held up by a client that does not read", async () => {
    const part = chunk({ content: "x".repeat(100_000) });
    await using closing = await openDoors({
      script: () => ({ is: "raw", writes: Array.from({ length: 300 }, () => part), end: "hang" }),
    });
    const request = closing.raw("/v1/chat/completions", { method: "POST" });
    const response = await responseOf(request.end(JSON.stringify(chatBody({ stream: true }))));
    await closing.close();
    response.on("error", () => undefined).resume();
    request.destroy();
    await closing.upstream.idle();
  });
});
