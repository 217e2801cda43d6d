import type { Client, Transport } from "@aiosjs/sdk";
import type { Home } from "../config/open-home.ts";
import type { LoadedConfig } from "../config/layers.ts";
import type { Paint } from "../tui/paint.ts";
import type { Lang, Text, ValuesOf } from "./text.ts";

/** All that a command sees of the world. Types of `args` and `options` come from its row: `ContextOf<"config get">`. */
export interface CommandContext {
  readonly args: Readonly<Record<string, unknown>>;
  readonly options: Readonly<Record<string, unknown>>;
  /** What came after `--`, for rows that say `hasRest`. */
  readonly rest: readonly string[];

  /** One envelope at the end instead of text. */
  readonly json: boolean;
  /** One JSON value per line instead of text. */
  readonly jsonl: boolean;
  readonly quiet: boolean;
  readonly lang: Lang;
  /** A sentence of the catalogue in the user's language. */
  t<const T extends Text>(text: T, ...values: ValuesOf<T>): string;

  /** A person sits there: stdin, stdout and stderr are terminals, and CI is not set. Without it nothing asks. */
  readonly isTty: boolean;
  /** Colours of stdout; plain where NO_COLOR is set or stdout is no terminal. */
  readonly paint: Paint;
  /** Columns of stdout; unbounded where it is no terminal. */
  readonly width: number;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: Home;

  /** The result: `render` is what people see (nothing when it returns ""), `data` what `--json` and `--jsonl` carry. */
  result(data: unknown, render: () => string): void;
  /** One of many results, as it comes: a line of `--jsonl`, an element of the `--json` array. */
  item(data: unknown, render: () => string): void;
  /** Raw text to stdout (no newline added); swallowed under `--json` and `--jsonl`. */
  out(text: string): void;
  /** A line of chatter to stderr; silent under `--quiet`. */
  say(text: string): void;

  /** The running kernel of this home. @throws CliError with exit 7 when there is none. */
  client(): Promise<Client>;
  /** The same as a transport, for those who want the events. */
  transport(): Promise<Transport>;
  /** Where that kernel listens and the key to it. */
  door(): Promise<{ readonly url: string; readonly key: string }>;
  /** The configuration as the kernel of this home would read it. @throws SysError EINVAL with file, line and nearest key. */
  config(): Promise<LoadedConfig>;
}
