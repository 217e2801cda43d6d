import { isSyscallName, specOf, SysError, syscallTable } from "@aiosjs/sdk/protocol";
import type { SyscallName, SyscallSpec } from "@aiosjs/sdk/protocol";

/** @throws SysError ENOSYS with the syscalls of that device, EINVAL with the first thing that is wrong. */
export function parseCall(name: string, args: unknown): { name: SyscallName; spec: SyscallSpec; args: unknown } {
  if (!isSyscallName(name)) {
    const device = `${name.split(".")[0]}.`;
    const near = Object.keys(syscallTable).filter((known) => known.startsWith(device));
    throw new SysError("ENOSYS", `no syscall ${name}`, {
      hint:
        near.length > 0
          ? `there are ${near.join(", ")}`
          : `devices are ${[...new Set(Object.keys(syscallTable).map((known) => known.split(".")[0]))].join(", ")}`,
    });
  }
  const spec = specOf(name);
  const parsed = spec.args.safeParse(args);
  if (parsed.success) return { name, spec, args: parsed.data };
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String).join(".") ?? "";
  const more = parsed.error.issues.length - 1;
  throw new SysError(
    "EINVAL",
    `${name}: ${path === "" ? "" : `${path}: `}${issue?.message ?? "wrong arguments"}${more > 0 ? ` (and ${more} more)` : ""}`,
    {
      hint: `what it takes: aios schema ${name}`,
    },
  );
}
