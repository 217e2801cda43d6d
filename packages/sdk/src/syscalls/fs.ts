import { z } from "zod";
import { syscall } from "./spec.ts";

const path = z.string().min(1).max(4096).describe("relative to the process's own folder");
const encoding = z.enum(["utf8", "base64"]).default("utf8");

export const fsSyscalls = {
  "fs.read": syscall({
    args: z.strictObject({ path, encoding }),
    result: z.object({ content: z.string(), sizeBytes: z.number() }),
    effect: "pure",
    doc: "Read a file of the process's own folder.",
  }),
  "fs.write": syscall({
    args: z.strictObject({ path, content: z.string(), encoding }),
    result: z.object({ sizeBytes: z.number() }),
    effect: "idempotent",
    doc: "Write a file whole (a reader sees the old or the new content, never a mix); folders are made as needed.",
  }),
  "fs.list": syscall({
    args: z.strictObject({ path: z.string().max(4096).default(".") }),
    result: z.object({
      entries: z.array(
        z.object({ name: z.string(), kind: z.enum(["file", "folder", "other"]), sizeBytes: z.number() }),
      ),
    }),
    effect: "pure",
    doc: "List a folder.",
  }),
  "fs.remove": syscall({
    args: z.strictObject({ path }),
    result: z.object({}),
    effect: "idempotent",
    doc: "Remove a file or an empty folder.",
  }),
} as const;
