import type { ProcessView } from "@aiosjs/sdk";
import { noUsage } from "@aiosjs/sdk";
import { expect, test } from "vitest";
import { isCliError } from "./cli-error.ts";
import type { CommandContext } from "./context.ts";
import { chooseProcess } from "./find-process.ts";
import { translate } from "./text.ts";

const speaker = { t: (text, ...values) => translate("en", text, ...values) } satisfies Pick<CommandContext, "t">;

const view = (pid: string, name: string, endedAt: number | null = null): ProcessView => ({
  pid,
  name,
  endedAt,
  state: endedAt === null ? "running" : "zombie",
  parent: null,
  tenant: "main",
  kind: "agent",
  on: null,
  nice: 0,
  class: "batch",
  model: null,
  queued: 0,
  running: 0,
  done: 0,
  failed: 0,
  toolCalls: 0,
  usage: noUsage,
  waitingMs: 0,
  limits: [],
  startedAt: 0,
  exit: null,
  hostPid: null,
  seen: { trust: "user", confidentiality: "internal" },
  labels: "enforced",
  context: null,
});

const refusal = (processes: ProcessView[], text: string): string => {
  try {
    chooseProcess(processes, text, speaker);
  } catch (cause) {
    if (isCliError(cause)) return `${cause.code} ${cause.message}`;
  }
  return "found";
};

test("a process is meant by its pid, by a prefix that only one has, or by its name", () => {
  const processes = [view("k3f9aa", "writer"), view("k3f9bb", "reader"), view("zz01", "k3")];
  expect(chooseProcess(processes, "k3f9aa", speaker).name).toBe("writer");
  expect(chooseProcess(processes, "k3f9b", speaker).name).toBe("reader");
  expect(chooseProcess(processes, "reader", speaker).pid).toBe("k3f9bb");
  expect(chooseProcess(processes, "k3", speaker).pid).toBe("zz01");
});

test("of several of one name the living one is meant, else the one that ended last", () => {
  expect(chooseProcess([view("a", "w", 5), view("b", "w"), view("c", "w", 9)], "w", speaker).pid).toBe("b");
  expect(chooseProcess([view("a", "w", 5), view("c", "w", 9), view("d", "w", 7)], "w", speaker).pid).toBe("c");
});

test("what could be several processes is refused with their names, what is none with the way to list them", () => {
  const processes = [view("k3f9aa", "writer"), view("k3f9bb", "reader"), view("x1", "twin"), view("x2", "twin")];
  expect(refusal(processes, "k3f")).toBe('EEXIST "k3f" could be any of k3f9aa (writer), k3f9bb (reader)');
  expect(refusal(processes, "twin")).toBe('EEXIST "twin" could be any of x1 (twin), x2 (twin)');
  expect(refusal(processes, "nobody")).toBe('ESRCH no process "nobody"');
});
