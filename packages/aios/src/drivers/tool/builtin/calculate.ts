import type { BigNumber, FactoryFunctionMap } from "mathjs";

/** Functions by which a formula could change the calculator or parse further text: off, as mathjs' security page advises. */
const disabled = [
  "import",
  "config",
  "createUnit",
  "reviver",
  "evaluate",
  "parse",
  "compile",
  "parser",
  "simplify",
] as const;
const disabledToo = [
  "simplifyCore",
  "simplifyConstant",
  "derivative",
  "rationalize",
  "resolve",
  "symbolicEqual",
] as const;

/** Significant digits shown of what is not a whole number. */
const shownDigits = 20;

/**
 * Evaluates formulas with 64-digit decimals (0.1 + 0.2 is 0.3, 2^100 is exact); what mathjs has for binary floating
 * point alone is computed with that. Loading takes 0.2 s or more: only the computing process does it.
 */
export async function createCalculator(): Promise<(expression: string) => string> {
  const { all, create } = await import("mathjs");
  const open = (number: "BigNumber" | "number") => {
    const math = create(all as FactoryFunctionMap, { number, precision: 64 });
    const evaluate = math.evaluate.bind(math);
    const off = Object.fromEntries(
      [...disabled, ...disabledToo].map((name) => [
        name,
        () => {
          throw new Error(`the function ${name} is not available here`);
        },
      ]),
    );
    math.import(off, { override: true });
    const format = (value: unknown): string =>
      math.format(value, (leaf: unknown) =>
        math.isBigNumber(leaf) ? showDecimal(leaf) : math.format(leaf, { precision: 15, upperExp: 16 }),
      );
    return (expression: string): string => {
      const value: unknown = evaluate(expression, new Map());
      if (value === undefined) return "(no value)";
      return math.isResultSet(value) ? value.entries.map(format).join("\n") : format(value);
    };
  };
  const decimal = open("BigNumber");
  const binary = open("number");
  return (expression) => {
    try {
      return decimal(expression);
    } catch (cause) {
      // A TypeError of mathjs says that a function has no form for decimals.
      if (!(cause instanceof TypeError)) throw cause;
      return binary(expression);
    }
  };
}

const showDecimal = (value: BigNumber): string =>
  value.isInteger() && value.abs().lessThan("1e64")
    ? value.toFixed()
    : value.toSignificantDigits(shownDigits).toString();
