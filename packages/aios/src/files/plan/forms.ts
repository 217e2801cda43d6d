import type { Form } from "./form.ts";
import { changingForms } from "./forms-changing.ts";
import { readingForms } from "./forms-reading.ts";

/**
 * The requests that are understood without a model; docs/reference/file-requests.md is printed from here. `[x]` may be left
 * out, of `(x|y)` one is said, `{slot}` is told by `slots`. Where several fit, the one that says most in words of its own counts.
 */
export const forms: readonly Form[] = [...readingForms, ...changingForms];
