// A hundred ways back, each held against what stood there: of files to a version, of folders to a time, after calls and after
// edits from outside.
import { createHash } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isSysError } from "@aiosjs/sdk/protocol";
import { afterEach, expect, test } from "vitest";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import { diskTree, openFileRig, removeFileFolders } from "../file-rig.ts";

afterEach(removeFileFolders);

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const WAYS_BACK = 100;
const MOMENT_MS = 1_000;
const paths = ["d/a", "d/b", "d/e/a", "d/e/b", "d/合同.md", "f"];

test("of a hundred ways back each one is right", { timeout: 120_000 }, async () => {
  const random = createSeededRandom(1);
  const pick = <Item>(from: readonly Item[]): Item => from[Math.floor(random.next() * from.length)] as Item;
  const rig = await openFileRig();
  const { fs, pid } = await rig.process();
  const moments: { atMs: number; tree: Record<string, string | null> }[] = [];
  const isNoMatter = (cause: unknown): void => {
    if (!isSysError(cause) || cause.code !== "ENOENT") throw cause;
  };
  const change = async (step: number): Promise<void> => {
    const path = pick(paths);
    const content = `${step} ${"x".repeat(Math.floor(random.next() * 3_000))}`;
    const draw = random.next();
    if (draw < 0.5) await fs.write({ path, content });
    else if (draw < 0.65) await fs.append({ path, content });
    else if (draw < 0.75) await Promise.resolve(fs.remove({ path })).catch(isNoMatter);
    else if (draw < 0.85) await rm(rig.at(pid, path), { force: true });
    else {
      await mkdir(join(rig.at(pid, path), ".."), { recursive: true });
      await writeFile(rig.at(pid, path), content);
    }
  };
  /** Others' edits become versions when they are looked at, and a moment is then. */
  const moment = async (): Promise<void> => {
    await Promise.resolve(fs.rollback({ path: ".", atMs: rig.clock.nowMs() })).catch(isNoMatter);
    moments.push({ atMs: rig.clock.nowMs(), tree: await diskTree(rig.at(pid)) });
    await rig.clock.run(rig.clock.nowMs() + MOMENT_MS);
  };
  let right = 0;
  for (let step = 0; right < WAYS_BACK; step++) {
    for (let changes = 0; changes < 3; changes++) await change(step);
    await moment();
    if (step < 5) continue;
    if (random.next() < 0.5) {
      const { atMs, tree } = pick(moments);
      await fs.rollback({ path: ".", atMs });
      expect(await diskTree(rig.at(pid)), `step ${step}`).toEqual(tree);
    } else {
      const path = pick(paths);
      const { versions } = await fs.history({ path, limit: 1_000 });
      const { version, hash } = pick(versions.filter(({ kind }) => kind === "file"));
      await fs.rollback({ path, version });
      expect(sha256((await fs.read({ path })).content), `step ${step}`).toBe(hash);
      expect(sha256((await diskTree(rig.at(pid)))[path] ?? ""), `step ${step}`).toBe(hash);
    }
    right++;
    await moment();
  }
});
