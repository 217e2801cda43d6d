// The binary. `--version`, help and completion load commander and the registry alone; the rest comes with the command.
import { colour, plain } from "../tui/paint.ts";
import { version } from "../version.ts";
import { isCliError } from "./cli-error.ts";
import { completionsFor } from "./complete.ts";
import { helpText } from "./help.ts";
import { parseCommandLine } from "./program.ts";
import { detectLang } from "./text.ts";
import type { Lang } from "./text.ts";

async function main(argv: readonly string[]): Promise<number> {
  const { stdout, env } = process;
  if (argv[0] === "--version" || argv[0] === "-V") {
    stdout.write(`${version}\n`);
    return 0;
  }
  if (argv[0] === "__complete") {
    stdout.write(
      completionsFor(argv.slice(1))
        .map((word) => `${word}\n`)
        .join(""),
    );
    return 0;
  }
  const lang = detectLang(env, wantedLang(argv));
  try {
    const parsed = parseCommandLine(argv, lang);
    if ("row" in parsed) {
      const { invoke } = await import("./invoke.ts");
      return await invoke(parsed, lang);
    }
    const paint = stdout.isTTY && !env["NO_COLOR"] ? colour : plain;
    stdout.write(`${helpText(parsed.helpOn, { lang, paint, width: stdout.columns || 100 })}\n`);
    return 0;
  } catch (error) {
    return await refuse(error, argv, lang);
  }
}

/** A command line that cannot be understood: told in the form that it asked for. */
async function refuse(error: unknown, argv: readonly string[], lang: Lang): Promise<number> {
  const [{ reportOf, reportText }, { Output }] = await Promise.all([import("./report.ts"), import("./output.ts")]);
  const { stdout, stderr, env } = process;
  const report = await reportOf(error, lang, false);
  const { code, message, hint, retryable } = report;
  const form = argv.includes("--json") ? "json" : argv.includes("--jsonl") ? "jsonl" : "text";
  new Output(form, false, { stdout, stderr }).fail({ code, message, hint, retryable });
  if (form !== "json") stderr.write(`${reportText(report, stderr.isTTY && !env["NO_COLOR"] ? colour : plain)}\n`);
  if (env["AIOS_DEBUG"] && !isCliError(error))
    stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return report.exit;
}

/** Needed before the command line is taken apart, because its errors are told in this language. */
function wantedLang(argv: readonly string[]): string | undefined {
  const end = argv.indexOf("--");
  const own = end < 0 ? argv : argv.slice(0, end);
  const index = own.findIndex((word) => word === "--lang" || word.startsWith("--lang="));
  return index < 0 ? undefined : (own[index]!.split("=")[1] ?? own[index + 1]);
}

// A reader that has seen enough (`aios ps | head`) is no failure of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});
const exit = await main(process.argv.slice(2));
// What stands in the pipe has to reach its reader before the process ends, whatever else still holds the event loop.
process.stdout.write("", () => process.stderr.write("", () => process.exit(exit)));
