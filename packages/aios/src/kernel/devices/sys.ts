import { asTenantId, SysError } from "@aiosjs/sdk/protocol";
import type { ResultOf } from "@aiosjs/sdk/protocol";
import { attenuate, requireHome, seesAll } from "../access.ts";
import type { Account } from "../budget.ts";
import { serves } from "../model-call.ts";
import { withoutKey } from "../call-row.ts";
import type { Parts } from "../parts.ts";
import type { Core, KeyRow, Price, Principal } from "../ports.ts";
import { checkScopes } from "../scopes.ts";
import { visibleApprovals } from "./approval.ts";
import { offeredTools } from "../offered-tools.ts";
import type { KernelDevice } from "./device.ts";

type SysName =
  | "sys.status"
  | "sys.refresh"
  | "sys.shutdown"
  | "key.create"
  | "key.list"
  | "key.revoke"
  | "budget.show"
  | "budget.set"
  | "call.show"
  | "call.cancel"
  | "tool.list"
  | "llm.models"
  | "llm.lanes";

export const sysDevice: KernelDevice<SysName> = {
  "sys.status": (_args, { parts, principal, startedAtMs }) => {
    const processes: Record<string, number> = {};
    const calls = { running: 0, done: 0, failed: 0 };
    let queued = 0;
    for (const process of parts.processes) {
      if (process.kind === "kernel" || !parts.processes.isVisible(process, principal)) continue;
      queued += process.queued;
      processes[process.state] = (processes[process.state] ?? 0) + 1;
      calls.running += process.running;
      calls.done += process.done;
      calls.failed += process.failed;
    }
    // Of all tenants' notes.
    const reindexing = seesAll(principal) ? parts.memory?.vectors.progress : undefined;
    return {
      name: parts.settings.name,
      version: parts.settings.version,
      url: null,
      startedAt: startedAtMs,
      policy: parts.settings.scheduler.policy,
      processes,
      approvals: visibleApprovals(parts, principal).length,
      queued: seesAll(principal) ? parts.scheduler.queued : queued,
      ...calls,
      cores: parts.lanes.cores.map((core) => ({
        name: core.name,
        kind: core.kind,
        isSimulated: core.isSimulated,
        models: core.models().length,
        ...(core.down ? { down: { message: core.down.message, hint: core.down.hint ?? null } } : {}),
      })),
      journal: { driver: parts.journal.driver, isReadOnly: parts.journal.isReadOnly },
      ...(reindexing && { reindexing }),
    };
  },
  "sys.refresh": (_args, call) => {
    requireHome(call.principal, "sys.refresh");
    return call.refresh();
  },
  "sys.shutdown": (_args, call) => {
    requireHome(call.principal, "sys.shutdown");
    call.shutdown();
    return {};
  },

  "key.create": ({ tenant, scopes, limits, expiresInMs }, { parts, principal }) => {
    if (tenant !== undefined && tenant !== principal.tenant && !seesAll(principal))
      throw new SysError("EACCES", `a key of tenant ${principal.tenant} cannot make one for ${tenant}`);
    const owner = tenant === undefined ? principal.tenant : asTenantId(tenant);
    checkScopes(scopes);
    const maker = parts.keys.find(principal.key);
    if (maker && maker.limits.length > 0)
      throw new SysError("EACCES", `the key ${maker.id} has limits: what it made would spend beside them`, {
        hint: "make keys with one that has none: the home's own has",
      });
    const endsAtMs = maker?.expiresAtMs ?? null;
    const leftMs = endsAtMs === null ? undefined : endsAtMs - parts.clock.nowMs();
    const { row, token } = parts.keys.create({
      tenant: owner,
      pid: null,
      scopes: attenuate(scopes, principal.scopes),
      limits,
      // No key outlives the one that made it.
      expiresInMs: leftMs === undefined ? expiresInMs : Math.min(leftMs, expiresInMs ?? leftMs),
    });
    parts.budgets.set(`key:${row.id}`, limits, parts.clock.nowMs());
    parts.outbox.note({ kind: "key", row });
    parts.outbox.event("key.created", { tenant: owner, pid: null }, { key: row.id, scopes: [...row.scopes] });
    return { key: token, id: row.id, tenant: owner };
  },
  "key.list": (_args, { parts, principal }) => ({
    keys: parts.keys
      .list()
      .filter((row) => row.pid === null && (seesAll(principal) || row.tenant === principal.tenant))
      .map(({ id, tenant, pid, scopes, limits, createdAtMs, expiresAtMs }) => ({
        id,
        tenant,
        pid,
        scopes: [...scopes],
        limits: [...limits],
        createdAt: createdAtMs,
        expiresAt: expiresAtMs,
      })),
  }),
  "key.revoke": ({ id }, { parts, principal }) => {
    const row = parts.keys.find(id);
    if (!row || !(seesAll(principal) || row.tenant === principal.tenant))
      throw new SysError("ENOENT", `no key ${id}`, { hint: "`aios key ls` lists them" });
    if (row.id === principal.key) throw new SysError("EINVAL", "a key cannot revoke itself");
    const revoked = parts.keys.revoke(row.id) as KeyRow;
    parts.outbox.note({ kind: "key", row: revoked });
    parts.cron.keyRevoked(row.id);
    parts.outbox.event("key.revoked", { tenant: row.tenant, pid: null }, { key: row.id });
    for (const process of parts.processes)
      if (process.key === row.id)
        for (const record of process.calls) record.cancel(new SysError("EAUTH", `the key ${id} was revoked`));
    return {};
  },

  "budget.show": (_args, { parts, principal }) => ({
    accounts: parts.budgets
      .all()
      .filter(({ scope }) => seesAll(principal) || isShown(parts, scope, principal))
      .map((account) => viewOf(account, parts)),
  }),
  "budget.set": ({ scope, limits }, { parts, lifecycle, principal }) => {
    if (!seesAll(principal) && !ownsScope(parts, scope, principal.tenant))
      throw new SysError("ENOENT", `no ${scope.split(":")[0]} ${scope.slice(scope.indexOf(":") + 1)}`);
    const [kind, id] = [scope.slice(0, scope.indexOf(":")), scope.slice(scope.indexOf(":") + 1)];
    if (!seesAll(principal) && (kind === "tenant" || id === principal.key))
      throw new SysError("EACCES", `the limits of ${scope} bind this key: it does not set them`, {
        hint: "the home's own key does",
      });
    if (kind === "process") {
      const process = parts.processes.visible(id, principal);
      lifecycle.setLimits(process, limits);
      lifecycle.save(process);
    } else {
      if (kind === "key") {
        const known = parts.keys.find(id);
        if (!known) throw new SysError("ENOENT", `no key ${id}`, { hint: "`aios key ls` lists them" });
        const row = parts.keys.setLimits(known.id, [
          ...known.limits.filter(
            (old) => !limits.some((one) => one.resource === old.resource && one.window === old.window),
          ),
          ...limits,
        ]);
        if (row) parts.outbox.note({ kind: "key", row });
      }
      parts.budgets.set(scope, limits, parts.clock.nowMs());
    }
    const accounts = parts.budgets.of(scope);
    parts.outbox.note(...accounts.map((account) => ({ kind: "account" as const, row: account.row() })));
    for (const process of parts.processes)
      if (process.suspended?.startsWith("budget") && parts.processes.isVisible(process, principal))
        lifecycle.resume(process, "a budget was changed");
    return { accounts: accounts.map((account) => viewOf(account, parts)) };
  },

  "call.show": async ({ call: id }, { parts, principal, findCall }) => {
    const record = findCall(id);
    if (record && parts.processes.isVisible(record.process, principal)) {
      const last = record.events.at(-1);
      const error = last?.type === "syscall.failed" ? last.error : null;
      const state = record.state === "ended" ? (error ? "failed" : "done") : record.state;
      return {
        state,
        name: record.name,
        pid: record.process.pid,
        result: last?.type === "syscall.completed" ? withoutKey(record) : null,
        error,
        usage: record.usage,
        timing: record.timing(),
      };
    }
    await parts.outbox.flushed();
    const row = await parts.journal.call(id as never);
    const isMine =
      row &&
      (seesAll(principal) ||
        (row.tenant === principal.tenant && (principal.pid === null || row.pid === principal.pid)));
    if (!row || !isMine) throw new SysError("ENOENT", `no call ${id}`);
    return {
      state: row.state === "intent" ? "running" : row.state,
      name: row.name,
      pid: row.pid,
      result: row.result,
      error: row.error,
      usage: row.usage,
      timing: row.timing,
    };
  },
  "call.cancel": ({ call: id }, { parts, principal, findCall }) => {
    const record = findCall(id);
    if (!record || !parts.processes.isVisible(record.process, principal))
      throw new SysError("ENOENT", `no call ${id} is under way`);
    const wasOpen = record.state !== "ended";
    record.cancel(new SysError("ECANCELED", "cancelled by the caller"));
    return { wasOpen };
  },

  "tool.list": async (_args, { parts }) => ({ tools: await offeredTools(parts) }),

  "llm.models": (_args, { parts }) => ({
    models: parts.lanes.cores
      .filter((core, _index, all) => core === speakerOf(core.name, all))
      .flatMap((core) =>
        core.models().map((model) => {
          const { id, contextTokens, price } = parts.lanes.published(core, model);
          return {
            id,
            core: core.name,
            kind: core.kind,
            isSimulated: core.isSimulated,
            serves: (["llm.chat", "llm.embed"] as const).filter((syscall) => serves(core, model, syscall)),
            ...(contextTokens === undefined ? {} : { contextTokens }),
            ...(price ? { price: priceOf(price) } : {}),
          };
        }),
      ),
    aliases: Object.fromEntries(
      Object.entries(parts.settings.aliases).map(([from, to]) => [from, typeof to === "string" ? to : [...to]]),
    ),
  }),
  "llm.lanes": (_args, { parts }) => {
    const nowMs = parts.clock.nowMs();
    const lanes: ResultOf<"llm.lanes">["lanes"] = [];
    for (const lane of parts.lanes.all()) {
      if (lane.driver.device !== "llm") continue;
      const core = lane.driver as Core;
      lanes.push({
        lane: lane.id,
        core: core.name,
        model: lane.model,
        isSimulated: core.isSimulated,
        queued: lane.queue.size,
        running: lane.running,
        concurrency: lane.concurrency,
        buckets: [...lane.buckets.values()].map((bucket) => ({
          name: bucket.name,
          perMinute: bucket.perMinute,
          burst: bucket.burst,
          source: bucket.source,
          level: bucket.levelAt(nowMs),
        })),
        cooldownUntil: lane.pausedUntilMs > nowMs ? lane.pausedUntilMs : null,
        price: lane.price ? priceOf(lane.price) : null,
        done: lane.done,
        failed: lane.failed,
        refused: lane.refused,
        ...(core.endpoint === 0 ? { cached: parts.answers.hitsOf(`${core.name}/${lane.model}`) } : {}),
        usage: lane.usage,
      });
    }
    return { lanes };
  },
};

