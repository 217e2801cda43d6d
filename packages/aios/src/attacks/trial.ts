// All attacks on all grounds, one after the other: first the control, then each driver.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { platform } from "node:os";
import type { Ground, Outcome, Outside, Reason } from "./attack.ts";
import { bombContests } from "./bombs.ts";
import { tryEscape } from "./escape.ts";
import { fileEscapes } from "./escapes/files.ts";
import { kernelEscapes } from "./escapes/kernel.ts";
import { networkEscapes } from "./escapes/network.ts";
import { processEscapes } from "./escapes/processes.ts";
import { terminalEscapes } from "./escapes/terminal.ts";
import { races, tryGuardedLink } from "./races.ts";

type AttackKind = "escape" | "race" | "bomb";

/** What became of one attack on one ground after another; the control is the first of all. */
export interface TrialRow {
  readonly id: string;
  readonly kind: AttackKind;
  readonly control: Outcome;
  readonly drivers: Readonly<Record<string, Outcome>>;
}

/** Opens a ground of its own each time: bombs may leave it of no use, and races want their own workspace. */
export interface GroundMaker {
  readonly name: string;
  /** Nothing else is tried there. Default: all. */
  readonly kinds?: readonly AttackKind[] | undefined;
  readonly open: (options: {
    readonly isBounded: boolean;
    readonly lay?: ((workspace: string) => void) | undefined;
  }) => Promise<Ground>;
}

interface TrialOptions {
  readonly control: GroundMaker;
  readonly drivers: readonly GroundMaker[];
  readonly outside: Outside;
  /** Of those whose name holds it. */
  readonly only: string;
  readonly signal: AbortSignal;
}

interface Around {
  readonly held: Held;
  readonly outside: Outside;
}

type Attempt = (ground: GroundMaker, around: Around) => Promise<Outcome>;

/** The grounds that are open: one for each driver and kind, until an attack has broken it. */
class Held implements AsyncDisposable {
  readonly #open = new Map<string, Ground>();

  async get(maker: GroundMaker, isBounded: boolean): Promise<Ground> {
    const key = `${maker.name} ${isBounded}`;
    const known = this.#open.get(key) ?? (await maker.open({ isBounded }));
    this.#open.set(key, known);
    return known;
  }

  async drop(maker: GroundMaker, isBounded: boolean): Promise<void> {
    const key = `${maker.name} ${isBounded}`;
    const known = this.#open.get(key);
    this.#open.delete(key);
    await known?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const ground of this.#open.values()) await ground[Symbol.asyncDispose]();
  }
}

export async function* tryAll({ control, drivers, outside, only, signal }: TrialOptions): AsyncGenerator<TrialRow> {
  await using held = new Held();
  for (const { id, kind, attempt } of attempts) {
    if (!id.includes(only)) continue;
    signal.throwIfAborted();
    const seen: Record<string, Outcome> = {};
    const first = await settled(attempt, control, { held, outside });
    for (const driver of drivers)
      if (driver.kinds?.includes(kind) ?? true) seen[driver.name] = await settled(attempt, driver, { held, outside });
    yield { id, kind, control: first, drivers: seen };
  }
}

async function settled(attempt: Attempt, maker: GroundMaker, around: Around): Promise<Outcome> {
  try {
    return await attempt(maker, around);
  } catch (cause) {
    // What broke once is opened anew.
    for (const isBounded of [false, true]) await around.held.drop(maker, isBounded).catch(() => undefined);
    const why: Reason = { is: "failed", text: cause instanceof Error ? cause.message : String(cause) };
    return { is: "unknown", why };
  }
}

const escapes = [...fileEscapes, ...networkEscapes, ...processEscapes, ...kernelEscapes, ...terminalEscapes];

const attempts: readonly { readonly id: string; readonly kind: AttackKind; readonly attempt: Attempt }[] = [
  ...escapes.map((escape) => ({
    id: escape.id,
    kind: "escape" as const,
    attempt: (async (maker, { held, outside }) =>
      tryEscape(escape, await held.get(maker, false), outside)) satisfies Attempt,
  })),
  {
    id: "guarded-link",
    kind: "escape",
    attempt: (maker, { outside }) => tryGuardedLink((lay) => maker.open({ isBounded: false, lay }), outside),
  },
  ...races.map(({ id, run }) => ({
    id,
    kind: "race" as const,
    attempt: (async (maker, { outside }) => {
      await using ground = await maker.open({ isBounded: false });
      return await run(ground, outside);
    }) satisfies Attempt,
  })),
  ...bombContests.map(({ id, run }) => ({
    id,
    kind: "bomb" as const,
    attempt: (async (maker, { held, outside }) => {
      const outcome = await run(await held.get(maker, true), outside);
      if (outcome.is === "escaped") await held.drop(maker, true);
      return outcome;
    }) satisfies Attempt,
  })),
];

/** Of all attacks, in their order. */
export const attackIds = (): readonly string[] => attempts.map(({ id }) => id);

/** The id of this start of this kernel; only what runs on it can tell it. */
export const bootId = (): string =>
  (platform() === "darwin"
    ? execFileSync("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"], { encoding: "utf8" })
    : readFileSync("/proc/sys/kernel/random/boot_id", "utf8")
  ).trim();
