import { z } from "zod";
import { labelsSchema } from "../note.ts";
import { fsDo } from "./fs-do.ts";
import { fsMountSyscalls } from "./fs-mount.ts";
import { syscall } from "./spec.ts";

const DAY_MS = 86_400_000;
/** Milliseconds; no link opens a file for longer. */
export const MAX_SHARE_MS = 366 * DAY_MS;

const path = z
  .string()
  .min(1)
  .max(4096)
  .describe(
    "in the process's own folder, or from the top: /home/PID, /agents/NAME, /groups/NAME, /mnt/NAME and /shared, as far as the process reaches them",
  );
const folder = z.string().max(4096).default(".").describe("a folder; default: the process's own");
const encoding = z.enum(["utf8", "base64"]).default("utf8");
const content = z.string();
const ifVersion = z
  .number()
  .int()
  .nonnegative()
  .optional()
  .describe("only if this is its version; 0: only if nothing is there");
const version = z.number().int().positive();
const labels = labelsSchema
  .optional()
  .describe("of the content; a process may say `tool` or `untrusted`, which is the default, its tenant's key `user`");

const writtenSchema = z.object({
  path: z.string().describe("from the top"),
  sizeBytes: z.number(),
  version: z.number().describe("1 for a new path, one more with every change"),
});

const kindSchema = z.enum(["file", "folder", "other"]);

/** A version of what stands at a path. */
const fileVersionSchema = z.object({
  path: z.string().describe("from the top"),
  version: z.number(),
  kind: z.enum(["file", "folder", "gone"]),
  sizeBytes: z.number(),
  hash: z.string().nullable().describe("SHA-256 of the content"),
  labels: labelsSchema,
  pid: z.string().nullable().describe("the process that made it; null: it was changed from outside"),
  call: z.string().nullable().describe("the call that made it"),
  at: z.number(),
  from: z.string().nullable().describe("what it was moved, copied or taken back from, as PATH@VERSION"),
});
export type FileVersion = z.infer<typeof fileVersionSchema>;

const fileHitSchema = z.object({
  path: z.string().describe("from the top"),
  kind: z.string(),
  sizeBytes: z.number(),
  version: z.number(),
  editedAt: z.number(),
  labels: labelsSchema,
  score: z.number().describe("of this search; greater is better"),
  snippet: z
    .string()
    .nullable()
    .describe("the part of it that was found, 300 characters at most; null: it was found by its name"),
  why: z.object({
    words: z.object({ rank: z.number(), score: z.number() }).optional(),
    vectors: z.object({ rank: z.number(), similarity: z.number() }).optional(),
  }),
});

const shareSchema = z.object({
  id: z.string(),
  link: z.string().describe("/s/… : behind the address of the server; whoever has it reads the file"),
  path: z.string().describe("from the top"),
  version: z.number().nullable().describe("that it shows; null: the file as it stands when the link is opened"),
  pid: z.string().describe("the process that made it"),
  createdAt: z.number(),
  expiresAt: z.number().describe("Unix epoch milliseconds"),
});

const amountSchema = z.object({
  files: z.number().describe("and folders"),
  bytes: z.number().describe("of what stands there"),
  keptBytes: z.number().describe("of all kept versions, each content counted once"),
});

const hunkSchema = z
  .object({
    fromLine: z.number(),
    fromCount: z.number(),
    toLine: z.number(),
    toCount: z.number(),
    lines: z.array(
      z.object({
        mark: z.enum([" ", "-", "+"]).describe("in both, in the first alone, in the second alone"),
        text: z.string().describe("with its line break, where it has one"),
      }),
    ),
  })
  .describe("lines that differ, with three around them; they count from 1, of an empty side it is the line before");
/** Lines of two versions that differ, with those around them. */
export type FileHunk = z.infer<typeof hunkSchema>;

const goneSchema = z.object({ removed: z.number().describe("files and folders; each comes back by fs.restore") });

