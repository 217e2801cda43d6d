import { Duplex } from "node:stream";
import { connect } from "node:tls";
import { expect, test } from "vitest";
import { createSeededRandom } from "../random/seeded.ts";
import { readServerName } from "./server-name.ts";

/** What a client of TLS says first. */
function greetingOf(servername?: string): Promise<Buffer> {
  return new Promise((resolve) => {
    const wire = new Duplex({ read: () => undefined, write: (chunk: Buffer) => resolve(chunk) });
    connect({ socket: wire, ...(servername === undefined ? {} : { servername }) }).on("error", () => undefined);
  });
}

/** The same handshake in records of so many bytes. */
function inRecords(greeting: Buffer, size: number): Buffer {
  const records: Buffer[] = [];
  for (let at = 5; at < greeting.length; at += size) {
    const part = greeting.subarray(at, at + size);
    const head = Buffer.from([22, 3, 1, 0, 0]);
    head.writeUInt16BE(part.length, 3);
    records.push(head, part);
  }
  return Buffer.concat(records);
}

test("the name is read wherever the greeting is cut, in packets or in records", async () => {
  const greeting = await greetingOf("API.test");
  const named = { is: "named", name: "api.test" };
  expect(readServerName(greeting)).toEqual(named);
  for (let cut = 0; cut < greeting.length; cut++)
    expect(readServerName(greeting.subarray(0, cut)), String(cut)).toEqual({ is: "more" });
  for (const size of [1, 2, 3, 7, 100]) expect(readServerName(inRecords(greeting, size))).toEqual(named);
});

test("what is no TLS, or names nobody, has no name", async () => {
  expect(readServerName(await greetingOf())).toEqual({ is: "none" });
  expect(readServerName(Buffer.from("SSH-2.0-x\r\n"))).toEqual({ is: "none" });
  expect(readServerName(Buffer.from("GET / HTTP/1.1\r\n"))).toEqual({ is: "none" });
});

test("a greeting with anything wrong in it is refused or read, and never breaks the reader", async () => {
  const greeting = await greetingOf("api.test");
  const random = createSeededRandom(5);
  const outcomes = new Set<string>();
  for (let round = 0; round < 5_000; round++) {
    const broken = Buffer.from(greeting);
    for (let flip = 0; flip < 3; flip++)
      broken[5 + Math.floor(random.next() * (broken.length - 5))] = random.next() * 256;
    try {
      outcomes.add(readServerName(broken).is);
    } catch (cause) {
      expect(cause).toBeInstanceOf(RangeError);
      outcomes.add("refused");
    }
  }
  expect([...outcomes].toSorted()).toEqual(["more", "named", "none", "refused"]);
  expect(() => readServerName(Buffer.from([22, 3, 1, 0, 0, 22, 3, 1, 0, 0]))).toThrow(RangeError);
  expect(() => readServerName(Buffer.alloc(70_000, 22))).toThrow(RangeError);
});
