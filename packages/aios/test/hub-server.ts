import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface HubModel {
  readonly files: Readonly<Record<string, Buffer>>;
  /** 40 hexadecimal digits. Default: made from the files. */
  readonly commit?: string;
  /** Branches and tags beside main. */
  readonly revisions?: readonly string[];
  /** Only with this key. */
  readonly key?: string;
  /** Without the key its files are refused, but not that it exists. */
  readonly isGated?: boolean;
  /** What the list says of a file's size, where that is not its own. */
  readonly sizes?: Readonly<Record<string, number>>;
}

export interface HubRequest {
  readonly host: "hub" | "cdn";
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

/** What goes wrong with an answer; undefined: nothing. */
export type HubFault =
  | { readonly is: "status"; readonly status: number; readonly headers?: Record<string, string> }
  /** So many bytes of the body, and the connection is gone as soon as the test says that they have arrived. */
  | { readonly is: "cut"; readonly afterBytes: number; readonly when: Promise<unknown> }
  /** So many bytes, and then nothing for as long as the connection stands. */
  | { readonly is: "stall"; readonly afterBytes: number }
  /** As many bytes as there should be, but others. */
  | { readonly is: "wrong-bytes" }
  /** Answers 200 with the whole file, whatever range was asked for. */
  | { readonly is: "no-ranges" };

export interface HubServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly requests: readonly HubRequest[];
  /** Resolves with the n-th request (from 1) of that host. */
  received(host: "hub" | "cdn", n: number): Promise<HubRequest>;
}

const hash = (algorithm: string, ...parts: (string | Buffer)[]): string => {
  const sum = createHash(algorithm);
  for (const part of parts) sum.update(part);
  return sum.digest("hex");
};
export const sha256 = (bytes: Buffer): string => hash("sha256", bytes);
export const gitBlob = (bytes: Buffer): string => hash("sha1", `blob ${bytes.length}\0`, bytes);

/** Files as the hub stores them: what git would keep as text is small, the rest is LFS. */
const isLfs = (path: string): boolean => /\.(gguf|onnx|onnx_data|safetensors|bin)$/.test(path);
const etagOf = (path: string, bytes: Buffer): string => (isLfs(path) ? sha256(bytes) : gitBlob(bytes));

export const commitOf = ({ commit, files }: HubModel): string =>
  commit ?? hash("sha1", ...Object.entries(files).flat());

/**
 * Hugging Face's hub in the shapes that huggingface_hub 2.0 works with (`hf download REPO FILE` was run against it): the list of a
 * revision's files, `resolve` with X-Repo-Commit, X-Linked-Etag and X-Linked-Size, small files by a redirect on the hub
 * itself, large ones by a redirect to storage on another host with a signed address, ranges there. On 127.0.0.1.
 */
