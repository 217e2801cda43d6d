import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rm, stat, statfs, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { isSysError } from "@aiosjs/sdk";
import { refuseNetworkFilesystem } from "../../home-check.ts";
import { doctorText } from "../messages/doctor.ts";
import type { DoctorContext, Finding } from "./finding.ts";

const oldestNode = [22, 22] as const;
const [scarceBytes, lowBytes] = [100e6, 1e9];

/** Node, the home, its disk and its secrets. */
export async function checkMachine(context: DoctorContext): Promise<Finding[]> {
  return [checkNode(context), await checkHome(context), await checkDisk(context), await checkSecrets(context)];
}

function checkNode({ t }: DoctorContext): Finding {
  const check = t(doctorText.node);
  const { node: version } = process.versions;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isOld = major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]);
  return isOld
    ? { check, state: "broken", text: t(doctorText.nodeOld, { version }), fix: t(doctorText.nodeOldFix) }
    : { check, state: "ok", text: version };
}

async function checkHome({ t, home }: DoctorContext): Promise<Finding> {
  const check = t(doctorText.home);
  const { dir } = home;
  const isThere = existsSync(dir);
  // The nearest folder that exists is where the home would be made.
  let folder = dir;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  const probe = `${folder}/.aios-doctor-${randomBytes(4).toString("hex")}`;
  try {
    await refuseNetworkFilesystem(dir);
    if (isThere) await writeFile(probe, "");
    else await mkdir(probe);
    // Windows has no such bits.
    if (isThere && process.platform !== "win32" && ((await stat(dir)).mode & 0o077) !== 0)
      return {
        check,
        state: "note",
        text: t(doctorText.homeOpen, { home: dir }),
        fix: t(doctorText.homeOpenFix, { home: dir }),
      };
    return { check, state: "ok", text: t(isThere ? doctorText.homeGood : doctorText.homeNew, { home: dir }) };
  } catch (error) {
    if (isSysError(error)) return { check, state: "broken", text: error.message, fix: error.hint ?? "" };
    const detail = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    const text = t(doctorText.homeBad, { home: dir, detail });
    return { check, state: "broken", text, fix: t(doctorText.homeBadFix) };
  } finally {
    await rm(probe, { force: true, recursive: true }).catch(() => undefined);
  }
}

async function checkDisk({ t, home }: DoctorContext): Promise<Finding> {
  const check = t(doctorText.disk);
  let folder = home.dir;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  const { bavail, bsize } = await statfs(folder);
  const bytes = bavail * bsize;
  const free = (bytes / 1e9).toFixed(1);
  if (bytes >= lowBytes) return { check, state: "ok", text: t(doctorText.diskGood, { free }) };
  const state = bytes < scarceBytes ? "broken" : "note";
  return { check, state, text: t(doctorText.diskLow, { free }), fix: t(doctorText.diskLowFix) };
}

async function checkSecrets({ t, home }: DoctorContext): Promise<Finding> {
  const check = t(doctorText.secrets);
  const files = ["credentials", "env", "share-secret", "audit.key", "secrets"]
    .map((name) => home.file(name))
    .filter((file) => existsSync(file));
  if (files.length === 0) return { check, state: "ok", text: t(doctorText.noSecrets) };
  for (const file of files) {
    const { mode } = await stat(file);
    // Windows has no such bits.
    if (process.platform !== "win32" && (mode & 0o077) !== 0)
      return {
        check,
        state: "broken",
        text: t(doctorText.openSecrets, { file }),
        fix: t(doctorText.openSecretsFix, { file }),
      };
  }
  return { check, state: "ok", text: t(doctorText.closedSecrets) };
}
