// Links to files from one kernel to the next.
import { describe, expect, test } from "vitest";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { openSqliteJournal } from "../../src/drivers/journal/sqlite.ts";
import type { Journal } from "../../src/kernel/ports.ts";
import { newFileFolder } from "../file-rig.ts";
import { mortal } from "../mortal-journal.ts";
import { isNowhere, openShareWorld } from "../share-world.ts";
import type { ShareWorld } from "../share-world.ts";
import { testedEngine } from "../sqlite-engine.ts";

const timeoutMs = 180_000;

describe("links to files, across kernels", { timeout: timeoutMs }, () => {
  /** Every kernel draws other ids. */
  let seed = 100;
  const next = (folder: string, journal: Journal): Promise<ShareWorld> =>
    openShareWorld({ folder, journal, seed: ++seed });

  test("those that are open and those that are ended are so for the next kernel, in a file as in memory", async () => {
    const folder = await newFileFolder();
    const path = `${await newFileFolder()}/journal.db`;
    const links: { open: string[]; ended: string[] } = { open: [], ended: [] };
    for (let round = 0; round < 3; round++) {
      await using journal = await openSqliteJournal({ path, engine: testedEngine });
      const world = await next(folder, journal);
      for (const link of links.open) expect(await (await world.open(link)).text()).toBe("content");
      await isNowhere(world, ...links.ended);
      for (const name of ["stays", "ended", "gone"]) {
        await world.fs.write({ path: `/shared/${round}/${name}`, content: "content" });
        const { link } = await world.fs.share({ path: `${round}/${name}`, ...(round === 1 && { version: 1 }) });
        (name === "stays" ? links.open : links.ended).push(link);
      }
      await world.fs.unshare({ path: `${round}/ended` });
      await world.fs.remove({ path: `${round}/gone` });
      await world.fs.restore({ path: `${round}/gone` });
      await isNowhere(world, ...links.ended);
      const { shares } = await world.fs.shares({});
      expect(new Set(shares.map(({ link }) => link))).toEqual(new Set(links.open));
      await world[Symbol.asyncDispose]();
      await world.rig.kernel[Symbol.asyncDispose]();
    }
  });

  test("a kernel that dies at any commit leaves each link open or ended, as it has answered", async () => {
    for (let lastCommit = 1; lastCommit < 400; lastCommit++) {
      const [folder, journal] = [await newFileFolder(), createMemoryJournal()];
      const isAcknowledged = lastCommit % 2 === 0;
      let died = (): void => undefined;
      const death = new Promise<void>((resolve) => (died = resolve));
      const first = await next(folder, mortal(journal, { lastCommit, isAcknowledged, onDeath: died }));
      const told: { open: Set<string>; ended: Set<string>; doubtful: Set<string> } = {
        open: new Set(),
        ended: new Set(),
        doubtful: new Set(),
      };
      const act = async (): Promise<void> => {
        for (const name of ["a", "b", "c"]) {
          const path = `/shared/${name}`;
          await first.fs.write({ path, content: "content" });
          const { link } = await first.fs.share({ path });
          told.open.add(link);
          if (name === "a") continue;
          told.open.delete(link);
          told.doubtful.add(link);
          if (name === "b") await first.fs.unshare({ path });
          else await first.fs.remove({ path });
          told.doubtful.delete(link);
          told.ended.add(link);
          if (name === "c") await first.fs.write({ path, content: "another" });
        }
      };
      const isWhole = await Promise.race([act().then(() => true), death.then(() => false)]);
      await first[Symbol.asyncDispose]();
      const second = await next(folder, journal);
      for (const link of told.open) expect(await (await second.open(link)).text()).toBe("content");
      await isNowhere(second, ...told.ended);
      // What comes to the path after a removal that was on its way is nothing to those who have the link.
      await second.fs.write({ path: "/shared/c", content: "another" });
      for (const link of told.doubtful) {
        const { status } = await second.open(link);
        const { shares } = await second.fs.shares({});
        expect(status).toBe(shares.some((share) => share.link === link) ? 200 : 404);
      }
      await second[Symbol.asyncDispose]();
      await second.rig.kernel[Symbol.asyncDispose]();
      if (isWhole) {
        expect(lastCommit).toBeGreaterThan(8);
        return;
      }
    }
    throw new Error("it never came to its end");
  });
});
