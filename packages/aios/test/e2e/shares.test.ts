// Links to files, as somebody without a key sees them.
import { createHash, randomBytes } from "node:crypto";
import { rm, symlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { createClient } from "@aiosjs/sdk";
import type { Client, ResultOf } from "@aiosjs/sdk";
import { asTenantId } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import { createSeal } from "../../src/drivers/random/seal.ts";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import { newFileFolder } from "../file-rig.ts";
import { allowed, isNowhere, never, openShareWorld } from "../share-world.ts";
import { refusal } from "../writer-rig.ts";

const timeoutMs = 180_000;
const DAY_MS = 86_400_000;
type Share = ResultOf<"fs.share">;

const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());
const write = (fs: Client["fs"], path: string, bytes: Buffer) =>
  fs.write({ path, content: bytes.toString("base64"), encoding: "base64" });

const symlinkOver = async (path: string, target: string): Promise<void> => {
  await rm(path);
  await symlink(target, path);
};

describe("a link to a file", { timeout: timeoutMs }, () => {
  test("opens that file byte by byte, 100 of 100, as it stands or in the version that was shared, until it is ended or its time is over", async () => {
    const world = await openShareWorld();
    const { fs, open, rig } = world;
    const random = createSeededRandom(7);
    const below = (count: number): number => Math.floor(random.next() * count);
    const words = ["plan", "报告", "合同 GPU", "it's 50% (draft)", "naïve “quotes”", "発注🚀"];
    const endings = ["md", "txt", "pdf", "html", "svg", "png", "js", "", "TXT", "docx"];
    const shares: { share: Share; path: string; bytes: Buffer; isPinned: boolean }[] = [];
    for (let index = 0; index < 100; index++) {
      const name = `${words[index % words.length]} ${index}`;
      const ending = endings[below(endings.length)];
      const path = `/shared/folder ${index % 7}/${ending ? `${name}.${ending}` : name}`;
      const contents = Array.from({ length: 1 + (index % 3) }, () =>
        randomBytes(below(index % 5 === 0 ? 1_048_577 : 20_000)),
      );
      if (index === 50) contents[0] = Buffer.alloc(0);
      if (index === 51) contents[0] = Buffer.alloc(1_048_576, "字");
      for (const content of contents) await write(fs, path, content);
      const isPinned = index % 2 === 0;
      const version = 1 + below(contents.length);
      const share = await fs.share({ path, forMs: (1 + (index % 5)) * DAY_MS, ...(isPinned && { version }) });
      const bytes = contents[isPinned ? version - 1 : contents.length - 1] as Buffer;
      shares.push({ share, path, bytes, isPinned });
      expect(share).toMatchObject({ path, version: isPinned ? version : null });
    }
    expect(new Set(shares.map(({ share }) => share.link)).size).toBe(100);
    for (const { share, path, bytes } of shares) {
      const response = await open(share.link);
      expect(response.status, path).toBe(200);
      expect(await bytesOf(response), path).toEqual(bytes);
      expect(response.headers.get("etag")).toBe(`"${createHash("sha256").update(bytes).digest("hex")}"`);
      const [, encoded = ""] = /filename\*=UTF-8''(\S+)$/.exec(response.headers.get("content-disposition") ?? "") ?? [];
      expect(decodeURIComponent(encoded)).toBe(path.split("/").at(-1));
    }
    // A later version is what a link to the file shows, and nothing that a link to a version does.
    for (const { path } of shares) await fs.append({ path, content: "later" });
    for (const { share, bytes, isPinned } of shares)
      expect(await bytesOf(await open(share.link))).toEqual(
        isPinned ? bytes : Buffer.concat([bytes, Buffer.from("later")]),
      );
    const ended = shares.filter((_, index) => index % 4 === 0);
    for (const [index, { share, path }] of ended.entries())
      expect(await fs.unshare(index % 2 === 0 ? { path } : { id: share.id })).toEqual({ ended: 1 });
    await isNowhere(world, ...ended.map(({ share }) => share.link));
    const left = shares.filter((one) => !ended.includes(one));
    for (let day = 1; day <= 5; day++) {
      await rig.clock.run(1_700_000_000_000 + day * DAY_MS + 60_000);
      for (const { share } of left)
        if (share.expiresAt <= rig.clock.nowMs()) await isNowhere(world, share.link);
        else expect((await open(share.link, "HEAD")).status).toBe(200);
    }
    expect(await fs.shares({})).toEqual({ shares: [] });
    await isNowhere(world, ...shares.map(({ share }) => share.link));
  });

  test("is a file to save or plain text and images to look at, and nothing that a browser runs or keeps", async () => {
    const world = await openShareWorld();
    const { fs, open } = world;
    const headersOf = async (path: string): Promise<Record<string, string | null>> => {
      await fs.write({ path, content: "<script>alert(1)</script>" });
      const response = await open((await fs.share({ path })).link);
      expect(await response.text()).toBe("<script>alert(1)</script>");
      return Object.fromEntries(
        ["content-type", "content-disposition"].map((name) => [name, response.headers.get(name)]),
      );
    };
    const saved = { "content-type": "application/octet-stream" };
    for (const ending of ["html", "HTM", "svg", "xml", "xhtml", "js", "pdf", "json", "mhtml", "bin"])
      expect(await headersOf(`a.${ending}`)).toEqual({
        ...saved,
        "content-disposition": `attachment; filename="a.${ending}"; filename*=UTF-8''a.${ending}`,
      });
    expect(await headersOf("Makefile")).toMatchObject(saved);
    expect(await headersOf("a.html.txt")).toMatchObject({ "content-type": "text/plain; charset=utf-8" });
    expect(await headersOf('报告 "5%" (1)\'s;.PNG')).toEqual({
      "content-type": "image/png",
      "content-disposition": `inline; filename="__ _5__ (1)'s;.PNG"; filename*=UTF-8''%E6%8A%A5%E5%91%8A%20%225%25%22%20%281%29%27s%3B.PNG`,
    });
    const { link } = await fs.share({ path: "a.html" });
    for (const one of [link, never]) {
      const { headers } = await open(one);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toBe("sandbox; default-src 'none'");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cache-control")).toBe("private, no-store");
    }
    const [whole, head] = [await open(link), await open(link, "HEAD")];
    expect(await head.text()).toBe("");
    const own = ({ headers }: Response) =>
      [...headers].filter(([name]) => !["date", "connection", "keep-alive"].includes(name));
    expect(own(head)).toEqual(own(whole));
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
      expect((await open(link, method)).status, method).toBe(405);
    // Not by a page of somebody else's.
    expect((await fetch(world.url + link, { headers: { origin: "https://evil.example" } })).status).toBe(403);
  });

  test("is opened by no other signature: each character exchanged, cut, longer, or of another link, and by no path", async () => {
    const world = await openShareWorld();
    const { fs } = world;
    await fs.write({ path: "/shared/a.txt", content: "one" });
    await fs.append({ path: "/shared/a.txt", content: "two" });
    await fs.write({ path: "/shared/b.txt", content: "other" });
    const { link, id } = await fs.share({ path: "a.txt", version: 1 });
    const [, signature = ""] = link.split(".");
    expect(signature).toMatch(/^[\w-]{43}$/);
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const forged: string[] = [];
    for (let at = 0; at < signature.length; at++)
      // Of the last one all: some differ in bits that mean nothing.
      for (const char of at === signature.length - 1
        ? alphabet
        : [alphabet[(alphabet.indexOf(signature[at] ?? "") ^ 1) % 64]])
        if (char !== signature[at]) forged.push(`/s/${id}.${signature.slice(0, at)}${char}${signature.slice(at + 1)}`);
    for (let at = 0; at < id.length; at++)
      forged.push(`/s/${id.slice(0, at)}${id[at] === "a" ? "b" : "a"}${id.slice(at + 1)}.${signature}`);
    const other = await fs.share({ path: "b.txt" });
    forged.push(`/s/${other.id}.${signature}`, `/s/${id}.${other.link.split(".")[1]}`);
    forged.push(`/s/${id}`, `/s/${id}.`, `/s/.${signature}`, `/s/${id}.${signature.slice(0, -1)}`);
    forged.push(`/s/${id}.${signature}=`, `/s/${id}.${signature}A`, `/s/${id}.${signature}.`, `/s/${id}..${signature}`);
    forged.push(`/s/${id.toUpperCase()}.${signature}`, `/s/${id}.${signature}%00`, `/s/%20${id}.${signature}`);
    forged.push("/s/a.txt", "/s/%2Fshared%2Fa.txt", "/s/__proto__.x", "/s/constructor.x", `/s/${"x".repeat(5_000)}`);
    expect(forged.length).toBeGreaterThan(130);
    await isNowhere(world, ...forged);
    expect(await (await world.open(link)).text()).toBe("one");
    expect(await (await world.open(`${link}?a=b`)).text()).toBe("one");
    for (const path of [`${link}/a.txt`, "/s/", "/s", `${link}/../../v1/events`, "/files/a.txt", "/shared/a.txt"])
      expect([401, 404], path).toContain((await world.open(path)).status);
    // Another home has another secret.
    const elsewhere = createSeal(randomBytes(32));
    await isNowhere(world, `/s/${id}.${elsewhere.sign(JSON.stringify([id, "local", "tenant", "a.txt", 1, null, 0]))}`);
  });

  test("ends with the file: removed, moved, rolled back to nothing, or removed by others; and what comes there later is not shared", async () => {
    const world = await openShareWorld();
    const { fs, open, rig } = world;
    const shared = async (path: string, version?: number): Promise<string> => {
      await fs.write({ path, content: path });
      return (await fs.share({ path, ...(version && { version }) })).link;
    };
    const links: Record<string, string> = {};
    for (const name of ["removed", "moved", "in/it", "outside", "folder", "undone"])
      links[name] = await shared(`/shared/${name}`);
    links["pinned"] = await shared("/shared/pinned", 1);
    for (const link of Object.values(links)) expect((await open(link)).status).toBe(200);
    await fs.remove({ path: "removed" });
    await fs.remove({ path: "pinned" });
    await fs.move({ from: "moved", to: "elsewhere" });
    await fs.move({ from: "in", to: "out" });
    await fs.rollback({ path: "undone", atMs: 1 });
    await rm(rig.at("%40tenant", "outside"));
    await rm(rig.at("%40tenant", "folder"));
    await isNowhere(world, ...Object.values(links));
    await fs.restore({ path: "removed" });
    await fs.restore({ path: "pinned" });
    await fs.move({ from: "elsewhere", to: "moved" });
    await fs.move({ from: "out", to: "in" });
    await fs.write({ path: "undone", content: "new" });
    await fs.write({ path: "outside", content: "new" });
    await fs.mkdir({ path: "folder" });
    await isNowhere(world, ...Object.values(links));
    expect(await fs.shares({})).toEqual({ shares: [] });
    // Written over, by calls or by others, it is the same file.
    const link = await shared("/shared/stays");
    await fs.write({ path: "stays", content: "again" });
    expect(await (await open(link)).text()).toBe("again");
    await writeFile(rig.at("%40tenant", "stays"), "by hand");
    expect(await (await open(link)).text()).toBe("by hand");
    expect((await fs.stat({ path: "stays" })).version).toBe(3);
    await fs.rollback({ path: "stays", version: 1 });
    expect(await (await open(link)).text()).toBe("/shared/stays");
    await fs.copy({ from: "stays", to: "copy" });
    await fs.remove({ path: "stays" });
    await isNowhere(world, link);
  });

  test("is not made of what is confidential, and shows no file that became so", async () => {
    const world = await openShareWorld();
    const { fs, open } = world;
    for (const confidentiality of ["private", "secret"] as const) {
      await fs.write({ path: confidentiality, content: "x", labels: { trust: "user", confidentiality } });
      expect(await refusal(fs.share({ path: confidentiality }))).toMatch(
        new RegExp(
          `^EPOLICY.* /shared/${confidentiality}, version 1, is labelled ${confidentiality}: no link opens it`,
        ),
      );
    }
    for (const confidentiality of ["public", "internal"] as const) {
      const path = `${confidentiality}.txt`;
      await fs.write({ path, content: "x", labels: { trust: "user", confidentiality } });
      const [now, pinned] = [await fs.share({ path }), await fs.share({ path, version: 1 })];
      await fs.write({ path, content: "y", labels: { trust: "user", confidentiality: "secret" } });
      await isNowhere(world, now.link, pinned.link);
      // What is not confidential any more is shown again; what was is not.
      expect(await refusal(fs.share({ path, version: 1 }))).toMatch(/^EPOLICY/);
      await fs.write({ path, content: "z", labels: { trust: "user", confidentiality } });
      expect(await (await open(now.link)).text()).toBe("z");
      expect(await (await open(pinned.link)).text()).toBe("x");
      expect(await refusal(fs.share({ path, version: 2 }))).toMatch(/^EPOLICY.*version 2, is labelled secret/);
    }
  });

  test("is made and ended only by who may change the file, and seen only by who reads it", async () => {
    const world = await openShareWorld();
    const { rig, fs, open } = world;
    const [one, other] = [await rig.process("clerk"), await rig.process()];
    await one.fs.write({ path: "own.txt", content: "own" });
    const { link, id } = await allowed(rig, one.fs.share({ path: "own.txt" }));
    expect(await (await open(link)).text()).toBe("own");
    const own = { id, link, path: `/home/${one.pid}/own.txt`, version: null, pid: one.pid };
    expect((await one.fs.shares({})).shares).toMatchObject([own]);
    expect((await fs.shares({ path: `/home/${one.pid}` })).shares).toMatchObject([own]);
    expect((await fs.shares({ path: "/shared" })).shares).toEqual([]);
    // For who does not reach it there is neither file nor link.
    expect(await refusal(allowed(rig, other.fs.share({ path: own.path })))).toMatch(/^ENOENT/);
    expect(await refusal(other.fs.unshare({ path: own.path }))).toMatch(/^ENOENT/);
    expect(await other.fs.unshare({ id })).toEqual({ ended: 0 });
    expect(await other.fs.shares({})).toEqual({ shares: [] });
    // A member that only reads opens nothing to others.
    await rig.admin.group.create({ group: "desk" });
    await rig.admin.group.add({ group: "desk", member: `process:${other.pid}`, access: "read" });
    await fs.write({ path: "/groups/desk/rules.md", content: "rules" });
    expect(await refusal(allowed(rig, other.fs.share({ path: "/groups/desk/rules.md" })))).toMatch(/^EACCES/);
    const rules = await fs.share({ path: "/groups/desk/rules.md" });
    expect((await other.fs.shares({})).shares).toMatchObject([{ id: rules.id }]);
    expect(await other.fs.unshare({ id: rules.id })).toEqual({ ended: 0 });
    expect((await open(rules.link)).status).toBe(200);
    // It stays when its process ends; a fork has no part in it.
    const { pid: fork } = await rig.admin.proc.fork({ pid: one.pid });
    await rig.admin.proc.signal({ pid: one.pid, signal: "kill" });
    expect((await open(link)).status).toBe(200);
    expect((await fs.shares({ path: `/home/${fork}` })).shares).toEqual([]);
    expect(await fs.unshare({ path: own.path })).toEqual({ ended: 1 });
    await isNowhere(world, link);
  });

  test("shows a file of a mounted folder as long as that is mounted, where a person has shared it or the process may change it", async () => {
    const world = await openShareWorld();
    const { rig, fs, open } = world;
    const [folder, another] = [await newFileFolder(), await newFileFolder()];
    for (const place of [folder, another]) await writeFile(join(place, "a.txt"), place);
    await fs.mount({ folder, name: "papers", isReadOnly: true });
    const process = await rig.process();
    const path = "/mnt/papers/a.txt";
    expect(await refusal(allowed(rig, process.fs.share({ path })))).toMatch(/^EACCES/);
    const { link } = await fs.share({ path });
    expect(await (await open(link)).text()).toBe(folder);
    expect((await process.fs.shares({})).shares).toMatchObject([{ link, path }]);
    await fs.unmount({ name: "papers" });
    await isNowhere(world, link);
    await fs.mount({ folder: another, name: "papers", isReadOnly: false });
    await isNowhere(world, link);
    const now = await allowed(rig, process.fs.share({ path }));
    expect(await (await open(now.link)).text()).toBe(another);
    await symlinkOver(join(another, "a.txt"), join(folder, "a.txt"));
    await isNowhere(world, link, now.link);
    expect(await refusal(allowed(rig, process.fs.share({ path })))).toMatch(/^E(NOENT|INVAL)/);
  });

  test("is of its tenant alone: another one neither lists, nor ends, nor has it by the same names", async () => {
    const world = await openShareWorld();
    const { rig, fs, open } = world;
    const theirs = createClient(rig.kernel.transport({ ...rig.root, tenant: asTenantId("other") })).fs;
    await fs.write({ path: "/shared/a.txt", content: "ours" });
    await theirs.write({ path: "/shared/a.txt", content: "theirs" });
    const [our, their] = [await fs.share({ path: "a.txt" }), await theirs.share({ path: "/shared/a.txt" })];
    expect(await (await open(our.link)).text()).toBe("ours");
    expect(await (await open(their.link)).text()).toBe("theirs");
    expect((await theirs.shares({})).shares.map(({ id }) => id)).toEqual([their.id]);
    expect(await theirs.unshare({ id: our.id })).toEqual({ ended: 0 });
    expect(await theirs.unshare({ path: "/shared/a.txt" })).toEqual({ ended: 1 });
    await isNowhere(world, their.link, `/s/${our.id}.${their.link.split(".")[1]}`);
    expect((await open(our.link)).status).toBe(200);
  });

  test("is asked for with sense: of a file, for a time that ends", async () => {
    const { fs } = await openShareWorld();
    await fs.write({ path: "a/b.txt", content: "x" });
    expect(await refusal(fs.share({ path: "a" }))).toMatch(/^EINVAL.*is a folder; a link shows one file/);
    expect(await refusal(fs.share({ path: "/shared" }))).toMatch(/^EINVAL/);
    expect(await refusal(fs.share({ path: "a/c.txt" }))).toMatch(/^ENOENT/);
    expect(await refusal(fs.share({ path: "a/b.txt", version: 2 }))).toMatch(/^ENOENT.*no file of version 2/);
    for (const forMs of [0, -1, 1.5, 366 * DAY_MS + 1, Number.NaN])
      expect(await refusal(fs.share({ path: "a/b.txt", forMs }))).toMatch(/^EINVAL/);
    const { expiresAt } = await fs.share({ path: "a/b.txt" });
    expect(expiresAt).toBe(1_700_000_000_000 + 7 * DAY_MS);
    expect(await refusal(fs.unshare({}))).toMatch(/^EINVAL fs\.unshare ends the links to a path, or one link/);
    expect(await refusal(fs.unshare({ path: "a/b.txt", id: "s1" }))).toMatch(/^EINVAL/);
    expect(await fs.unshare({ path: "a" })).toEqual({ ended: 0 });
    expect(await fs.unshare({ path: "a/b.txt" })).toEqual({ ended: 1 });
    expect(await fs.unshare({ path: "a/b.txt" })).toEqual({ ended: 0 });
  });

  test("is told when it is opened, at most once a minute", async () => {
    const { fs, open, rig } = await openShareWorld();
    await fs.write({ path: "a.txt", content: "x" });
    const { link, id } = await fs.share({ path: "a.txt" });
    for (let times = 0; times < 4; times++) await (await open(link)).text();
    await open(never);
    await rig.clock.run(rig.clock.nowMs() + 61_000);
    await (await open(link, "HEAD")).text();
    const told = (await rig.events()).filter(({ topic }) => topic === "share.opened");
    const body = { share: id, path: "/shared/a.txt" };
    expect(told.map((event) => event.body)).toEqual([
      { ...body, times: 1 },
      { ...body, times: 4 },
    ]);
    expect(JSON.stringify(told)).not.toContain(link.split(".")[1]);
  });

  test("holds nothing up for a reader that takes nothing", async () => {
    const { fs, open, url } = await openShareWorld();
    const content = Buffer.alloc(8_000_000, 1);
    await write(fs, "/shared/big.bin", content);
    const { link } = await fs.share({ path: "big.bin" });
    const { hostname, port } = new URL(url);
    const stalled = Array.from({ length: 3 }, () => {
      const socket = connect(Number(port), hostname);
      socket.pause();
      socket.write(`GET ${link} HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`);
      return socket;
    });
    await fs.write({ path: "big.bin", content: "new" });
    expect(await (await open(link)).text()).toBe("new");
    await fs.remove({ path: "big.bin" });
    expect((await open(link)).status).toBe(404);
    for (const socket of stalled) socket.destroy();
  });

  test("opens while somebody changes files beside it, however long that takes", async () => {
    const disk = Promise.withResolvers<void>();
    const { fs, open } = await openShareWorld({
      wrap: (own) => ({
        ...own,
        stage: async (place, ...more) => {
          if (place.path === "slow.txt") await disk.promise;
          return own.stage(place, ...more);
        },
      }),
    });
    await fs.write({ path: "a.txt", content: "a" });
    const { link } = await fs.share({ path: "a.txt" });
    const slow = fs.append({ path: "slow.txt", content: "x" });
    const other = fs.write({ path: "other.txt", content: "x" });
    await open(link);
    expect(await (await open(link)).text()).toBe("a");
    disk.resolve();
    await Promise.all([slow, other]);
  });
});
