// What the kernel's notes are found and described with. A composition beside boot.ts.
import { SysError } from "@aiosjs/sdk/protocol";
import { openIndex } from "./boot-index.ts";
import type { IndexOptions } from "./boot-index.ts";
import type { Config } from "./config/schema.ts";
import type { NoteTools } from "./kernel/memory.ts";
import { serves } from "./kernel/model-call.ts";
import type { NoteBuilder } from "./kernel/note-building.ts";
import type { Distillate, NoteDistiller } from "./kernel/note-consolidation.ts";
import type { TextEmbedder } from "./kernel/text-vectors.ts";
import type { Core } from "./kernel/ports.ts";
import { applyEvolution } from "./memory/apply.ts";
import { notesToDistil } from "./memory/consolidate.ts";
import { describeNote } from "./memory/describe.ts";
import { distil, distilledLinks } from "./memory/distil.ts";
import { extractDescription } from "./memory/extract.ts";
import { presentNotes } from "./memory/present.ts";
import { relate } from "./memory/relate.ts";

/** Disposing closes the index. */
export function createNoteTools(index: IndexOptions = {}): NoteTools & AsyncDisposable {
  const opened = new AsyncDisposableStack();
  return {
    openIndex: () => openIndex("notes", index, opened),
    embedder: index.embedder,
    extract: extractDescription,
    present: presentNotes,
    builder: noteBuilder,
    distiller: noteDistiller,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** @throws SysError EINVAL when memory.embedder names a core that is not configured */
export function checkEmbedder({ memory, llms }: Config): void {
  const { core } = partsOf(memory.embedder);
  const names = llms.cores.map(({ name }) => name);
  // Without any those that are there are looked up at the start.
  if (memory.embedder === "hashed" || names.length === 0 || names.includes(core)) return;
  throw refusal(`there is no core ${core}`, `there are ${names.join(", ")}`);
}

/**
 * The model that the configuration wants notes and files embedded by; undefined: none.
 * @throws SysError EINVAL for one that is not there or makes no vectors; the hint names those that do. One that is down, or
 * whose core has not told its models yet, is waited for.
 */
export function embedderOf({ memory, llms }: Config, cores: readonly Core[]): TextEmbedder | undefined {
  const { embedder: model, dimensions: dimension } = memory;
  if (model === "hashed") return undefined;
  const { core: name, id } = partsOf(model);
  const own = cores.filter((core) => core.name === name);
  const listed = own.flatMap((core) => core.models().map((spec) => ({ core, spec })));
  const known = listed.filter(({ spec }) => spec.id === id);
  const isAble = known.some(({ core, spec }) => serves(core, spec, "llm.embed"));
  if (isAble) return { model, dimension };
  const able = cores.flatMap((core) =>
    core.models().flatMap((one) => (serves(core, one, "llm.embed") ? [`${core.name}/${one.id}`] : [])),
  );
  const hint = able.length > 0 ? `these do: ${[...new Set(able)].join(", ")}` : "no core lists a model that does";
  // One that is looked up, and does not answer now, may do so at the next refresh.
  if (name === "ollama" && own.length === 0 && llms.cores.length === 0) return { model, dimension };
  if (own.length === 0) throw refusal(`there is no core ${name} that makes vectors`, hint);
  if (!own.some((core) => core.serves.includes("llm.embed"))) throw refusal(`core ${name} makes no vectors`, hint);
  if (known.length > 0) throw refusal(`${model} makes no vectors`, hint);
  if (!own.some((core) => core.isOpenEnded)) throw refusal(`there is no model ${id} on core ${name}`, hint);
  return { model, dimension };
}

/** A model's own name may have slashes. */
const partsOf = (model: string): { core: string; id: string } => {
  const at = model.indexOf("/");
  return { core: model.slice(0, at), id: model.slice(at + 1) };
};

const refusal = (what: string, hint: string): SysError =>
  new SysError("EINVAL", `memory.embedder: ${what}`, { hint: `${hint}; hashed needs none` });

const noteBuilder: NoteBuilder = {
  describe: describeNote,
  relate: async (request, ask) => {
    const evolution = await relate(request, ask);
    const { by, why, links, strengthened, updates } = evolution;
    const ids = [...links.map(({ to }) => to), ...strengthened.flatMap(({ from, to }) => [from, to])];
    return {
      by,
      why,
      touches: [...new Set([...ids, ...updates.map(({ id }) => id)])],
      // One untrusted note must not make all notes near it untrusted: those are linked, and keep their own words.
      apply: (notes, { updatedAt, ...source }) =>
        applyEvolution(evolution, notes, { updatedAt, source, keepsLabels: true }).changed,
    };
  },
};

const noteDistiller: NoteDistiller = {
  choose: notesToDistil,
  distil: async (group, ask) => {
    const distilled = await distil(group, ask);
    const link: Distillate["link"] = (of, notes, { updatedAt, ...source }) => {
      const evolution = distilledLinks(of, distilled.links, group[0].labels);
      return applyEvolution(evolution, notes, { updatedAt, source }).changed;
    };
    return { ...distilled, link };
  },
};
