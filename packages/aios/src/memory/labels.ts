import { confidentialityLevels, trustLevels } from "@aiosjs/sdk/protocol";
import type { Labels } from "@aiosjs/sdk/protocol";

/** Of two levels the one further down its scale. */
const further = <Level>(scale: readonly Level[], one: Level, other: Level): Level =>
  scale.indexOf(one) < scale.indexOf(other) ? other : one;

/** What is made of several texts: the least trust of them, and the most confidentiality. */
export function joinLabels(first: Labels, ...others: readonly Labels[]): Labels {
  let { trust, confidentiality } = first;
  for (const other of others) {
    trust = further(trustLevels, trust, other.trust);
    confidentiality = further(confidentialityLevels, confidentiality, other.confidentiality);
  }
  return { trust, confidentiality };
}

/**
 * The labels of a note some part of which was made of what others say.
 *
 * The rule: a text that a model wrote has the join of the labels of all notes that stood in its prompt, for any of them may
 * have led its hand. A note has one label for all its parts; so as soon as one part comes from such an answer, the note gets
 * the join of its own labels and those. A change thus never raises a label: an answer that saw an untrusted note makes nothing
 * trusted, and one that saw a secret makes nothing public. A part that was made of the note alone changes nothing.
 */
export const labelsOfChange = (own: Labels, seen: readonly Labels[]): Labels => joinLabels(own, ...seen);

/** Whether the note would be trusted less, or kept more secret, after a change made of what others say. */
export function wouldFall(own: Labels, seen: readonly Labels[]): boolean {
  const after = labelsOfChange(own, seen);
  return after.trust !== own.trust || after.confidentiality !== own.confidentiality;
}

/** What a tool or nobody in particular said: in a prompt it is told apart from what a person or the workspace says. */
export const isUntrusted = ({ trust }: Labels): boolean => further(trustLevels, trust, "tool") === trust;
