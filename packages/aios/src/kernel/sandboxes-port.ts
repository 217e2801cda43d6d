import type { Pid, TenantId } from "@aiosjs/sdk/protocol";
import type { EgressNews } from "./driver-port.ts";
import type { SandboxDriver } from "./sandbox-port.ts";

interface EgressRequest {
  /** Of the sandbox. */
  readonly id: string;
  readonly tenant: TenantId;
  readonly pid: Pid;
  /** `HOST:PORT` patterns, asked for each connection. */
  readonly allowed: () => readonly string[];
  /** Names and patterns of secrets that may be named in requests, asked for each. */
  readonly secrets: () => readonly string[];
  readonly tell: (news: EgressNews) => void;
}

/** A way out of one sandbox; disposing of it closes what is open. */
export interface EgressDoor extends AsyncDisposable {
  readonly socketPath: string;
}

/** What sandboxes are made with. */
export interface SandboxPorts {
  /** Weakest first; of those that are there the first serves that is strong enough. */
  readonly drivers: readonly SandboxDriver[];
  /** At the same place each time for the same id. @throws SysError EINVAL, EACCES, EIO */
  openEgress(request: EgressRequest): Promise<EgressDoor>;
}
