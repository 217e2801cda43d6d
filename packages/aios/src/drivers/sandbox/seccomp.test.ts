import { expect, test } from "vitest";
import { auditNumbers, forbiddenCalls } from "./seccomp-table.ts";
import type { Processor } from "./seccomp-table.ts";
import { seccompFilter } from "./seccomp.ts";

interface Asked {
  readonly processor?: number;
  readonly number: number;
  readonly args?: readonly (number | bigint)[];
}

const answers: Readonly<Record<number, string>> = { 0x7fff0000: "allowed", 0x80000000: "killed" };
const errnos: Readonly<Record<number, string>> = { 0: "said to be done", 1: "EPERM", 38: "ENOSYS", 97: "EAFNOSUPPORT" };

/** Runs the filter as the kernel does, on `struct seccomp_data`. */
function ask(processor: Processor, { processor: audit = auditNumbers[processor], number, args = [] }: Asked): string {
  const given = new DataView(new ArrayBuffer(64));
  given.setUint32(0, number, true);
  given.setUint32(4, audit, true);
  for (const [index, value] of args.entries())
    given.setBigUint64(16 + 8 * index, BigInt.asUintN(64, BigInt(value)), true);
  const filter = seccompFilter(processor);
  const program = new DataView(filter.buffer);
  let accumulator = 0;
  for (let at = 0; at < filter.length / 8; at++) {
    const code = program.getUint16(at * 8, true);
    const value = program.getUint32(at * 8 + 4, true);
    const jumpIf = (isTrue: boolean): void => {
      at += program.getUint8(at * 8 + (isTrue ? 2 : 3));
    };
    if (code === 0x20) accumulator = given.getUint32(value, true);
    else if (code === 0x15) jumpIf(accumulator === value);
    else if (code === 0x35) jumpIf(accumulator >= value);
    else if (code === 0x45) jumpIf((accumulator & value) !== 0);
    else if (code === 0x06) return answers[value] ?? errnos[value & 0xffff] ?? `answer ${value}`;
    else throw new Error(`the kernel has no instruction ${code}`);
  }
  throw new Error("the program runs off its end");
}

const numbers = {
  x64: {
    clone: 56,
    clone3: 435,
    openat2: 437,
    ioctl: 16,
    socket: 41,
    pair: 53,
    option: 54,
    chmod: 90,
    fchmod: 91,
    fchmodat: 268,
    fchmodat2: 452,
    open: 2,
    openat: 257,
    creat: 85,
    mknodat: 259,
  },
  arm64: {
    clone: 220,
    clone3: 435,
    openat2: 437,
    ioctl: 29,
    socket: 198,
    pair: 199,
    option: 208,
    chmod: null,
    fchmod: 52,
    fchmodat: 53,
    fchmodat2: 452,
    open: null,
    openat: 56,
    creat: null,
    mknodat: 33,
  },
} as const;

test.each(["x64", "arm64"] as const)(
  "every forbidden call is EPERM on %s, and its neighbours that are not are allowed",
  (processor) => {
    const forbidden = new Set(Object.values(forbiddenCalls).map((row) => row[processor]));
    const other = new Set<number>(Object.values(numbers[processor]).filter((one) => one !== null));
    if (processor === "x64") other.add(133);
    let refused = 0;
    for (let number = 0; number < 600; number++) {
      if (other.has(number)) continue;
      const said = ask(processor, { number, args: [0, 0, 0, 0, 0, 0] });
      expect([number, said]).toEqual([number, forbidden.has(number) ? "EPERM" : "allowed"]);
      if (said === "EPERM") refused++;
    }
    expect(refused).toBe(processor === "x64" ? 57 : 54);
  },
);

test("another processor's calls are killed, on x86-64 also those of x32", () => {
  const i386 = 0x40000003;
  expect(ask("x64", { processor: i386, number: 1 })).toBe("killed");
  expect(ask("x64", { processor: auditNumbers.arm64, number: 1 })).toBe("killed");
  expect(ask("arm64", { processor: 0x40000028, number: 1 })).toBe("killed");
  expect(ask("x64", { number: 0x40000000 + 101 })).toBe("killed");
  expect(ask("x64", { number: 0xffffffff })).toBe("killed");
});

test.each(["x64", "arm64"] as const)(
  "new namespaces, terminal injection, odd sockets and set-user-id are refused on %s",
  (processor) => {
    const of = numbers[processor];
    const thread = 0x3d0f00;
    expect(ask(processor, { number: of.clone, args: [thread] })).toBe("allowed");
    expect(ask(processor, { number: of.clone, args: [17] })).toBe("allowed");
    for (const flag of [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]) {
      expect(ask(processor, { number: of.clone, args: [flag | 17] })).toBe("EPERM");
    }
    expect(ask(processor, { number: of.clone3 })).toBe("ENOSYS");
    expect(ask(processor, { number: of.openat2 })).toBe("ENOSYS");

    expect(ask(processor, { number: of.ioctl, args: [0, 0x5401] })).toBe("allowed");
    for (const request of [0x5412, 0x541c]) {
      expect(ask(processor, { number: of.ioctl, args: [0, request] })).toBe("EPERM");
      // The kernel looks at the lower half alone: a filter that looked at both would be walked around.
      expect(ask(processor, { number: of.ioctl, args: [0, BigInt(request) | (1n << 32n)] })).toBe("EPERM");
    }
    for (const number of [of.socket, of.pair]) {
      for (const family of [1, 2, 10]) expect(ask(processor, { number, args: [family] })).toBe("allowed");
      for (const family of [0, 16, 17, 38, 40, 44, -1])
        expect(ask(processor, { number, args: [family] })).toBe("EAFNOSUPPORT");
    }
    // Larger buffers: as if they were there.
    for (const option of [7, 8, 32, 33])
      expect(ask(processor, { number: of.option, args: [3, 1, option] })).toBe("said to be done");
    expect(ask(processor, { number: of.option, args: [3, 1, 2] })).toBe("allowed");
    expect(ask(processor, { number: of.option, args: [3, 6, 7] })).toBe("allowed");
    for (const [number, at] of [
      [of.chmod, 1],
      [of.fchmod, 1],
      [of.fchmodat, 2],
      [of.fchmodat2, 2],
      [of.creat, 1],
      [of.mknodat, 2],
    ] as const) {
      if (number === null) continue;
      const args = (mode: number) => Array.from({ length: at + 1 }, (_, index) => (index === at ? mode : 0));
      expect(ask(processor, { number, args: args(0o1755) })).toBe("allowed");
      for (const mode of [0o4755, 0o2755, 0o6000]) expect(ask(processor, { number, args: args(mode) })).toBe("EPERM");
    }
    for (const [number, flags] of [
      [of.open, 1],
      [of.openat, 2],
    ] as const) {
      if (number === null) continue;
      const args = (flag: number, mode: number) => (flags === 1 ? [0, flag, mode] : [0, 0, flag, mode]);
      expect(ask(processor, { number, args: args(0o101, 0o644) })).toBe("allowed");
      expect(ask(processor, { number, args: args(0o101, 0o4755) })).toBe("EPERM");
      expect(ask(processor, { number, args: args(0o20000002, 0o4755) })).toBe("EPERM");
      // Without O_CREAT nobody has set the argument: it holds what was left there.
      expect(ask(processor, { number, args: args(0, 0o4755) })).toBe("allowed");
    }
  },
);
