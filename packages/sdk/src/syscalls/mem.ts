import { z } from "zod";
import { labelsSchema, noteLinkSchema, noteSchema, tierSchema } from "../note.ts";
import { syscall } from "./spec.ts";

const namespace = z
  .string()
  .max(200)
  .describe(
    "process:PID, agent:NAME, group:NAME or tenant; a process reaches its own, its agent's, its groups' and the tenant's",
  );
const id = z.string().min(1).max(64).describe("the note's");
const words = z.array(z.string().min(1).max(100)).max(50);
const ifVersion = z.number().int().positive().optional().describe("only if this is its version");
const version = z.number().describe("1 for a new note, one more with every change");

const said = {
  keywords: words.optional(),
  tags: words.optional(),
  context: z.string().max(1_000).optional().describe("one sentence: what the note is about"),
  category: z.string().max(100).optional(),
  importance: z.number().min(0).max(1).optional(),
  tier: tierSchema.optional(),
  isPinned: z.boolean().optional().describe("never evicted"),
  labels: labelsSchema
    .optional()
    .describe(
      "of what it says; a process may say `tool` or `untrusted`, which is the default, its tenant's key `user`",
    ),
  uri: z.string().max(2_000).optional().describe("where the content comes from; default: the process itself"),
};
const content = z.string().min(1).max(65_536);

const filters = {
  namespaces: z.array(namespace).max(20).optional().describe("default: all that the process reaches"),
  tiers: z.array(tierSchema).optional(),
  tags: words.optional().describe("all of them"),
  keywords: words.optional().describe("all of them"),
  trust: z.array(labelsSchema.shape.trust).optional(),
  uri: z.string().max(2_000).optional().describe("where the content comes from"),
  sinceMs: z.number().optional().describe("created then or later, Unix epoch milliseconds"),
  untilMs: z.number().optional().describe("created before, Unix epoch milliseconds"),
};

const hitSchema = z.object({
  note: noteSchema,
  score: z.number().describe("of this search; greater is better"),
  why: z.object({
    words: z.object({ rank: z.number(), score: z.number() }).optional(),
    vectors: z.object({ rank: z.number(), similarity: z.number() }).optional(),
    link: z.object({ from: z.string(), strength: z.number() }).optional().describe("found through another hit"),
    lift: z
      .object({
        recency: z.number().describe("1 when it was written, half of it 30 days later"),
        importance: z.number(),
        tier: tierSchema,
        factor: z.number().describe("what these three left of the score; 1 at most, 0.87 at least"),
      })
      .optional(),
  }),
});

const usageSchema = z.object({
  notes: z.number().describe("neither removed nor evicted"),
  bytes: z.number().describe("of what they say: JSON in UTF-8"),
  pinned: z.number().describe("of these notes"),
  evicted: z.number().describe("notes that no search finds before they are read; they count in nothing else here"),
  limit: z.object({ notes: z.number(), bytes: z.number() }),
});

