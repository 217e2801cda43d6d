import type { CallRow, Holder } from "./ports.ts";
import type { Parts } from "./parts.ts";

/** Recorded calls that are read at a time. */
const PAGE = 200;

/** The calls of a process that are on record, in order of arrival; those that were taken off it too. */
export async function* recordedCalls(
  { journal, outbox }: Pick<Parts, "journal" | "outbox">,
  { tenant, pid }: Holder,
  after = 0,
): AsyncGenerator<CallRow> {
  await outbox.flushed();
  for (let afterSeq = after; ;) {
    const page = await journal.calls({ tenant, pid, afterSeq, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    afterSeq = last.seq;
  }
}
