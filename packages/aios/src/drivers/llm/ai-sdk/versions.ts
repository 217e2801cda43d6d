import type {
  LanguageModelV4CallOptions,
  LanguageModelV4Message,
  LanguageModelV4ToolResultOutput,
  SharedV4FileData,
} from "@ai-sdk/provider";
import { SysError } from "@aiosjs/sdk/protocol";
import type { SpecVersion } from "./spec.ts";

interface Older {
  readonly core: string;
  readonly version: SpecVersion;
  readonly leftOut: Set<string>;
}

/**
 * A call of version 4 in the words of an older one. Files were bare there instead of tagged; version 2 knew no strict
 * tools and no addresses in the answers of tools; neither knew an effort of reasoning.
 * @throws SysError EINVAL for what the older version cannot say.
 */
export function inVersion(options: LanguageModelV4CallOptions, older: Older): object {
  const { version, core, leftOut } = older;
  if (version === "v4") return options;
  const { reasoning, tools, prompt, ...rest } = options;
  if (reasoning !== undefined) {
    throw new SysError("EINVAL", `core ${core} has no reasoningEffort: its package speaks ${version} of the AI SDK`, {
      hint: "install a newer release of the package, or use foreign ai-sdk providerOptions",
    });
  }
  return {
    ...rest,
    prompt: prompt.map((message) => messageIn(message, older)),
    ...(tools === undefined
      ? {}
      : {
          tools: tools.map((tool) => {
            if (version === "v3") return tool;
            if (tool.type === "provider") return { ...tool, type: "provider-defined" };
            const { strict, ...known } = tool;
            if (strict === true) leftOut.add("strict");
            return known;
          }),
        }),
  };
}

function messageIn(message: LanguageModelV4Message, older: Older): object {
  if (message.role === "system") return message;
  const content = message.content.map((part): object => {
    if (part.type === "file") return { ...part, data: bare(part.data, older) };
    return part.type === "tool-result" ? { ...part, output: outputIn(part.output, older) } : part;
  });
  return { ...message, content };
}

function bare(data: SharedV4FileData, { core, version }: Older): unknown {
  switch (data.type) {
    case "data":
      return data.data;
    case "url":
      return data.url;
    case "text":
      return new TextEncoder().encode(data.text);
    case "reference":
      throw new SysError("EINVAL", `core ${core} cannot refer to a file: its package speaks ${version} of the AI SDK`, {
        hint: "send the content as a data: URL",
      });
  }
}

function outputIn(output: LanguageModelV4ToolResultOutput, older: Older): object {
  if (output.type !== "content") return output;
  const value = output.value.map((part): object => {
    if (part.type !== "file") return part;
    const { data, mediaType, filename } = part;
    const isImage = mediaType.startsWith("image/");
    if (data.type === "url" && older.version === "v3") {
      return { type: isImage ? "image-url" : "file-url", url: data.url.href };
    }
    if (data.type !== "data") {
      throw new SysError("EINVAL", `core ${older.core} takes the content of a tool's answer as bytes only`, {
        hint: "send it as a data: URL",
      });
    }
    if (older.version === "v2") return { type: "media", data: data.data, mediaType };
    if (isImage) return { type: "image-data", data: data.data, mediaType };
    return { type: "file-data", data: data.data, mediaType, ...(filename === undefined ? {} : { filename }) };
  });
  return { type: "content", value };
}
