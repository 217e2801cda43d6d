import { Parser } from "htmlparser2";
import { decodeText } from "./decode-text.ts";
import { Unreadable } from "./extracted.ts";

type Attributes = Readonly<Record<string, string>>;

interface MarkupReader {
  readonly opens?: (name: string, attributes: Attributes) => void;
  readonly closes?: (name: string) => void;
  readonly text?: (text: string) => void;
  /** Asked between pieces: true leaves the rest unread. */
  readonly isDone?: () => boolean;
}

// The parser's own work grows with the depth; what people write is far from it.
const deepest = 2000;
const piece = 64 * 1024;

/** Reads HTML as browsers do. @throws Unreadable where it is nested more than 2,000 deep. */
export const readHtml = (html: string, reader: MarkupReader): void => read(html, reader, false);

/**
 * Reads XML. Entities that the document defines itself are left as they are written: none is expanded, none fetched.
 * @throws Unreadable where it is nested more than 2,000 deep, or no text.
 */
export function readXml(bytes: Uint8Array, reader: MarkupReader): void {
  const decoded = decodeText(bytes, bytes.length);
  if (decoded === undefined) throw new Unreadable("damaged: a part that should be XML is not");
  read(decoded.text, reader, true);
}

function read(markup: string, { opens, closes, text, isDone = () => false }: MarkupReader, xmlMode: boolean): void {
  let depth = 0;
  const parser = new Parser(
    {
      onopentag: (name, attributes) => {
        if (++depth > deepest) throw new Unreadable(`nested more than ${deepest} deep`);
        opens?.(name, attributes);
      },
      onclosetag: (name) => {
        depth--;
        closes?.(name);
      },
      ontext: (found) => text?.(found),
    },
    { xmlMode },
  );
  for (let at = 0; at < markup.length && !isDone(); at += piece) parser.write(markup.slice(at, at + piece));
  if (!isDone()) parser.end();
}
