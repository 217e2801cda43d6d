// One request member through one door to one core: what may become of it, and what did.
import type { Doors } from "../e2e/open-doors.ts";
import type { Upstream } from "../upstream.ts";

export type Wire = "chat" | "responses" | "anthropic";
export type Target = Wire | "sim";
type Members = Readonly<Record<string, unknown>>;

/** One value of a member, and what the documented tables make of it. */
export interface Sample {
  readonly member: string;
  readonly value: unknown;
  /** Members without which this one makes no sense. */
  readonly beside?: Members;
  /**
   * Whole members that an upstream of a dialect is sent for it. A dialect that is not here cannot say it: then the call is
   * refused by name, or the member is named in x-aios-left-out. One's own dialect is sent what was said, unless this says else.
   */
  readonly said?: Partial<Readonly<Record<Wire, Members>>>;
  /** The form has it: a simulation takes it. Default: where `said` names any dialect. */
  readonly isFormed?: boolean;
  /** Refused by the door itself, whatever core is behind it. */
  readonly isRefused?: boolean;
  /** Of a refusal. Default 400. */
  readonly status?: number;
  /** The door does it, or it says what happens anyway: nobody has to be told. */
  readonly isDoors?: boolean;
  /** What errors and headers call it. Default: the member's name. */
  readonly called?: string;
}

export interface Asked {
  readonly door: Wire;
  readonly target: Target;
  readonly isStreamed: boolean;
}

/** The same name in snake and in camel case. */
const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9.\u0080-\uffff]/g, "");
const isSame = (left: unknown, right: unknown): boolean => canonical(left) === canonical(right);
const canonical = (value: unknown): string | undefined =>
  JSON.stringify(value, (_name, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  );

const paths: Readonly<Record<Wire, string>> = {
  chat: "/v1/chat/completions",
  responses: "/v1/responses",
  anthropic: "/v1/messages",
};
/** The least that a door takes. */
const least: Readonly<Record<Wire, Members>> = {
  chat: { messages: [{ role: "user", content: "hi" }] },
  // What is not to be stored goes on in its own dialect.
  responses: { input: "hi", store: false },
  anthropic: { messages: [{ role: "user", content: "hi" }], max_tokens: 64 },
};

/** Sends one sample, and says what is wrong with what became of it; undefined: nothing is. */
export async function faultOf(
  sample: Sample,
  { door, target, isStreamed }: Asked,
  { doors, upstream }: { doors: Pick<Doors, "fetch">; upstream: Upstream },
): Promise<string | undefined> {
  const { member, value, beside = {}, said = {}, called = member, status = 400 } = sample;
  const before = upstream.requests.length;
  const response = await doors.fetch(paths[door], {
    body: {
      ...least[door],
      model: `${target}/m`,
      ...beside,
      [member]: value,
      ...(isStreamed ? { stream: true } : {}),
    },
  });
  const text = await response.text();
  const sent = upstream.requests.slice(before).at(-1)?.body;
  const leftOut = (response.headers.get("x-aios-left-out") ?? "").split(", ").map(decodeURIComponent);
  const isNamed = (where: string): boolean => plain(where).includes(plain(called));

  if (response.status !== 200) {
    if (response.status !== status) return `answered ${response.status}: ${text}`;
    if (sent !== undefined) return `refused only after the upstream was asked: ${text}`;
    if (!isNamed(text)) return `refused without a word of ${called}: ${text}`;
    const isOwn = door === target && sample.isRefused !== true;
    return isOwn || (target !== "sim" && said[target] !== undefined) ? `refused: ${text}` : undefined;
  }
  if (isStreamed && /"error":\s*\{|event: error|response\.failed/.test(text)) return `failed in the stream: ${text}`;
  if (sample.isRefused === true) return "taken, although the door refuses it";
  if (sample.isDoors === true) return undefined;
  if (leftOut.some(isNamed))
    return target !== "sim" && said[target] !== undefined && door !== target ? "left out" : undefined;
  if (target === "sim")
    return (sample.isFormed ?? Object.keys(said).length > 0) ? undefined : "dropped silently by the simulation";
  const wanted = said[target] ?? (door === target ? { [member]: value } : undefined);
  if (wanted === undefined) return `dropped silently; sent: ${JSON.stringify(sent)}`;
  for (const [name, expected] of Object.entries(wanted))
    if (!isSame(sent?.[name], expected))
      return `${name} came as ${JSON.stringify(sent?.[name])} instead of ${JSON.stringify(expected)}`;
  return undefined;
}
