import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { isSysError } from "@aiosjs/sdk";
import type { Config } from "../../config/schema.ts";
import { checkJournal, isHeld } from "../../home-check.ts";
import { version as ownVersion } from "../../version.ts";
import { doctorText } from "../messages/doctor.ts";
import type { DoctorContext, Finding } from "./finding.ts";
import { portHolder } from "./port-holder.ts";

const answerTimeoutMs = 5_000;

/** The configuration; undefined where it cannot be read, and then what hangs on it is not looked at. */
export async function checkConfig(
  context: DoctorContext,
): Promise<{ readonly findings: Finding[]; readonly config: Config | undefined }> {
  const { t, home } = context;
  const check = t(doctorText.config);
  const file = home.file("config.yaml");
  try {
    const { config, warnings } = await context.config();
    const text = existsSync(file) ? t(doctorText.configGood, { file }) : t(doctorText.configNone, { file });
    const notes = warnings.map((warning): Finding => ({ check, state: "note", text: warning }));
    return { config, findings: [{ check, state: "ok", text }, ...notes] };
  } catch (error) {
    if (!isSysError(error)) throw error;
    const finding = {
      check,
      state: "broken",
      text: error.message,
      ...(error.hint ? { fix: error.hint } : {}),
    } as const;
    return { config: undefined, findings: [finding] };
  }
}

/** The kernel of this home, and whether a new one could listen. */
export async function checkKernel(context: DoctorContext, config: Config | undefined): Promise<Finding[]> {
  const { t, home, signal } = context;
  const check = t(doctorText.kernel);
  const kernel = home.kernelFile();
  if (!isHeld(home.dir)) {
    const text = kernel ? t(doctorText.kernelDead, { pid: kernel.pid }) : t(doctorText.kernelNone);
    const none: Finding = kernel
      ? { check, state: "note", text, fix: t(doctorText.kernelDeadFix) }
      : { check, state: "ok", text };
    return [none, ...(config ? [await checkPort(context, config)] : [])];
  }
  if (!kernel?.url) return [{ check, state: "note", text: t(doctorText.kernelStarting, { pid: kernel?.pid ?? "?" }) }];
  const { pid, url, version } = kernel;
  if (!(await isAnswering(url, signal))) {
    const text = t(doctorText.kernelStuck, { pid, url });
    return [{ check, state: "broken", text, fix: t(doctorText.kernelStuckFix, { pid }) }];
  }
  const up: Finding = { check, state: "ok", text: t(doctorText.kernelUp, { version: version ?? "?", url, pid }) };
  if (version === ownVersion) return [up];
  const text = t(doctorText.kernelOther, { version: version ?? "?", own: ownVersion });
  return [up, { check, state: "note", text, fix: t(doctorText.kernelOtherFix) }];
}

async function isAnswering(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(new URL("/healthz", url), {
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)]),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    signal.throwIfAborted();
    return false; // that it does not answer is the finding
  }
}

async function checkPort({ t }: DoctorContext, { server }: Config): Promise<Finding> {
  const check = t(doctorText.port);
  const { host, port } = server;
  const probe = createServer();
  try {
    probe.listen(port, host);
    await once(probe, "listening");
    return { check, state: "ok", text: t(doctorText.portFree, { port }) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") {
      const holder = portHolder(port);
      const text = holder
        ? t(doctorText.portHeld, { port, host, pid: holder.pid, command: holder.command })
        : t(doctorText.portTaken, { port, host });
      return {
        check,
        state: "broken",
        text,
        fix: t(doctorText.portTakenFix, { next: port < 65_535 ? port + 1 : port - 1 }),
      };
    }
    return { check, state: "broken", text: message, fix: "aios config explain server.host" };
  } finally {
    probe.close();
  }
}

export function checkJournalFile({ t, home }: DoctorContext, config: Config): Finding {
  const check = t(doctorText.journal);
  const { url } = config.journal;
  if (url === "memory:") return { check, state: "note", text: t(doctorText.journalMemory) };
  const path = resolve(home.dir, url.replace(/^sqlite:/, ""));
  if (!existsSync(path)) return { check, state: "ok", text: t(doctorText.journalNone) };
  try {
    const { sizeBytes } = checkJournal(path);
    return { check, state: "ok", text: t(doctorText.journalGood, { mb: (sizeBytes / 1e6).toFixed(1) }) };
  } catch (error) {
    if (!isSysError(error)) throw error;
    return { check, state: "broken", text: error.message, fix: error.hint ?? "" };
  }
}
