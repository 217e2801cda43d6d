import type { ModelSpec, ModelSyscall } from "../../../kernel/ports.ts";

interface WireModel {
  name?: unknown;
  inputTokenLimit?: unknown;
  supportedGenerationMethods?: unknown;
}

const syscalls: Readonly<Record<string, ModelSyscall>> = { generateContent: "llm.chat", embedContent: "llm.embed" };

/** Reads the answer to GET /v1beta/models (ai.google.dev/api/models); undefined when it is no such list. */
export function readGoogleModels(json: unknown): ModelSpec[] | undefined {
  const list = (json as { models?: unknown } | null)?.models;
  if (!Array.isArray(list)) return undefined;
  return (list as readonly (WireModel | null)[]).flatMap((model) => {
    if (typeof model?.name !== "string" || !Array.isArray(model.supportedGenerationMethods)) return [];
    const methods = model.supportedGenerationMethods as readonly string[];
    const serves = Object.keys(syscalls).flatMap((method) =>
      methods.includes(method) ? [syscalls[method] as ModelSyscall] : [],
    );
    if (serves.length === 0) return [];
    const { inputTokenLimit } = model;
    return [
      {
        id: model.name.replace(/^models\//, ""),
        serves,
        ...(typeof inputTokenLimit === "number" && inputTokenLimit > 0 ? { contextTokens: inputTokenLimit } : {}),
      },
    ];
  });
}
