// What agents read of the web: the egress that gets a page, and the thread that reads it. A composition beside boot.ts.
import { secretsFor } from "./boot-secrets.ts";
import { fetchPage } from "./drivers/egress/fetch-page.ts";
import type { PageOptions } from "./drivers/egress/fetch-page.ts";
import type { WebAnswer } from "./drivers/egress/web-fetch.ts";
import { createExtractor } from "./drivers/extract/extractor.ts";
import type { Extractor } from "./drivers/extract/extractor.ts";
import type { BuiltinTool } from "./drivers/tool/builtin/builtin-tool.ts";
import { webTool } from "./drivers/tool/builtin/web.ts";
import type { WebPage } from "./drivers/tool/builtin/web.ts";
import { decodeText } from "./files/extract/decode-text.ts";
import type { EgressNews, Reach } from "./kernel/ports.ts";

/** Characters that are read of one page. */
const MAX_CHARS = 1_000_000;
const nothing: Reach = { egress: [], secrets: [] };

export interface WebOptions extends PageOptions {
  readonly home: string;
}

/** The tool `web_fetch`. Disposing of it ends the thread that reads pages. */
export function openWeb({ home, ...options }: WebOptions): { readonly tool: BuiltinTool } & AsyncDisposable {
  // One piece: what a page says is not cut for an index.
  const extractor = createExtractor({ maxChars: MAX_CHARS, chunkChars: MAX_CHARS });
  return {
    tool: webTool(async ({ url, headers, isSource }, context) => {
      const { tenant, signal } = context;
      const reach = (): Reach => context.reach?.() ?? nothing;
      const tell = (news: EgressNews): void => context.tell?.(news);
      const findSecret = (name: string) => secretsFor(home, { tenant, granted: reach().secrets })(name);
      const answer = await fetchPage({ url, headers, reach, findSecret, tell, signal }, options);
      return await pageOf(answer, { extractor, isSource, signal });
    }),
    [Symbol.asyncDispose]: () => extractor[Symbol.asyncDispose](),
  };
}

async function pageOf(
  { url, status, headers, body, isCut, leadsTo }: WebAnswer,
  { extractor, isSource, signal }: { extractor: Extractor; isSource: boolean; signal: AbortSignal },
): Promise<WebPage> {
  const [type = "", ...rest] = (headers["content-type"] ?? "")
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  const page = { url, status, type, leadsTo };
  const bytes = inUtf8(body, rest.find((part) => part.startsWith("charset="))?.slice(8));
  if (isSource || isPlain(type)) {
    const decoded = decodeText(bytes, MAX_CHARS);
    if (decoded) return { ...page, text: decoded.text, isCut: isCut || decoded.isCut };
  }
  const extension = extensions.find(([known]) => known.test(type))?.[1] ?? lastExtension(url);
  const {
    chunks,
    title,
    problem,
    isCut: isLonger,
    kind,
  } = await extractor.read({ path: `page${extension}`, bytes }, { signal });
  return {
    ...page,
    title: title === `page${extension}` ? undefined : title,
    text: chunks.map(({ text }) => text).join("\n"),
    isCut: isCut || isLonger,
    problem:
      problem ?? (kind === "binary" || kind === "image" ? `it is ${body.byteLength} bytes of no text` : undefined),
  };
}

/** What reads as it stands. */
const isPlain = (type: string): boolean =>
  (type.startsWith("text/") && type !== "text/html") ||
  /^application\/(.*\+)?(json|javascript|yaml|toml|x-ndjson)$/.test(type);

const extensions: readonly (readonly [RegExp, string])[] = [
  [/html/, ".html"],
  [/xml/, ".xml"],
  [/pdf/, ".pdf"],
];

const lastExtension = (url: string): string => /\.[a-z0-9]{1,8}$/i.exec(new URL(url).pathname)?.[0] ?? "";

/** A page says in its header how it is written; what it does not say is guessed from its bytes. */
function inUtf8(body: Uint8Array, charset: string | undefined): Uint8Array {
  const label = charset?.replaceAll(/["']/g, "");
  if (label === undefined || /^utf-?8$/.test(label)) return body;
  try {
    return Buffer.from(new TextDecoder(label).decode(body));
  } catch {
    // No encoding that anybody knows: it is guessed.
    return body;
  }
}
