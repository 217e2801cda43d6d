// The attacked process: whatever it starts inherits its environment, its handles, its keys and its terminal, unless a sandbox
// stands between. Asked once by its parent, it sends a row for each attack, and ends.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { asTenantId } from "@aiosjs/sdk/protocol";
import { openAttackedDrivers } from "../boot-attacks.ts";
import type { AttackedEngine, AttackedGuest } from "../boot-attacks.ts";
import type { Outside } from "./attack.ts";
import { BOUNDS } from "./bombs.ts";
import { openControl } from "./control-ground.ts";
import { runOrdinarily } from "./processes.ts";
import { openSandboxGround } from "./sandbox-ground.ts";
import { bootId, tryAll } from "./trial.ts";
import type { GroundMaker, TrialRow } from "./trial.ts";

/** What the parent has planted, and what it wants. */
export interface Asked {
  readonly folder: string;
  readonly userHome: string;
  /** Default: every driver that is available here and claims `process` or stronger. */
  readonly drivers: readonly string[] | undefined;
  readonly engine: AttackedEngine | undefined;
  readonly guest: AttackedGuest | undefined;
  readonly only: string;
  readonly handleSecret: string | undefined;
  readonly environmentSecret: string;
  /** Where the terminal's text is copied to; undefined: there is none. */
  readonly terminal: string | undefined;
}

export interface DriverState {
  readonly name: string;
  readonly tier: string;
  /** Why it is not attacked. */
  readonly missing?: { readonly why: string; readonly fix: string };
}

export type Told =
  | { readonly is: "drivers"; readonly drivers: readonly DriverState[] }
  | { readonly is: "row"; readonly row: TrialRow }
  | { readonly is: "over" }
  | { readonly is: "failed"; readonly text: string };

/** Said of a driver whose programs are kept by their starter, as `aios run --sandbox` does. */
const KEPT = "(run)";

const stopped = new AbortController();
const tell = (told: Told): void => void process.send?.(told);

process.on("SIGTERM", () => stopped.abort());
process.on("disconnect", () => stopped.abort());
process.once("message", (asked: Asked) => {
  attacked(asked)
    .then(
      () => tell({ is: "over" }),
      (cause: unknown) =>
        tell({ is: "failed", text: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) }),
    )
    .finally(() => process.disconnect?.());
});

async function attacked(asked: Asked): Promise<void> {
  const { folder, userHome, handleSecret, environmentSecret } = asked;
  const planted = join(folder, "outside");
  const view = join(planted, "view");
  mkdirSync(view, { recursive: true });
  const outside: Outside = {
    folder: planted,
    userHome,
    isRoot: process.getuid?.() === 0,
    bootId: bootId(),
    terminal: () =>
      asked.terminal === undefined
        ? undefined
        : existsSync(asked.terminal)
          ? readFileSync(asked.terminal, "latin1")
          : "",
    handleSecret,
    environmentSecret,
    ordinarily: (program, words) => runOrdinarily(program, words, { cwd: planted }),
  };
  await using opened = await openAttackedDrivers(join(folder, "home"), asked);
  const states: DriverState[] = [];
  const drivers: GroundMaker[] = [];
  for (const driver of opened.drivers) {
    const { name, tier } = driver;
    if (tier === "wasm" || (asked.drivers && !asked.drivers.includes(name))) continue;
    const probed = await driver.probe();
    states.push(probed.is === "available" ? { name, tier } : { name, tier, missing: probed });
    if (probed.is === "missing") continue;
    const open =
      (isWrapped: boolean): GroundMaker["open"] =>
      ({ isBounded, lay }) =>
        openSandboxGround({
          driver,
          folder: join(folder, "grounds"),
          view,
          tenant: asTenantId("attacked"),
          bounds: isBounded ? BOUNDS : undefined,
          isWrapped,
          lay,
        });
    drivers.push({ name, open: open(false) });
    // Where the starter keeps its program, bounds of time and output are the starter's.
    if (tier !== "process") continue;
    states.push({ name: `${name} ${KEPT}`, tier });
    drivers.push({ name: `${name} ${KEPT}`, kinds: ["escape"], open: open(true) });
  }
  tell({ is: "drivers", drivers: states });
  const control: GroundMaker = {
    name: "control",
    open: async ({ lay }) => {
      const ground = openControl({ folder: join(folder, "grounds"), view });
      lay?.(ground.workspace);
      return ground;
    },
  };
  for await (const row of tryAll({ control, drivers, outside, only: asked.only, signal: stopped.signal }))
    tell({ is: "row", row });
}
