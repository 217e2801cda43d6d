import { limitSchema } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import { scripts } from "../kernel/routers/script.ts";
import { coreSchema, refuseNamesakes } from "./core-schema.ts";
import { memorySchema } from "./memory-schema.ts";

/** One schema: types, defaults, documentation, JSON Schema and environment names all come from it. */
const GB = 1_000_000_000;

export const configSchema = z.strictObject({
  system: z
    .strictObject({ name: z.string().min(1).default("AIOS").describe("What this kernel is called.") })
    .prefault({}),
  server: z
    .strictObject({
      host: z
        .string()
        .default("127.0.0.1")
        .describe("Any other than the loopback needs allowedHosts, and tls or trustProxy."),
      port: z
        .number()
        .int()
        .min(0)
        .max(65_535)
        .default(4141)
        .describe("0 takes any free one; kernel.json in the home says which."),
      allowedHosts: z
        .array(z.string())
        .default([])
        .describe("What the Host header may say beyond the loopback's names."),
      maxBodyBytes: z.number().int().positive().default(33_554_432).describe("A larger request is refused (413)."),
      maxWaitMs: z
        .number()
        .int()
        .positive()
        .default(240_000)
        .describe("An answer that nothing can hold open ends with EAGAIN after it."),
      trustProxy: z.boolean().default(false).describe("A proxy in front ends TLS."),
      maxNewProcessesPerMinute: z.number().int().positive().default(600).describe("New client processes per key."),
    })
    .prefault({}),
  scheduler: z
    .strictObject({
      policy: z
        .enum(["fifo", "rr", "priority", "edf", "plas-vtc"])
        .default("plas-vtc")
        .describe(
          "Who goes next: by arrival, in turns by process, by nice value with ageing, by earliest deadline, or the tenant and in it the program that has received least.",
        ),
      weights: z
        .record(z.string(), z.number().positive())
        .default({})
        .describe("plas-vtc: a tenant's share against the others', by tenant. Default: 1 each."),
      queueLimit: z.number().int().positive().default(10_000).describe("Waiting calls in all; beyond it EAGAIN."),
      tenantQueueLimit: z.number().int().positive().default(10_000).describe("Waiting calls of one tenant."),
      maxConcurrent: z
        .number()
        .int()
        .positive()
        .default(64)
        .describe("Calls at once on a core that names no concurrency."),
      defaultTimeoutMs: z
        .number()
        .int()
        .positive()
        .default(600_000)
        .describe(
          "A call that has not ended by then fails with ETIMEDOUT; it begins anew when a suspended process goes on.",
        ),
      ageMs: z
        .number()
        .int()
        .positive()
        .default(30_000)
        .describe("priority, plas-vtc: a waiting call rises by one nice level per so many milliseconds."),
      maxAttempts: z
        .number()
        .int()
        .positive()
        .default(4)
        .describe("Attempts of a call whose upstream breaks; 429s do not count."),
      minOutputTokens: z
        .number()
        .int()
        .positive()
        .default(256)
        .describe("A budget that buys fewer output tokens refuses the call."),
      graceMs: z
        .number()
        .int()
        .nonnegative()
        .default(5_000)
        .describe("Time that running calls get to end when the kernel stops."),
      idleReapMs: z
        .number()
        .int()
        .positive()
        .default(600_000)
        .describe("Client processes without a call for so long are ended."),
    })
    .prefault({}),
  llms: z
    .strictObject({
      cores: z
        .array(coreSchema)
        .superRefine(refuseNamesakes)
        .default([])
        .describe("Default: a local Ollama when it answers, and the simulation."),
      router: z
        .strictObject({
          strategy: z
            .enum(["sequential", "weighted", "least-busy", "latency", "cost-quality", "smart", "cascade"])
            .default("sequential")
            .describe(
              "Which model serves a call for auto, or for an alias that names several: in turns, by weight, by load, by expected time, the cheapest that is good enough (smart is another name of it), or cheap first.",
            ),
          weights: z
            .record(z.string(), z.number().nonnegative())
            .default({})
            .describe("weighted: by core/model or core; default: 1. 0 leaves it out."),
          alpha: z
            .number()
            .min(0)
            .max(1)
            .default(0.7)
            .describe("cost-quality: the share of good answers that is kept, in the mean."),
          fallbacks: z
            .record(z.string(), z.array(z.string().min(1)).min(1))
            .default({})
            .describe("By core/model, or the name asked for: the models that are asked next when it has failed."),
          rules: z
            .array(
              z.strictObject({
                lang: z.enum(scripts).describe("Told by the script; latin stands for all that use it."),
                model: z.string().min(1).describe("core/model, or an alias."),
              }),
            )
            .default([])
            .describe("For calls for auto: the model by the language of the last user message."),
        })
        .prefault({}),
      cache: z
        .strictObject({
          url: z
            .string()
            .regex(
              /^(memory:|rediss?:\/\/[^@]+|env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/,
              "memory:, redis://HOST:PORT, or a reference to an address with a password: env:NAME or file:PATH",
            )
            .describe("memory:, redis://HOST:PORT[/DB], or env:NAME / file:PATH of an address that holds a password."),
          ttlS: z.number().positive().default(3_600).describe("How long an answer is kept, in seconds."),
          maxMb: z
            .number()
            .positive()
            .default(64)
            .describe("memory: what was used longest ago goes beyond it. Redis has its own maxmemory."),
          anyTemperature: z
            .boolean()
            .default(false)
            .describe("Keeps answers at any temperature, not at 0 alone, of requests that offer no tools."),
        })
        .optional()
        .describe("Equal requests of a tenant get the answer that there was. Default: each one asks the model."),
      aliases: z
        .record(z.string(), z.union([z.string(), z.array(z.string().min(1)).min(1)]))
        .default({ "*": "auto" })
        .describe("Model names and patterns, and what they mean; of a list the router takes one."),
    })
    .prefault({}),
  journal: z
    .strictObject({
      url: z
        .string()
        .regex(/^(sqlite:.+|memory:)$/, "sqlite:FILE or memory:")
        .default("sqlite:journal.db")
        .describe("Where the state lives: sqlite:FILE (relative to the home), or memory: to keep nothing."),
      keepDays: z.number().positive().default(30).describe("Calls and events older than this are removed."),
      keepMb: z
        .number()
        .positive()
        .default(2_048)
        .describe("Above this size the oldest are removed first; contents of files are not counted."),
    })
    .prefault({}),
  sqlite: z
    .strictObject({
      driver: z
        .enum(["node", "better-sqlite3", "libsql"])
        .default("node")
        .describe("What reads and writes SQLite files: node (built in), or a package that you install in the home."),
    })
    .prefault({}),
  files: z
    .strictObject({
      root: z.string().default("files").describe("Folder of the processes' files, relative to the home."),
      keepDays: z
        .number()
        .positive()
        .optional()
        .describe(
          "Versions of files that were no longer there so long ago are removed, and what was removed by then. What stands at a path stays. Default: as journal.keepDays.",
        ),
      maxBytes: z
        .number()
        .int()
        .positive()
        .default(10 * GB)
        .describe(
          "What the files of a tenant and their kept versions take, each content counted once; beyond it EDQUOT. Edits from outside are never refused, and kept up to 80 % of it.",
        ),
      maxBytesPerProcess: z
        .number()
        .int()
        .positive()
        .default(GB)
        .describe("What stands in a process's own folder; beyond it EDQUOT."),
      maxFiles: z
        .number()
        .int()
        .positive()
        .default(1_000_000)
        .describe("Files and folders that a tenant has; beyond it EDQUOT."),
    })
    .prefault({}),
  memory: memorySchema.prefault({}),
  policy: z
    .strictObject({
      file: z
        .string()
        .min(1)
        .optional()
        .describe(
          "What agents may call, and how; relative to the home. Default: policy.yaml, or the shipped policy where that is not there.",
        ),
    })
    .prefault({}),
  sandbox: z
    .strictObject({
      driver: z
        .enum(["auto", "bubblewrap", "seatbelt", "wsl", "docker", "qemu", "quickjs"])
        .default("auto")
        .describe(
          "What isolates commands that agents run: whatever is there and strong enough, or one alone. What is weaker than a call asks for is never taken instead.",
        ),
      modules: z
        .enum(["confined", "at-large"])
        .default("confined")
        .describe(
          "Programs in JavaScript and TypeScript (aios run ./file.ts): in a sandbox that shows them their package and nothing else, or with all rights of who runs the kernel.",
        ),
      image: z
        .string()
        .min(1)
        .optional()
        .describe("docker: what its sandboxes consist of; pull it first. Default: docker.io/library/python:3-slim."),
      qemu: z
        .strictObject({
          guest: z
            .string()
            .min(1)
            .default("guest")
            .describe("Folder of what virtual machines consist of, relative to the home: aios sandbox guest makes it."),
          accelerator: z
            .enum(["auto", "kvm", "tcg"])
            .default("auto")
            .describe(
              "auto: KVM where a guest is seen to boot by it, else emulation, which is 10 times slower or more.",
            ),
          cpus: z.int().min(1).max(64).default(1).describe("Processors of a virtual machine."),
        })
        .prefault({}),
      distribution: z
        .string()
        .regex(/^[\w.-]+$/)
        .optional()
        .describe("wsl: the WSL 2 distribution in which its sandboxes are made. Default: the machine's default one."),
    })
    .prefault({}),
  budgets: z.record(z.string(), z.array(limitSchema)).default({}).describe("Limits per tenant."),
});
export type Config = z.infer<typeof configSchema>;