export async function openHubServer(
  models: Readonly<Record<string, HubModel>>,
  fault: (request: HubRequest, n: number) => HubFault | undefined = () => undefined,
): Promise<HubServer> {
  const requests: HubRequest[] = [];
  const waiting = new Set<() => void>();

  const open = async (
    host: HubRequest["host"],
    answer: (request: HubRequest, response: ServerResponse, sent: HubFault | undefined) => void,
  ): Promise<Server> => {
    const server = createServer((incoming: IncomingMessage, response) => {
      const { method = "", url: path = "", headers } = incoming;
      const request = { host, method, path, authorization: headers.authorization, range: headers.range };
      requests.push(request);
      for (const wake of waiting) wake();
      const sent = fault(request, requests.filter((each) => each.host === host).length);
      if (sent?.is === "status") response.writeHead(sent.status, sent.headers).end();
      else answer(request, response, sent);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return server;
  };

  const storage = await open("cdn", (request, response, sent) => {
    const { searchParams, pathname } = new URL(request.path, "http://cdn");
    const found = Object.values(models)
      .flatMap(({ files }) => Object.values(files))
      .find((bytes) => pathname === `/xet/${sha256(bytes)}`);
    if (found === undefined || searchParams.get("X-Amz-Signature") !== "signed") response.writeHead(403).end();
    // As S3: a signed address and a key at once are one too many.
    else if (request.authorization !== undefined) response.writeHead(400).end();
    else sendBytes(found, { request, response, sent });
  });
  const hub = await open("hub", (request, response, sent) =>
    // By another name: clients go by names when they decide who may see the key.
    answerAsHub(request, response, { models, sent, storage: addressOf(storage).replace("127.0.0.1", "localhost") }),
  );

  return {
    endpoint: addressOf(hub),
    requests,
    async received(host, n) {
      for (;;) {
        const found = requests.filter((each) => each.host === host)[n - 1];
        if (found !== undefined) return found;
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.add(resolve);
        await promise;
        waiting.delete(resolve);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const server of [hub, storage]) {
        server.close();
        server.closeAllConnections();
        await once(server, "close");
      }
    },
  };
}

const addressOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

interface Answering {
  readonly models: Readonly<Record<string, HubModel>>;
  readonly sent: HubFault | undefined;
  readonly storage: string;
}

function answerAsHub(request: HubRequest, response: ServerResponse, { models, sent, storage }: Answering): void {
  const { pathname, searchParams } = new URL(request.path, "http://hub");
  const refuse = (status: number, error: string, message: string): void => {
    response.writeHead(status, {
      "x-error-code": error,
      "x-error-message": message,
      "content-type": "application/json",
    });
    response.end(JSON.stringify({ error: message }));
  };
  const route =
    /^\/api\/models\/([^/]+\/[^/]+)\/revision\/([^/]+)$/.exec(pathname) ??
    /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(pathname) ??
    /^\/api\/resolve-cache\/models\/([^/]+\/[^/]+)\/([^/]+)\/(.+)$/.exec(pathname);
  const [, repo = "", revision = "", path] = route?.map((part) => decodeURIComponent(part)) ?? [];
  const model = models[repo];
  const isOpen = model !== undefined && (model.key === undefined || request.authorization === `Bearer ${model.key}`);
  if (model === undefined || (!isOpen && model.isGated !== true)) {
    if (request.authorization === undefined) return refuse(401, "RepoNotFound", "Repository not found");
    if (model !== undefined) return refuse(401, "RepoNotFound", "Invalid credentials in Authorization header");
    return refuse(404, "RepoNotFound", "Repository not found");
  }
  const commit = commitOf(model);
  if (!["main", commit, ...(model.revisions ?? [])].includes(revision))
    return refuse(404, "RevisionNotFound", `Invalid rev id: ${revision}`);
  if (path === undefined) {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(describe(repo, model, searchParams.get("blobs") === "true")));
    return;
  }
  if (!isOpen)
    return refuse(
      request.authorization === undefined ? 401 : 403,
      "GatedRepo",
      `Access to model ${repo} is restricted.`,
    );
  const bytes = model.files[path];
  if (bytes === undefined) return refuse(404, "EntryNotFound", "Entry not found");
  const etag = etagOf(path, bytes);
  response.setHeader("x-repo-commit", commit);
  response.setHeader("accept-ranges", "bytes");
  response.setHeader("etag", `"${etag}"`);
  if (pathname.startsWith("/api/")) return sendBytes(bytes, { request, response, sent });
  response.setHeader("x-linked-etag", `"${etag}"`);
  response.setHeader("x-linked-size", bytes.length);
  const location = isLfs(path)
    ? `${storage}/xet/${etag}?X-Amz-Signature=signed`
    : `/api/resolve-cache/models/${repo}/${commit}/${encodeURIComponent(path)}`;
  response.writeHead(isLfs(path) ? 302 : 307, { location }).end();
}

function describe(repo: string, model: HubModel, hasBlobs: boolean) {
  return {
    _id: "66f1a0000000000000000000",
    id: repo,
    modelId: repo,
    author: repo.split("/")[0],
    sha: commitOf(model),
    private: model.key !== undefined && model.isGated !== true,
    gated: model.isGated === true ? "manual" : false,
    disabled: false,
    tags: ["gguf"],
    downloads: 1,
    likes: 0,
    siblings: Object.entries(model.files).map(([rfilename, bytes]) => {
      const size = model.sizes?.[rfilename] ?? bytes.length;
      return {
        rfilename,
        ...(hasBlobs ? { size, blobId: gitBlob(bytes) } : {}),
        ...(hasBlobs && isLfs(rfilename) ? { lfs: { sha256: sha256(bytes), size, pointerSize: 134 } } : {}),
      };
    }),
  };
}

function sendBytes(
  bytes: Buffer,
  { request, response, sent }: { request: HubRequest; response: ServerResponse; sent: HubFault | undefined },
): void {
  const asked = sent?.is === "no-ranges" ? undefined : /^bytes=(\d+)-/.exec(request.range ?? "")?.[1];
  const from = Number(asked ?? 0);
  response.setHeader("accept-ranges", "bytes");
  if (from > 0 && from >= bytes.length) {
    response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
    return;
  }
  const body = sent?.is === "wrong-bytes" ? Buffer.alloc(bytes.length - from, "x") : bytes.subarray(from);
  response.writeHead(asked === undefined ? 200 : 206, {
    "content-length": body.length,
    ...(asked === undefined ? {} : { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
  });
  if (request.method === "HEAD") response.end();
  else if (sent?.is === "cut") {
    response.write(body.subarray(0, sent.afterBytes));
    response.flushHeaders();
    void sent.when.then(() => response.socket?.destroy());
  } else if (sent?.is === "stall") response.write(body.subarray(0, sent.afterBytes));
  else response.end(body);
}
