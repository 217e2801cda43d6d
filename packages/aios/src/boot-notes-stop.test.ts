import { expect, test } from "vitest";
import { createNoteTools } from "./boot-notes.ts";

const threads = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "MessagePort").length;

test("an index that is asked for before the kernel stops, and is there after it, is closed at once", async () => {
  const before = threads();
  const tools = createNoteTools();
  const late = tools.openIndex();
  await tools[Symbol.asyncDispose]();
  await expect(late).rejects.toMatchObject({ code: "EIO" });
  await expect(tools.openIndex()).rejects.toMatchObject({ code: "EIO" });
  expect(threads()).toBeLessThanOrEqual(before);
});
