import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { EnvHttpProxyAgent, request } from "undici";
import type { Dispatcher } from "undici";
import { z } from "zod";
import { readToken } from "./cache.ts";
import type { Env } from "./cache.ts";
import { PullFault } from "./fault.ts";
import { isInside } from "./reference.ts";
import type { Reference } from "./reference.ts";

export interface HubFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** Its name among the blobs, and its checksum: SHA-256 for large files, git's SHA-1 of the blob for small ones. */
  readonly digest: string;
}

export interface HubRepo {
  readonly commit: string;
  readonly files: readonly HubFile[];
}

/** A hub: huggingface.co, or a mirror of it. */
export interface Hub extends AsyncDisposable {
  /** All files of a revision with size and checksum, in one answer. @throws PullFault */
  describe(reference: Reference, signal: AbortSignal): Promise<HubRepo>;
  /** The file's bytes from `offset` on; `from` says where the answer begins. @throws PullFault */
  read(
    place: { repo: string; commit: string; path: string; offset: number },
    signal: AbortSignal,
  ): Promise<{ body: Readable; from: number }>;
}

const repoSchema = z.object({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  siblings: z.array(
    z.object({
      rfilename: z.string(),
      size: z.number().int().nonnegative().optional(),
      blobId: z
        .string()
        .regex(/^[0-9a-f]{40}$/)
        .optional(),
      lfs: z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), size: z.number().int().nonnegative() }).nullish(),
    }),
  ),
});

const maxRedirects = 5;
/** A refusal that says when to come back, and a server that is out for a moment, are waited for so often and so long. */
const maxWaits = 5;
const maxWaitS = 60;
const maxAnswerBytes = 64 * 1024 * 1024;

/**
 * HF_ENDPOINT names a mirror, HF_TOKEN the key; a proxy is taken from the usual variables.
 * @throws PullFault where HF_ENDPOINT is no address, or HF_HUB_OFFLINE says that nothing may be fetched.
 */
