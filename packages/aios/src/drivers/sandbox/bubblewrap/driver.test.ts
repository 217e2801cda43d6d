import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "vitest";
import { posixPrograms, sandboxConformance } from "../../../../test/conformance/sandbox.ts";
import { hasBubblewrap } from "../../../../test/bubblewrap.ts";
import { createRealClock } from "../../clock/real.ts";
import { createBubblewrap } from "./driver.ts";

if (!hasBubblewrap)
  test.skip("bubblewrap as a sandbox: it does not start here (apt-get install bubblewrap)", () => undefined);

describe.runIf(hasBubblewrap)("on a real bubblewrap", () => {
  sandboxConformance(
    "bubblewrap",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "aios-bubblewrap-"));
      const clock = createRealClock();
      let generation = 1;
      let driver = createBubblewrap({ folder, clock, generation });
      return {
        driver,
        again: async () => {
          await driver[Symbol.asyncDispose]();
          return (driver = createBubblewrap({ folder, clock, generation: ++generation }));
        },
        [Symbol.asyncDispose]: async () => {
          await driver[Symbol.asyncDispose]();
          rmSync(folder, { recursive: true, force: true });
        },
      };
    },
    {
      programs: posixPrograms,
      posix: true,
      folders: true,
      fetch: (url) => [
        "python3",
        "-c",
        "import sys, urllib.request as u; sys.stdout.write(u.urlopen(sys.argv[1], timeout=5).read().decode())",
        url,
      ],
    },
  );
});
