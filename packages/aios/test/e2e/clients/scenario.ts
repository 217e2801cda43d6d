// The turns that every client takes, in front of every core. A client is one function each for a whole and a streamed answer.
import diagnostics from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { realClock } from "../../../src/drivers/clock/real.ts";
import { createSimCore, type SimCore } from "../../../src/drivers/llm/sim/core.ts";
import type { Received, Reply } from "../../upstream.ts";
import { lanesIdle, openDoors, type Doors } from "../open-doors.ts";
import { clients, cores, type ClientName, type CoreName, type TurnName } from "./list.ts";

/** Where a client is pointed to: nothing else of it is changed. */
export interface Place {
  /** Without /v1. */
  readonly url: string;
  readonly key: string;
  readonly model: string;
}

export interface Asked {
  readonly prompt: string;
  /** The client runs them itself, until the model calls no more. */
  readonly tools?: readonly ToolGiven[];
  readonly signal?: AbortSignal;
}

interface ToolGiven {
  readonly name: string;
  readonly description: string;
  readonly input: z.ZodObject;
  /** The input's JSON Schema, for clients that take no other. */
  readonly schema: { type: "object"; [member: string]: unknown };
  readonly run: (input: unknown) => string;
}

export interface ClientUnderTest {
  /** The whole answer's text. */
  whole(place: Place, asked: Asked): Promise<string>;
  /** The text as it comes. */
  pieces(place: Place, asked: Asked): AsyncIterable<string>;
}

const lookUp = "Look up the capital of France, then look up the weather of that city.";
const forEver = "Go on for ever.";

/** Results that nobody could know but who ran the tools. */
interface Findings {
  readonly capital: string;
  readonly weather: string;
}

function toolsWith({ capital, weather }: Findings): { tools: ToolGiven[]; ran: [name: string, input: unknown][] } {
  const ran: [string, unknown][] = [];
  const tool = (name: string, about: { description: string; input: z.ZodObject; result: string }): ToolGiven => ({
    name,
    description: about.description,
    input: about.input,
    schema: { ...z.toJSONSchema(about.input), type: "object" },
    run(input) {
      ran.push([name, about.input.parse(input)]);
      return about.result;
    },
  });
  const tools = [
    tool("capital", {
      description: "The capital of a country",
      input: z.object({ country: z.string() }),
      result: capital,
    }),
    tool("weather", { description: "The weather of a city", input: z.object({ city: z.string() }), result: weather }),
  ];
  return { tools, ran };
}

/** What the tools of a request gave so far, in either dialect. */
export function resultsIn({ messages = [] }: Received["body"]): string[] {
  return messages.flatMap(({ role, content }) => {
    if (role === "tool") return [JSON.stringify(content)];
    if (!Array.isArray(content)) return [];
    return (content as { type: string; content?: unknown }[])
      .filter(({ type }) => type === "tool_result")
      .map((block) => JSON.stringify(block.content));
  });
}

/** A conversation that is kept at Anthropic: its official client asks for one first, and sends it whole where that is refused. */
const isThreaded = ({ thread }: Received["body"]): boolean => thread !== undefined;
const unknownMember: Reply = {
  is: "status",
  status: 400,
  body: { type: "error", error: { type: "invalid_request_error", message: "thread: Extra inputs are not permitted" } },
};

/** A model that does as it is asked: it calls one tool after the other, with what it was told, and then answers with it. */
function answering({ body }: Received): Reply {
  if (isThreaded(body)) return unknownMember;
  if (JSON.stringify(body.messages).includes(forEver)) return { is: "answer", isEndless: true };
  if (!JSON.stringify(body.messages).includes(lookUp)) return { is: "answer" };
  const [capital, weather] = resultsIn(body);
  const call = (name: string, input: object): Reply => ({
    is: "answer",
    toolCalls: [{ id: `call_${name}`, name, arguments: JSON.stringify(input) }],
  });
  if (capital === undefined) return call("capital", { country: "France" });
  const city = /Paris-\d+/.exec(capital)?.[0] ?? "nowhere";
  if (weather === undefined) return call("weather", { city });
  return { is: "answer", pieces: ["It is ", /mild-\d+/.exec(weather)?.[0] ?? "unknown", " in ", `${city}.`] };
}

const models: Readonly<Record<CoreName, string>> = { openai: "up/m", anthropic: "claude/m", sim: "sim/sim" };
/** Longer than a test may take: 20,000 tokens, one a millisecond. */
const endlessModels: Readonly<Record<CoreName, string>> = { ...models, sim: "endless/sim" };

const simOf = (name: string, outputTokens: number): SimCore =>
  createSimCore({
    clock: realClock,
    name,
    ttftMs: 0,
    iterationMs: 1,
    perSequenceMs: 0,
    outputTokens,
    outputSigma: 0,
  });

let nonce = 0;

async function joined(pieces: AsyncIterable<string>): Promise<{ text: string; count: number }> {
  let text = "";
  let count = 0;
  for await (const piece of pieces) {
    text += piece;
    if (piece !== "") count++;
  }
  return { text, count };
}

