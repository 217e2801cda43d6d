/** `*` stands for one segment of a topic, `**` at the end for any rest, an empty one too. */
export function matchesTopic(pattern: string, topic: string): boolean {
  const wanted = pattern.split(".");
  const segments = topic.split(".");
  const isOpen = wanted.at(-1) === "**";
  if (isOpen) wanted.pop();
  if (isOpen ? segments.length < wanted.length : segments.length !== wanted.length) return false;
  return wanted.every((one, index) => one === "*" || one === segments[index]);
}
