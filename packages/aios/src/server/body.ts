import { SysError } from "@aiosjs/sdk/protocol";
import { isAscii, isUtf8, transcode } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { checkShape } from "./shape.ts";

const tooBig = (maxBytes: number): SysError =>
  new SysError("E2BIG", `the body is larger than ${maxBytes} bytes`, {
    hint: "send less, or raise server.maxBodyBytes",
  });

/**
 * Reads a request's body, straight off the socket.
 * @throws SysError E2BIG as soon as the limit is passed, ECANCELED when the client leaves before the end.
 */
export function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const encoding = incoming.headers["content-encoding"];
    if (encoding !== undefined && encoding !== "identity") {
      reject(
        new SysError("EINVAL", `the body is encoded as ${JSON.stringify(encoding)}`, { hint: "send it as it is" }),
      );
      return;
    }
    if (Number(incoming.headers["content-length"]) > maxBytes) {
      reject(tooBig(maxBytes));
      return;
    }
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const settle = (): void => {
      incoming.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
    };
    const onData = (chunk: Buffer): void => {
      sizeBytes += chunk.length;
      chunks.push(chunk);
      if (sizeBytes <= maxBytes) return;
      settle();
      incoming.pause();
      reject(tooBig(maxBytes));
    };
    const onEnd = (): void => {
      settle();
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
    };
    const onClose = (): void => {
      settle();
      reject(new SysError("ECANCELED", "the client left before its request was whole"));
    };
    incoming.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
    if (incoming.destroyed) onClose();
  });
}

/**
 * Parses a body as one JSON object; an empty body is an empty object.
 * @throws SysError EINVAL that says where the text stops being JSON, or what of it nobody could work with.
 */
export function parseObject(body: Buffer): Readonly<Record<string, unknown>> {
  const text = textOf(body);
  if (text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "it cannot be parsed";
    throw new SysError("EINVAL", `the body is not valid JSON: ${reason}`, {
      cause,
      hint: "send one JSON object in UTF-8",
    });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    checkShape(value);
    return value as Record<string, unknown>;
  }
  throw new SysError("EINVAL", "the body is JSON, but not an object", { hint: "send one JSON object" });
}

/**
 * UTF-8 as text. Where it is not ASCII alone, Node decodes it two (English with a dash) to ten times (Chinese) faster by way
 * of UTF-16: 24 µs in place of 240 for 64 KB.
 */
function textOf(body: Buffer): string {
  // What is no UTF-8 gets its replacement characters, which `transcode` does not know.
  return isAscii(body) || !isUtf8(body)
    ? body.toString("utf8")
    : transcode(body, "utf8", "utf16le").toString("utf16le");
}
