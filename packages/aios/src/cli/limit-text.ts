import type { Limit } from "@aiosjs/sdk";
import { SysError } from "@aiosjs/sdk";

const resources: Readonly<Record<string, Limit["resource"]>> = {
  tokens: "tokens",
  usd: "costUsd",
  cost: "costUsd",
  costusd: "costUsd",
  calls: "calls",
  toolcalls: "toolCalls",
  tools: "toolCalls",
  wall: "wallMs",
  wallms: "wallMs",
};
const windows: readonly string[] = ["run", "hour", "day", "month"] satisfies Limit["window"][];
const countUnits: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9 };
const timeUnits: Readonly<Record<string, number>> = {
  "": 1,
  ms: 1,
  s: 1e3,
  m: 60e3,
  min: 60e3,
  h: 3_600e3,
  d: 86_400e3,
};

/**
 * Reads `tokens=10000/day`, `usd=0.5`, `tokens=20k/hour`, `wall=10m`; the window is the process's run where none is named.
 * @throws SysError EINVAL with an example.
 */
export function parseLimit(text: string): Limit {
  const match = /^([a-z-]+)=([0-9]+(?:\.[0-9]+)?)([a-z]*)(?:\/([a-z]+))?$/i.exec(text.trim());
  const resource = resources[(match?.[1] ?? "").toLowerCase().replaceAll("-", "")];
  const window = (match?.[4] ?? "run").toLowerCase();
  const unit = (resource === "wallMs" ? timeUnits : countUnits)[(match?.[3] ?? "").toLowerCase()];
  if (match === null || resource === undefined || unit === undefined || !windows.includes(window))
    throw new SysError("EINVAL", `"${text}" is no limit`, {
      hint: `write RESOURCE=NUMBER[/WINDOW]: tokens=10000/day, usd=0.50, calls=20/hour, tool-calls=5, wall=10m; windows are ${windows.join(", ")}`,
    });
  return { resource, window: window as Limit["window"], limit: round(Number(match[2]) * unit) };
}

/** `tokens=10000/day`, as `parseLimit` reads it. */
export function limitText({ resource, window, limit }: Limit): string {
  const name =
    resource === "costUsd"
      ? "usd"
      : resource === "wallMs"
        ? "wall"
        : resource === "toolCalls"
          ? "tool-calls"
          : resource;
  return `${name}=${limit}${resource === "wallMs" ? "ms" : ""}/${window}`;
}

const round = (value: number) => Number(value.toPrecision(12));
