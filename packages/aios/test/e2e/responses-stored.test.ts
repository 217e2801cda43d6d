// What the official `openai` package finds of earlier responses: what the journal has, for whom, and how long.
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { openDoors, type Doors } from "./open-doors.ts";

type Input = OpenAI.Responses.ResponseInput;

const clientOf = (doors: Pick<Doors, "url" | "key">, apiKey = doors.key): OpenAI =>
  new OpenAI({ baseURL: `${doors.url}/v1`, apiKey, maxRetries: 0 });

describe("stored responses", () => {
  const ask = { model: "up/m", input: "hi" };
  const missing = { status: 404, code: "previous_response_not_found", param: "previous_response_id" };

  test("one that was deleted is neither shown nor continued nor referred to", async () => {
    await using doors = await openDoors();
    const client = clientOf(doors);
    const { id, output } = await client.responses.create(ask);
    const deleted: unknown = await client.responses.delete(id);
    expect(deleted).toEqual({ id, object: "response", deleted: true });
    await expect(client.responses.retrieve(id)).rejects.toThrow(OpenAI.NotFoundError);
    await expect(client.responses.inputItems.list(id)).rejects.toThrow(OpenAI.NotFoundError);
    await expect(client.responses.delete(id)).rejects.toThrow(OpenAI.NotFoundError);
    await expect(client.responses.create({ ...ask, previous_response_id: id })).rejects.toMatchObject(missing);
    const input: Input = [{ type: "item_reference", id: output[0]?.id ?? "" }];
    await expect(client.responses.create({ ...ask, input })).rejects.toMatchObject({ status: 404, param: "input" });
    expect(doors.upstream.requests).toHaveLength(1);
  });

  test("one that failed can be deleted too", async () => {
    await using doors = await openDoors({ script: () => ({ is: "answer", isEndless: true }) });
    const client = clientOf(doors);
    const stream = await client.responses.create({ ...ask, stream: true });
    let id = "";
    for await (const event of stream) {
      if (event.type === "response.created") ({ id } = event.response);
      if (event.type === "response.output_text.delta") stream.controller.abort();
    }
    await expect.poll(async () => (await client.responses.retrieve(id)).status).toBe("cancelled");
    await client.responses.delete(id);
    await expect(client.responses.retrieve(id)).rejects.toThrow(OpenAI.NotFoundError);
  });

  test("they outlive the kernel, and so does their deletion", async () => {
    const journal = createMemoryJournal();
    const ids: string[] = [];
    {
      await using doors = await openDoors({ journal });
      const client = clientOf(doors);
      for (const input of ["one", "two"]) ids.push((await client.responses.create({ model: "up/m", input })).id);
      await client.responses.delete(ids[1] ?? "");
    }
    await using doors = await openDoors({ journal });
    const client = clientOf(doors);
    expect((await client.responses.retrieve(ids[0] ?? "")).output_text).toBe("Hello, world.");
    await client.responses.create({ model: "up/m", input: "three", previous_response_id: ids[0] ?? "" });
    expect(doors.upstream.requests[0]?.body.messages).toEqual([
      { role: "user", content: "one" },
      { role: "assistant", content: "Hello, world." },
      { role: "user", content: "three" },
    ]);
    await expect(client.responses.retrieve(ids[1] ?? "")).rejects.toThrow(OpenAI.NotFoundError);
    await expect(client.responses.create({ ...ask, previous_response_id: ids[1] ?? "" })).rejects.toMatchObject(
      missing,
    );
  });

  test("they go with the journal's days", async () => {
    const journal = createMemoryJournal({ nowMs: () => Date.now() + 10 * 86_400_000 });
    await using doors = await openDoors({ journal });
    const client = clientOf(doors);
    const { id } = await client.responses.create(ask);
    await client.responses.retrieve(id);
    await journal.prune({ keepDays: 7, keepMb: Number.POSITIVE_INFINITY });
    await expect(client.responses.retrieve(id)).rejects.toThrow(OpenAI.NotFoundError);
  });

  test("another tenant, whatever its key may do, has none of them", async () => {
    await using doors = await openDoors();
    const { key } = await doors.admin.key.create({ tenant: "other", scopes: ["*"] });
    const [mine, other] = [clientOf(doors), clientOf(doors, key)];
    const { id, output } = await mine.responses.create(ask);
    const theirs = await other.responses.create(ask);
    const input: Input = [{ type: "item_reference", id: output[0]?.id ?? "" }];
    for (const attempt of [
      () => other.responses.retrieve(id),
      () => other.responses.delete(id),
      () => other.responses.cancel(id),
      () => other.responses.inputItems.list(id),
      () => other.responses.create({ ...ask, previous_response_id: id }),
      () => other.responses.create({ ...ask, input }),
      () => mine.responses.retrieve(theirs.id),
    ])
      await expect(attempt()).rejects.toThrow(OpenAI.NotFoundError);
    expect((await mine.responses.retrieve(id)).status).toBe("completed");
  });

  test("a process has its own, its tenant's key has them all", async () => {
    await using doors = await openDoors();
    const spawn = async (): Promise<OpenAI> => {
      const { key } = await doors.admin.proc.spawn({ program: { kind: "command", command: ["agent"], cwd: "/" } });
      return clientOf(doors, key ?? "");
    };
    const [one, other] = [await spawn(), await spawn()];
    const { id } = await one.responses.create(ask);
    await one.responses.create({ ...ask, previous_response_id: id });
    await expect(other.responses.retrieve(id)).rejects.toThrow(OpenAI.NotFoundError);
    await expect(other.responses.create({ ...ask, previous_response_id: id })).rejects.toMatchObject(missing);
    expect((await clientOf(doors).responses.retrieve(id)).status).toBe("completed");
  });

  test("a chat of another door is no response", async () => {
    await using doors = await openDoors();
    const client = clientOf(doors);
    const { response } = await client.chat.completions
      .create({ model: "up/m", messages: [{ role: "user", content: "hi" }] })
      .withResponse();
    const id = `resp_${response.headers.get("x-aios-call")}`;
    await expect(client.responses.retrieve(id)).rejects.toThrow(OpenAI.NotFoundError);
    await expect(client.responses.create({ ...ask, previous_response_id: "resp_x" })).rejects.toMatchObject(missing);
    await expect(client.responses.create({ ...ask, previous_response_id: "x" })).rejects.toMatchObject(missing);
  });

  test("the items of a long context come in pages", async () => {
    await using doors = await openDoors();
    const client = clientOf(doors);
    const input: Input = Array.from({ length: 7 }, (_, index) => ({ role: "user", content: `${index}` }));
    const { id } = await client.responses.create({ model: "up/m", input });
    const texts: unknown[] = [];
    for await (const item of client.responses.inputItems.list(id, { order: "asc", limit: 3 }))
      texts.push(item.type === "message" ? item.content[0] : item);
    expect(texts).toEqual(input.map((_, index) => ({ type: "input_text", text: `${index}` })));
  });
});
