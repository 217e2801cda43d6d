/**
 * Stands where Anthropic's models sign their thinking. It proves nothing and need not: thoughts of other models are text that the
 * client could change as well as any other. It only says that no upstream may be told these are thoughts of its own.
 */
export const ownSignature = "aios:another-model";

/** Whether a thinking block was written by a model of Anthropic's; one without a signature was not. */
export const isSigned = (signature: unknown): boolean =>
  typeof signature === "string" && signature !== "" && !signature.startsWith("aios:");
