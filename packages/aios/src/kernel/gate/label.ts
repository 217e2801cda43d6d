import { confidentialityLevels, trustLevels } from "@aiosjs/sdk/protocol";
import type { CallId, Labels } from "@aiosjs/sdk/protocol";

/** What is known of a value, or of all that a process has seen (its context label, which never falls). */
export interface Label extends Pick<Labels, "trust" | "confidentiality"> {
  /** Who alone may hear of it; null: nobody is kept from it. */
  readonly readers: readonly string[] | null;
  /** The calls whose results made it less trusted, or more confidential, than it was: the first of each; null: none did. */
  readonly trustFrom: CallId | null;
  readonly confidentialityFrom: CallId | null;
}

/** Changes no label that it is joined with. */
export const neutral: Label = {
  trust: "kernel",
  confidentiality: "public",
  readers: null,
  trustFrom: null,
  confidentialityFrom: null,
};

/** Of what was kept before there were labels. */
export const unknownLabel: Label = { ...neutral, trust: "untrusted", confidentiality: "internal" };

export const labelOf = (
  labels: Partial<Labels> & { readonly readers?: readonly string[] | null | undefined },
): Label => ({
  ...neutral,
  ...labels,
  readers: labels.readers ?? null,
});

/** As things bear it that are read again. */
export const labelsFrom = ({ trust, confidentiality, readers }: Label): Labels => ({
  trust,
  confidentiality,
  ...(readers ? { readers: [...readers] } : {}),
});

/** As seen by a call: what is not traced to an earlier one comes from it. */
export const from = (label: Label, call: CallId): Label => ({
  ...label,
  trustFrom: label.trustFrom ?? call,
  confidentialityFrom: label.confidentialityFrom ?? call,
});

/** Least trusted, most confidential, readers of both. Commutative and associative but for which of two equal sources is named. */
export function join(one: Label, other: Label): Label {
  if (isCovered(other, one)) return one;
  const lessTrusted = trustRank(other) > trustRank(one) ? other : one;
  const moreConfidential = confidentialityRank(other) > confidentialityRank(one) ? other : one;
  return {
    trust: lessTrusted.trust,
    confidentiality: moreConfidential.confidentiality,
    readers: readersOfBoth(one.readers, other.readers),
    trustFrom: lessTrusted.trustFrom,
    confidentialityFrom: moreConfidential.confidentialityFrom,
  };
}

/** Whether joining it changes nothing. */
export const isCovered = (label: Label, by: Label): boolean =>
  trustRank(label) <= trustRank(by) &&
  confidentialityRank(label) <= confidentialityRank(by) &&
  (label.readers === null || (by.readers?.every((reader) => label.readers?.includes(reader)) ?? false));

export const isTrusted = (label: Pick<Label, "trust">, atLeast: Labels["trust"]): boolean =>
  trustRank(label) <= trustLevels.indexOf(atLeast);

const trustRank = ({ trust }: Pick<Label, "trust">): number => trustLevels.indexOf(trust);
const confidentialityRank = ({ confidentiality }: Label): number => confidentialityLevels.indexOf(confidentiality);

function readersOfBoth(one: Label["readers"], other: Label["readers"]): Label["readers"] {
  if (one === null || other === null) return one ?? other;
  return one.filter((reader) => other.includes(reader));
}
