import { once } from "node:events";
import { stat } from "node:fs/promises";
import { Agent, request } from "node:http";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { SysError } from "@aiosjs/sdk/protocol";
import { z } from "zod";

/** The API that this is written to; an engine that speaks an older one is spoken to in its own. */
const newestVersion = [1, 43] as const;
/** `Mounts` came with it. */
const oldestVersion = [1, 25] as const;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Question {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const refusal = z.object({ message: z.string() });

/** A container engine by its HTTP API over a unix socket: Docker, or Podman that speaks the same. */
export class Engine implements Disposable {
  readonly #socketPath: string;
  readonly #agent = new Agent({ keepAlive: true });
  #prefix = "";
  version = "";
  isPodman = false;
  /** Its root is a user of the machine: what is uid 0 inside is that user outside, and other uids are others. */
  isRootless = false;

  private constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** @throws SysError ENODEV where nothing answers there, ENOSYS where what answers is too old or runs no Linux. */
  static async open(socketPath: string): Promise<Engine> {
    const engine = new Engine(socketPath);
    const ping = await engine.#send("GET", "/_ping").catch((cause: unknown) => {
      throw new SysError("ENODEV", `no container engine answers at ${socketPath}`, { cause });
    });
    ping.resume();
    const said = (name: string): string => String(ping.headers[name] ?? "");
    const [major = 1, minor = 0] = (said("api-version") || "1.24").split(".").map(Number);
    if (major === 1 && minor < oldestVersion[1])
      throw new SysError("ENOSYS", `the engine at ${socketPath} speaks API ${major}.${minor}, which is too old`, {
        hint: `it must speak ${oldestVersion.join(".")} or newer`,
      });
    if (!/^(linux)?$/.test(said("ostype")))
      throw new SysError("ENOSYS", `the engine at ${socketPath} runs ${said("ostype")} containers`, {
        hint: "switch it to Linux containers",
      });
    engine.#prefix = `/v1.${major > 1 ? newestVersion[1] : Math.min(minor, newestVersion[1])}`;
    engine.isPodman = said("libpod-api-version") !== "";
    // Asking it costs a second in Podman, which looks up the packages of all its parts.
    engine.isRootless = (await stat(socketPath)).uid !== 0;
    engine.version = `${said("server")}, API ${engine.#prefix.slice(2)}`;
    return engine;
  }

  /** Any status is an answer. @throws SysError EIO when the engine does not answer. */
  async ask(method: "GET" | "POST" | "DELETE", path: string, { query, body }: Question = {}): Promise<Answer> {
    const search = query ? `?${new URLSearchParams(query).toString()}` : "";
    try {
      const response = await this.#send(method, `${this.#prefix}${path}${search}`, body);
      const text = await textOf(response);
      return { status: response.statusCode ?? 0, body: parsed(text) };
    } catch (cause) {
      throw new SysError("EIO", `the container engine at ${this.#socketPath} does not answer`, { cause });
    }
  }

  /** @throws SysError EIO with what the engine says, for a status other than success. */
  async do(method: "GET" | "POST" | "DELETE", path: string, question: Question = {}): Promise<unknown> {
    const { status, body } = await this.ask(method, path, question);
    if (status >= 300) throw refused(`${method} ${path}`, { status, body });
    return body;
  }

  /** To a container: "input" is written and ended, "output" is read, in frames. */
  async attach(container: string, what: "input" | "output"): Promise<Socket> {
    const streams = what === "input" ? "stdin=1" : "stdout=1&stderr=1";
    const asking = request({
      socketPath: this.#socketPath,
      method: "POST",
      path: `${this.#prefix}/containers/${container}/attach?stream=1&${streams}`,
      headers: { connection: "Upgrade", upgrade: "tcp" },
      agent: false,
    });
    asking.end();
    const upgraded = once(asking, "upgrade").then(([, socket, head]) => {
      const stream = socket as Socket;
      if ((head as Buffer).length > 0) stream.unshift(head as Buffer);
      return stream;
    });
    const answered = once(asking, "response").then(async ([response]) => {
      const { statusCode: status = 0 } = response as IncomingMessage;
      throw refused("attach", { status, body: parsed(await textOf(response as IncomingMessage)) });
    });
    // The one that comes second is nobody's.
    answered.catch(() => undefined);
    upgraded.catch(() => undefined);
    return await Promise.race([upgraded, answered]);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #send(method: string, path: string, body?: unknown): Promise<IncomingMessage> {
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const asking = request({
      socketPath: this.#socketPath,
      method,
      path,
      agent: this.#agent,
      headers: bytes === undefined ? {} : { "content-type": "application/json", "content-length": bytes.length },
    });
    asking.end(bytes);
    const [response] = (await once(asking, "response")) as [IncomingMessage];
    return response;
  }
}

export const refused = (what: string, { status, body }: Answer): SysError => {
  const said = refusal.safeParse(body);
  const why = said.success ? said.data.message : `status ${status}`;
  return new SysError("EIO", `the container engine refused ${what}: ${why}`);
};

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of response.setEncoding("utf8")) text += part as string;
  return text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
