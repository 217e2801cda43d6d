/**
 * What a provider says that it did not send on: `unsupported` in versions 3 and 4, `unsupported-setting` and
 * `unsupported-tool` in version 2. Its other warnings change nothing.
 */
export function leftOutOf(warnings: unknown): string[] {
  if (!Array.isArray(warnings)) return [];
  const names = (warnings as readonly (Record<string, unknown> | null)[]).flatMap((warning) => {
    switch (warning?.["type"]) {
      case "unsupported":
        return [warning["feature"]];
      case "unsupported-setting":
        return [warning["setting"]];
      case "unsupported-tool":
        return ["tools"];
      default:
        return [];
    }
  });
  return [...new Set(names.filter((name) => typeof name === "string"))];
}
