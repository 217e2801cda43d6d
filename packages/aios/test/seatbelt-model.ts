/** What a profile says, by the rules of the language as far as ours uses it: the last rule that matches decides. */
export interface SeatbeltModel {
  readonly isAllowed: (operation: string, asked?: Asked) => boolean;
}

interface Asked {
  readonly path?: string;
  /** Filters that are no paths, as they stand: `(target same-sandbox)`. */
  readonly is?: string;
}

type Expression = string | readonly Expression[];

/** Of the arguments of sandbox-exec: its parameters, and the profile. @throws where they are none. */
export function modelOf(args: readonly string[]): SeatbeltModel {
  const values = new Map<string, string>();
  let text: string | undefined;
  for (let at = 0; at < args.length; at += 2) {
    const [flag, value = ""] = args.slice(at);
    if (flag === "-p") text = value;
    else if (flag === "-D") values.set(value.slice(0, value.indexOf("=")), value.slice(value.indexOf("=") + 1));
    else throw new Error(`sandbox-exec knows no ${flag}`);
  }
  const [version, ...rules] = parse(text ?? "");
  if (shown(version ?? "") !== "(version 1)") throw new Error("a profile begins with its version");
  const filterHolds = (filter: Expression, asked: Asked): boolean => {
    const [kind, of] = filter as readonly Expression[];
    const value = typeof of === "string" ? of.slice(1, -1) : values.get(String(of?.[1]).slice(1, -1));
    if (kind === "subpath" || kind === "literal") {
      if (value === undefined) throw new Error(`no parameter ${shown(of ?? "")}`);
      return asked.path === value || (kind === "subpath" && asked.path?.startsWith(`${value}/`) === true);
    }
    return shown(filter) === asked.is;
  };
  return {
    isAllowed(operation, asked = {}) {
      let isAllowed: boolean | undefined;
      for (const rule of rules) {
        const [action, ...rest] = rule as readonly Expression[];
        const operations = rest.filter((one) => typeof one === "string");
        const filters = rest.filter((one) => typeof one !== "string");
        const isMeant = operations.some(
          (one) =>
            one === "default" || one === operation || (one.endsWith("*") && operation.startsWith(one.slice(0, -1))),
        );
        if (isMeant && (filters.length === 0 || filters.some((filter) => filterHolds(filter, asked))))
          isAllowed = action === "allow";
      }
      if (isAllowed === undefined) throw new Error("a profile says what holds by default");
      return isAllowed;
    },
  };
}

const shown = (one: Expression): string => (typeof one === "string" ? one : `(${one.map(shown).join(" ")})`);

function parse(text: string): readonly Expression[] {
  const tokens = text.match(/"[^"\\]*"|[()]|[^\s()"]+/g) ?? [];
  if (tokens.join("").length !== text.replace(/"[^"\\]*"|\s/g, (one) => (one.startsWith('"') ? one : "")).length)
    throw new Error("what stands in the profile cannot be read");
  const open: Expression[][] = [[]];
  for (const token of tokens) {
    if (token === "(") open.push([]);
    else if (token === ")") {
      const done = open.pop()!;
      const around = open.at(-1);
      if (!around) throw new Error("a bracket too many");
      around.push(done);
    } else open.at(-1)!.push(token);
  }
  if (open.length !== 1) throw new Error("a bracket is missing");
  return open[0]!;
}
