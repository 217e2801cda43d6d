type Form = Readonly<Record<string, unknown>>;

// JSON Schema in the part of it that every constrained decoder knows: no bounds, no optional members.
export const textForm = (description: string): Form => ({ type: "string", description });
export const oneOfForm = (values: readonly string[]): Form => ({ type: "string", enum: values });
export const numberForm = (description: string): Form => ({ type: "number", description });
export const listForm = (items: Form, description: string): Form => ({ type: "array", items, description });
export const objectForm = (properties: Readonly<Record<string, Form>>): Form => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
