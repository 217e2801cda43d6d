import type { SyscallName } from "@aiosjs/sdk/protocol";
import { approvalDevice } from "./approval.ts";
import { auditDevice } from "./audit.ts";
import { chatDevice } from "./chat.ts";
import { cronDevice } from "./cron.ts";
import { debugDevice } from "./debug.ts";
import { fsDevice } from "./fs.ts";
import { fsMountDevice } from "./fs-mount.ts";
import { fsReindexDevice } from "./fs-reindex.ts";
import { fsShareDevice } from "./fs-share.ts";
import { fsUsageDevice } from "./fs-usage.ts";
import { fsWatchDevice } from "./fs-watch.ts";
import { groupDevice } from "./group.ts";
import { llmDevice } from "./llm.ts";
import { mailDevice } from "./mail.ts";
import { memDevice } from "./mem.ts";
import { pipeDevice } from "./pipe.ts";
import { policyDevice } from "./policy.ts";
import { procDevice } from "./proc.ts";
import { procStateDevice } from "./proc-state.ts";
import { processListDevice } from "./process-list.ts";
import { routingDevice } from "./routing.ts";
import { sandboxDevice } from "./sandbox.ts";
import { sysDevice } from "./sys.ts";
import { topicDevice } from "./topic.ts";
import { traceDevice } from "./trace.ts";
import { valueDevice } from "./value.ts";
import type { Handler } from "./device.ts";

/** Syscalls that the kernel answers itself, by name. */
export const kernelDevices = {
  ...approvalDevice,
  ...auditDevice,
  ...cronDevice,
  ...debugDevice,
  ...procDevice,
  ...procStateDevice,
  ...processListDevice,
  ...traceDevice,
  ...sandboxDevice,
  ...sysDevice,
  ...chatDevice,
  ...llmDevice,
  ...routingDevice,
  ...valueDevice,
  ...memDevice,
  ...fsDevice,
  ...fsMountDevice,
  ...fsReindexDevice,
  ...fsShareDevice,
  ...fsUsageDevice,
  ...fsWatchDevice,
  ...groupDevice,
  ...policyDevice,
  ...mailDevice,
  ...pipeDevice,
  ...topicDevice,
} as unknown as Readonly<Record<string, Handler<SyscallName>>>;

/** Whether the kernel answers this syscall itself, without a driver. */
export const isKernelDevice = (name: string): boolean => Object.hasOwn(kernelDevices, name);