/** Runs every turn of the list for one client. */
export function tryClient(name: ClientName, client: ClientUnderTest): void {
  describe(name, () => {
    let doors: Doors;
    let endless: SimCore;
    const paths = new Set<string>();
    const seen = (message: unknown): void => {
      const { request } = message as { request: IncomingMessage };
      if (request.headers.host === new URL(doors.url).host) paths.add((request.url ?? "").split("?", 1)[0] ?? "");
    };
    beforeAll(async () => {
      diagnostics.subscribe("http.server.request.start", seen);
      endless = simOf("endless", 20_000);
      doors = await openDoors({
        speaksAnthropic: true,
        script: answering,
        cores: [simOf("sim", 20), endless],
        settings: { budgets: { local: [{ resource: "tokens", window: "run", limit: 10_000_000 }] } },
      });
    });
    afterAll(async () => {
      diagnostics.unsubscribe("http.server.request.start", seen);
      await doors[Symbol.asyncDispose]();
    });

    const at = (core: CoreName, of = models): Place => ({ url: doors.url, key: doors.key, model: of[core] });
    /** No request under way, no slot held, and what was set aside for the call is settled. */
    const idle = async (): Promise<void> => {
      await doors.upstream.idle();
      while (endless.running + endless.waiting > 0) await new Promise((resolve) => setImmediate(resolve));
      await lanesIdle(doors);
      const { accounts } = await doors.admin.budget.show({});
      expect(accounts.filter(({ resource }) => resource === "tokens")).toMatchObject([{ reserved: 0 }]);
    };
    /** Resolves when a model is at work. */
    const busy = async (): Promise<void> => {
      while (doors.upstream.open + endless.running === 0) await new Promise((resolve) => setImmediate(resolve));
    };

    describe.each(Object.keys(cores) as CoreName[])("in front of %s", (core) => {
      const turn = (which: TurnName, run: () => Promise<void>): void => test(which, run);
      const said = core === "sim" ? /^\(simulated\) \S/ : /^Hello, world\.$/;

      const stepsOf = async (ask: (asked: Asked) => Promise<string>): Promise<void> => {
        nonce++;
        const findings = { capital: `Paris-${nonce}`, weather: `mild-${nonce}` };
        const { tools, ran } = toolsWith(findings);
        const before = doors.upstream.requests.length;
        const text = await ask({ prompt: lookUp, tools });
        expect(ran.map(([tool]) => tool)).toEqual(["capital", "weather"]);
        expect(text).toContain(findings.capital);
        expect(text).toContain(findings.weather);
        if (core === "sim") return;
        // The upstream was asked once a step, and saw each result behind the call that it belongs to.
        expect(ran).toEqual([
          ["capital", { country: "France" }],
          ["weather", { city: findings.capital }],
        ]);
        const asked = doors.upstream.requests.slice(before).filter(({ body }) => !isThreaded(body));
        expect(asked.map(({ body }) => resultsIn(body).length)).toEqual([0, 1, 2]);
        const path = core === "anthropic" ? "/v1/messages" : "/v1/chat/completions";
        expect(asked.every((request) => request.path.startsWith(path))).toBe(true);
      };

      turn("plain", async () => {
        expect(await client.whole(at(core), { prompt: "Say something." })).toMatch(said);
      });

      turn("streamed", async () => {
        const { text, count } = await joined(client.pieces(at(core), { prompt: "Say something." }));
        expect(text).toMatch(said);
        expect(count).toBeGreaterThan(1);
        if (core !== "sim") expect(doors.upstream.requests.at(-1)?.body.stream).toBe(true);
      });

      turn("tools", () => stepsOf((asked) => client.whole(at(core), asked)));

      turn("tools, streamed", () => stepsOf(async (asked) => (await joined(client.pieces(at(core), asked))).text));

      turn("abort before the answer", async () => {
        const controller = new AbortController();
        const { signal } = controller;
        const ended = client.whole(at(core, endlessModels), { prompt: forEver, signal }).then(
          (text) => ({ text }),
          (error: unknown) => ({ error }),
        );
        await busy();
        controller.abort();
        await idle();
        // Some throw, some return what they have: nothing.
        expect((await ended) as object).not.toMatchObject({ text: expect.stringMatching(/\S/) as string });
      });

      turn("abort in the stream", async () => {
        const controller = new AbortController();
        const { signal } = controller;
        let pieces = 0;
        const read = async (): Promise<void> => {
          for await (const piece of client.pieces(at(core, endlessModels), { prompt: forEver, signal })) {
            if (piece === "") continue;
            pieces++;
            controller.abort();
          }
        };
        // Some throw, some end.
        await read().catch((error: unknown) => {
          if (!signal.aborted) throw error;
        });
        expect(pieces).toBeGreaterThan(0);
        await idle();
      });
    });

    test("all of it came through the door that the list names", () => {
      expect([...paths]).toEqual([clients[name].door]);
    });
  });
}
