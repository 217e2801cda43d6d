import { absentCalls, auditNumbers, examinedCalls, forbiddenCalls, modeCalls } from "./seccomp-table.ts";
import type { Processor } from "./seccomp-table.ts";

/** One instruction of classic BPF, linux/filter.h. */
interface Instruction {
  readonly code: number;
  readonly ifTrue: number;
  readonly ifFalse: number;
  readonly value: number;
}

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** All CLONE_NEW… flags. CLONE_NEWTIME shares its bits with the exit signal here: only clone3 and unshare know it. */
const namespaceFlags = 0x7e020000;
/** Put characters into a terminal's input; paste into a console. */
const terminalRequests = [0x5412, 0x541c];
/** AF_UNIX, AF_INET, AF_INET6. Netlink, vsock, packet and the kernel's crypto reach around namespaces, or are seldom looked at. */
const families = [1, 2, 10];
/** SOL_SOCKET, and of it SO_SNDBUF, SO_RCVBUF and what root may say instead. */
const socketLevel = 1;
const bufferOptions = [7, 8, 32, 33];
const setIdBits = 0o6000;
/** O_CREAT and the bit of O_TMPFILE: without them nothing says what the mode argument holds. */
const creatingFlags = 0o100 | 0o20000000;
/** System calls of the x32 ABI bear this bit and would pass all comparisons. */
const x32Bit = 0x40000000;

/** Offsets in `struct seccomp_data`; of an argument the lower half, both processors being little-endian. */
const numberAt = 0;
const processorAt = 4;
const argumentAt = (index: number): number => 16 + 8 * index;

const load = (offset: number): Instruction => ({ code: 0x20, ifTrue: 0, ifFalse: 0, value: offset });
const answer = (value: number): Instruction => ({ code: 0x06, ifTrue: 0, ifFalse: 0, value });
const jump =
  (code: number) =>
  (value: number, ifTrue: number, ifFalse: number): Instruction => ({ code, ifTrue, ifFalse, value });
const ifEqual = jump(0x15);
const ifAtLeast = jump(0x35);
const ifAnyBit = jump(0x45);

const allow = answer(0x7fff0000);
const killProcess = answer(0x80000000);
const fail = (errno: number): Instruction => answer(0x00050000 | errno);

/** For one number: the block runs, and every way through it ends in an answer. */
const when = (number: number | null, block: readonly Instruction[]): readonly Instruction[] =>
  number === null ? [] : [ifEqual(number, 0, block.length), ...block];

/**
 * What a program in the sandbox may ask of the kernel, as a program for `PR_SET_SECCOMP`. Everything is allowed but what
 * the table forbids: namespaces hold the program, and this keeps it from the parts of the kernel that have let programs out.
 * Another processor's calls (32 bit on 64) and x32 kill the process: they have other numbers for the same calls.
 */
export function seccompFilter(processor: Processor): Uint8Array {
  const numberOf = (row: { readonly x64: number; readonly arm64: number | null }): number | null => row[processor];
  const program: Instruction[] = [
    load(processorAt),
    ifEqual(auditNumbers[processor], 1, 0),
    killProcess,
    load(numberAt),
    ...(processor === "x64" ? [ifAtLeast(x32Bit, 0, 1), killProcess] : []),
  ];
  for (const row of Object.values(forbiddenCalls)) program.push(...when(numberOf(row), [fail(EPERM)]));
  for (const row of Object.values(absentCalls)) program.push(...when(numberOf(row), [fail(ENOSYS)]));

  const refusedBits = (argument: number, bits: number): readonly Instruction[] => [
    load(argumentAt(argument)),
    ifAnyBit(bits, 0, 1),
    fail(EPERM),
    allow,
  ];
  program.push(...when(numberOf(examinedCalls.clone), refusedBits(0, namespaceFlags)));
  const requests = terminalRequests.flatMap((request) => [ifEqual(request, 0, 1), fail(EPERM)]);
  program.push(...when(numberOf(examinedCalls.ioctl), [load(argumentAt(1)), ...requests, allow]));
  const known = families.flatMap((family) => [ifEqual(family, 0, 1), allow]);
  for (const row of [examinedCalls.socket, examinedCalls.socketpair]) {
    program.push(...when(numberOf(row), [load(argumentAt(0)), ...known, fail(EAFNOSUPPORT)]));
  }
  // Done, it says, and nothing is: what lies in buffers is in no process's account, and few of their default size are bounded.
  const options = bufferOptions.flatMap((option) => [ifEqual(option, 0, 1), fail(0)]);
  const askedOfSocket = [
    load(argumentAt(1)),
    ifEqual(socketLevel, 1, 0),
    allow,
    load(argumentAt(2)),
    ...options,
    allow,
  ];
  program.push(...when(numberOf(examinedCalls.setsockopt), askedOfSocket));
  for (const row of Object.values(modeCalls)) {
    const isCreating = "flags" in row ? [load(argumentAt(row.flags)), ifAnyBit(creatingFlags, 1, 0), allow] : [];
    program.push(...when(numberOf(row), [...isCreating, ...refusedBits(row.mode, setIdBits)]));
  }
  return encode([...program, allow]);
}

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [index, { code, ifTrue, ifFalse, value }] of program.entries()) {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, ifTrue);
    view.setUint8(index * 8 + 3, ifFalse);
    view.setUint32(index * 8 + 4, value, true);
  }
  return bytes;
}
