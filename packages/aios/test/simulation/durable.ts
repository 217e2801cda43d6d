import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { asKeyId, asTenantId, isSysError, SysError } from "@aiosjs/sdk/protocol";
import type { CallId, Exit, Pid } from "@aiosjs/sdk/protocol";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import { systemHash } from "../../src/drivers/random/system.ts";
import { createKernel } from "../../src/kernel/kernel.ts";
import type { CallRow, Clock, Driver, Kernel, Principal, Random } from "../../src/kernel/ports.ts";
import { testSettings } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { CrashingDisk } from "./crashing-disk.ts";
import { agent, simulatedPrograms } from "./durable-programs.ts";
import type { Life, World } from "./durable-programs.ts";
import { KernelClock } from "./kernel-clock.ts";

const ROOT: Principal = { tenant: asTenantId("local"), key: asKeyId("k-local"), pid: null, scopes: ["*"] };
const LEASE_MS = 3_000;
/** After so long nothing goes wrong any more: what does not end then never would. */
const CALM_AFTER_MS = 20_000;
const PATIENCE_MS = 600_000;

interface Node {
  readonly kernel: Kernel;
  readonly clock: KernelClock;
  readonly admin: Client;
  readonly life: Life;
  /** Settles when it will answer nobody any more. */
  readonly gone: PromiseWithResolvers<void>;
  kill(): void;
}

export interface Outcome {
  readonly exits: ReadonlyMap<string, Exit>;
  readonly calls: readonly CallRow[];
  /** Calls that somebody was told the result of. */
  readonly acknowledged: ReadonlyMap<CallId, unknown>;
  readonly world: World;
  readonly faults: Readonly<Record<string, number>>;
}

