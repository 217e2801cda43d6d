import type { Random } from "../src/kernel/ports.ts";

export const oneOf = <Item>(items: readonly Item[], random: Random): Item =>
  items[Math.floor(random.next() * items.length)]!;

/** A form as somebody may say it: of its choices one each, some of what may be left out, and `fill` for its slots. */
export function said(form: string, random: Random, fill: (slot: string) => string): string {
  let text = form;
  for (let before = ""; before !== text;) {
    before = text;
    // The innermost first: what is chosen of may itself hold choices.
    text = text.replaceAll(/\[([^[\]()]*)\]|\(([^[\]()]*)\)/g, (_, optional?: string, choice?: string) =>
      optional !== undefined
        ? random.next() < 0.5
          ? oneOf(optional.split("|"), random)
          : ""
        : oneOf((choice ?? "").split("|"), random),
    );
  }
  const spaced = text.replaceAll(/\s+/g, " ").trim();
  return spaced.replaceAll(/\{(\w+)\}/g, (_, slot: string) => fill(slot));
}
