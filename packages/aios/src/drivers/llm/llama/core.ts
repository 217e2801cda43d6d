import { randomInt } from "node:crypto";
import { copyFile, rm } from "node:fs/promises";
import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, EmbedArgs, EmbedResult, TenantId } from "@aiosjs/sdk/protocol";
import { noUsage } from "@aiosjs/sdk/protocol";
import type { Token } from "node-llama-cpp";
import type { Core, DriverContext, DriverEvent, ModelSpec, ModelSyscall, RateLimits } from "../../../kernel/ports.ts";
import { answer } from "./answer.ts";
import type { Machine } from "./answer.ts";
import { openEngine, sliceTokens } from "./engine.ts";
import type { EngineOptions } from "./engine.ts";
import { createGrammars } from "./grammars.ts";
import { hashFile, openKvFiles } from "./kv-files.ts";
import { loadLibrary } from "./library.ts";
import type { Library } from "./library.ts";
import { defaultContextTokens, readModelFile } from "./model-file.ts";
import { preparePrompt } from "./prompt.ts";
import { Slots } from "./slots.ts";
import type { Parked } from "./slots.ts";
import { kvPath, readSnapshotFile, writeSnapshotFile } from "./snapshot-file.ts";
import type { Machinery } from "./snapshot-file.ts";
import { LlamaSnapshot } from "./snapshot.ts";
import { resolveTemplate } from "./template.ts";

export interface LlamaCoreOptions extends Partial<Omit<EngineOptions, "core">> {
  readonly name: string;
  /** Absolute. */
  readonly modelPath: string;
  /** Folder of computed state that gave its sequence to another call. */
  readonly snapshotFolder: string;
  /** Bytes of all files there; above it the oldest go. Default 2 GiB. */
  readonly snapshotMaxBytes?: number | undefined;
  /** Whether it serves llm.embed. Default: where the model is one for embeddings, and then that alone. */
  readonly embeddings?: boolean | undefined;
  /** The first one names the model; default: the file's name. */
  readonly models?: readonly ModelSpec[] | undefined;
  readonly limits?: RateLimits | undefined;
  /** Seeds of calls that name none. */
  readonly drawSeed?: () => number;
  readonly load?: () => Promise<Library>;
}

export interface LlamaCore extends Core, AsyncDisposable {
  /** Loads the model, which the first call does otherwise. Rejects with what is wrong. */
  open(): Promise<void>;
  /** Writes a snapshot of this core for another process: `path`, and the computed state beside it. */
  writeSnapshot(snapshot: LlamaSnapshot, path: string): Promise<void>;
  /** @throws SysError EACCES for another tenant's, ESTALE for another model's, EIO for a damaged one. */
  readSnapshot(path: string, tenant: TenantId): Promise<LlamaSnapshot>;
}

const defaultSequences = 2;
const defaultSnapshotBytes = 2 * 2 ** 30;

/**
 * A core whose model runs in this process, by llama.cpp. It costs nothing, its tokens are counted exactly, and a call that
 * makes way goes on exactly where it stopped.
 * @throws SysError EINVAL where the package is not installed, or the file is missing or no model.
 */
