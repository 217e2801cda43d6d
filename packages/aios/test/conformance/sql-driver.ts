import { setTimeout as pass } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SqlDriver, SqlValue } from "../../src/drivers/sql/port.ts";

interface SqlStore extends AsyncDisposable {
  readonly dialect: SqlDriver["dialect"];
  /** Another connection each time, to the same database; notices of others are looked for at least every 20 ms. */
  open(options: { readonly migrations: readonly string[] }): Promise<SqlDriver>;
}

const bytesType = { sqlite: "blob", postgres: "bytea" } as const;

/** What every SQL database behind the port does. `create` makes a fresh place for one. */
export function sqlDriverConformance(name: string, create: () => Promise<SqlStore>): void {
  describe(`${name} as a SQL driver`, () => {
    let store: SqlStore;
    let migrations: readonly string[];
    let db: SqlDriver;
    beforeEach(async () => {
      store = await create();
      const all = `a text, b bigint, c double precision, d ${bytesType[store.dialect]}`;
      migrations = [`create table note (id bigint primary key, body text not null)`, `create table sample (${all})`];
      db = await store.open({ migrations });
    });
    afterEach(async () => {
      await db[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    });

    const insert = "insert into note (id, body) values ($1, $2)";
    const note = (id: number, body: string) => ({ text: insert, values: [id, body] });
    const notes = async (from: Pick<SqlDriver, "query"> = db): Promise<readonly SqlValue[][]> =>
      (await from.query("select id, body from note order by id")).map(({ id, body }) => [id as number, body as string]);

    describe("values and parameters", () => {
      test("values of every type come back as they were written", async () => {
        const rows: SqlValue[][] = [
          ["línea\n二 🙂 'quoted' $1", Number.MAX_SAFE_INTEGER, 0.1, new Uint8Array([0, 1, 255])],
          ["", -7, 1e300, new Uint8Array()],
          [null, null, null, null],
        ];
        for (const values of rows) await db.run("insert into sample (a, b, c, d) values ($1, $2, $3, $4)", values);
        const found = await db.query("select a, b, c, d from sample order by b desc nulls last");
        expect(found.map(({ a, b, c, d }) => [a, b, c, d instanceof Uint8Array ? [...d] : d])).toEqual(
          rows.map(([a, b, c, d]) => [a, b, c, d instanceof Uint8Array ? [...d] : d]),
        );
      });

      test("a parameter may stand anywhere and more than once, and is text within quotes and comments", async () => {
        await db.batch([note(1, "one"), note(2, "two"), note(3, "three")]);
        const text = `select body, 'it''s $1' as "$2" from note /* $3 */
          where id > $2 and body <> $1 and id > $2 -- $4
          order by id`;
        expect(await db.query(text, ["two", 1])).toEqual([{ body: "three", $2: "it's $1" }]);
      });

      test("too few and too many values are refused, and so is a statement that the database does not understand", async () => {
        await expect(db.run(insert, [1])).rejects.toMatchObject({ code: "EINVAL" });
        await expect(db.run(insert, [1, "a", "b"])).rejects.toMatchObject({ code: "EINVAL" });
        await expect(db.query("select nothing from nowhere")).rejects.toMatchObject({ code: "EINVAL" });
        await db.run(insert, [1, "it goes on"]);
        expect(await notes()).toEqual([[1, "it goes on"]]);
      });

      test("a query only reads", async () => {
        await expect(db.query(insert, [1, "written"])).rejects.toMatchObject({ code: "EINVAL" });
        expect(await notes()).toEqual([]);
      });

      test("run tells how many rows were changed, and which ones when it is asked", async () => {
        await db.batch([note(1, "a"), note(2, "a"), note(3, "b")]);
        expect(await db.run("update note set body = 'c' where body = $1", ["a"])).toEqual({ changes: 2, rows: [] });
        const returned = await db.run("update note set body = 'd' where id >= $1 returning id, body", [2]);
        expect(returned.changes).toBe(2);
        expect(returned.rows).toHaveLength(2);
        expect(returned.rows).toContainEqual({ id: 3, body: "d" });
        expect(await db.run("delete from note where id = $1", [99])).toEqual({ changes: 0, rows: [] });
      });

      test("an insert that meets a row of its key can change that one or let it be", async () => {
        const upsert = `${insert} on conflict (id) do update set body = excluded.body`;
        await db.run(upsert, [1, "old"]);
        await db.run(upsert, [1, "new"]);
        expect((await db.run(`${insert} on conflict (id) do nothing`, [1, "newer"])).changes).toBe(0);
        expect(await notes()).toEqual([[1, "new"]]);
      });
    });

    describe("a batch", () => {
      test("is written in order, and tells of each statement", async () => {
        const outcomes = await db.batch([
          note(1, "one"),
          { text: "update note set body = 'two'" },
          { text: "delete from note where id = $1 returning body", values: [1] },
          note(1, "three"),
        ]);
        expect(outcomes.map(({ changes }) => changes)).toEqual([1, 1, 1, 1]);
        expect(outcomes[2]?.rows).toEqual([{ body: "two" }]);
        expect(await notes()).toEqual([[1, "three"]]);
      });

      test("is not there at all when one of its statements is refused", async () => {
        await db.run(insert, [2, "before"]);
        await expect(db.batch([note(1, "a"), note(2, "twice"), note(3, "b")])).rejects.toMatchObject({
          code: "EINVAL",
        });
        expect(await notes()).toEqual([[2, "before"]]);
      });

      test("that does not change as many rows as it must does nothing and is stale", async () => {
        await db.run(insert, [1, "epoch 2"]);
        const fenced = (epoch: string) =>
          db.batch([
            note(2, epoch),
            { text: "update note set body = body where id = 1 and body = $1", values: [epoch], mustChange: 1 },
          ]);
        await expect(fenced("epoch 1")).rejects.toMatchObject({ code: "ESTALE", retryable: false });
        expect(await notes()).toEqual([[1, "epoch 2"]]);
        await fenced("epoch 2");
        expect(await notes()).toEqual([
          [1, "epoch 2"],
          [2, "epoch 2"],
        ]);
      });

      test("that fails takes none with it of those made at the same time, and they are written in their order", async () => {
        const batches = Array.from({ length: 200 }, (_, index) =>
          db.batch([note(index, `${index}`), ...(index % 50 === 7 ? [note(index, "twice")] : [])]),
        );
        const outcomes = await Promise.allSettled(batches);
        const failed = outcomes.flatMap(({ status }, index) => (status === "rejected" ? [index] : []));
        expect(failed).toEqual([7, 57, 107, 157]);
        expect((await notes()).map(([id]) => id)).toEqual(
          batches.flatMap((_, index) => (index % 50 === 7 ? [] : [index])),
        );
        const appends = Array.from({ length: 50 }, (_, index) =>
          db.run("update note set body = body || $1 where id = 0", [` ${index}`]),
        );
        await Promise.all(appends);
        expect((await notes())[0]?.[1]).toBe(["0", ...appends.keys()].join(" "));
      });

      test("that was acknowledged is seen by every connection, and is there after a restart", async () => {
        await using other = await store.open({ migrations });
        await db.batch([note(1, "one")]);
        expect(await notes(other)).toEqual([[1, "one"]]);
        await Promise.all([other.run(insert, [2, "two"]), db.run(insert, [3, "three"])]);
        expect(await notes(other)).toHaveLength(3);
        await db[Symbol.asyncDispose]();
        await other[Symbol.asyncDispose]();
        db = await store.open({ migrations });
        expect(await notes()).toHaveLength(3);
      });

      test("that was made before the driver is closed is written; afterwards everything is refused", async () => {
        const made = Array.from({ length: 20 }, (_, index) => db.run(insert, [index, "made"]));
        await db[Symbol.asyncDispose]();
        await Promise.all(made);
        await expect(db.run(insert, [100, "late"])).rejects.toMatchObject({ code: "EIO" });
        await expect(notes()).rejects.toMatchObject({ code: "EIO" });
        await expect(db.tx(() => Promise.resolve())).rejects.toMatchObject({ code: "EIO" });
        db = await store.open({ migrations });
        expect(await notes()).toHaveLength(20);
      });
    });

    describe("a transaction", () => {
      test("sees what it wrote, and nobody else does before its end", async () => {
        const result = await db.tx(async (tx) => {
          await tx.run(insert, [1, "mine"]);
          expect(await notes(tx)).toEqual([[1, "mine"]]);
          expect(await notes()).toEqual([]);
          return "result";
        });
        expect(result).toBe("result");
        expect(await notes()).toEqual([[1, "mine"]]);
      });

      test("is taken back when its work fails", async () => {
        const work = db.tx(async (tx) => {
          await tx.run(insert, [1, "mine"]);
          throw new Error("changed its mind");
        });
        await expect(work).rejects.toThrow("changed its mind");
        expect(await notes()).toEqual([]);
        await db.run(insert, [1, "free again"]);
      });

      test("is taken back after a statement of it failed, even if the work goes on", async () => {
        const work = db.tx(async (tx) => {
          await tx.run(insert, [1, "mine"]);
          await tx.run(insert, [1, "twice"]).catch(() => undefined);
        });
        await expect(work).rejects.toMatchObject({ code: "EINVAL" });
        expect(await notes()).toEqual([]);
      });

      test("loses no update to another that reads and writes the same row", async () => {
        await db.run(insert, [1, "0"]);
        const increment = () =>
          db.tx(async (tx) => {
            const [row] = await tx.query(
              `select body from note where id = 1${store.dialect === "postgres" ? " for update" : ""}`,
            );
            await tx.run("update note set body = $1 where id = 1", [String(Number(row?.["body"]) + 1)]);
          });
        await Promise.all(Array.from({ length: 10 }, increment));
        expect(await notes()).toEqual([[1, "10"]]);
      });

      test("refuses writes around it from within, and everything after its end", async () => {
        let late: Promise<unknown> | undefined;
        let kept: Pick<SqlDriver, "run"> | undefined;
        await db.tx(async (tx) => {
          kept = tx;
          await expect(db.run(insert, [1, "around"])).rejects.toMatchObject({ code: "EINVAL" });
          await expect(db.tx(() => Promise.resolve())).rejects.toMatchObject({ code: "EINVAL" });
          late = pass(30).then(() => db.run(insert, [2, "started inside, written after the end"]));
        });
        await expect(kept?.run(insert, [3, "too late"])).rejects.toMatchObject({ code: "EINVAL" });
        await late;
        expect((await notes()).map(([id]) => id)).toEqual([2]);
      });
    });

    describe("migrations", () => {
      const columns = ["alter table note add column extra text", "create index note_by_extra on note (extra)"];

      test("only the new steps are made, once, and the rows stay", async () => {
        await db.run(insert, [1, "old"]);
        await db[Symbol.asyncDispose]();
        for (let round = 0; round < 2; round++) {
          db = await store.open({ migrations: [...migrations, ...columns] });
          expect(await db.query("select id, extra from note")).toEqual([{ id: 1, extra: null }]);
          await db[Symbol.asyncDispose]();
        }
      });

      test("a step that fails leaves nothing of itself, and those before it stay", async () => {
        await db[Symbol.asyncDispose]();
        const broken = [...migrations, columns[0] as string, "create table half (a text); create table half (a text)"];
        await expect(store.open({ migrations: broken })).rejects.toMatchObject({ code: "EINVAL" });
        db = await store.open({ migrations: [...broken.slice(0, -1), "create table half (whole bigint)"] });
        await db.run("insert into half (whole) values ($1)", [1]);
        expect(await db.query("select extra from note")).toEqual([]);
      });

      test("a database of a newer version is refused and left as it is", async () => {
        await db.run(insert, [1, "kept"]);
        await db[Symbol.asyncDispose]();
        await expect(store.open({ migrations: migrations.slice(0, 1) })).rejects.toMatchObject({
          code: "EIO",
          retryable: false,
          hint: expect.stringContaining("upgrade"),
        });
        db = await store.open({ migrations });
        expect(await notes()).toEqual([[1, "kept"]]);
      });
    });

    describe("notices", () => {
      /** What arrives on a channel, in order. */
      const listening = async (driver: SqlDriver, channel: string) => {
        const heard: string[] = [];
        const listener = await driver.listen(channel, (payload) => heard.push(payload));
        const reached = (count: number) => expect.poll(() => heard.length, { timeout: 10_000 }).toBe(count);
        return { heard, listener, reached };
      };

      test("are heard by all who listen to the channel, on every connection, in order and once", async () => {
        await using other = await store.open({ migrations });
        await db.notify("event", "before anybody listened");
        const [mine, again, theirs] = [
          await listening(db, "event"),
          await listening(db, "event"),
          await listening(other, "event"),
        ];
        const elsewhere = await listening(other, "elsewhere");
        const payloads = Array.from({ length: 20 }, (_, index) => `${index} 二`);
        for (const payload of payloads) await db.notify("event", payload);
        await other.notify("elsewhere", "");
        await elsewhere.reached(1);
        for (const { heard, reached } of [mine, again, theirs]) {
          await reached(20);
          expect(heard).toEqual(payloads);
        }
        await other.notify("event", "back");
        await mine.reached(21);
        // Had one come twice, it would be here by now.
        await pass(60);
        expect([mine.heard.length, again.heard.length, theirs.heard.length, elsewhere.heard.length]).toEqual([
          21, 21, 21, 1,
        ]);
      });

      test("are not heard any more by who has stopped listening", async () => {
        const [one, two] = [await listening(db, "event"), await listening(db, "event")];
        await one.listener[Symbol.asyncDispose]();
        await db.notify("event", "hello");
        await two.reached(1);
        expect(one.heard).toEqual([]);
        await two.listener[Symbol.asyncDispose]();
        await db.notify("event", "nobody");
        const later = await listening(db, "event");
        await db.notify("event", "again");
        await later.reached(1);
        expect(later.heard).toEqual(["again"]);
      });

      test("have channels with plain names, and payloads below 8,000 bytes", async () => {
        for (const channel of ["", "Event", "a b", "a'; drop table note", "x".repeat(64)]) {
          await expect(db.notify(channel, "")).rejects.toMatchObject({ code: "EINVAL" });
          await expect(db.listen(channel, () => undefined)).rejects.toMatchObject({ code: "EINVAL" });
        }
        await expect(db.notify("event", "二".repeat(2_700))).rejects.toMatchObject({ code: "EINVAL" });
        await db.notify("event", "x".repeat(7_999));
      });
    });
  });
}
