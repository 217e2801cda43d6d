import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sqlDriverConformance } from "../../../test/conformance/sql-driver.ts";
import { testedEngine } from "../../../test/sqlite-engine.ts";
import type { SqlDriver } from "./port.ts";
import { openSqlite } from "./sqlite.ts";

sqlDriverConformance(`sqlite by ${testedEngine.name}`, async () => {
  const home = await mkdtemp(join(tmpdir(), "aios-sql-"));
  const drivers: SqlDriver[] = [];
  return {
    dialect: "sqlite",
    async open({ migrations }) {
      const driver = await openSqlite({ path: join(home, "test.db"), engine: testedEngine, migrations, pollMs: 20 });
      drivers.push(driver);
      return driver;
    },
    async [Symbol.asyncDispose]() {
      for (const driver of drivers) await driver[Symbol.asyncDispose]();
      await rm(home, { recursive: true });
    },
  };
});

describe("a SQLite file", () => {
  let path: string;
  beforeEach(async () => {
    path = join(await mkdtemp(join(tmpdir(), "aios-sql-")), "test.db");
  });
  afterEach(() => rm(join(path, ".."), { recursive: true }));
  const migrations = ["create table note (id bigint primary key, body text not null)"];
  const insert = "insert into note (id, body) values ($1, $2)";
  const big = "x".repeat(100_000);

  test("that is full refuses what is too big with ENOSPC, keeps the rest, and goes on", async () => {
    await using db = await openSqlite({ path, engine: testedEngine, migrations, maxPages: 40 });
    await db.run(insert, [1, "small"]);
    const full = { code: "ENOSPC", message: expect.stringContaining(path) };
    await expect(db.run(insert, [2, big.repeat(3)])).rejects.toMatchObject(full);
    const both = db.tx(async (tx) => {
      await Promise.all([tx.run(insert, [2, big.repeat(3)]), tx.run(insert, [3, "behind it"])]);
    });
    await expect(both).rejects.toMatchObject(full);
    await db.run(insert, [4, "small"]);
    expect(await db.query("select id from note order by id")).toEqual([{ id: 1 }, { id: 4 }]);
  });

  test("keeps the newest notices only", async () => {
    await using db = await openSqlite({ path, engine: testedEngine, migrations });
    await Promise.all(Array.from({ length: 1_200 }, (_, index) => db.notify("event", `${index}`)));
    expect(await db.query("select count(*) as n, min(id) as least from notice")).toEqual([{ n: 1_000, least: 201 }]);
  });
});
