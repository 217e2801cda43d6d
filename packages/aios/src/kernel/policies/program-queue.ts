import { createLevelQueue } from "./level-queue.ts";
import type { Attained, PolicyOptions, RunQueue, Waiting } from "./policy.ts";

/** Attained service from which on a program is on the next level; each further one begins at four times the last. */
const FIRST_LEVEL = 64;
const LEVEL_FACTOR = 4;
const LAST_LEVEL = 12;

/** A program's call rises to the first level once its program has waited so many times as long as it was served. */
const MAX_WAIT_PER_SERVICE = 8;

/** What a nice level is worth: the kernel of Linux weighs its own the same. */
const NICE_FACTOR = 1.25;

/** Levels 0, 64, 256, 1k, 4k, 16k, 64k… of attained service. */
export function levelOfService(service: number): number {
  if (service < FIRST_LEVEL) return 0;
  const level = 1 + Math.floor(Math.log(service / FIRST_LEVEL) / Math.log(LEVEL_FACTOR) + 1e-9);
  return Math.min(LAST_LEVEL, level);
}

/**
 * Least attained service first, by programs instead of calls (Autellix, 2025): a program that has received little goes before
 * one that has received much, in levels, so that long programs wait and short ones pass. Nice values weigh the service and
 * order inside a level as `priority` does. A program that has waited more than 8 times as long as it was served goes first.
 */
export function createProgramQueue<Entry extends Waiting>(
  { ageMs, nowMs }: PolicyOptions,
  serviceOf: (entry: Entry) => number = ({ attained }) => attained.service,
): RunQueue<Entry> {
  return createLevelQueue({
    levelOf: (entry) => levelOfService(serviceOf(entry) * NICE_FACTOR ** entry.nice),
    promoteAtMs: ({ attained }) => nowMs() + patienceMs(attained),
    keyOf: (entry) => entry.nice * ageMs + entry.arrivedMs,
    nowMs,
  });
}

const patienceMs = ({ servedMs, waitedMs }: Attained): number =>
  Math.max(0, MAX_WAIT_PER_SERVICE * servedMs - waitedMs);
