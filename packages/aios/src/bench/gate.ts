// What the gate costs a call: how long its policy takes to say what is to happen.
import { accessPolicySchema } from "@aiosjs/sdk/protocol";
import { createSeededRandom } from "../drivers/random/seeded.ts";
import { compilePolicy } from "../kernel/gate/compile.ts";
import { evaluate } from "../kernel/gate/evaluate.ts";
import { labelOf } from "../kernel/gate/label.ts";
import type { GateRequest } from "../kernel/gate/verdict.ts";
import { inMemory, onDisk } from "./gate-path.ts";
import { measured } from "./parts.ts";
import { aimed, percentile, rounded } from "./report.ts";
import type { BenchReport, Figure } from "./report.ts";

interface GateBenchOptions {
  readonly seed?: number | undefined;
  readonly say?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A minute. */
export function gate({ seed = 1, say = () => undefined, signal }: GateBenchOptions): Promise<BenchReport> {
  const parts = [
    ["verdicts, one by one", () => Promise.resolve(verdicts(seed))],
    ["calls with and without, the journal in memory", () => inMemory({ policy, said })],
    ["calls with and without, the journal on disk", () => onDisk({ policy, said })],
  ] as const;
  const notes = [
    `calls of an agent that has read untrusted text, each with other arguments: ${mix}; no verdict is kept, only names and what people said are prepared once`,
    "with and without: two kernels in this process, turn by turn, a client in process, one call at a time, tools that answer at once. Without: the gate is not asked, results are given no label, and no event is recorded, which is what the audit log is made of; a look at what a call's result carries is left in both. What a caller waits for is the difference within pairs; what the journal's thread does behind the answer, hashing among it, is in the CPU",
  ];
  return measured({ name: "gate", seed, parts, notes, say, signal });
}

const mix = "5 of 10 syscalls, 2 fetches, 2 mails with a link in the body, 1 payment";
const WARM = 20_000;
const CALLS = 100_000;

const policy = accessPolicySchema.parse({
  version: 1,
  tools: {
    "web/fetch": {
      effect: "sink",
      gate: "L0",
      sinkArgs: { url: { trust: ">=user", or: { inAllowlist: "egress" } } },
    },
    note: { effect: "write", gate: "L1", gateIfTainted: "L1" },
    mail_send: {
      effect: "write",
      gate: "L2",
      sinkArgs: { to: { trust: ">=user", or: { inContacts: true } }, body: { urls: ">=user" } },
    },
    pay: {
      effect: "sink",
      gate: "L1",
      irreversible: true,
      sinkArgs: { account: { trust: ">=user" }, eur: { trust: ">=user" } },
    },
  },
  agents: { "research-*": { egress: ["api.github.com:443", "*.example.org:443"] } },
  contacts: Array.from({ length: 200 }, (_, index) => `contact-${index}@example.org`),
  rules: [
    { forbid: { when: "context.private && context.untrusted && call.effect in [sink, write]", unless: "approved" } },
    { ask: { when: 'call.name == "pay" || args.to in ["all@example.org"]' } },
  ],
});

const said = [
  "Please look at the repository https://github.com/example/project, write a summary of its open issues to contact-7@example.org and Ann Smith <ann@else.test>, and pay the invoice of DE89 3704 0044 0532 0130 00, 125 EUR, if the amount is right.",
  "Then tell me what you did. The agenda is at https://docs.example.org/agenda?week=12.",
];

function verdicts(seed: number): Figure[] {
  const compiled = compilePolicy(policy);
  const requests = requestsOf(seed);
  for (const request of requests.slice(0, WARM)) evaluate(compiled, request);
  const took = requests.map((request) => {
    const beganAt = performance.now();
    evaluate(compiled, request);
    return (performance.now() - beganAt) * 1_000;
  });
  const only = (name: string): number[] => took.filter((_, index) => requests[index]?.name === name);
  const figure = (name: string, value: number): Figure => ({ name, value: rounded(value), unit: "µs" });
  return [
    aimed("a verdict, p50", rounded(percentile(took, 0.5)), { unit: "µs", bound: { atMost: 20 } }),
    figure("a verdict, p99", percentile(took, 0.99)),
    figure("a syscall, p50", percentile(only("fs.write"), 0.5)),
    figure("a fetch, p50", percentile(only("web/fetch"), 0.5)),
    figure("a mail of 600 characters, p50", percentile(only("mail_send"), 0.5)),
    figure("a payment, p50", percentile(only("pay"), 0.5)),
  ];
}

function requestsOf(seed: number): GateRequest[] {
  const random = createSeededRandom(seed);
  const context = labelOf({ trust: "untrusted", confidentiality: "private" });
  const of = (name: string, args: unknown): GateRequest => ({
    agents: ["research-1"],
    name,
    args,
    declared: undefined,
    context,
    userTexts: said,
    isGlassBroken: false,
  });
  return Array.from({ length: CALLS }, (_, index) => {
    const word = random.text(8);
    if (index % 10 < 5) return of("fs.write", { path: `notes/${word}.md`, content: word.repeat(50) });
    if (index % 10 < 7) return of("web/fetch", { url: `https://api.github.com/repos/example/${word}?page=1` });
    if (index % 10 < 9)
      return of("mail_send", {
        to: index % 2 === 0 ? "contact-7@example.org" : `${word}@else.test`,
        body: `${"The issue is about a number that is read as a word. ".repeat(10)} See https://github.com/example/project/${word} for more.`,
      });
    return of("pay", { account: "DE89370400440532013000", eur: 125 });
  });
}
