import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const nameIn = (folder: string): string => join(folder, "owner");

/** "" when there is no such process. The start time tells one process from a later one with the same number. */
function startOf(hostPid: string): string {
  try {
    const stat = readFileSync(`/proc/${hostPid}/stat`, "latin1");
    // proc(5): the name in parentheses may hold any character; field 22 is the 20th after it.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch (cause) {
    if (["ENOENT", "ESRCH"].includes(String((cause as NodeJS.ErrnoException).code))) return "";
    throw cause;
  }
}

/** What is in the folder is this process's, until it ends or says otherwise. */
export const own = (folder: string): void =>
  writeFileSync(nameIn(folder), `${process.pid} ${startOf("self")}`, { mode: 0o600 });

export const disown = (folder: string): void => rmSync(nameIn(folder), { force: true });

export function isOwned(folder: string): boolean {
  try {
    const [hostPid = "", startedAt = ""] = readFileSync(nameIn(folder), "utf8").split(" ");
    return /^\d+$/.test(hostPid) && startedAt !== "" && startOf(hostPid) === startedAt;
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes(String((cause as NodeJS.ErrnoException).code))) return false;
    throw cause;
  }
}
