import { z } from "zod";
import { secretSchema } from "./core-schema.ts";

/** Where vectors of notes are searched. */
export const memoryIndexSchema = z
  .strictObject({
    kind: z
      .enum(["exact", "chroma", "qdrant", "sqlite-vec", "usearch", "plugin"])
      .default("exact")
      .describe(
        "exact looks at every vector, in the index's own thread. The others find the nearest of very many sooner, or keep them out of the kernel's memory: a server, a file, a graph in memory, or a module of your own.",
      ),
    url: z
      .string()
      .regex(/^https?:\/\/[^@\s]+$/, "http://HOST:PORT or https://HOST, without a name or a password")
      .optional()
      .describe("Of the server. Default: http://127.0.0.1:8000 for chroma, http://127.0.0.1:6333 for qdrant."),
    token: secretSchema.optional(),
    module: z
      .string()
      .min(1)
      .optional()
      .describe("plugin: a package, or ./FILE of the home, that exports openVectorIndex."),
    options: z
      .record(z.string(), z.unknown())
      .default({})
      .describe("chroma: tenant and database of its client. plugin: what it is given."),
  })
  .superRefine(({ kind, url, token, module, options }, context) => {
    const refuse = (path: string, message: string): void => context.addIssue({ code: "custom", path: [path], message });
    const isServer = kind === "chroma" || kind === "qdrant";
    if (kind === "plugin" && module === undefined) refuse("module", "a plugin is a package, or ./FILE of the home");
    if (kind !== "plugin" && module !== undefined) refuse("module", `only for kind plugin, not for ${kind}`);
    if (isServer || kind === "plugin") return;
    if (url !== undefined) refuse("url", `${kind} asks no server`);
    if (token !== undefined) refuse("token", `${kind} asks no server`);
    if (Object.keys(options).length > 0) refuse("options", `${kind} has none`);
  });
