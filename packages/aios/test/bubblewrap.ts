import { createRealClock } from "../src/drivers/clock/real.ts";
import { createBubblewrap } from "../src/drivers/sandbox/bubblewrap/driver.ts";

/** Whether sandboxes of the process tier can be had here. CI has to have them: there the tests run, and fail where not. */
export const hasBubblewrap = process.env["CI"] === "true" || (await isAvailable());

async function isAvailable(): Promise<boolean> {
  await using driver = createBubblewrap({ folder: "/nonexistent", clock: createRealClock() });
  return (await driver.probe()).is === "available";
}
