import type { Process } from "../process.ts";
import { labelOf } from "./label.ts";
import type { Label } from "./label.ts";

/** What a person says, without any process in between. */
export const personal: Label = labelOf({ trust: "user", confidentiality: "internal" });

/** What comes from a process is as what it has seen. The kernel's own is who a person acts as. */
export const spokenBy = ({ kind, seen }: Pick<Process, "kind" | "seen">): Label =>
  kind === "kernel" ? personal : seen;
