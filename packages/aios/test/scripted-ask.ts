import type { Ask } from "../src/memory/ask.ts";

type Request = Parameters<Ask>[0];
/** An `Ask` that remembers what it was asked. A text is answered as it is, an error thrown, all else as JSON. */
export function createScriptedAsk(...answers: readonly unknown[]): Ask & { readonly requests: Request[] } {
  const requests: Request[] = [];
  const ask: Ask = (request) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)];
    requests.push(request);
    if (answer instanceof Error) return Promise.reject(answer);
    return Promise.resolve(typeof answer === "string" ? answer : JSON.stringify(answer));
  };
  return Object.assign(ask, { requests });
}

export function textOf(request: Request, role: "system" | "user"): string {
  const message = request.messages.find((each) => each.role === role);
  if (typeof message?.content !== "string") throw new Error(`no ${role} message of text`);
  return message.content;
}
