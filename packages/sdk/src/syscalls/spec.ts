import { z } from "zod";

/**
 * What happens when a call is made twice: `pure` changes nothing, `idempotent` changes the same thing once,
 * `unsafe` may do it again (its intent is durable before it runs).
 */
export type Effect = "pure" | "idempotent" | "unsafe";

/** One row of THE TABLE. Every face (HTTP route, SDK method, CLI, OpenAPI, reference page) is derived from it. */
export interface SyscallSpec<Args extends z.ZodType = z.ZodType, Result extends z.ZodType = z.ZodType> {
  readonly args: Args;
  readonly result: Result;
  readonly effect: Effect;
  /** One sentence for people. */
  readonly doc: string;
  /** Reads the kernel's own tables: answered at once, and not recorded (a `top` must not fill the journal). */
  readonly isView?: boolean;
  /** Never allowed under a process key, whatever its capabilities say. */
  readonly isAdministrative?: boolean;
}

export const syscall = <Args extends z.ZodType, Result extends z.ZodType>(
  spec: SyscallSpec<Args, Result>,
): SyscallSpec<Args, Result> => spec;

/** Resources a limit can name. `tokens` counts input + output. */
const resourceSchema = z.enum(["tokens", "costUsd", "calls", "toolCalls", "wallMs"]);
export type Resource = z.infer<typeof resourceSchema>;

const windowSchema = z.enum(["run", "hour", "day", "month"]);
export type Window = z.infer<typeof windowSchema>;

/** A hard ceiling: calls are clamped to what is left and refused (or the process suspended) when nothing is. */
export const limitSchema = z.strictObject({
  resource: resourceSchema,
  window: windowSchema.default("run"),
  limit: z.number().nonnegative(),
});
export type Limit = z.infer<typeof limitSchema>;

/**
 * When a limit is reached: `suspend` until the window is over, or the limit is raised; `hold` until a person raises the limit
 * or resumes the process, also when the window is over; `refuse` the calls, with EDQUOT.
 */
export const onExhaustedSchema = z.enum(["suspend", "hold", "refuse"]);
export type OnExhausted = z.infer<typeof onExhaustedSchema>;

export const accountViewSchema = z.object({
  scope: z.string().describe("process:<pid>, tenant:<id> or key:<id>"),
  resource: resourceSchema,
  window: windowSchema,
  limit: z.number(),
  used: z.number(),
  reserved: z.number(),
  resetsAt: z.number().nullable(),
});

/** −20 (first) … 19 (last), as in POSIX. */
export const niceSchema = z.number().int().min(-20).max(19);
export const classSchema = z.enum(["interactive", "batch"]);
export type SchedulingClass = z.infer<typeof classSchema>;
export const pidSchema = z.string().min(1).max(64);
export const jsonObjectSchema = z.record(z.string(), z.unknown());