/** A small world of programs, clients and an operator on a home whose kernels and disk fail as the seed says. */
export async function surviveSeed(seed: number): Promise<Outcome> {
  const random = createSeededRandom(seed);
  const clock = createVirtualClock(1_700_000_000_000, { awaits: "promises" });
  const startMs = clock.nowMs();
  const disk = new CrashingDisk(random, { eio: 0.01, enospc: 0.003, slowMs: 6 });
  const world: World = { paid: new Map(), notes: new Map() };
  const faults: Record<string, number> = {};
  const count = (fault: string): void => void (faults[fault] = (faults[fault] ?? 0) + 1);
  const acknowledged = new Map<CallId, unknown>();
  const pick = (below: number): number => Math.floor(random.next() * below);
  const pause = (ms: number): Promise<void> => clock.wakeAt(clock.nowMs() + ms, new AbortController().signal);
  let births = 0;

  const start = async (): Promise<Node> => {
    const own = new KernelClock(clock);
    const life: Life = { isOver: false, programs: new Set() };
    const gone = Promise.withResolvers<void>();
    const journal = disk.open(own);
    const holder = await journal.holder();
    const node = await journal.claim(
      { id: `n${++births}`, hostPid: births, leaseMs: LEASE_MS, isSole: false },
      holder ?? "anyone",
    );
    const kernel = await createKernel({
      clock: own,
      random: createSeededRandom(seed * 1_000 + births),
      hash: systemHash,
      journal,
      node,
      settings: testSettings,
      cores: [
        createScriptedCore({
          clock: own,
          limits: { concurrency: 3 },
          script: () => own.wakeAt(own.nowMs() + pick(200), new AbortController().signal),
        }),
      ],
      drivers: [worldTools(own, { outside: clock, world, life, random })],
      host: { signal: () => false, isAlive: () => false, isWithin: () => false },
      logs: { append: () => undefined, read: async function* () {} },
      programs: simulatedPrograms(life),
      reload: () => Promise.reject(new SysError("ENOSYS", "nothing to reload")),
      onShutdown: () => undefined,
      onFenced: () => {
        life.isOver = true;
        gone.resolve();
      },
    });
    const kill = (): void => {
      life.isOver = true;
      own.stop();
      journal.kill();
      gone.resolve();
    };
    return { kernel, clock: own, life, gone, kill, admin: createClient(kernel.transport(ROOT)) };
  };

  let node = await start();
  const pids = new Map<string, Pid>();
  /** Until it has been answered: by this kernel or by a later one. */
  const insist = async <T>(ask: (node: Node) => PromiseLike<T>): Promise<T> => {
    for (;;) {
      const asked = node;
      const answer = Promise.resolve(ask(asked)).then(
        (value) => ({ value }),
        (cause: unknown) => ({ cause }),
      );
      const result = await Promise.race([answer, asked.gone.promise.then(() => ({ cause: undefined }))]);
      if ("value" in result) return result.value;
      if (result.cause !== undefined && !isSysError(result.cause)) throw result.cause;
      await pause(30);
    }
  };

  /** A client's own calls: what it was told is remembered. */
  const client = async (name: string): Promise<void> => {
    for (let turn = 0; turn < 6; turn++)
      await insist(async ({ kernel }) => {
        const pid = kernel.identify(ROOT, { session: name });
        const subscription = kernel.syscall(
          "value.put",
          { scope: "shared", key: `${name}.${turn}`, value: turn },
          { principal: ROOT, pid, onDetach: "keep" },
        );
        for await (const batch of subscription) {
          const last = batch.at(-1);
          if (last?.type === "syscall.failed") throw new SysError("EIO", last.error.detail);
          if (last?.type === "syscall.completed") acknowledged.set(subscription.call, last.result);
        }
      });
  };

  /** Answers what nobody but the world can know. */
  const operator = async (): Promise<void> => {
    for (;;) {
      await insist(async ({ admin }) => {
        const { approvals } = await admin.approval.list();
        for (const { id } of approvals) {
          const { request } = await admin.approval.show({ id });
          const { what } = (request as { arguments: { what: string } }).arguments;
          const hasHappened = world.paid.has(what);
          await admin.approval.answer({
            id,
            isApproved: true,
            ...(hasHappened ? { result: { content: `receipt ${what}` } } : {}),
          });
        }
      });
      await pause(100);
    }
  };

  const mischief = async (): Promise<void> => {
    while (clock.nowMs() - startMs < CALM_AFTER_MS) {
      await pause(50 + pick(2_500));
      const before = node;
      switch (pick(7)) {
        case 0:
          count("kill -9");
          before.kill();
          await pause(pick(300));
          node = await start();
          break;
        case 1:
          count("power failure");
          before.kill();
          await disk.failPower();
          node = await start();
          break;
        case 2: {
          count("takeover");
          before.clock.stop();
          await pause(LEASE_MS + pick(1_000));
          node = await start();
          before.gone.resolve();
          // The first wakes up and finds that it is not needed any more.
          void pause(pick(2_000)).then(() => before.clock.goOn());
          break;
        }
        case 3: {
          count("stop");
          // On a full disk it says so; what it had not written, nobody was told.
          await Promise.resolve(before.kernel[Symbol.asyncDispose]()).catch(() => undefined);
          before.kill();
          node = await start();
          break;
        }
        case 4: {
          // Five in one place would end it.
          if ((faults["death of a program"] ?? 0) === 4) break;
          count("death of a program");
          const { programs } = before.life;
          [...programs][pick(programs.size)]?.();
          break;
        }
        case 5:
          count("clock jump");
          before.clock.jump((random.next() - 0.5) * 4_000);
          break;
        default:
          count("pause");
          before.clock.stop();
          await pause(pick(LEASE_MS / 2));
          before.clock.goOn();
      }
    }
  };

  const spawned = async (name: string): Promise<void> => {
    const pid = await insist(async ({ admin }) => {
      const known = (await admin.proc.list({ all: true })).processes.find(
        (one) => one.name === name && one.parent === null,
      );
      return (
        known?.pid ??
        (
          await admin.proc.spawn({
            name,
            program: { kind: "agent", agent: agent(name.split("-")[0] as string), task: name },
          })
        ).pid
      );
    });
    pids.set(name, pid as Pid);
  };

  const work = (async () => {
    await Promise.all(["payer-1", "payer-2", "racer-1", "receiver-1"].map(spawned));
    await Promise.all([client("c1"), client("c2")]);
    const exits = new Map<string, Exit>();
    await Promise.all(
      [...pids].map(async ([name, pid]) => {
        exits.set(name, await insist(({ admin }) => Promise.resolve(admin.proc.wait({ pid }))));
      }),
    );
    return exits;
  })();
  const trouble = mischief();
  void operator();
  const tooLate = pause(PATIENCE_MS).then(async () => {
    const { processes } = await node.admin.proc.list({ all: true });
    if (process.env["AIOS_SIM_SEED"])
      for (const one of processes.filter(({ exit }) => !exit)) {
        const { calls } = await node.admin.proc.trace({ pid: one.pid });
        process.stderr.write(
          `${one.name} ${one.pid} parent ${one.parent}\n${calls.map((call) => `  ${call.seq} ${call.name} ${call.state} ${call.detail} ${call.error ?? ""}\n`).join("")}`,
        );
      }
    const stuck = processes.filter(({ exit }) => !exit).map(({ name, state, on }) => `${name} ${state} (${on})`);
    throw new Error(
      `seed ${seed}: not ended after ${PATIENCE_MS} ms: ${stuck.join(", ")}; faults ${JSON.stringify(faults)}`,
    );
  });
  const exits = await clock.run(Promise.race([work, tooLate]));
  void trouble;
  const calls: CallRow[] = [];
  const last = disk.open(new KernelClock(clock));
  for (const pid of pids.values())
    calls.push(...(await last.calls({ tenant: ROOT.tenant, pid, afterSeq: 0, limit: 10_000 })));
  for (const call of acknowledged.keys()) {
    const row = await last.call(call);
    if (row) calls.push(row);
  }
  if (process.env["AIOS_SIM_SEED"])
    for (const row of calls.filter(({ pid }) => pid === pids.get("racer-1")))
      process.stderr.write(
        `${row.seq} inc ${row.incarnation} ${row.replayKey} ${row.name} ${row.state} end ${row.completion} at ${row.timing.queuedAt - startMs}..${row.timing.endedAt - startMs} ${JSON.stringify((row.request as { arguments?: unknown }).arguments ?? "")}\n`,
      );
  return { exits, calls, acknowledged, world, faults };
}

