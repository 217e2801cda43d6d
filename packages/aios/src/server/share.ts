import { SysError, toProblem } from "@aiosjs/sdk/protocol";
import type { OutgoingHttpHeaders } from "node:http";
import type { SharedFile } from "../kernel/ports.ts";
import { refuse } from "./dialect.ts";
import { answer } from "./exchange.ts";
import type { Doors, Exchange } from "./exchange.ts";

/** Contents that are on their way to readers, in all: whoever reads slowly holds one in memory. */
const MAX_BYTES = 256 * 1024 * 1024;
/** Who takes nothing for so long has left. */
const IDLE_MS = 60_000;

/** What a browser shows as it is, and runs nothing of. All else is for saving. */
const shown: Readonly<Record<string, string>> = {
  txt: "text/plain",
  text: "text/plain",
  log: "text/plain",
  md: "text/plain",
  csv: "text/plain",
  tsv: "text/plain",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  avif: "image/avif",
};

/** Of the answer and of the refusal: what is behind a link is nobody's page, and is kept nowhere. */
const guarded = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "sandbox; default-src 'none'",
  "referrer-policy": "no-referrer",
  "cache-control": "private, no-store",
  "x-robots-tag": "noindex",
};

/**
 * `GET /s/ID.SIGNATURE`: the file that a link opens, without a key. Whatever does not open one is answered alike, so that
 * nobody learns whether there ever was a link.
 */
export function createSharePage({ maxBytes = MAX_BYTES, idleMs = IDLE_MS } = {}): (
  exchange: Pick<Exchange, "incoming" | "outgoing" | "dialect"> & { readonly doors: Pick<Doors, "kernel"> },
  token: string,
) => Promise<void> {
  let bytes = 0;
  return async ({ doors, incoming, outgoing, dialect }, token) => {
    const refused = (): void => refuse(outgoing, dialect, { problem: toProblem(noShare()), headers: guarded });
    const file = await doors.kernel.openShare(token);
    if (outgoing.destroyed || outgoing.closed) return;
    if (!file) return refused();
    const headers = headersOf(file);
    if (incoming.method === "HEAD") return void outgoing.writeHead(200, headers).end();
    const { sizeBytes } = file;
    if (bytes > 0 && bytes + sizeBytes > maxBytes) throw busy();
    bytes += sizeBytes;
    outgoing.once("close", () => (bytes -= sizeBytes));
    const content = await file.read();
    if (!content) return refused();
    outgoing.setTimeout(idleMs, () => outgoing.destroy());
    answer(outgoing, Buffer.from(content.as("base64"), "base64"), { headers });
  };
}

function headersOf({ name, hash, sizeBytes }: SharedFile): OutgoingHttpHeaders {
  const type = shown[/\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ""];
  return {
    ...guarded,
    "content-type": type === "text/plain" ? `${type}; charset=utf-8` : (type ?? "application/octet-stream"),
    "content-length": sizeBytes,
    "content-disposition": `${type ? "inline" : "attachment"}; ${fileName(name)}`,
    etag: `"${hash}"`,
  };
}

/** RFC 6266: the name as it is, after RFC 8187, behind one that every client takes. */
function fileName(name: string): string {
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/gu, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `filename="${plain}"; filename*=UTF-8''${encoded}`;
}

const noShare = (): SysError =>
  new SysError("ENOENT", "there is nothing at this link", {
    hint: "its time may be over: ask for a new one where you have it from",
  });

const busy = (): SysError =>
  new SysError("EAGAIN", "too many files are on their way to others just now", { retryAfterMs: 1_000 });
