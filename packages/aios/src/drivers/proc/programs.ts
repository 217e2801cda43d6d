import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient, inLanes, thinkAct } from "@aiosjs/sdk";
import type { AgentEvent, AgentOptions } from "@aiosjs/sdk";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Manifest } from "@aiosjs/sdk/protocol";
import type { ProgramContext, ProgramDriver } from "../../kernel/ports.ts";
import { runModule } from "./modules.ts";
import type { ModuleJail } from "./start-module.ts";
import { readManifest } from "./read-manifest.ts";

export interface ProgramsOptions {
  /** Searched in order; each holds a folder with an `agent.yaml` per agent. `shippedAgents` comes last of itself. */
  readonly folders: readonly string[];
  /** Where modules run. Default: with all rights of this user. */
  readonly jail?: ModuleJail | undefined;
}

/** The agents that come with the package; the path is the same from `src` and from `dist`. */
const shippedAgents = fileURLToPath(new URL("../../../agents", import.meta.url));
/** Characters of a tool call or its answer that the log shows. */
const maxLogged = 300;

/**
 * Declarative agents: found on disk by name at each start, so that a change needs no restart; run by the sdk's loop. Modules run in
 * processes of their own.
 */
export function createPrograms(options: ProgramsOptions): ProgramDriver {
  const folders = [...options.folders, shippedAgents];
  return {
    async find(agent) {
      if (/^[a-z0-9][a-z0-9-]{0,63}$/.test(agent))
        for (const folder of folders) {
          const path = join(folder, agent, "agent.yaml");
          const text = await textOf(path);
          if (text === undefined) continue;
          const manifest = readManifest(text, path);
          if (manifest.name !== agent)
            throw new SysError("EINVAL", `${path}: its name is ${manifest.name}, its folder's is ${agent}`, {
              hint: "Give both the same name.",
            });
          return manifest;
        }
      const names = await agentsIn(folders);
      throw new SysError("ENOENT", `no agent ${JSON.stringify(agent)}; there are ${names.join(", ")}`, {
        hint: `An agent is a folder with an agent.yaml in ${folders.join(" or ")}.`,
      });
    },
    run: (context) => {
      const { program } = context;
      return program.kind === "agent" ? runAgent(context, program) : runModule(context, program, options.jail);
    },
    isConfining: options.jail !== undefined,
  };
}

type AgentProgram = Extract<ProgramContext["program"], { kind: "agent" }>;

async function runAgent(context: ProgramContext, { manifest, task, modelAsked }: AgentProgram): Promise<unknown> {
  const { signal } = context;
  // Every call says its place in the loop: after a restart the loop is folded again from what is on record.
  const transport = inLanes(context.transport);
  const print = (text: string): void => context.print(text);
  const { output, temperature, maxTokens, context: limits, ...rest } = manifest;
  const options = {
    ...rest,
    model: modelAsked ?? manifest.model,
    ...(output === undefined ? {} : { output }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(limits === undefined ? {} : { context: limitsOf(limits) }),
  };
  /** The log is in the middle of a line. */
  let isOpen = false;
  const printLine = (line: string): void => {
    print(`${isOpen ? "\n" : ""}${line}\n`);
    isOpen = false;
  };
  try {
    for await (const event of thinkAct<unknown>(task, options, { client: createClient(transport), signal }))
      switch (event.type) {
        case "text.delta":
          print(event.text);
          isOpen = !event.text.endsWith("\n");
          break;
        case "reasoning.delta":
          break;
        case "tool.called":
          printLine(`→ ${event.name} ${clip(event.arguments)}`);
          break;
        case "tool.answered":
          printLine(`${event.isError ? "✗" : "←"} ${event.name} ${clip(event.content)}`);
          break;
        case "answer.rejected":
          printLine(`✗ answer: ${clip(event.why)}`);
          break;
        case "context.compacted":
          printLine(`≡ ${compactionText(event)}`);
          break;
        case "agent.completed":
          return event.result.output;
      }
  } finally {
    if (isOpen) print("\n");
  }
  throw new SysError("EIO", `${manifest.name} ended without a result`);
}

/** What is not set is left to the loop's defaults. */
function limitsOf({ onFull, ...sizes }: NonNullable<Manifest["context"]>): NonNullable<AgentOptions["context"]> {
  const { maxTokens, reserveTokens, maxMessages } = sizes;
  return {
    onFull,
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(reserveTokens === undefined ? {} : { reserveTokens }),
    ...(maxMessages === undefined ? {} : { maxMessages }),
  };
}

const compactionWords = { summary: "summed up", drop: "left out", clip: "shortened" };

function compactionText(compaction: Extract<AgentEvent, { type: "context.compacted" }>): string {
  const { mode, messages, beforeTokens, afterTokens } = compaction;
  const count = `${messages} ${messages === 1 ? "message" : "messages"}`;
  return `context: ${count} ${compactionWords[mode]}, ${beforeTokens} → ${afterTokens} tokens`;
}

const clip = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > maxLogged ? `${line.slice(0, maxLogged)}…` : line;
};

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    throw cause;
  }
}

async function agentsIn(folders: readonly string[]): Promise<string[]> {
  const names = new Set<string>();
  for (const folder of folders) {
    const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
      if (isAbsent(cause)) return [];
      throw cause;
    });
    for (const entry of entries)
      if (entry.isDirectory() && (await textOf(join(folder, entry.name, "agent.yaml"))) !== undefined)
        names.add(entry.name);
  }
  return [...names].toSorted();
}

const isAbsent = (cause: unknown): boolean =>
  ["ENOENT", "ENOTDIR"].includes(String((cause as NodeJS.ErrnoException).code));
