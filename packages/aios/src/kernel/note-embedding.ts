import { asKeyId, asTenantId } from "@aiosjs/sdk/protocol";
import type { EmbedFor } from "./text-vectors.ts";
import type { Parts } from "./parts.ts";
import type { Kernel } from "./ports.ts";

/** Whose the kernel's own calls are. */
const OWN_KEY = asKeyId("kernel");
const LEAST_NICE = 19;
/** An embedder that has not answered by then is taken to hang. A small model on a slow machine takes a minute for a batch. */
const EMBED_DEADLINE_MS = 300_000;

/** By the kernel itself, for a tenant: behind the calls of everybody, and not for ever. */
export const embedByOwnCalls =
  ({ processes }: Pick<Parts, "processes">, syscall: Kernel["syscall"]): EmbedFor =>
  (name, request) => {
    const tenant = asTenantId(name);
    const { pid } = processes.init(tenant);
    const principal = { tenant, key: OWN_KEY, pid: null, scopes: ["llm.embed"] };
    const quality = { nice: LEAST_NICE, class: "batch", deadlineMs: EMBED_DEADLINE_MS, onDetach: "abort" } as const;
    return syscall("llm.embed", request, { principal, pid, ...quality });
  };
