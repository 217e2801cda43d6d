import type { SharedV4FileData } from "@ai-sdk/provider";
import { SysError } from "@aiosjs/sdk/protocol";

export interface Media {
  readonly data: Extract<SharedV4FileData, { type: "data" | "url" }>;
  readonly mediaType: string;
}

/** By the end of an address's path: providers want the whole type, and an address alone does not tell it. */
const typesByExtension: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  heic: "image/heic",
  pdf: "application/pdf",
  txt: "text/plain",
  md: "text/markdown",
  csv: "text/csv",
  json: "application/json",
  mp3: "audio/mpeg",
  wav: "audio/wav",
  mp4: "video/mp4",
};

/**
 * What an image or a file is for the AI SDK: bytes, or an address that the provider fetches itself.
 * @throws SysError EINVAL for an address that the model does not fetch: nothing is downloaded here, for the
 *   kernel's network is not the caller's.
 */
export function toMedia(
  url: string,
  { core, kind, supportedUrls }: { core: string; kind: "image" | "file"; supportedUrls: Record<string, RegExp[]> },
): Media {
  if (/^data:/i.test(url)) return fromDataUrl(url, core);
  const parsed = URL.parse(url);
  if (parsed === null) {
    throw new SysError("EINVAL", `core ${core}: "${url.slice(0, 80)}" is no address of ${kind} content`, {
      hint: "send it as a data: URL",
    });
  }
  const extension = /\.([a-z0-9]+)$/i.exec(parsed.pathname)?.[1]?.toLowerCase() ?? "";
  const mediaType = typesByExtension[extension] ?? (kind === "image" ? "image/*" : "application/octet-stream");
  if (!fetches(supportedUrls, url, mediaType)) {
    throw new SysError("EINVAL", `core ${core} does not fetch ${parsed.protocol}//${parsed.host}/… (${mediaType})`, {
      hint: "send the content as a data: URL",
    });
  }
  return { mediaType, data: { type: "url", url: parsed, ...(parsed.href === url ? {} : { originalUrl: url }) } };
}

function fromDataUrl(url: string, core: string): Media {
  const match = /^data:([^;,]*)((?:;[^;,]*)*),/i.exec(url);
  if (!match) {
    throw new SysError("EINVAL", `core ${core}: a data: URL without a comma`, { hint: "data:image/png;base64,…" });
  }
  const [head, mediaType = "", parameters = ""] = match;
  const body = url.slice(head.length);
  const isBase64 = /;base64$/i.test(parameters);
  let data = body;
  if (!isBase64) {
    try {
      data = Buffer.from(decodeURIComponent(body), "utf8").toString("base64");
    } catch (cause) {
      throw new SysError("EINVAL", `core ${core}: a data: URL that is not well escaped`, { cause });
    }
  }
  return { mediaType: mediaType === "" ? "text/plain" : mediaType, data: { type: "data", data } };
}

/** As the specification says: patterns of addresses by patterns of media types, matched in lower case. */
function fetches(supported: Record<string, RegExp[]>, url: string, mediaType: string): boolean {
  return Object.entries(supported).some(([type, patterns]) => {
    const prefix = type === "*" || type === "*/*" ? "" : type.toLowerCase().replace(/\*$/, "");
    return mediaType.startsWith(prefix) && patterns.some((pattern) => pattern.test(url.toLowerCase()));
  });
}
