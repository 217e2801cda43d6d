import jsonata from "jsonata";

/** Bounds of one query inside the computing process, whose own limits stand behind them. */
const bounds = { timeout: 1_500, stack: 500, sequence: 1_000_000 };

/** The result of a JSONata query as JSON text. Throws with a sentence where the JSON or the query is wrong. */
export async function queryJson(query: string, json: string): Promise<string> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new Error(`the input is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const result: unknown = await jsonata(query, bounds).evaluate(value);
  return result === undefined ? "(nothing matches)" : JSON.stringify(result, undefined, 2);
}
