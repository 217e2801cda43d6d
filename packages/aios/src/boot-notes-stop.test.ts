import { expect, test } from "vitest";
import { createFileTools } from "./boot-files.ts";
import { createNoteTools } from "./boot-notes.ts";

const threads = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "MessagePort").length;

const clock = { nowMs: () => 0, wakeAt: () => Promise.resolve() };
const all = [
  ["notes", () => createNoteTools()],
  ["files", () => createFileTools({ clock, calendar: { timeZone: "UTC" } })],
] as const;

test.each(all)(
  "an index of %s that is asked for before the end, and there after it, is closed at once",
  async (_, open) => {
    const before = threads();
    const tools = open();
    const late = tools.openIndex();
    await tools[Symbol.asyncDispose]();
    await expect(late).rejects.toMatchObject({ code: "EIO" });
    await expect(tools.openIndex()).rejects.toMatchObject({ code: "EIO" });
    expect(threads()).toBeLessThanOrEqual(before);
  },
);