export const memSyscalls = {
  "mem.add": syscall({
    args: z.strictObject({
      namespace: namespace.optional().describe("default: process:PID"),
      content,
      ...said,
      build: z
        .enum(["text", "model"])
        .default("text")
        .describe("`model`: two model calls describe the note, link it, and let the notes near it evolve"),
    }),
    result: z.object({
      id: z.string(),
      version,
      by: z.enum(["model", "extraction", "caller"]).describe("who described the note"),
      why: z.string().optional().describe("why no model did, where one was asked for"),
      evolved: z.array(z.string()).describe("notes near it that have changed with it"),
    }),
    effect: "idempotent",
    doc: "Keep a note; it is on disk, and found, when the call returns. What is not said of it is taken from its text. EDQUOT where there is no room for it.",
  }),
  "mem.get": syscall({
    args: z.strictObject({ id }),
    result: noteSchema,
    effect: "pure",
    isView: true,
    doc: "Read a note; one that was evicted comes back. ENOENT where there is none that the process reaches.",
  }),
  "mem.update": syscall({
    args: z.strictObject({ id, content: content.optional(), ...said, ifVersion }),
    result: z.object({ version }),
    effect: "idempotent",
    doc: "Change a note; what it was before stays in its history.",
  }),
  "mem.remove": syscall({
    args: z.strictObject({ id, ifVersion }),
    result: z.object({ removed: z.boolean().describe("false: there was none") }),
    effect: "idempotent",
    doc: "Remove a note. Its history stays until it is forgotten.",
  }),
  "mem.search": syscall({
    args: z.strictObject({
      query: z.string().min(1).max(10_000),
      limit: z.number().int().positive().max(100).default(10),
      by: z.enum(["hybrid", "words", "vectors"]).default("hybrid"),
      links: z.number().int().nonnegative().max(20).default(3).describe("notes that are linked to hits, added at most"),
      ...filters,
    }),
    result: z.object({
      hits: z.array(hitSchema),
      why: z.string().optional().describe("why only words were looked for, where vectors were asked for, too"),
    }),
    effect: "pure",
    isView: true,
    doc: "Find notes by words and by meaning, and through the links of what is found; each hit says why.",
  }),
  "mem.link": syscall({
    args: z.strictObject({
      from: id,
      to: id,
      strength: z.number().min(0).max(1).default(0.5),
      why: z.string().max(300).default(""),
    }),
    result: z.object({}),
    effect: "idempotent",
    doc: "Link two notes of one namespace with each other, or change their link.",
  }),
  "mem.unlink": syscall({
    args: z.strictObject({ from: id, to: id }),
    result: z.object({ unlinked: z.boolean().describe("false: they were not linked") }),
    effect: "idempotent",
    doc: "Take the link between two notes away.",
  }),
  "mem.graph": syscall({
    args: z.strictObject({
      id,
      depth: z.number().int().positive().max(5).default(2),
      limit: z.number().int().positive().max(200).default(50),
    }),
    result: z.object({
      notes: z.array(noteSchema).describe("the note asked for first, then the nearer ones first"),
      links: z
        .array(noteLinkSchema.extend({ from: z.string() }))
        .describe("each once, from the note that comes earlier in `notes`"),
    }),
    effect: "pure",
    isView: true,
    doc: "The notes around one, over its links, nearest first.",
  }),
  "mem.history": syscall({
    args: z.strictObject({ id, limit: z.number().int().positive().max(200).default(20) }),
    result: z.object({
      versions: z.array(noteSchema.omit({ accessedAt: true, retrievalCount: true }).extend({ isRemoved: z.boolean() })),
    }),
    effect: "pure",
    isView: true,
    doc: "What a note was after each of its changes, newest first, and which call made it so.",
  }),
  "mem.export": syscall({
    args: z.strictObject({
      namespaces: filters.namespaces,
      after: z.string().optional().describe("only notes behind this id"),
      limit: z.number().int().positive().max(500).default(100),
    }),
    result: z.object({
      notes: z.array(noteSchema),
      next: z.string().nullable().describe("`after` of the next page; null at the end"),
    }),
    effect: "pure",
    isView: true,
    doc: "All notes in order of their ids, for `mem.import` elsewhere.",
  }),
  "mem.import": syscall({
    args: z.strictObject({
      namespace: namespace.optional().describe("default: process:PID"),
      notes: z.array(noteSchema).min(1).max(500),
    }),
    result: z.object({
      ids: z.array(z.object({ was: z.string(), is: z.string() })).describe("links among them are kept"),
    }),
    effect: "idempotent",
    doc: "Keep exported notes as new ones, in one step. A process's are untrusted, whatever they said before.",
  }),
  "mem.consolidate": syscall({
    args: z.strictObject({
      namespace: namespace.optional().describe("default: process:PID"),
      by: z
        .enum(["text", "model"])
        .default("text")
        .describe("`model`: one model call for each group makes one note of it; else its worthiest note lasts"),
      minAgeMs: z.number().nonnegative().default(86_400_000).describe("younger notes stay as they are"),
      groups: z.number().int().positive().max(4).default(1).describe("groups at most"),
    }),
    result: z.object({
      groups: z.array(
        z.object({
          is: z.enum(["new", "kept"]).describe("whether a note was made of them, or one of them lasts"),
          id: z.string().describe("the note that lasts"),
          of: z.array(z.string()).describe("the notes that are linked to it now"),
          why: z.string().optional().describe("why none was made"),
        }),
      ),
    }),
    effect: "idempotent",
    doc: "Turn working and episodic notes that say much the same, or matter, into long-term ones. They stay, linked to what lasts.",
  }),
  "mem.forget": syscall({
    args: z.strictObject({ ids: z.array(id).max(500).optional(), ...filters }),
    result: z.object({ forgotten: z.number(), more: z.boolean().describe("the same call again forgets further ones") }),
    effect: "idempotent",
    doc: "Erase notes with all their versions, by id or by what they are; at most 500 in one step. It cannot be undone.",
  }),
  "mem.usage": syscall({
    args: z.strictObject({
      namespaces: filters.namespaces,
      limit: z.number().int().positive().max(500).default(50),
    }),
    result: z.object({
      namespaces: z.array(usageSchema.extend({ namespace: z.string() })).describe("what takes most of its quota first"),
      tenant: usageSchema.optional().describe("told to a key of the tenant"),
      all: usageSchema.optional().describe("of all tenants; told to the home's own key"),
    }),
    effect: "pure",
    isView: true,
    doc: "What notes take of what they may. Above 80 % those that were used least are evicted.",
  }),
  "mem.verify": syscall({
    args: z.strictObject({ repair: z.boolean().default(false) }),
    result: z.object({
      notes: z.number(),
      missing: z.array(z.string()).describe("notes that the index does not hold as they are"),
      orphaned: z.array(z.string()).describe("what the index holds without a note"),
      index: z.object({
        driver: z.string(),
        embedder: z.string(),
        dimension: z.number().describe("of its vectors; 0: not known before the first one"),
        texts: z.number(),
        reindexing: z
          .object({ done: z.number(), of: z.number() })
          .nullable()
          .describe(
            "while notes wait for the embedder's vectors; those of the embedder before serve until all are done",
          ),
        vectors: z
          .object({ driver: z.string(), down: z.string().nullable(), isBehind: z.boolean() })
          .optional()
          .describe(
            "of vectors that memory.index has searched elsewhere: why they are not, and whether some are missing",
          ),
        why: z.string().optional().describe("what keeps the embedder from making them"),
      }),
    }),
    effect: "idempotent",
    isView: true,
    isAdministrative: true,
    doc: "Compare all notes with the index that finds them; `repair` puts right what differs.",
  }),
} as const;
