import { expect, test } from "vitest";
import { z } from "zod";
import { shapeOf } from "./schema.ts";
import type { StandardSchemaV1 } from "./schema.ts";

test("a zod schema and its JSON Schema say the same of a value, with the place of each fault", async () => {
  const zod = z.object({ name: z.string(), sizes: z.array(z.number()) });
  const { jsonSchema } = shapeOf(zod, "x");
  expect(jsonSchema).toMatchObject({ type: "object", required: ["name", "sizes"] });
  for (const schema of [zod, jsonSchema]) {
    const shape = shapeOf<unknown>(schema, "x");
    expect(await shape.check({ name: "a", sizes: [1] })).toEqual({ is: "fit", value: { name: "a", sizes: [1] } });
    expect(await shape.check({ sizes: [1, "2"] })).toMatchObject({
      is: "unfit",
      why: expect.stringMatching(/name: .*; sizes\.1: /) as string,
    });
  }
});

test("any library with Standard Schema will do, as long as it has a JSON Schema form", async () => {
  const even = {
    "~standard": {
      version: 1 as const,
      vendor: "mine",
      validate: (value: unknown) =>
        Promise.resolve(
          typeof value === "number" && value % 2 === 0
            ? { value }
            : { issues: [{ message: "not even", path: [{ key: "n" }] }] },
        ),
    },
  } satisfies StandardSchemaV1<unknown, number>;
  expect(() => shapeOf(even, "the tool x")).toThrow("the schema of the tool x (mine) has no JSON Schema form");
  const told = { "~standard": { ...even["~standard"], jsonSchema: { input: () => ({ type: "number" }) } } };
  const shape = shapeOf(told, "x");
  expect(await shape.check(3)).toEqual({ is: "unfit", why: "n: not even" });
  expect(await shape.check(4)).toEqual({ is: "fit", value: 4 });
});
