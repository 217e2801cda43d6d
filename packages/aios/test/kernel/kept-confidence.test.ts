// What is confidential stays so, whatever a process says of it.
import { createClient } from "@aiosjs/sdk";
import { asPid } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { noteTools } from "../note-tools.ts";
import { openRig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

const open = async () => {
  const rig = await openRig({ cores: (clock) => [createScriptedCore({ clock })], notes: noteTools() });
  const { pid } = await rig.admin.proc.spawn({ program: { kind: "command", command: ["x"], cwd: "/" } });
  const { mem } = createClient(rig.kernel.transport({ ...rig.root, pid: asPid(pid) }));
  const { id } = await rig.admin.mem.add({
    namespace: "tenant",
    content: "the code is 4711",
    labels: { trust: "user", confidentiality: "secret" },
  });
  const levelOf = async (note: string) => (await rig.admin.mem.get({ id: note })).labels.confidentiality;
  return { rig, mem, id, levelOf };
};
const shown = { trust: "untrusted", confidentiality: "public" } as const;

test("a process makes no note less confidential, by no way of writing it", async () => {
  const { mem, id, levelOf } = await open();
  await mem.update({ id, labels: shown });
  expect(await levelOf(id)).toBe("secret");
  const { notes } = await mem.export({});
  const said = notes.map((note) => ({ ...note, labels: shown }));
  const { ids } = await mem.import({ namespace: "tenant", notes: said as never });
  for (const { is } of ids) expect(await levelOf(is)).toBe("secret");
  const copy = await mem.add({ namespace: "tenant", content: "the code is 4711", labels: shown });
  expect(await levelOf(copy.id)).toBe("secret");
});

test("a person does, and a process makes one more confidential", async () => {
  const { rig, mem, id, levelOf } = await open();
  const own = await mem.add({ namespace: "tenant", content: "a plan" });
  expect(await levelOf(own.id)).toBe("internal");
  await mem.update({ id: own.id, labels: { trust: "untrusted", confidentiality: "private" } });
  expect(await levelOf(own.id)).toBe("private");
  await rig.admin.mem.update({ id, labels: { trust: "user", confidentiality: "public" } });
  expect(await levelOf(id)).toBe("public");
});
