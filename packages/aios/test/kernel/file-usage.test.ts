// What is told of what files take.
import { afterEach, expect, test } from "vitest";
import { openFileRig, removeFileFolders } from "../file-rig.ts";

afterEach(removeFileFolders);

test("fs.usage tells each folder and the tenant, what takes most first", async () => {
  const files = { maxBytes: 5_000, maxBytesPerProcess: 2_000, maxFiles: 100 };
  const rig = await openFileRig({ settings: { files } });
  const { fs, pid } = await rig.process();
  const other = await rig.process();
  await other.fs.write({ path: "secret", content: "x" });
  await fs.write({ path: "d/one", content: "x".repeat(100) });
  await fs.write({ path: "d/one", content: "y".repeat(50) });
  await fs.copy({ from: "d/one", to: "/shared/one" });
  await rig.client("s", "acme").client.fs.write({ path: "/shared/theirs", content: "theirs" });
  const own = { folder: `/home/${pid}`, files: 2, bytes: 50, keptBytes: 150, maxBytes: 2_000 };
  const shared = { folder: "/shared", files: 1, bytes: 50, keptBytes: 50, maxBytes: null };
  expect(await fs.usage({})).toEqual({ folders: [own, shared] });
  expect(await rig.admin.fs.usage({ limit: 2 })).toEqual({
    folders: [own, shared],
    tenant: { files: 4, bytes: 101, keptBytes: 151, maxBytes: 5_000, maxFiles: 100 },
  });
  expect((await rig.admin.fs.usage({})).folders).toHaveLength(3);
});