export async function openHub(env: Env): Promise<Hub> {
  if (/^(1|on|yes|true)$/i.test(env["HF_HUB_OFFLINE"] ?? "")) throw new PullFault("offline", {});
  const told = env["HF_ENDPOINT"] || "https://huggingface.co";
  const endpoint = URL.parse(told)?.href.replace(/\/+$/, "");
  if (endpoint === undefined || !/^https?:/.test(endpoint)) throw new PullFault("endpoint", { text: told });
  const token = await readToken(env);
  const either = (name: string): string => env[name.toLowerCase()] || env[name] || "";
  // Empty, not absent: absent would make undici look into the process's own environment.
  const agent = new EnvHttpProxyAgent({
    httpProxy: either("HTTP_PROXY"),
    httpsProxy: either("HTTPS_PROXY"),
    noProxy: either("NO_PROXY"),
    connect: { timeout: 10_000 },
    headersTimeout: 30_000,
    // A download that has stood still for so long is begun again where it stopped.
    bodyTimeout: 60_000,
  });

  const get = async (address: string, what: Asked, options: { offset?: number; signal: AbortSignal }) => {
    let url = new URL(address);
    let waits = 0;
    for (let hop = 0; hop <= maxRedirects;) {
      const isHub = url.href.startsWith(`${endpoint}/`);
      const response = await request(url, {
        dispatcher: agent,
        signal: options.signal,
        headers: {
          // Bytes as they are: a resumed answer could not be unpacked.
          "accept-encoding": "identity",
          "user-agent": "aiosjs",
          ...(options.offset ? { range: `bytes=${options.offset}-` } : {}),
          // Storage behind the hub has its own signed addresses; the key is for the hub alone.
          ...(isHub && token !== undefined ? { authorization: `Bearer ${token}` } : {}),
        },
      }).catch((cause: unknown) => {
        options.signal.throwIfAborted();
        throw new PullFault("noHub", { host: url.host, detail: detailOf(cause) }, cause);
      });
      const { statusCode, headers, body } = response;
      if (statusCode === 200 || statusCode === 206 || statusCode === 416) return response;
      await body.dump();
      const location = String(headers["location"] ?? "");
      if (statusCode >= 300 && statusCode < 400 && location !== "") {
        url = new URL(location, url);
        hop++;
        continue;
      }
      const waitS = waitOf(statusCode, headers, waits++);
      if (waitS === undefined)
        throw refusal(statusCode, headers, { ...what, endpoint, hasToken: token !== undefined, host: url.host });
      await sleep(waitS * 1000, undefined, { signal: options.signal });
    }
    throw new PullFault("brokenAnswer", { host: url.host, detail: `more than ${maxRedirects} redirects` });
  };

  return {
    async describe(reference, signal) {
      const { repo, revision } = reference;
      const address = `${endpoint}/api/models/${repo}/revision/${encodeURIComponent(revision)}?blobs=true`;
      const { body } = await get(address, reference, { signal });
      let text = "";
      for await (const chunk of body.setEncoding("utf8") as AsyncIterable<string>) {
        text += chunk;
        if (text.length > maxAnswerBytes) break;
      }
      return readRepo(text, new URL(endpoint).host);
    },
    async read({ repo, commit, path, offset }, signal) {
      const address = `${endpoint}/${repo}/resolve/${commit}/${path.split("/").map(encodeURIComponent).join("/")}`;
      const asked = { repo, revision: commit, file: path };
      let { statusCode, headers, body } = await get(address, asked, { offset, signal });
      if (statusCode === 416) {
        // A mirror that knows no ranges, or has something shorter: from the start, and the checksum decides.
        await body.dump();
        ({ statusCode, headers, body } = await get(address, asked, { signal }));
      }
      const said = /^bytes (\d+)-/.exec(String(headers["content-range"] ?? ""))?.[1];
      return { body, from: statusCode === 206 && said !== undefined ? Number(said) : 0 };
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

interface Asked {
  readonly repo: string;
  readonly revision: string;
  readonly file: string | undefined;
}

function readRepo(text: string, host: string): HubRepo {
  let parsed;
  try {
    parsed = repoSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new PullFault("brokenAnswer", { host, detail: "no list of files" }, cause);
  }
  const files = parsed.siblings
    // A name that would leave the cache is not one to write to.
    .filter(({ rfilename }) => isInside(rfilename))
    .flatMap(({ rfilename: path, size, blobId, lfs }): HubFile[] => {
      const digest = lfs?.sha256 ?? blobId;
      const sizeBytes = lfs?.size ?? size;
      return digest === undefined || sizeBytes === undefined ? [] : [{ path, sizeBytes, digest }];
    });
  if (files.length === 0 && parsed.siblings.length > 0)
    throw new PullFault("brokenAnswer", { host, detail: "no checksums in the list of files" });
  return { commit: parsed.sha, files };
}

/** What a status means: the hub says it in a header, mirrors mostly by the status alone. */
function refusal(
  status: number,
  headers: Dispatcher.ResponseData["headers"],
  { repo, revision, file, endpoint, host, hasToken }: Asked & { endpoint: string; host: string; hasToken: boolean },
): PullFault {
  const error = String(headers["x-error-code"] ?? "");
  const said = String(headers["x-error-message"] ?? "");
  const url = `${endpoint}/${repo}`;
  const isHub = host === new URL(endpoint).host;
  if (error === "GatedRepo" || (status === 403 && file !== undefined && isHub))
    return new PullFault("gated", { repo, url });
  if (error === "RevisionNotFound") return new PullFault("noRevision", { repo, revision });
  if (error === "EntryNotFound") return new PullFault("noFile", { repo, file: file ?? "", files: "" });
  if (!isHub && status < 500 && status !== 429) return new PullFault("refused", { host, status, detail: said });
  if (status === 401 && hasToken && (error !== "RepoNotFound" || /invalid/i.test(said)))
    return new PullFault("wrongToken", { host });
  // Without a key the hub answers 401 to what does not exist, and to what it would not say exists.
  if (error === "RepoNotFound" || status === 401 || status === 403 || status === 404)
    return new PullFault("noRepo", { repo, host });
  if (status === 429) return new PullFault("tooMany", { host, when: whenOf(headers["retry-after"]) });
  return new PullFault("refused", { host, status, detail: said });
}

const whenOf = (retryAfter: string | string[] | undefined): string =>
  Number(retryAfter) > 0 ? ` (${Number(retryAfter)} s)` : "";

/** Seconds until it is worth asking again; undefined where it is not. */
function waitOf(status: number, headers: Dispatcher.ResponseData["headers"], waits: number): number | undefined {
  if (![429, 500, 502, 503, 504].includes(status) || waits >= maxWaits) return undefined;
  const told = headers["retry-after"] === undefined ? undefined : Number(headers["retry-after"]);
  // A date, or no word at all: a second, then two, four…
  const waitS = told === undefined || !(told >= 0) ? 2 ** waits : told;
  return waitS <= maxWaitS ? waitS : undefined;
}

function detailOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return code ?? message;
}
