import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { doctorText } from "../messages/doctor.ts";
import type { DoctorContext, Finding } from "./finding.ts";

const programs = [["python3", "python", "py"], ["git"]] as const;

/** What programs of other languages need to be run; the kernel needs none of it. */
export function checkPrograms({ t, env }: DoctorContext): Finding[] {
  return programs.map((names): Finding => {
    const [check] = names;
    const path = names.map((name) => pathOf(name, env)).find((found) => found !== undefined);
    if (path !== undefined) return { check, state: "ok", text: path };
    return {
      check,
      state: "note",
      text: t(doctorText.programNone, { name: check }),
      fix: t(doctorText.programNoneFix),
    };
  });
}

function pathOf(name: string, env: DoctorContext["env"]): string | undefined {
  const isWindows = process.platform === "win32";
  const endings = isWindows ? (env["PATHEXT"] ?? ".EXE;.CMD;.BAT").split(";") : [""];
  const folders = (env["PATH"] ?? env["Path"] ?? "").split(delimiter).filter(Boolean);
  return folders
    .flatMap((folder) => endings.map((ending) => join(folder, `${name}${ending}`)))
    .find((path) => {
      try {
        accessSync(path, isWindows ? constants.F_OK : constants.X_OK);
        return true;
      } catch {
        return false; // not this one
      }
    });
}
