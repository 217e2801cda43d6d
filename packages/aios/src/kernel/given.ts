import { SysError } from "@aiosjs/sdk/protocol";

/** Characters as JSON of one value, message or event body, at most. */
export const MAX_GIVEN = 1_048_576;

/**
 * What is kept or sent is what was given at the time of the call, whatever becomes of the caller's object.
 * @throws SysError EINVAL for what is not JSON, E2BIG
 */
export function given(value: unknown, what: string): { copy: unknown; sizeChars: number } {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new SysError("EINVAL", `${what} is not JSON`, { cause });
  }
  if (text === undefined) throw new SysError("EINVAL", `${what} is missing`);
  if (text.length > MAX_GIVEN)
    throw new SysError("E2BIG", `${what} has ${text.length} characters as JSON; ${MAX_GIVEN} is the most`, {
      hint: "keep it in a file (fs.write), and give its path",
    });
  return { copy: JSON.parse(text) as unknown, sizeChars: text.length };
}
