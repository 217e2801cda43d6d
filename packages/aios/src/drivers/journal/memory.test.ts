import { journalConformance } from "../../../test/conformance/journal.ts";
import { createMemoryJournal } from "./memory.ts";

journalConformance("memory", () =>
  Promise.resolve({
    outlives: false,
    open: (options = {}) => Promise.resolve(createMemoryJournal(options)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }),
);
