/** Weights on the Hugging Face Hub, as people write them: `hf:owner/repo[@revision][:file]`. */
export interface Reference {
  /** `owner/repo`. */
  readonly repo: string;
  /** A branch, a tag or a commit. Default: main. */
  readonly revision: string;
  /** A path in the repository, or a quantisation as "Q4_K_M" or "q4"; absent: chosen. */
  readonly file: string | undefined;
}

const form = /^hf:([\w.-]+\/[\w.-]+)(?:@([^:]+))?(?::(.+))?$/;

export const isReference = (text: string): boolean => text.startsWith("hf:");

/** Undefined where it is none: what it names becomes part of addresses and of paths. */
export function parseReference(text: string): Reference | undefined {
  const [, repo, revision = "main", file] = form.exec(text) ?? [];
  if (repo === undefined || !isInside(repo) || !isInside(revision)) return undefined;
  return file === undefined || isInside(file) ? { repo, revision, file } : undefined;
}

export const referenceText = ({ repo, revision, file }: Reference): string =>
  `hf:${repo}${revision === "main" ? "" : `@${revision}`}${file === undefined ? "" : `:${file}`}`;

/** A relative path that stays below where it starts, on every platform. */
export const isInside = (path: string): boolean =>
  !/[\\\0]|^[A-Za-z]:/.test(path) && path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
