import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRealClock } from "../src/drivers/clock/real.ts";
import { createBubblewrap } from "../src/drivers/sandbox/bubblewrap/driver.ts";
import type { BubblewrapOptions } from "../src/drivers/sandbox/bubblewrap/driver.ts";

/** Whether sandboxes of the process tier can be had here. CI has to have them: there the tests run, and fail where not. */
export const hasBubblewrap = process.env["CI"] === "true" || (await isAvailable());

async function isAvailable(): Promise<boolean> {
  await using driver = createBubblewrap({ folder: "/nonexistent", clock: createRealClock() });
  return (await driver.probe()).is === "available";
}

/** A bubblewrap over a folder of its own, with this clock; the folder goes with it. */
export function openBubblewrap(options: Partial<BubblewrapOptions> = {}): ReturnType<typeof createBubblewrap> & {
  readonly folder: string;
} {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "aios-bubblewrap-"));
  const driver = createBubblewrap({ folder, clock: createRealClock(), ...options });
  const dispose = driver[Symbol.asyncDispose].bind(driver);
  return Object.assign(driver, {
    folder,
    [Symbol.asyncDispose]: async () => {
      await dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  });
}
