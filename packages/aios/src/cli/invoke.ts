import { openHome } from "../config/open-home.ts";
import { colour, plain } from "../tui/paint.ts";
import { findDoor, openTransport } from "./connect.ts";
import type { CommandContext } from "./context.ts";
import { CliError, denied } from "./cli-error.ts";
import { commonText } from "./messages/common.ts";
import { Output } from "./output.ts";
import type { Invocation } from "./program.ts";
import { reportOf, reportText } from "./report.ts";
import type { Lang } from "./text.ts";
import { fill, translate } from "./text.ts";

/** What belongs to people alone: refused to programs that run as a process (`AIOS_PID` is set). */
const peopleOnly = /^(key|approve|policy|secret)( |$)/;

/** Runs one command to its end. Returns the exit code; what went wrong is told, never thrown. */
export async function invoke({ row, args, options, rest }: Invocation, lang: Lang): Promise<number> {
  const { env, stdin, stdout, stderr } = process;
  const json = options["json"] === true;
  const jsonl = options["jsonl"] === true;
  const output = new Output(json ? "json" : jsonl ? "jsonl" : "text", options["quiet"] === true, { stdout, stderr });
  const cancel = new AbortController();
  const stopListening = cancelOnSignals(cancel);
  const isColoured = (stream: NodeJS.WriteStream) => stream.isTTY && !env["NO_COLOR"] && env["TERM"] !== "dumb";

  try {
    const home = openHome(options["home"] as string | undefined, env);
    const door = once(() => findDoor(home, env, lang));
    const transport = once(async () => openTransport(await door()));
    const context: CommandContext = {
      args,
      options,
      rest,
      json,
      jsonl,
      quiet: options["quiet"] === true,
      lang,
      t: (text, ...[values]) => fill(lang, text, (values ?? {}) as Record<string, string | number>),
      isTty: stdin.isTTY && stdout.isTTY && stderr.isTTY && !env["CI"] && !json && !jsonl,
      paint: isColoured(stdout) ? colour : plain,
      width: stdout.isTTY ? stdout.columns || 80 : Infinity,
      signal: cancel.signal,
      env,
      cwd: process.cwd(),
      home,
      result: output.result,
      item: output.item,
      out: output.out,
      say: output.say,
      door,
      transport,
      client: once(async () => {
        const { createClient } = await import("@aiosjs/sdk");
        return createClient(await transport());
      }),
      config: once(async () => {
        const [{ loadConfig }, { withStoredEnv }] = await Promise.all([
          import("../config/layers.ts"),
          import("../config/secrets.ts"),
        ]);
        return loadConfig({ home, env: withStoredEnv(env, home.dir) });
      }),
    };
    if (env["AIOS_PID"] && peopleOnly.test(row.path))
      throw new CliError(denied, translate(lang, commonText.notUnderProcess, { path: row.path }), {
        hint: translate(lang, commonText.notUnderProcessHint),
      });
    const command = await row.load();
    const exit = (await command.run(context)) ?? 0;
    output.end(exit);
    return exit;
  } catch (error) {
    const report = await reportOf(error, lang, cancel.signal.aborted);
    const { code, message, hint, retryable } = report;
    output.fail({ code, message, hint, retryable });
    if (!json) stderr.write(`${reportText(report, isColoured(stderr) ? colour : plain)}\n`);
    if (env["AIOS_DEBUG"]) stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return report.exit;
  } finally {
    stopListening();
  }
}

/** The first Ctrl-C asks the command to end; the second one ends it. */
function cancelOnSignals(cancel: AbortController): () => void {
  const onSignal = (signal: NodeJS.Signals) => {
    if (cancel.signal.aborted) process.exit(130);
    cancel.abort(new Error(signal));
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  return () => {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  };
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => (made ??= make());
}
