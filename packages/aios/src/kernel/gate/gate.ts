import { canonicalJson, specOf, SysError } from "@aiosjs/sdk/protocol";
import type { AccessPolicy, ChatArgs, SyscallName } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "../call-record.ts";
import { summarize } from "../devices/summary.ts";
import type { ApprovalRow, Hash, KernelSettings, Toolbox, ToolSpec } from "../ports.ts";
import type { Process } from "../process.ts";
import { agentsAbove } from "./agent-of.ts";
import type { JoinedRow } from "./agent-row.ts";
import type { BrokenGlass } from "./broken-glass.ts";
import { compilePolicy } from "./compile.ts";
import type { CompiledPolicy } from "./compile.ts";
import { evaluate } from "./evaluate.ts";
import { from, labelOf } from "./label.ts";
import { hashOf } from "./policy-hash.ts";
import { withinPlan } from "./plan.ts";
import { declaredAs, shippedPolicy } from "./shipped-policy.ts";
import { shown } from "./shown.ts";
import { sourcesOf } from "./sources.ts";
import type { SourceParts } from "./sources.ts";
import { UsedWords } from "./used-words.ts";
import type { Judgement, Verdict } from "./verdict.ts";

interface GateParts extends SourceParts {
  readonly settings: () => KernelSettings;
  readonly toolbox: Toolbox | undefined;
  readonly hash: Hash;
  readonly glass: BrokenGlass;
}

interface InForce {
  readonly of: AccessPolicy;
  readonly policy: CompiledPolicy;
  readonly hash: string | null;
}

/** Who has written what a foreign tool says of itself. */
const stranger = labelOf({ trust: "untrusted", confidentiality: "public" });

/** What the policy says of calls, before they are made. */
export class Gate {
  readonly #parts: GateParts;
  readonly #words = new UsedWords();
  #compiled: InForce | undefined;

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  get policy(): CompiledPolicy {
    return this.#inForce.policy;
  }

  /** SHA-256 of the policy that is in force, as `policy.loaded` tells it. */
  get hash(): string | null {
    return this.#inForce.hash;
  }

  get #inForce(): InForce {
    const of = this.#parts.settings().accessPolicy ?? shippedPolicy;
    if (this.#compiled?.of === of) return this.#compiled;
    const hash = of === shippedPolicy ? null : hashOf(of, this.#parts.hash);
    return (this.#compiled = { of, policy: compilePolicy(of), hash });
  }

  /** As a call's record keeps it. */
  judgementOf({ gate, reasons: [first] }: Verdict): Judgement {
    return { gate, reason: first ? { where: first.where, why: first.why } : null, policy: this.hash };
  }

  /** What binds a process, by all agents above it too. */
  rowOf(process: Process): JoinedRow {
    return this.policy.joinedRow(agentsAbove(process));
  }

  /** Undefined for what has no effect, and for what a person does and no process: that is not asked about. */
  verdictOf(record: CallRecord): Verdict | undefined {
    const { name, args, process } = record;
    const spec = specOf(name as SyscallName);
    if (process.kind === "kernel" || spec.isView === true || spec.isAdministrative === true) return undefined;
    const tool = name === "tool.call" ? (args as { name: string; arguments: unknown }) : undefined;
    const { policy } = this;
    const known = tool && this.#specOf(tool.name);
    const isUnsafe = (known ?? spec).effect === "unsafe";
    const request = {
      agents: agentsAbove(process),
      name: tool?.name ?? name,
      args: tool ? tool.arguments : args,
      declared: known && (known.access ?? declaredAs(known.effect)),
      uses: isUnsafe ? this.#words.usesOf(process, tool?.name ?? name) : undefined,
      context: process.seen,
      userTexts: process.userTexts,
      isGlassBroken: this.#parts.glass.isBroken(process, tool?.name ?? name),
    };
    const verdict = evaluate(policy, request);
    if (isUnsafe) this.#words.judged(record, request.name, verdict);
    return withinPlan(record, { verdict, name: request.name, isTool: tool !== undefined });
  }

  /** A call that was judged is made now. */
  passes(record: CallRecord): void {
    this.#words.passed(record);
  }

  /** A call that was made before the kernel started is told again. */
  recalls(record: CallRecord): void {
    const { name, args } = record;
    if (
      name !== "tool.call" ||
      !this.#parts.toolbox?.tools().some((tool) => tool.name === (args as { name: string }).name)
    )
      return;
    this.verdictOf(record);
    this.#words.passed(record);
  }

  /**
   * A model that is told of a stranger's tool reads the stranger's words: its process has seen them before it is answered, for
   * what is streamed may be acted upon at once.
   */
  hear({ call, name, args, process }: CallRecord): void {
    if (name !== "llm.chat" || !this.#tellsOfStranger(args as ChatArgs)) return;
    if (process.sees(from(stranger, call))) this.#parts.outbox.note({ kind: "process", row: process.row() });
  }

  #tellsOfStranger({ tools = [] }: ChatArgs): boolean {
    if (tools.length === 0) return false;
    const foreign = (this.#parts.toolbox?.tools() ?? []).filter(({ isForeign }) => isForeign);
    return foreign.some((one) => tools.some(({ name }) => name === one.name));
  }

  /** @throws SysError ENOENT with the tools that exist. */
  #specOf(tool: string): ToolSpec {
    const tools = this.#parts.toolbox?.tools() ?? [];
    const spec = tools.find(({ name }) => name === tool);
    if (!spec)
      throw new SysError(
        "ENOENT",
        `no tool ${JSON.stringify(tool)}; there are ${tools.map(({ name }) => name).join(", ") || "none"}`,
      );
    return spec;
  }

  /** What a person is asked: what the kernel knows, never what a model says of it. */
  async questionOf(record: CallRecord, verdict: Verdict): Promise<Pick<ApprovalRow, "kind" | "question" | "about">> {
    const { name, args, process } = record;
    const { effect, reasons, origins } = verdict;
    const what = summarize(name, args, undefined);
    return {
      kind: "gate",
      question: shown(`May ${process.name} (${process.pid}) do this: ${what}?`),
      about: {
        argsHash: this.#parts.hash.sha256(canonicalJson([name, args])),
        tool: name === "tool.call" ? (args as { name: string }).name : name,
        effect,
        reasons,
        origins,
        sources: await sourcesOf(process, origins, this.#parts),
        context: process.seen,
      },
    };
  }
}

/** @throws SysError EPOLICY for a call that no person is asked about. */
export function refuseForbidden(name: string, { reasons }: Verdict): never {
  const [first] = reasons;
  throw new SysError("EPOLICY", `the policy forbids ${name}: ${first?.why ?? "nothing allows it"}`, {
    hint: `${first ? `it stands in ${first.where}; ` : ""}\`aios policy explain CALL\` tells all of it`,
  });
}