export const fsSyscalls = {
  "fs.do": fsDo,
  ...fsMountSyscalls,
  "fs.read": syscall({
    args: z.strictObject({ path, encoding, version: version.optional().describe("default: what stands there now") }),
    result: z.object({
      content: z.string(),
      sizeBytes: z.number(),
      version: z.number(),
      labels: labelsSchema,
    }),
    effect: "pure",
    doc: "Read a file, as it is or as it was in an earlier version.",
  }),
  "fs.write": syscall({
    args: z.strictObject({ path, content, encoding, ifVersion, labels }),
    result: writtenSchema,
    effect: "idempotent",
    doc: "Write a file whole (a reader sees the old or the new content, never a mix); folders are made as needed, and what stood there stays known as a version.",
  }),
  "fs.append": syscall({
    args: z.strictObject({ path, content, encoding, labels }),
    result: writtenSchema,
    effect: "idempotent",
    doc: "Write behind the end of a file, or a new one.",
  }),
  "fs.mkdir": syscall({
    args: z.strictObject({ path }),
    result: z.object({ path: z.string(), made: z.boolean().describe("false: it was there") }),
    effect: "idempotent",
    doc: "Make a folder, and those on the way to it.",
  }),
  "fs.list": syscall({
    args: z.strictObject({
      path: folder,
      isRemoved: z.boolean().default(false).describe("what was removed from it and can come back, in its place"),
    }),
    result: z.object({
      entries: z.array(z.object({ name: z.string(), kind: kindSchema, sizeBytes: z.number() })),
    }),
    effect: "pure",
    doc: "List a folder.",
  }),
  "fs.stat": syscall({
    args: z.strictObject({ path }),
    result: fileVersionSchema,
    effect: "pure",
    doc: "What stands at a path: its size, version, labels, and who made it so.",
  }),
  "fs.move": syscall({
    args: z.strictObject({ from: path, to: path }),
    result: z.object({ moved: z.number().describe("files and folders") }),
    effect: "idempotent",
    doc: "Move or rename a file or a folder with all that is in it. Nothing is written over.",
  }),
  "fs.copy": syscall({
    args: z.strictObject({ from: path, to: path }),
    result: z.object({ copied: z.number().describe("files and folders") }),
    effect: "idempotent",
    doc: "Copy a file or a folder with all that is in it. Nothing is written over.",
  }),
  "fs.remove": syscall({
    args: z.strictObject({
      path,
      isRecursive: z.boolean().default(false).describe("a folder with all that is in it"),
    }),
    result: goneSchema,
    effect: "idempotent",
    doc: "Remove a file or a folder. Its versions stay: fs.restore brings it back.",
  }),
  "fs.restore": syscall({
    args: z.strictObject({ path }),
    result: z.object({ restored: z.number().describe("files and folders") }),
    effect: "idempotent",
    doc: "Bring back what was removed: a file, or a folder with what was removed together with it.",
  }),
  "fs.history": syscall({
    args: z.strictObject({
      path,
      beforeVersion: version.optional().describe("the page behind this one; of a file"),
      limit: z.number().int().positive().max(1_000).default(50),
    }),
    result: z.object({
      versions: z.array(fileVersionSchema).describe("the last first; of a folder, of all that is in it"),
    }),
    effect: "pure",
    doc: "Who changed a file, or what is in a folder, and when.",
  }),
  "fs.diff": syscall({
    args: z.strictObject({
      path,
      from: z.number().int().nonnegative().optional().describe("a version; 0: nothing. Default: the one before `to`"),
      to: version.optional().describe("default: what stands there now"),
    }),
    result: z.object({
      from: fileVersionSchema,
      to: fileVersionSchema,
      isText: z.boolean().describe("false: one of them is no text in UTF-8, and there are no hunks"),
      isSame: z.boolean(),
      hunks: z.array(hunkSchema),
    }),
    effect: "pure",
    doc: "How two versions of a file differ, line by line; of 1 MiB each at most.",
  }),
  "fs.search": syscall({
    args: z.strictObject({
      query: z
        .string()
        .min(1)
        .max(2_000)
        .describe(
          "words, or a request in English or Chinese: the contract about GPUs that I edited last week; what is in quotes stands in the file or its path as it is written, but for case and width",
        ),
      isLiteral: z
        .boolean()
        .default(false)
        .describe("all of it is words: no time, kind or folder is taken out of it, and none must be there"),
      folders: z.array(path).max(20).optional().describe("in these; default: wherever the process reads"),
      kinds: z
        .array(z.string().max(20))
        .max(20)
        .optional()
        .describe(
          "markdown, code, html, pdf, document, table, text, image, data; folder for names of folders, which are found so alone",
        ),
      editedFromMs: z.number().optional().describe("Unix epoch milliseconds"),
      editedToMs: z.number().optional().describe("before it"),
      by: z.enum(["hybrid", "words", "vectors"]).default("hybrid"),
      limit: z.number().int().positive().max(100).default(10),
    }),
    result: z.object({
      hits: z.array(fileHitSchema).describe("the best first, one for each file"),
      asked: z
        .object({
          text: z.string(),
          kinds: z.array(z.string()),
          extensions: z.array(z.string()),
          editedFromMs: z.number().nullable(),
          editedToMs: z.number().nullable(),
          folder: z.string().nullable(),
          by: z.string().nullable(),
        })
        .describe("how the request was understood"),
      why: z.string().optional().describe("why only words were looked for, where vectors were asked for, too"),
    }),
    effect: "pure",
    doc: "Find files by what they say, what they are called and what they are.",
  }),
  "fs.share": syscall({
    args: z.strictObject({
      path,
      forMs: z
        .number()
        .int()
        .positive()
        .max(MAX_SHARE_MS)
        .default(7 * DAY_MS)
        .describe("how long it opens the file; 366 days at most"),
      version: version.optional().describe("shows this one; default: the file as it stands when the link is opened"),
    }),
    result: shareSchema.omit({ pid: true, createdAt: true }),
    effect: "idempotent",
    doc: "Make a link by which whoever has it reads a file, without a key: until its time is over, somebody ends it, or the file is moved or removed. Only of what is labelled public or internal, and what the caller may change.",
  }),
  "fs.unshare": syscall({
    args: z.strictObject({
      path: path.optional().describe("all links to this file"),
      id: z.string().max(100).optional().describe("this link"),
    }),
    result: z.object({ ended: z.number().describe("links; from now on they open nothing") }),
    effect: "idempotent",
    doc: "End links to a file, at once and for ever.",
  }),
  "fs.shares": syscall({
    args: z.strictObject({
      path: path.optional().describe("of this file, or of what is in this folder; default: all"),
    }),
    result: z.object({ shares: z.array(shareSchema).describe("the oldest first") }),
    effect: "pure",
    doc: "List the links that are open to files that the caller reads.",
  }),
  "fs.watch": syscall({
    args: z.strictObject({
      path: folder,
      afterChange: z
        .number()
        .int()
        .nonnegative()
        .optional()
        .describe("`lastChange` of the call before: nothing in between is missed; default: from now on"),
      limit: z.number().int().positive().max(1_000).default(100),
      timeoutMs: z
        .number()
        .int()
        .nonnegative()
        .optional()
        .describe("answers without changes after so long; default: no end"),
    }),
    result: z.object({
      changes: z.array(fileVersionSchema).describe("the first first"),
      lastChange: z.number(),
    }),
    effect: "pure",
    doc: "Wait until a file, or something in a folder, is made, changed or removed, by whomever.",
  }),
  "fs.usage": syscall({
    args: z.strictObject({ limit: z.number().int().positive().max(500).default(50) }),
    result: z.object({
      folders: z
        .array(
          amountSchema.extend({
            folder: z.string(),
            maxBytes: z.number().nullable().describe("null: no limit of its own"),
          }),
        )
        .describe("what takes most first"),
      tenant: amountSchema
        .extend({ maxBytes: z.number().describe("of keptBytes"), maxFiles: z.number() })
        .optional()
        .describe("told to a key of the tenant"),
    }),
    effect: "pure",
    isView: true,
    doc: "What files take of what they may.",
  }),
  "fs.verify": syscall({
    args: z.strictObject({}),
    result: z.object({
      files: z.number(),
      lost: z.array(z.string()).describe("files whose content is not in the journal"),
      different: z
        .array(z.string())
        .describe(
          "files that stand otherwise on the disk than on record: somebody has changed them, and the next look makes that a version",
        ),
      unplaced: z
        .array(z.string())
        .describe("files that are on record and that the disk does not take: the kernel tries on"),
      missing: z.array(z.string()).describe("files that the index does not find"),
      orphaned: z.array(z.string()).describe("files that the index finds, and are not there"),
    }),
    effect: "pure",
    isAdministrative: true,
    doc: "Compare the journal, the disk and the index of files.",
  }),
  "fs.rollback": syscall({
    args: z.strictObject({
      path,
      version: version.optional().describe("of a file"),
      atMs: z
        .number()
        .optional()
        .describe("as it stood then, Unix epoch milliseconds; a file, or a folder with all that is in it"),
      back: version.optional().describe("of a file: so many changes before what stands there"),
    }),
    result: z.object({
      changed: z.number().describe("files and folders"),
      version: z.number().nullable().describe("of a file: the new one"),
    }),
    effect: "idempotent",
    doc: "Take a file back to an earlier version, or a folder to a time. That is a new version: it can be taken back, too.",
  }),
} as const;
