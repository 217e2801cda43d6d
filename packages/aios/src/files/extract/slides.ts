import type { Found } from "./extracted.ts";
import { readXml } from "./markup.ts";
import { officeProperties, titled } from "./office-properties.ts";
import { Outline } from "./outline.ts";
import type { Zip } from "./zip.ts";

/** PPTX: a section for each slide, with its notes; the slide's title is its heading. */
export function readSlides(zip: Zip, maxChars: number): Found {
  const outline = new Outline(maxChars);
  const numbers = zip.names
    .map((name) => Number(/^ppt\/slides\/slide(\d{1,5})\.xml$/.exec(name)?.[1]))
    .filter((number) => number > 0)
    .toSorted((a, b) => a - b);
  for (const number of numbers) {
    if (outline.isCut) break;
    const { title, text } = textOf(zip.read(`ppt/slides/slide${number}.xml`)!);
    const notes = zip.read(`ppt/notesSlides/notesSlide${number}.xml`);
    outline.open(title, { at: number });
    outline.add(text);
    if (notes) outline.add(textOf(notes).text);
  }
  const { properties, ...title } = titled(officeProperties(zip));
  return {
    kind: "document",
    unit: "slide",
    sections: outline.sections,
    isCut: outline.isCut,
    properties: { ...properties, slides: numbers.length },
    ...title,
  };
}

function textOf(bytes: Uint8Array): { readonly title: string; readonly text: string } {
  let title = "";
  let text = "";
  let isText = false;
  let isTitle = false;
  readXml(bytes, {
    opens: (name, attributes) => {
      if (name === "a:t") isText = true;
      else if (name === "p:sp") isTitle = false;
      else if (name === "p:ph") isTitle = /^(?:ctrT|t)itle$/.test(attributes["type"] ?? "");
      else if (name === "a:br") text += "\n";
    },
    text: (found) => {
      if (isText) text += found;
      if (isText && isTitle) title += found;
    },
    closes: (name) => {
      if (name === "a:t") isText = false;
      else if (name === "a:p") text += "\n";
      else if (name === "a:tc") text += "\t";
    },
  });
  return { title, text: `${text.trim()}\n\n` };
}
