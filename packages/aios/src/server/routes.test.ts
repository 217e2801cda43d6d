import { syscallTable } from "@aiosjs/sdk/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chatBody, openDoors } from "../../test/e2e/open-doors.ts";
import type { Doors } from "../../test/e2e/open-doors.ts";
import { createRoutes, dialectOf, nearestPath } from "./routes.ts";
import type { Route } from "./routes.ts";
import { OpenReadings } from "./reading.ts";
import { Crowd } from "./sse.ts";
import { defaultWaits } from "./waits.ts";

let doors: Doors;
let routes: readonly Route[];
beforeAll(async () => {
  doors = await openDoors();
  routes = createRoutes({
    kernel: doors.kernel,
    maxBodyBytes: 1_000,
    waits: defaultWaits,
    readings: new OpenReadings(),
    crowd: new Crowd(),
    closing: new AbortController().signal,
  });
});
afterAll(() => doors[Symbol.asyncDispose]());

interface OpenApi {
  openapi: string;
  paths: Record<
    string,
    Record<string, { requestBody?: { content: Record<string, { schema: Record<string, unknown> }> } }>
  >;
}

test("the OpenAPI document has every syscall with its arguments, and every path that is served", async () => {
  const document = (await (await doors.fetch("/openapi.json")).json()) as OpenApi;
  expect(document.openapi).toBe("3.1.0");
  for (const name of Object.keys(syscallTable))
    expect(document.paths[`/v1/syscalls/${name}`]?.["post"], name).toBeDefined();
  const args = document.paths["/v1/syscalls/proc.signal"]?.["post"]?.requestBody?.content["application/json"]?.schema;
  expect(args).toMatchObject({
    type: "object",
    required: ["pid", "signal"],
    properties: { signal: { enum: ["interrupt", "suspend", "resume", "kill"] } },
  });
  const served = routes.map(({ path }) => path.replace(/:id(\{.+\})?/, "{id}"));
  for (const path of served.filter((one) => !["/v1/syscalls/{id}", "/openapi.json", "/docs"].includes(one)))
    expect(document.paths[path], path).toBeDefined();
  // A reference that leads nowhere makes generators fail.
  for (const [, name] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g))
    expect((document as unknown as { components: { schemas: object } }).components.schemas).toHaveProperty(
      name as string,
    );
});

test("the page for people lists the table and loads nothing from elsewhere", async () => {
  const response = await doors.fetch("/docs");
  const html = await response.text();
  for (const name of Object.keys(syscallTable)) expect(html).toContain(`<code>${name}</code>`);
  expect(html).not.toMatch(/<script|src=|https?:\/\//);
  expect(response.headers.get("content-security-policy")).toMatch(/default-src 'none'/);
});

test("the figures are the kernel's, and totals do not grow by being read", async () => {
  await (await doors.fetch("/v1/chat/completions", { body: chatBody() })).text();
  const read = async (): Promise<string[]> => (await (await doors.fetch("/metrics")).text()).split("\n");
  for (let times = 0; times < 2; times++) {
    const lines = await read();
    expect(lines).toContain('aios_calls_total{name="llm.chat",outcome="done"} 1');
    expect(lines).toContain('aios_lane_tokens_total{core="up",model="m",kind="output"} 7');
    expect(lines).toContain("# TYPE aios_lane_queued gauge");
    expect(lines).toContain("aios_open_streams 0");
  }
});

test("a kernel that is shutting down is alive, but not ready", async () => {
  await using stopping = await openDoors();
  expect((await stopping.fetch("/readyz")).status).toBe(200);
  await stopping.kernel[Symbol.asyncDispose]();
  expect((await stopping.fetch("/healthz")).status).toBe(200);
  const ready = await stopping.fetch("/readyz");
  expect([ready.status, ((await ready.json()) as { code: string }).code]).toEqual([503, "ENODEV"]);
  const chat = await stopping.fetch("/v1/chat/completions", { body: chatBody() });
  expect([chat.status, chat.headers.get("retry-after")]).toEqual([429, "2"]);
});

test.each([
  ["/chat/completions", "/v1/chat/completions"],
  ["/v1/chat/completion", "/v1/chat/completions"],
  ["/v1/sycall/llm.chat", "/v1/syscalls/{id}"],
  ["/v1/event", "/v1/events"],
  ["/health", "/healthz"],
  ["/models/", "/v1/models"],
  [`/v1/events${"x".repeat(10_000)}`, "/v1/events"],
])("who asks for %.40s is shown %s", (path, nearest) => {
  expect(nearestPath(routes, path)).toBe(nearest);
});

test("errors are told in the words of a path's clients", () => {
  const type = (path: string, headers = {}): unknown =>
    Object.keys(
      JSON.parse(
        dialectOf(path, headers).body(
          { type: "", title: "", status: 404, code: "ENOENT", detail: "", retryable: false },
          null,
        ),
      ) as object,
    )[0];
  expect(type("/v1/chat/completions")).toBe("error");
  expect(type("/v1/embeddings")).toBe("error");
  for (const path of ["/v1/syscalls/a.b", "/v1/events", "/v1/calls/c", "/metrics", "/"])
    expect(type(path)).toBe("type");
  expect(
    JSON.parse(
      dialectOf("/v1/messages", {}).body(
        { type: "", title: "", status: 404, code: "ENOENT", detail: "d", retryable: false },
        null,
      ),
    ),
  ).toMatchObject({ type: "error" });
});