export async function createLlamaCore(options: LlamaCoreOptions): Promise<LlamaCore> {
  const { name, modelPath, gpu = "auto", sequences = defaultSequences, isExact = false } = options;
  const library = await loadLibrary({ core: name, gpu, ...(options.load ? { load: options.load } : {}) });
  const file = await readModelFile(modelPath, { core: name, library });
  const contextTokens = options.contextTokens ?? defaultContextTokens(file);
  const files = await openKvFiles({
    folder: options.snapshotFolder,
    maxBytes: options.snapshotMaxBytes ?? defaultSnapshotBytes,
  });
  const embeds = options.embeddings ?? file.isPooled;
  const serves: readonly ModelSyscall[] = file.isPooled
    ? ["llm.embed"]
    : embeds
      ? ["llm.chat", "llm.embed"]
      : ["llm.chat"];
  const [told] = options.models ?? [];
  const spec: ModelSpec = {
    price: { input: 0, output: 0 },
    serves,
    ...told,
    id: told?.id ?? file.id,
    contextTokens: Math.min(told?.contextTokens ?? contextTokens, contextTokens),
  };

  let machine: Machine | undefined;
  let opening: Promise<Machine> | undefined;
  let isClosed = false;
  let running = 0;
  let idle = Promise.withResolvers<void>();

  const load = async (): Promise<Machine> => {
    const engine = await openEngine(library, {
      ...options,
      core: name,
      modelPath,
      gpu,
      contextTokens,
      sequences,
      isExact,
    });
    const made: Machine = {
      core: name,
      engine,
      template: resolveTemplate(library, engine.model),
      grammars: createGrammars(engine),
      slots: new Slots(engine.sequences, { files, core: name, cutTokens: isExact ? sliceTokens : 1 }),
      isExact,
      drawSeed: options.drawSeed ?? (() => randomInt(2 ** 31)),
      broke() {
        if (machine !== made) return;
        machine = undefined;
        opening = undefined;
        made.slots.forget();
        // What is wrong with it was told by the call that met it.
        void Promise.resolve(engine[Symbol.asyncDispose]()).catch(() => undefined);
      },
    };
    machine = made;
    return made;
  };
  const ready = async (): Promise<Machine> => {
    if (isClosed) throw new SysError("ENODEV", `core ${name} is closed`);
    opening ??= load();
    try {
      return await opening;
    } catch (cause) {
      opening = undefined;
      throw cause;
    }
  };
  const machinery = async ({ engine }: Machine): Promise<Machinery> => ({
    modelSha256: await (modelHash ??= hashFile(modelPath)),
    contextTokens,
    sequences,
    library: await library.getModuleVersion(),
    gpu: String(engine.llama.gpu),
  });
  let modelHash: Promise<string> | undefined;

  async function* serve(
    syscall: string,
    args: unknown,
    context: DriverContext,
  ): AsyncGenerator<readonly DriverEvent[]> {
    if (context.signal.aborted) throw new SysError("ECANCELED", `the call to core ${name} was cancelled`);
    running++;
    try {
      const at = await ready();
      if (syscall === "llm.chat") yield* answer(at, args as ChatArgs, context);
      else yield await embed(at, args as EmbedArgs, context);
    } finally {
      if (--running === 0) {
        idle.resolve();
        idle = Promise.withResolvers<void>();
      }
    }
  }

  return {
    name,
    endpoint: 0,
    device: "llm",
    kind: "llama",
    isSimulated: false,
    isOpenEnded: false,
    honoursMaxTokens: true,
    serves,
    dialects: [],
    resume: "kv",
    limits: { ...options.limits, concurrency: Math.min(options.limits?.concurrency ?? sequences, sequences) },
    models: () => [spec],
    freeTokens: () => (machine === undefined || machine.slots.free > 0 ? contextTokens : 0),
    async count(args) {
      const { tokens } = await preparePrompt(args, await ready());
      return tokens.length;
    },
    execute(syscall, args, context) {
      if (!(serves as readonly string[]).includes(syscall))
        throw new SysError("ENOSYS", `core ${name} does not serve ${syscall}`, {
          hint: `it serves ${serves.join(" and ")}`,
        });
      return serve(syscall, args, context);
    },
    async open() {
      await ready();
    },
    async writeSnapshot(snapshot, path) {
      const { tenant, parked, progress } = snapshot;
      const at = await ready();
      const kvTokens = await saveState(at, parked, kvPath(path));
      await writeSnapshotFile(path, { tenant, machinery: await machinery(at), progress, kvTokens });
    },
    async readSnapshot(path, tenant) {
      const { progress, kv } = await readSnapshotFile(path, { tenant, machinery: await machinery(await ready()) });
      const parked: Parked = { tenant, tokens: kv?.tokens ?? 0, at: kv ? { is: "file", file: kv } : { is: "nowhere" } };
      return new LlamaSnapshot(progress, { parked, discard: () => void (parked.at = { is: "nowhere" }) });
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      // Running calls end first: a refreshed configuration replaces cores under way.
      if (running > 0) await idle.promise;
      const last = await opening?.catch(() => undefined);
      last?.slots.forget();
      await last?.engine[Symbol.asyncDispose]();
      await files[Symbol.asyncDispose]();
    },
  };

  async function embed(
    at: Machine,
    { input, dimensions }: EmbedArgs,
    { model, signal }: DriverContext,
  ): Promise<readonly DriverEvent[]> {
    const { engine } = at;
    const size = engine.model.embeddingVectorSize;
    if (dimensions !== undefined && dimensions !== size)
      throw new SysError("EINVAL", `core ${name}: ${model} makes vectors of ${size} numbers, not ${dimensions}`, {
        hint: "leave out dimensions",
      });
    const inputs = input.map((one) => (typeof one === "string" ? engine.model.tokenize(one) : (one as Token[])));
    const longest = Math.max(...inputs.map((tokens) => tokens.length));
    if (longest >= contextTokens)
      throw new SysError("E2BIG", `core ${name}: a text is ${longest} tokens, its context ${contextTokens}`, {
        hint: "cut the text, or raise contextTokens",
      });
    try {
      const embeddings = await engine.embed(inputs, signal);
      const result: EmbedResult = { embeddings, model: `${name}/${model}` };
      const inputTokens = inputs.reduce((sum, tokens) => sum + tokens.length, 0);
      return [{ type: "result", result, usage: { ...noUsage, inputTokens } }];
    } catch (cause) {
      if (isSysError(cause)) throw cause;
      if (signal.aborted) throw new SysError("ECANCELED", `the call to core ${name} was cancelled`, { cause });
      at.broke();
      const said = cause instanceof Error ? cause.message : String(cause);
      throw new SysError("EIO", `core ${name} broke: ${said}`, { cause });
    }
  }
}

/** @returns the tokens whose state was written; undefined where there is none any more. */
async function saveState({ slots }: Machine, parked: Parked, path: string): Promise<number | undefined> {
  if (parked.at.is === "file") {
    const { file } = parked.at;
    await copyFile(file.path, path);
    if ((await hashFile(path)) === file.sha256) return parked.tokens;
    await rm(path);
    return undefined;
  }
  const saved = await slots.withParked(parked, async ({ sequence }) => {
    await sequence.saveStateToFile(path);
    return sequence.nextTokenIndex;
  });
  if (saved === undefined) await rm(path, { force: true });
  return saved;
}
