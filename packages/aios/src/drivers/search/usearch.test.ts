import { describeVectorIndex } from "../../../test/conformance/vector-index.ts";
import { openUsearchIndex } from "./usearch.ts";

describeVectorIndex("usearch", ({ dimension }) =>
  openUsearchIndex({
    module: import.meta.resolve("usearch"),
    url: "",
    token: undefined,
    collection: "aios-test",
    folder: undefined,
    dimension,
    options: {},
  }),
);
