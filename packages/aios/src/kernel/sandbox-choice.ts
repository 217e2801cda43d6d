import { SysError } from "@aiosjs/sdk/protocol";
import { sandboxRank } from "./gate/gates.ts";
import type { IsolationTier, SandboxDriver } from "./ports.ts";

/** What can be used here was seen once; what is missing is looked for again each time: it may have been installed since. */
export class SandboxChoice {
  readonly #drivers: readonly SandboxDriver[];
  readonly #available = new Set<SandboxDriver>();

  constructor(drivers: readonly SandboxDriver[]) {
    this.#drivers = drivers;
  }

  /**
   * The first that is at least so strong. `wasm` means itself: what runs in it is written for it.
   * @throws SysError ENOSYS with what each of them lacks; nothing weaker is taken instead.
   */
  async pick(least: IsolationTier): Promise<SandboxDriver> {
    const fitting = this.#drivers.filter(({ tier }) =>
      least === "wasm" ? tier === "wasm" : sandboxRank(tier) >= sandboxRank(least),
    );
    const lacks: { readonly text: string; readonly fix: string }[] = [];
    for (const driver of fitting) {
      if (this.#available.has(driver)) return driver;
      const probe = await driver.probe();
      if (probe.is === "missing") {
        lacks.push({ text: `${driver.name}: ${probe.why}`, fix: probe.fix });
        continue;
      }
      this.#available.add(driver);
      return driver;
    }
    const why = lacks.length === 0 ? "no driver of this kernel is so strong" : lacks.map(({ text }) => text).join("; ");
    const others = [...new Set(this.#drivers.map(({ tier }) => tier))].join(", ");
    throw new SysError("ENOSYS", `no sandbox of the ${least} tier or stronger here: ${why}`, {
      hint:
        lacks[0]?.fix ?? `this kernel has drivers of the tiers ${others || "none"}: aios config explain sandbox.driver`,
    });
  }

  named(name: string): SandboxDriver | undefined {
    return this.#drivers.find((driver) => driver.name === name);
  }

  get all(): readonly SandboxDriver[] {
    return this.#drivers;
  }
}
