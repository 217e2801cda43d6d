import { journalConformance } from "../../../test/conformance/journal.ts";
import { createMemoryJournal } from "./memory.ts";
import { createMemoryStore } from "./memory-store.ts";

journalConformance("memory", () => {
  const store = createMemoryStore();
  return Promise.resolve({
    outlives: false,
    open: (options = {}) => Promise.resolve(createMemoryJournal({ ...options, store })),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});
