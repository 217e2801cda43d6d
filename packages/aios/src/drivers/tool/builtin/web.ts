import { z } from "zod";
import type { DriverContext } from "../../../kernel/ports.ts";
import { builtinTool } from "./builtin-tool.ts";
import type { BuiltinTool } from "./builtin-tool.ts";

/** A page of the web as a model reads it. */
export interface WebPage {
  /** After redirects. */
  readonly url: string;
  readonly status: number;
  /** As `text/html`; empty where the answer does not say. */
  readonly type: string;
  readonly title?: string | undefined;
  readonly text: string;
  /** There was more than is read of one page. */
  readonly isCut: boolean;
  /** Why the text is not all there. */
  readonly problem?: string | undefined;
  /** Another host that it leads to, and that was not asked. */
  readonly leadsTo?: string | undefined;
}

interface WebPageRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** As it stands, HTML and all. */
  readonly isSource: boolean;
}

export type ReadPage = (request: WebPageRequest, context: DriverContext) => Promise<WebPage>;

/** Characters of a page that a model is shown at once; more would crowd out what it was asked. */
const maxShown = 60_000;

/** A page of the web; what it may reach is for the gate (the address) and the egress (the host) to say. */
export const webTool = (read: ReadPage): BuiltinTool =>
  builtinTool({
    name: "web_fetch",
    description: `Get a page of the web as text (HTML, PDF, Office files, plain text). Long pages come in pieces of up to ${maxShown} characters.`,
    parameters: z.strictObject({
      url: z.string().min(1).describe("whole, as https://example.org/page"),
      offset: z.number().int().nonnegative().optional().describe("character to start from; 0 when absent"),
      as: z.enum(["text", "source"]).optional().describe("source: HTML with its links and tags; text when absent"),
      headers: z
        .record(z.string(), z.string())
        .optional()
        .describe("for hosts that a person has allowed; a secret as secret://NAME"),
    }),
    effect: "idempotent",
    access: {
      effect: "sink",
      gate: "L0",
      returns: { trust: "untrusted", conf: "public" },
      sinkArgs: { url: { trust: "user", or: { inAllowlist: "egress" } } },
    },
    isNamed: true,
    async run({ url, offset = 0, as, headers }, context) {
      const page = await read({ url, headers, isSource: as === "source" }, context);
      return shown(page, offset);
    },
  });

function shown({ url, status, type, title, text, isCut, problem, leadsTo }: WebPage, offset: number): string {
  if (leadsTo !== undefined)
    return `[${url} leads to ${leadsTo}, which is another place: fetch that by itself if it is wanted]`;
  const piece = text.slice(offset, offset + maxShown);
  const rest = text.length - offset - piece.length;
  const lines = [
    `[${url} answered ${status}${type === "" ? "" : `, ${type}`}]`,
    ...(title !== undefined && offset === 0 ? [title] : []),
    "",
    piece === "" ? (offset > 0 ? "(nothing from there on)" : "(no text)") : piece,
    ...(rest > 0 ? [`[${rest} more characters; go on with offset ${offset + piece.length}]`] : []),
    ...(rest <= 0 && isCut ? ["[the page goes on, but no more than this is read of one]"] : []),
    ...(problem === undefined ? [] : [`[not all of it could be read: ${problem}]`]),
  ];
  return lines.join("\n");
}
