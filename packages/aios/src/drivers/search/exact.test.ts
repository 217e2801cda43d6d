import { describeVectorIndex } from "../../../test/conformance/vector-index.ts";
import { createExactIndex } from "./exact.ts";

describeVectorIndex("exact", async ({ dimension }) => createExactIndex({ dimension }));
