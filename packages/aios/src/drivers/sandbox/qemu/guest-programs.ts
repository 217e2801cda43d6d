import { seccompFilter } from "../seccomp.ts";

/** Of who runs commands in a guest. */
export const inside = { uid: 1000, gid: 1000 } as const;

/**
 * Mixes 64 bytes of its input into the guest's random numbers and has them made anew at once. Guests go on from where one
 * and the same machine was kept: without it they would all draw the same keys, and nothing of a static busybox can ask for
 * it (random(4): RNDADDENTROPY, RNDRESEEDCRNG).
 */
export function reseedProgram(): Uint8Array {
  const code = new Code();
  code.put("48 83 ec 58"); // sub rsp, 88: the kernel's rand_pool_info: bits, bytes, the bytes themselves
  code.put("c7 04 24 00 02 00 00", "c7 44 24 04 40 00 00 00"); // mov dword [rsp], 512; mov dword [rsp+4], 64
  code.put("31 c0", "31 ff", "48 8d 74 24 08", "ba 40 00 00 00", "0f 05"); // read(0, rsp+8, 64)
  code.put("83 f8 40").jumpUnlessZero("fail"); // cmp eax, 64
  code.put("b8 02 00 00 00").address("rdi", "path").put("be 01 00 00 00", "0f 05"); // open(path, O_WRONLY)
  code.put("85 c0").jumpIfNegative("fail").put("89 c3"); // test eax, eax; mov ebx, eax
  code.put("b8 10 00 00 00", "89 df", "be 03 52 08 40", "48 89 e2", "0f 05"); // ioctl(ebx, RNDADDENTROPY, rsp)
  code.put("85 c0").jumpUnlessZero("fail");
  code.put("b8 10 00 00 00", "89 df", "be 07 52 00 00", "31 d2", "0f 05"); // ioctl(ebx, RNDRESEEDCRNG, 0)
  code.put("85 c0").jumpUnlessZero("fail");
  code.put("31 ff", "b8 3c 00 00 00", "0f 05"); // exit(0)
  code.label("fail").put("bf 01 00 00 00", "b8 3c 00 00 00", "0f 05"); // exit(1)
  code.label("path").bytes(Buffer.from("/dev/urandom\0"));
  return code.toProgram();
}

/**
 * Becomes who runs commands, for good: no root, no capability, no more rights by any program, and none of the calls that lead
 * around the bounds. Then it is what its arguments name.
 */
export function enterProgram(): Uint8Array {
  const { uid, gid } = inside;
  const filter = seccompFilter("x64");
  const code = new Code();
  const id = (value: number): string => hexOf(value);
  code.put("4c 8d 64 24 10"); // lea r12, [rsp+16]: its arguments behind its name
  code.put("48 8b 1c 24", "4c 8d 6c dc 10"); // mov rbx, [rsp]; lea r13, [rsp+rbx*8+16]: its environment
  code.put("b8 74 00 00 00", "31 ff", "31 f6", "0f 05", "85 c0").jumpUnlessZero("fail"); // setgroups(0, 0)
  code.put("b8 77 00 00 00", `bf ${id(gid)}`, `be ${id(gid)}`, `ba ${id(gid)}`, "0f 05"); // setresgid
  code.put("85 c0").jumpUnlessZero("fail");
  code.put("b8 75 00 00 00", `bf ${id(uid)}`, `be ${id(uid)}`, `ba ${id(uid)}`, "0f 05"); // setresuid
  code.put("85 c0").jumpUnlessZero("fail");
  code.put("45 31 d2", "45 31 c0"); // xor r10d, r10d; xor r8d, r8d
  code.put("b8 9d 00 00 00", "bf 26 00 00 00", "be 01 00 00 00", "31 d2", "0f 05"); // prctl(PR_SET_NO_NEW_PRIVS, 1)
  code.put("85 c0").jumpUnlessZero("fail");
  code.put("48 83 ec 10", `48 c7 04 24 ${hexOf(filter.length / 8)}`).address("rax", "filter"); // sock_fprog: length,
  code.put("48 89 44 24 08"); // and where
  code.put("b8 9d 00 00 00", "bf 16 00 00 00", "be 02 00 00 00", "48 89 e2", "0f 05"); // prctl(PR_SET_SECCOMP, filter)
  code.put("85 c0").jumpUnlessZero("fail");
  code.put("b8 3b 00 00 00", "49 8b 3c 24", "4c 89 e6", "4c 89 ea", "0f 05"); // execve(r12[0], r12, r13)
  code.label("fail").put("bf 7e 00 00 00", "b8 3c 00 00 00", "0f 05"); // exit(126)
  code.label("filter").bytes(filter);
  return code.toProgram();
}

const hexOf = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.toString("hex");
};

const loadedAt = 0x400000;
const headBytes = 64 + 56;

/** x86-64 instructions, and where in them something is meant that comes later. */
class Code {
  #bytes = Buffer.alloc(0);
  readonly #labels = new Map<string, number>();
  readonly #open: { readonly at: number; readonly label: string }[] = [];

  put(...instructions: readonly string[]): this {
    return this.bytes(Buffer.from(instructions.join("").replaceAll(" ", ""), "hex"));
  }

  bytes(bytes: Uint8Array): this {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    return this;
  }

  label(name: string): this {
    this.#labels.set(name, this.#bytes.length);
    return this;
  }

  /** Of the flags that the instruction before it has left. */
  jumpUnlessZero = (label: string): this => this.#to("0f 85", label);
  jumpIfNegative = (label: string): this => this.#to("0f 88", label);
  address = (register: "rdi" | "rax", label: string): this =>
    this.#to(register === "rdi" ? "48 8d 3d" : "48 8d 05", label);

  /** An executable of one segment that nothing writes to: elf(5). */
  toProgram(): Uint8Array {
    for (const { at, label } of this.#open) {
      const target = this.#labels.get(label);
      if (target === undefined) throw new Error(`nothing is labelled ${label}`);
      this.#bytes.writeInt32LE(target - (at + 4), at);
    }
    const length = headBytes + this.#bytes.length;
    const head = Buffer.alloc(headBytes);
    head.write("7f454c46020101", 0, "hex");
    head.writeUInt16LE(2, 16); // an executable
    head.writeUInt16LE(62, 18); // x86-64
    head.writeUInt32LE(1, 20);
    head.writeBigUInt64LE(BigInt(loadedAt + headBytes), 24); // where it begins
    head.writeBigUInt64LE(64n, 32); // the segment's description
    head.writeUInt16LE(64, 52);
    head.writeUInt16LE(56, 54);
    head.writeUInt16LE(1, 56);
    head.writeUInt32LE(1, 64); // loaded,
    head.writeUInt32LE(5, 68); // read and run
    head.writeBigUInt64LE(BigInt(loadedAt), 80);
    head.writeBigUInt64LE(BigInt(loadedAt), 88);
    head.writeBigUInt64LE(BigInt(length), 96);
    head.writeBigUInt64LE(BigInt(length), 104);
    head.writeBigUInt64LE(0x1000n, 112);
    return Buffer.concat([head, this.#bytes]);
  }

  #to(instruction: string, label: string): this {
    this.put(instruction);
    this.#open.push({ at: this.#bytes.length, label });
    return this.put("00 00 00 00");
  }
}
