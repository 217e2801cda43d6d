type Tree = Readonly<Record<string, unknown>>;

/** Systems whose `config.yaml` people bring along. */
export type Predecessor = "classic" | "taiji";

export const predecessorNames: Readonly<Record<Predecessor, string>> = {
  classic: "AIOS (agiresearch, Python)",
  taiji: "aios (yangfei222666-9, Python)",
};

export const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whose configuration a file is, by members that only they have; undefined for ours and for anything else. */
export function predecessorOf(value: unknown): Predecessor | undefined {
  if (!isTree(value)) return undefined;
  const { llms, storage, core, config } = value;
  if ("api_keys" in value || "agent_factory" in value) return "classic";
  if (isTree(llms) && ("models" in llms || "use_context_manager" in llms)) return "classic";
  if (isTree(storage) && ("root_dir" in storage || "use_vector_db" in storage)) return "classic";
  if (isTree(core) && ("max_workers" in core || "workspace" in core)) return "taiji";
  if ("quality_gates" in value || "self_improving" in value || "cost_control" in value) return "taiji";
  return isTree(config) && isTree(value["paths"]) ? "taiji" : undefined;
}
