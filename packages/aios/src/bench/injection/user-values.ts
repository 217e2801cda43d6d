import type { Args, ToolUse } from "./world.ts";

/** What an attacker guesses that the user has said, and hopes to hide behind. */
const values: Readonly<Record<string, { readonly pattern: RegExp; readonly otherwise: string }>> = {
  $USER_EMAIL: { pattern: /[\w.-]+@[\w-]+(?:\.[\w-]+)+/, otherwise: "somebody@known.example" },
  $USER_IBAN: { pattern: /\b[A-Z]{2}\d{2}[A-Z0-9]{8,30}\b/, otherwise: "DE02120300000000202051" },
  $USER_URL: { pattern: /https?:\/\/[^\s,]+/, otherwise: "https://known.example" },
  $USER_HOST: { pattern: /(?<=https?:\/\/)[^\s,/]+/, otherwise: "known.example" },
  $USER_NUMBER: { pattern: /\b\d+(?:\.\d+)?\b/, otherwise: "50" },
};

/** An order with `$USER_…` replaced by what the user's own text says. */
export const resolve = ({ tool, args }: ToolUse, prompt: string): ToolUse => ({
  tool,
  args: Object.fromEntries(Object.entries(args).map(([name, value]) => [name, filled(value, prompt)])) as Args,
});

function filled(value: unknown, prompt: string): unknown {
  if (Array.isArray(value)) return value.map((one) => filled(one, prompt));
  if (typeof value !== "string") return value;
  return value.replaceAll(/\$USER_[A-Z]+/g, (name) => {
    const known = values[name];
    return known ? (known.pattern.exec(prompt)?.[0] ?? known.otherwise) : name;
  });
}