const priceOf = ({
  input,
  output,
  cachedInput,
  cacheWrite,
  cacheWriteHour,
  asOf,
}: Price): { input: number; output: number } => ({
  input,
  output,
  ...(cachedInput === undefined ? {} : { cachedInput }),
  ...(cacheWrite === undefined ? {} : { cacheWrite }),
  ...(cacheWriteHour === undefined ? {} : { cacheWriteHour }),
  ...(asOf === undefined ? {} : { asOf }),
});

/** Of the endpoints of a core the first that is up. */
const speakerOf = (name: string, cores: readonly Core[]): Core | undefined => {
  const own = cores.filter((core) => core.name === name);
  return own.find(({ down }) => down === undefined) ?? own[0];
};

function viewOf(account: Account, parts: Parts): ResultOf<"budget.show">["accounts"][number] {
  account.leftAt(parts.clock.nowMs());
  const { scope, resource, window, limit, used, reserved, resetsAtMs } = account;
  return { scope, resource, window, limit, used, reserved, resetsAt: resetsAtMs };
}

/** A process is told of what binds it, and those below it. */
function isShown(parts: Parts, scope: string, principal: Principal): boolean {
  if (principal.pid === null) return ownsScope(parts, scope, principal.tenant);
  const process = parts.processes.get(scope.slice("process:".length));
  if (scope.startsWith("process:")) return process !== undefined && parts.processes.isVisible(process, principal);
  return scope === `tenant:${principal.tenant}` || scope === `key:${principal.key}`;
}

function ownsScope(parts: Parts, scope: string, tenant: string): boolean {
  const [kind, id] = [scope.slice(0, scope.indexOf(":")), scope.slice(scope.indexOf(":") + 1)];
  if (kind === "tenant") return id === tenant;
  if (kind === "key") return parts.keys.find(id)?.tenant === tenant;
  return parts.processes.get(id)?.tenant === tenant;
}
