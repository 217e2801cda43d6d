/** Whether a text is one of these; `*` in a pattern stands for any text. Without patterns all are. */
export function matcherOf(patterns: readonly string[] | undefined): (text: string) => boolean {
  if (!patterns || patterns.length === 0) return () => true;
  const expressions = patterns.map((pattern) => {
    const parts = pattern.split("*").map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
    return new RegExp(`^${parts.join(".*")}$`, "s");
  });
  return (text) => expressions.some((expression) => expression.test(text));
}
