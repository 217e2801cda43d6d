import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { open, rename, rm, stat, statfs } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { cacheFault, PullFault } from "./fault.ts";
import type { Hub, HubFile } from "./hub.ts";

interface Place {
  readonly hub: Hub;
  readonly repo: string;
  readonly commit: string;
  /** Where the whole file goes; the part that has come lies beside it, `.incomplete`. */
  readonly blob: string;
  readonly signal: AbortSignal;
}

/**
 * Fetches one file, from where an earlier attempt stopped; yields how many bytes are there. Each write goes to its own
 * place in the file: where a file system has no locks, two that fetch the same blob write the same bytes and harm nothing.
 * A connection that breaks is taken up again as long as each one brings something.
 * Whatever ends it, what has come stays, but for bytes that are not those of the checksum.
 * @throws PullFault
 */
export async function* fetchBlob(file: HubFile, place: Place): AsyncGenerator<number, string> {
  const partial = `${place.blob}.incomplete`;
  try {
    const sha256 = yield* fetchPart(partial, file, place);
    if (sha256 === undefined) {
      await rm(partial, { force: true });
      throw new PullFault("checksum", { file: file.path, repo: place.repo });
    }
    await rename(partial, place.blob).catch(async (cause: unknown) => {
      // Another process that fetched the same has renamed it already.
      if ((await sizeOf(place.blob)) !== file.sizeBytes) throw cause;
    });
    return sha256;
  } catch (cause) {
    throw cacheFault(cause, dirname(place.blob));
  }
}

/** Whether a file is what the hub says it is: its SHA-256, or undefined where it is something else. */
export async function verifyFile(path: string, file: HubFile, signal: AbortSignal): Promise<string | undefined> {
  if ((await sizeOf(path)) !== file.sizeBytes) return undefined;
  const sums = checksums(file);
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 1024 * 1024 }))
    sums.update(chunk as Buffer);
  return sums.verified();
}

async function* fetchPart(path: string, file: HubFile, place: Place): AsyncGenerator<number, string | undefined> {
  // Neither truncated nor appended to.
  await using handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o644);
  const part = new Part(handle, file);
  yield await part.readBack();
  await refuseFull(dirname(place.blob), file.sizeBytes - part.doneBytes);
  while (part.doneBytes < file.sizeBytes) yield* readOn(part, file, place);
  await handle.datasync();
  return part.verified();
}

async function* readOn(part: Part, file: HubFile, { hub, repo, commit, signal }: Place): AsyncGenerator<number> {
  const startBytes = part.doneBytes;
  const { body, from } = await hub.read({ repo, commit, path: file.path, offset: startBytes }, signal);
  if (from !== startBytes) part.restart();
  if (from !== 0 && from !== startBytes) {
    body.destroy();
    throw new PullFault("brokenAnswer", { host: repo, detail: `${file.path} from ${from} instead of ${startBytes}` });
  }
  let failure: unknown;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      await part.take(chunk).catch((cause: unknown) => {
        failure = cause;
        throw cause;
      });
      yield part.doneBytes;
      if (part.doneBytes > file.sizeBytes) break;
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (failure !== undefined) throw failure;
    // The connection broke; what it brought is kept. One that brings nothing is not tried for ever.
    if (part.doneBytes <= startBytes)
      throw new PullFault("brokenOff", { file: file.path, detail: (cause as Error).message }, cause);
    return;
  }
  if (part.doneBytes < file.sizeBytes && part.doneBytes <= startBytes)
    throw new PullFault("brokenOff", { file: file.path, detail: "the answer was too short" });
}

/** The beginning of a file, and the checksum of it. */
class Part {
  doneBytes = 0;
  readonly #handle: FileHandle;
  readonly #file: HubFile;
  #sums: ReturnType<typeof checksums>;

  constructor(handle: FileHandle, file: HubFile) {
    this.#handle = handle;
    this.#file = file;
    this.#sums = checksums(file);
  }

  /** Takes over what an earlier attempt has left. */
  async readBack(): Promise<number> {
    if ((await this.#handle.stat()).size > this.#file.sizeBytes) await this.#handle.truncate(0);
    const buffer = Buffer.allocUnsafe(1024 * 1024);
    for (;;) {
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, this.doneBytes);
      if (bytesRead === 0) return this.doneBytes;
      this.#sums.update(buffer.subarray(0, bytesRead));
      this.doneBytes += bytesRead;
    }
  }

  async take(chunk: Buffer): Promise<void> {
    for (let written = 0; written < chunk.length;) {
      const { bytesWritten } = await this.#handle.write(
        chunk,
        written,
        chunk.length - written,
        this.doneBytes + written,
      );
      written += bytesWritten;
    }
    this.#sums.update(chunk);
    this.doneBytes += chunk.length;
  }

  restart(): void {
    this.doneBytes = 0;
    this.#sums = checksums(this.#file);
  }

  verified(): string | undefined {
    return this.doneBytes === this.#file.sizeBytes ? this.#sums.verified() : undefined;
  }
}

/** SHA-256 for the report, and git's SHA-1 of a blob where that is what the hub knows. */
function checksums({ digest, sizeBytes }: HubFile) {
  const sha256 = createHash("sha256");
  const git = digest.length === 40 ? createHash("sha1").update(`blob ${sizeBytes}\0`) : undefined;
  return {
    update(bytes: Buffer): void {
      sha256.update(bytes);
      git?.update(bytes);
    },
    verified(): string | undefined {
      const hex = sha256.digest("hex");
      return (git === undefined ? hex : git.digest("hex")) === digest ? hex : undefined;
    },
  };
}

async function refuseFull(folder: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  if (freeBytes < neededBytes)
    throw new PullFault("full", { folder, detail: `${inMegabytes(freeBytes)} < ${inMegabytes(neededBytes)}` });
}

const inMegabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

const sizeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
