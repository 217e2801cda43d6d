// What is told of files that are on record, and that the disk does not take.
import { afterEach, expect, test } from "vitest";
import { createFileTools } from "../../src/boot-files.ts";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { openFileRig, removeFileFolders } from "../file-rig.ts";
import type { FileRig } from "../file-rig.ts";

afterEach(removeFileFolders);

/** A kernel whose disk takes nothing while `refuses` says why. */
async function open(refuses: () => Error | undefined): Promise<FileRig & AsyncDisposable> {
  const clock = createVirtualClock(1_000);
  const fileTools = createFileTools({ clock, calendar: { timeZone: "UTC" } });
  const rig = await openFileRig({
    clock,
    fileTools,
    wrap: (disk) => ({
      ...disk,
      place: (placement) => {
        const refusal = refuses();
        return refusal ? Promise.reject(refusal) : disk.place(placement);
      },
    }),
  });
  return {
    ...rig,
    [Symbol.asyncDispose]: async () => {
      await rig.kernel[Symbol.asyncDispose]();
      await fileTools[Symbol.asyncDispose]();
    },
  };
}

test("fs.verify names them until they are in their places", async () => {
  let refusal: Error | undefined;
  await using rig = await open(() => refusal);
  const { fs } = rig.admin;
  await fs.write({ path: "/shared/there.md", content: "there" });
  refusal = new Error("full");
  await fs.write({ path: "/shared/plan.md", content: "one" });
  await fs.remove({ path: "/shared/there.md" });
  expect(await fs.verify({})).toMatchObject({
    lost: [],
    different: [],
    unplaced: ["/shared/plan.md", "/shared/there.md"],
  });
  refusal = undefined;
  await rig.clock.run(rig.clock.nowMs() + 2_000);
  expect(await fs.verify({})).toMatchObject({ lost: [], different: [], unplaced: [] });
});

test("an event tells once that they do not come to their places for the same reason, and again after it was well", async () => {
  let refusal: Error | undefined = new Error("full");
  await using rig = await open(() => refusal);
  const { fs } = rig.admin;
  const told = async () => (await rig.events()).filter(({ topic }) => topic === "file.unplaced");
  const goOn = async (ms: number): Promise<void> => {
    for (const end = rig.clock.nowMs() + ms; rig.clock.nowMs() < end;) {
      await rig.clock.run(rig.clock.nowMs() + 1_000);
      await fs.list({ path: "/shared", isRemoved: true }); // what is tried again has been tried
    }
  };
  await fs.write({ path: "/shared/plan.md", content: "one" });
  await fs.write({ path: "/shared/other.md", content: "two" });
  await goOn(25_000);
  expect(await told()).toEqual([]);
  await goOn(30_000);
  const { pid } = await fs.stat({ path: "/shared/plan.md" });
  const body = { path: "/shared/plan.md", code: "EIO", detail: "the disk failed: full", waiting: 2 };
  expect(await told()).toMatchObject([{ pid, body }]);
  refusal = undefined;
  await goOn(2_000);
  refusal = new Error("read-only");
  await fs.write({ path: "/shared/plan.md", content: "three" });
  await goOn(40_000);
  expect(await told()).toMatchObject([{ body }, { body: { detail: "the disk failed: read-only", waiting: 1 } }]);
});
