import { z } from "zod";
import { procSyscalls } from "./proc.ts";
import { syscall } from "./spec.ts";

const spawnSchema = procSyscalls["proc.spawn"].args;
const overlapSchema = z
  .enum(["skip", "queue"])
  .describe("while the process of the time before still runs: leave this time out, or start when that has ended");

const timerViewSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  name: z.string(),
  schedule: z.string(),
  timeZone: z.string(),
  program: spawnSchema,
  overlap: overlapSchema,
  nextAt: z.number(),
  lastPid: z.string().nullable().describe("the process that it started last"),
  isRunning: z.boolean().describe("whether that still runs"),
  createdAt: z.number(),
});
export type TimerView = z.infer<typeof timerViewSchema>;

const onId = z.strictObject({ id: z.string() });

export const cronSyscalls = {
  "cron.add": syscall({
    args: z.strictObject({
      schedule: z
        .string()
        .min(1)
        .max(200)
        .describe(
          "cron expression of five fields, @hourly, @daily, @weekly, @monthly, @yearly, or @every 90s (s, m, h, d)",
        ),
      timeZone: z
        .string()
        .max(100)
        .optional()
        .describe("whose clocks it goes by, as Europe/Berlin. Default: the kernel's"),
      program: spawnSchema.describe("what is started, as by proc.spawn: an agent or a module"),
      name: z.string().min(1).max(100).optional().describe("Default: the program's"),
      overlap: overlapSchema.default("skip"),
    }),
    result: z.object({ id: z.string(), nextAt: z.number() }),
    effect: "unsafe",
    isAdministrative: true,
    doc: "Start a program again and again, under the key that asks; it outlives the kernel. A time that comes while no kernel runs is made up for once, at the next start.",
  }),
  "cron.list": syscall({
    args: z.strictObject({}),
    result: z.object({ timers: z.array(timerViewSchema) }),
    effect: "pure",
    isView: true,
    isAdministrative: true,
    doc: "The timers, the next one first.",
  }),
  "cron.remove": syscall({
    args: onId,
    result: z.object({}),
    effect: "idempotent",
    isAdministrative: true,
    doc: "Remove a timer; what it has started runs on.",
  }),
  "cron.run": syscall({
    args: onId,
    result: z.object({ pid: z.string() }),
    effect: "unsafe",
    isAdministrative: true,
    doc: "Start a timer's program now; its next time stays as it is.",
  }),
} as const;
