// Our side of the rows: the shipped ContextManager, MemoryManager and StorageManager, in a process of their own.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { serveParent } from "./child.ts";
import { memoryOperations } from "./memory-operations.ts";
import type { MemoryWork } from "./memory-operations.ts";
import { percentile } from "./report.ts";
import type { MemoryOperation, RowAnswer, RowRequest, StoredOperation } from "./rows.ts";
import { storedOperations } from "./stored-operations.ts";
import type { StoredWork } from "./stored-operations.ts";

const inMemory = new Map<MemoryOperation, MemoryWork>();
const stored = new Map<StoredOperation, StoredWork>();
/** No two operations have one number: what is inserted is new. */
let number = 0;

serveParent<RowRequest, RowAnswer>(async ({ op, scratch, forMs, callers, isTimedEach }) => {
  if (isStored(op)) {
    const work = stored.get(op) ?? (await openStored(op, scratch));
    stored.set(op, work);
    return storedRound(work, { forMs, callers });
  }
  const work = inMemory.get(op) ?? memoryOperations[op]();
  inMemory.set(op, work);
  return isTimedEach ? timedRound(work, forMs) : memoryRound(work, forMs);
});

function isStored(op: RowRequest["op"]): op is StoredOperation {
  return Object.hasOwn(storedOperations, op);
}

async function openStored(op: StoredOperation, scratch: string): Promise<StoredWork> {
  const folder = join(scratch, `ours-${op}`);
  await mkdir(folder);
  return storedOperations[op](folder);
}

async function memoryRound({ run, count = 1 }: MemoryWork, forMs: number): Promise<RowAnswer> {
  const batch = Math.max(1, 100 / count);
  const beganAt = performance.now();
  let done = 0;
  while (performance.now() < beganAt + forMs) {
    for (let index = 0; index < batch; index++) {
      // Most answer at once, and waiting costs more than they do.
      const running = run(number++);
      if (running instanceof Promise) await running;
    }
    done += batch;
  }
  return { perSecond: (done * count * 1_000) / (performance.now() - beganAt), p99Us: null };
}

async function timedRound({ run }: MemoryWork, forMs: number): Promise<RowAnswer> {
  const us: number[] = [];
  const beganAt = performance.now();
  while (performance.now() < beganAt + forMs) {
    const at = performance.now();
    const running = run(number++);
    if (running instanceof Promise) await running;
    us.push((performance.now() - at) * 1_000);
  }
  return { perSecond: (us.length * 1_000) / (performance.now() - beganAt), p99Us: percentile(us, 0.99) };
}

async function storedRound(
  work: StoredWork,
  { forMs, callers }: { forMs: number; callers: number },
): Promise<RowAnswer> {
  const beganAt = performance.now();
  let done = 0;
  const call = async () => {
    while (performance.now() < beganAt + forMs) {
      await work(number++);
      done++;
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return { perSecond: (done * 1_000) / (performance.now() - beganAt), p99Us: null };
}
