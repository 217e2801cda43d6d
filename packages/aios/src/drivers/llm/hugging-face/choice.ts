/** Files of a repository that only work together: the parts of a split model, a graph and its weights. */
export interface FileSet {
  /** The first file. */
  readonly path: string;
  /** As the repository calls it: Q4_K_M, UD-Q4_K_XL, q4, fp32; undefined where the name does not say. */
  readonly quantisation: string | undefined;
  /** All of them; fewer than there should be where parts are missing. */
  readonly paths: readonly string[];
  readonly isWhole: boolean;
}

export type Choice =
  | { readonly is: "chosen"; readonly set: FileSet; readonly why: "named" | "only" | "preferred" }
  /** Nobody said which, and none of them is one that is usually meant. */
  | { readonly is: "several"; readonly sets: readonly FileSet[] }
  /** The one that was asked for is not there. */
  | { readonly is: "unknown"; readonly sets: readonly FileSet[] }
  /** No weights of this form at all. */
  | { readonly is: "none" };

/** What fits most machines first: 4 bits of a good kind, then what is larger, then what loses more. */
const ggufOrder =
  "Q4_K_M UD-Q4_K_XL Q4_K_XL Q4_K_L Q4_K_S IQ4_XS IQ4_NL Q4_0 Q4_1 MXFP4 MXFP4_MOE Q5_K_M UD-Q5_K_XL Q5_K_S Q5_0 Q6_K UD-Q6_K_XL Q8_0 Q3_K_M Q3_K_L IQ3_M".split(
    " ",
  );
const onnxOrder = ["q4", "q8", "int8", "uint8", "fp16", "fp32"];

const split = /-(\d{5})-of-(\d{5})\.gguf$/i;
const ggufName = /(?:^|[-._/])((?:UD-)?(?:I?Q|TQ)\d(?:_[A-Z0-9]+)*|MXFP4(?:_MOE)?|BF16|F16|F32)$/i;
const onnxName = /^onnx\/model(?:_([a-z0-9]+))?\.onnx$/;
/** Parts of a multimodal model and notes for quantising: not what a chat is asked of. */
const besides = /(^|\/)(mmproj|imatrix)[^/]*$|imatrix\.gguf$/i;

/** The GGUF file, or the parts of one, that `wanted` means: a path, a file's name or a quantisation. */
export function chooseGguf(paths: readonly string[], wanted?: string): Choice {
  return choose(ggufSets(paths), { wanted, order: ggufOrder });
}

/** The ONNX graph with its weights: `wanted` is a path, or a dtype as @huggingface/transformers calls it. */
export function chooseOnnx(paths: readonly string[], wanted?: string): Choice {
  return choose(onnxSets(paths), { wanted, order: onnxOrder });
}

/** What @huggingface/transformers reads beside the weights, and what says how an embedding is pooled. */
export const onnxCompanions = (paths: readonly string[]): readonly string[] =>
  paths.filter((path) =>
    /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|preprocessor_config|chat_template|modules|1_Pooling\/config)\.json$|^chat_template\.jinja$/.test(
      path,
    ),
  );

function ggufSets(paths: readonly string[]): FileSet[] {
  const sets = new Map<string, string[]>();
  for (const path of paths.filter((each) => /\.gguf$/i.test(each) && !besides.test(each)).toSorted()) {
    const key = path.replace(split, (_, _part, total: string) => `-of-${total}.gguf`);
    sets.set(key, [...(sets.get(key) ?? []), path]);
  }
  return [...sets.values()].map((parts) => {
    const path = parts[0]!;
    const total = Number(split.exec(path)?.[2] ?? 1);
    const stem = path.replace(split, "").replace(/\.gguf$/i, "");
    return { path, quantisation: ggufName.exec(stem)?.[1], paths: parts, isWhole: parts.length === total };
  });
}

function onnxSets(paths: readonly string[]): FileSet[] {
  return paths
    .filter((path) => onnxName.test(path))
    .map((path) => {
      const suffix = onnxName.exec(path)?.[1] ?? "fp32";
      const data = paths.filter((each) => each.startsWith(`${path}_data`)).toSorted();
      return {
        path,
        quantisation: suffix === "quantized" ? "q8" : suffix,
        paths: [path, ...data],
        isWhole: true,
      };
    });
}

function choose(
  sets: readonly FileSet[],
  { wanted, order }: { wanted: string | undefined; order: readonly string[] },
): Choice {
  if (sets.length === 0) return { is: "none" };
  if (wanted !== undefined) {
    const named = findNamed(sets, wanted.toLowerCase());
    if (named.length === 1) return { is: "chosen", set: named[0]!, why: "named" };
    return named.length === 0 ? { is: "unknown", sets } : { is: "several", sets: named };
  }
  if (sets.length === 1) return { is: "chosen", set: sets[0]!, why: "only" };
  for (const quantisation of order) {
    const same = sets.filter((set) => set.quantisation?.toLowerCase() === quantisation.toLowerCase());
    if (same.length === 1) return { is: "chosen", set: same[0]!, why: "preferred" };
    if (same.length > 1) return { is: "several", sets: same };
  }
  return { is: "several", sets };
}

/** By path, else by the file's own name, else by quantisation. Any part of a split model means all of it. */
function findNamed(sets: readonly FileSet[], wanted: string): readonly FileSet[] {
  const ways: ((set: FileSet) => boolean)[] = [
    ({ paths }) => paths.some((path) => path.toLowerCase() === wanted),
    ({ paths }) => paths.some((path) => path.toLowerCase().endsWith(`/${wanted}`)),
    ({ quantisation }) => quantisation?.toLowerCase() === wanted,
  ];
  for (const way of ways) {
    const found = sets.filter(way);
    if (found.length > 0) return found;
  }
  return [];
}