function worldTools(
  clock: KernelClock,
  { outside, world, life, random }: { outside: Clock; world: World; life: { isOver: boolean }; random: Random },
): Driver {
  const tools = [
    { name: "pay", effect: "unsafe" as const },
    { name: "note", effect: "idempotent" as const },
  ];
  const never = new Promise<never>(() => undefined);
  return {
    name: "world",
    device: "tool",
    concurrency: 4,
    tools: () => tools.map((tool) => ({ ...tool, description: "", parameters: { type: "object" } })),
    async *execute(_name: string, args: unknown) {
      const { name, arguments: given } = args as {
        name: string;
        arguments: { what: string; about: string; is: unknown };
      };
      // On its way outside of the machine: it arrives also while the kernel is stopped, and nobody can call it back.
      await outside.wakeAt(outside.nowMs() + Math.floor(random.next() * 30), new AbortController().signal);
      if (life.isOver) await never;
      if (name === "pay") world.paid.set(given.what, (world.paid.get(given.what) ?? 0) + 1);
      else world.notes.set(given.about, (world.notes.get(given.about) ?? new Set()).add(String(given.is)));
      await clock.wakeAt(clock.nowMs() + Math.floor(random.next() * 30), new AbortController().signal);
      yield [{ type: "result" as const, result: { content: name === "pay" ? `receipt ${given.what}` : "noted" } }];
    },
  } as Driver;
}
