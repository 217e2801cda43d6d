import { errnoTable, specOf, syscallTable, timingSchema, usageSchema } from "@aiosjs/sdk/protocol";
import type { SyscallName } from "@aiosjs/sdk/protocol";
import { z } from "zod";

const json = (schema: unknown): Record<string, unknown> => ({ "application/json": { schema } });
const events = { "text/event-stream": { schema: { type: "string" } } };

function schemaOf(schema: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}

const problem = {
  type: "object",
  description: "RFC 9457",
  required: ["type", "title", "status", "code", "detail", "retryable"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    code: { type: "string", enum: Object.keys(errnoTable) },
    detail: { type: "string" },
    retryable: { type: "boolean" },
    retryAfterMs: { type: "number" },
    hint: { type: "string" },
    pid: { type: "string" },
    call: { type: "string" },
  },
};

const failed = { default: { description: "It failed.", content: { "application/problem+json": { schema: problem } } } };

function syscallPath(name: SyscallName): Record<string, unknown> {
  const spec = specOf(name);
  const outcome = {
    type: "object",
    required: ["result", "usage", "timing"],
    properties: {
      result: schemaOf(spec.result, "output"),
      usage: { $ref: "#/components/schemas/Usage" },
      timing: { $ref: "#/components/schemas/Timing" },
    },
  };
  return {
    post: {
      operationId: name,
      summary: spec.doc,
      tags: [name.slice(0, name.indexOf("."))],
      "x-aios-effect": spec.effect,
      requestBody: { required: true, content: json(schemaOf(spec.args, "input")) },
      responses: {
        200: { description: "The result, or the call's events.", content: { ...json(outcome), ...events } },
        ...failed,
      },
    },
  };
}

const parameter = (name: string, where: "path" | "query", description: string): Record<string, unknown> => ({
  name,
  in: where,
  description,
  required: where === "path",
  schema: { type: "string" },
});

const get = (
  summary: string,
  content: Record<string, unknown>,
  parameters: unknown[] = [],
): Record<string, unknown> => ({
  get: { summary, parameters, responses: { 200: { description: "As asked for.", content }, ...failed } },
});

const responseId = parameter("id", "path", "resp_…");
const response = json({ type: "object", description: "OpenAI's Response" });

const responsesPaths: Record<string, unknown> = {
  "/v1/responses": {
    post: {
      summary: "OpenAI's responses API, for its clients unmodified.",
      tags: ["openai"],
      requestBody: { required: true, content: json({ type: "object", additionalProperties: true }) },
      responses: { 200: { description: "A response, or its events.", content: { ...response, ...events } } },
    },
  },
  "/v1/responses/{id}": {
    ...get("A stored response, while the journal keeps it.", response, [responseId]),
    delete: {
      summary: "Take a stored response's answer out of the journal.",
      parameters: [responseId],
      responses: { 200: { description: "It is deleted.", content: json({ type: "object" }) } },
    },
  },
  "/v1/responses/{id}/cancel": {
    post: {
      summary: "End a response that is still streamed.",
      parameters: [responseId],
      responses: { 200: { description: "The response as it stands.", content: response } },
    },
  },
  "/v1/responses/{id}/input_items": get(
    "What the model was given for a stored response, a page at a time.",
    json({ type: "object" }),
    [
      responseId,
      parameter("order", "query", "asc or desc (default)"),
      parameter("after", "query", "the id of the last item of the page before"),
      parameter("limit", "query", "1 to 100; default 20"),
    ],
  ),
};

const foreignPaths: Record<string, unknown> = {
  ...responsesPaths,
  "/v1/chat/completions": {
    post: {
      summary: "OpenAI's chat API, for its clients unmodified.",
      tags: ["openai"],
      requestBody: {
        required: true,
        content: json({ type: "object", required: ["messages"], additionalProperties: true }),
      },
      responses: {
        200: { description: "An answer, or its chunks.", content: { ...json({ type: "object" }), ...events } },
      },
    },
  },
  "/v1/messages": {
    post: {
      summary: "Anthropic's messages API, for its clients unmodified.",
      tags: ["anthropic"],
      requestBody: {
        required: true,
        content: json({ type: "object", required: ["messages", "max_tokens"], additionalProperties: true }),
      },
      responses: {
        200: { description: "A message, or its events.", content: { ...json({ type: "object" }), ...events } },
      },
    },
  },
  "/v1/messages/count_tokens": {
    post: {
      summary:
        "How many tokens such a request is: counted by the core that would answer it where it can, else estimated.",
      tags: ["anthropic"],
      requestBody: {
        required: true,
        content: json({ type: "object", required: ["messages"], additionalProperties: true }),
      },
      responses: {
        200: {
          description: "The number.",
          content: json({
            type: "object",
            required: ["input_tokens"],
            properties: { input_tokens: { type: "integer" } },
          }),
        },
      },
    },
  },
  "/v1/embeddings": {
    post: {
      summary: "OpenAI's embeddings API, for its clients unmodified.",
      tags: ["openai"],
      requestBody: {
        required: true,
        content: json({ type: "object", required: ["input"], additionalProperties: true }),
      },
      responses: { 200: { description: "A vector for each input.", content: json({ type: "object" }) } },
    },
  },
  "/v1/models": get(
    "The models, in OpenAI's shape, or Anthropic's when `anthropic-version` is sent.",
    json({ type: "object" }),
  ),
  "/v1/models/{id}": get("One model.", json({ type: "object" }), [parameter("id", "path", "may hold slashes")]),
};

/** The OpenAPI document of this server: the syscall table, and the doors that are not derived from it. */
export function openapiDocument(about: { version: string }): Record<string, unknown> {
  const names = Object.keys(syscallTable) as SyscallName[];
  return {
    openapi: "3.1.0",
    info: { title: "AIOS", version: about.version, description: "An operating system for AI agents." },
    security: [{ bearer: [] }, { apiKey: [] }],
    paths: {
      ...Object.fromEntries(names.map((name) => [`/v1/syscalls/${name}`, syscallPath(name)])),
      "/v1/calls/{id}": get(
        "One call: how it stands, or its events from `Last-Event-ID` on.",
        { ...json({ type: "object" }), ...events },
        [parameter("id", "path", "the id in `x-aios-call`")],
      ),
      "/v1/events": get("The journal's events, then those to come.", events, [
        parameter("after", "query", "sequence number of the last event that was seen"),
        parameter("topic", "query", "one or more topics"),
        parameter("pid", "query", "one process"),
      ]),
      ...foreignPaths,
      "/s/{id}": get(
        "The file that a link of fs.share opens, without a key; 404 for whatever else it may be.",
        { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
        [parameter("id", "path", "as the link has it: ID.SIGNATURE")],
      ),
      "/healthz": get("Whether the server answers.", json({ type: "object" })),
      "/readyz": get("Whether the kernel takes calls.", json({ type: "object" })),
      "/metrics": get("Figures for Prometheus.", { "text/plain": { schema: { type: "string" } } }),
    },
    components: {
      schemas: { Usage: schemaOf(usageSchema, "output"), Timing: schemaOf(timingSchema, "output") },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
      },
    },
  };
}
