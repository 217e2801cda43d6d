import type { CallerLimit } from "../kernel/ports.ts";

/** What the dialects call the resources. */
const names = { calls: "requests", tokens: "tokens" } as const;

/** `x-ratelimit-*` as OpenAI's clients read them: times as in `1h2m3s`. */
export function openaiLimits(limits: readonly CallerLimit[], nowMs: number): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { resource, limit, remaining, resetsAtMs } of limits) {
    const name = names[resource];
    headers[`x-ratelimit-limit-${name}`] = String(limit);
    headers[`x-ratelimit-remaining-${name}`] = String(remaining);
    if (resetsAtMs !== null) headers[`x-ratelimit-reset-${name}`] = span(resetsAtMs - nowMs);
  }
  return headers;
}

/** `anthropic-ratelimit-*` as Anthropic's clients read them: times as RFC 3339. */
export function anthropicLimits(limits: readonly CallerLimit[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { resource, limit, remaining, resetsAtMs } of limits) {
    const prefix = `anthropic-ratelimit-${names[resource]}`;
    headers[`${prefix}-limit`] = String(limit);
    headers[`${prefix}-remaining`] = String(remaining);
    if (resetsAtMs !== null) headers[`${prefix}-reset`] = new Date(resetsAtMs).toISOString().replace(/\.\d+Z$/, "Z");
  }
  return headers;
}

function span(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)];
  return `${hours > 0 ? `${hours}h` : ""}${hours > 0 || minutes > 0 ? `${minutes}m` : ""}${seconds % 60}s`;
}
