// A kernel's part in a virtual machine: it makes a sandbox, runs a command in it that does not end, and says when that runs.
import { createRealClock } from "../../src/drivers/clock/real.ts";
import { createQemuDriver } from "../../src/drivers/sandbox/qemu/driver.ts";
import type { QemuDriverOptions } from "../../src/drivers/sandbox/qemu/driver.ts";
import { makeSandbox, runShell } from "../conformance/sandbox-opened.ts";

const { id, ...options } = JSON.parse(process.env["AIOS_QEMU"] ?? "") as Omit<QemuDriverOptions, "clock"> & {
  readonly id: string;
};
const box = await makeSandbox(createQemuDriver({ ...options, clock: createRealClock() }), { id });
await runShell(box, "echo as it was > kept");
await runShell(box, "echo up; sleep 600", { onOutput: () => void process.stdout.write("up\n") });
