import { isTree } from "./predecessor.ts";
import { Translator } from "./translation.ts";
import type { Translation } from "./translation.ts";

/** Their one user is our home's own tenant. */
const tenant = "local";

/** Translates the second family's configuration (`config.yaml`, `config/prod.yaml` of yangfei222666-9/aios). */
export function importTaiji(tree: unknown): Translation {
  const translator = new Translator(tree);
  const number = (key: string): number | undefined => {
    const value = translator.at(key);
    return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : undefined;
  };
  const mapNumber = (from: string, to: string, convert: (value: number) => number = (value) => value): void => {
    const value = number(from);
    if (value !== undefined) translator.map(from, to, convert(value));
  };
  const name = translator.at("config.name");
  if (typeof name === "string" && name) translator.map("config.name", "system.name", name);
  // Both bound how much goes on at once; the agents' own bound is the one that their scheduler obeys.
  mapNumber("core.max_workers", "scheduler.maxConcurrent");
  mapNumber("agents.max_concurrent", "scheduler.maxConcurrent");
  mapNumber("core.timeout_seconds", "scheduler.defaultTimeoutMs", (seconds) => seconds * 1_000);
  mapNumber("agents.retry_limit", "scheduler.maxAttempts", (retries) => retries + 1);
  mapNumber("queue.max_pending", "scheduler.queueLimit");
  mapNumber("monitoring.metrics_retention_days", "journal.keepDays");
  if (translator.at("storage.backend") === "sqlite") translator.moved("storage.backend", "journal.url (the default)");

  const limits: unknown[] = [];
  for (const [key, window] of [
    ["cost_control.daily_limit", "day"],
    ["cost_control.monthly_limit", "month"],
  ] as const) {
    const limit = number(key);
    if (limit === undefined) continue;
    limits.push({ resource: "costUsd", window, limit });
    translator.moved(key, `budgets.${tenant}: $${limit} a ${window}`);
  }
  if (limits.length > 0) translator.config["budgets"] = { [tenant]: limits };
  for (const key of keysUnder(tree, "models"))
    translator.drop(key, "their gateway has no kind of ours: add the provider with aios llm add");
  return translator.end("taiji", reasonOf);
}

function keysUnder(tree: unknown, section: string): string[] {
  const value = isTree(tree) ? tree[section] : undefined;
  const walk = (at: unknown, prefix: string): string[] =>
    isTree(at) ? Object.entries(at).flatMap(([name, child]) => walk(child, `${prefix}.${name}`)) : [prefix];
  return isTree(value) ? walk(value, section) : [];
}

function reasonOf(key: string): string {
  const [section = ""] = key.split(".");
  const reasons: Readonly<Record<string, string>> = {
    paths: "everything of a system lies in its home; see aios doctor",
    storage: "the journal is a file of our own and is not taken over",
    policy: "policy files are not there yet",
    analysis: "improvement loops are not there yet",
    self_improving: "improvement loops are not there yet",
    quality_gates: "improvement loops are not there yet",
    modules: "plug-ins are not there yet",
    cron: "cron is not there yet",
    notifications: "notifications are not there yet",
    monitoring: "/metrics has the figures; alerts belong to what reads them",
    agents: "timeouts of one agent are limits of its process: aios limits",
    features: "there are no switches like these",
    cost_control: "prices belong to a model: aios llm add --price; budgets tell what is left: aios budget show",
    core: "every event is in the journal: aios trace, aios logs; a process's files lie in its own folder of the home",
    queue: "a call's place is its process's nice value: aios nice",
    config: "not needed",
    version: "not needed",
    environment: "not needed",
  };
  return reasons[section] ?? "nothing of ours is like it";
}
