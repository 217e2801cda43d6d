import { once } from "node:events";
import type { SysError } from "@aiosjs/sdk";
import type { Config } from "../../config/schema.ts";
import { CliError, notFound, usage } from "../cli-error.ts";
import { tellCores } from "../core-state.ts";
import { startKernel } from "../kernel-process.ts";
import type { RunningKernel } from "../kernel-process.ts";
import { kernelText } from "../messages/kernel.ts";
import type { ContextOf } from "../registry.ts";

type Context = ContextOf<"up">;

export async function run(context: Context): Promise<number | void> {
  const { options, t } = context;
  if (options.standby && (options.demo || options.detach))
    throw new CliError(usage, t(kernelText.standbyAlone), { hint: t(kernelText.standbyAloneHint) });
  if (options.demo) return (await import("../demo/main-job.ts")).runDemo(context, options);
  if (options.detach) {
    const flags = [
      ...(options.port === undefined ? [] : ["--port", String(options.port)]),
      ...(options.core === undefined ? [] : ["--core", options.core]),
    ];
    tellReady(context, await startKernel(context, flags));
    return tellCores(context, await (await context.client()).sys.status());
  }
  return stayUp(context);
}

/** The kernel in this process, until Ctrl-C or `aios down`. */
async function stayUp(context: Context): Promise<void> {
  const { options, home, t, signal } = context;
  const [{ boot }, { loadConfig }, { withStoredEnv }] = await Promise.all([
    import("../../boot.ts"),
    import("../../config/layers.ts"),
    import("../../config/secrets.ts"),
  ]);
  const flags = options.port === undefined ? {} : { server: { port: options.port } };
  const load = async () => {
    const env = withStoredEnv(context.env, home.dir);
    const { config, warnings } = await loadConfig({ home, flags, env });
    return { warnings, config: withCore(config, context) };
  };
  const { config, warnings } = await load();
  for (const warning of warnings) context.say(warning);
  const { env } = context;
  const tell = ({ message, hint = "" }: SysError) => context.say(t(kernelText.standingBy, { message, hint }));
  const standby = options.standby ? { signal, tell } : undefined;
  const reload = async () => (await load()).config;
  const booting = boot({ home: home.dir, config, env, reload, ...(standby ? { standby } : {}) });
  await using system = await booting.catch((cause: unknown) => {
    // Who was told to end while it stood by has nothing to stop.
    if (standby && signal.aborted) return undefined;
    throw cause;
  });
  if (!system) return;
  tellReady(context, { pid: process.pid, url: system.url, version: system.version });
  tellCores(context, await system.client.sys.status());
  context.say(t(kernelText.untilCtrlC));
  const ends = [once(signal, "abort"), once(process, "SIGHUP"), system.shutdownAsked];
  const fenced = signal.aborted ? undefined : await Promise.race([...ends.map(nothing), system.fenced]);
  if (fenced) throw fenced;
  context.say(t(kernelText.stopping));
}

const nothing = async (event: Promise<unknown>): Promise<void> => void (await event);

function tellReady(context: Context, kernel: RunningKernel): void {
  const { t } = context;
  context.result(kernel, () => t(kernelText.ready, kernel));
  context.say(t(kernelText.usage, kernel));
  context.say(t(kernelText.usageAnthropic, kernel));
  context.say(t(kernelText.usageRun));
  context.say(t(kernelText.usageTop));
}

/** `--core` leaves one: a configured core by its name, or the two that need no configuration. */
function withCore(config: Config, { options, t }: Context): Config {
  const wanted = options.core;
  if (wanted === undefined) return config;
  const { cores } = config.llms;
  const builtIn = {
    sim: { name: "sim", kind: "sim", slots: 4, seed: 1 },
    ollama: { name: "ollama", kind: "ollama" },
  } as const;
  const core = cores.find(({ name }) => name === wanted) ?? Object.values(builtIn).find(({ name }) => name === wanted);
  if (!core) {
    const names = [...cores.map(({ name }) => name), ...Object.keys(builtIn)].join(", ");
    throw new CliError(notFound, t(kernelText.unknownCore, { name: wanted, names }), {
      hint: t(kernelText.unknownCoreHint),
    });
  }
  return { ...config, llms: { ...config.llms, cores: [core] } };
}
