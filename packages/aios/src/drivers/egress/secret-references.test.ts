import { expect, test } from "vitest";
import { SysError } from "@aiosjs/sdk/protocol";
import { SecretReferences } from "./secret-references.ts";
import type { GrantedSecret, SecretSink } from "./secret-references.ts";

const value = 'a"b&c d';
const secrets: readonly GrantedSecret[] = [
  { name: "bank", value, hosts: ["https://api.test:443", "http://plain.test:8080"] },
  { name: "two-lines", value: "one\r\nx-evil: 1", hosts: ["https://api.test:443"] },
];
const open = () =>
  new SecretReferences((name) => {
    const found = secrets.find((each) => each.name === name);
    return found ? Promise.resolve(found) : Promise.reject(new SysError("ENOENT", `no secret://${name}`));
  });
const to = (url: string): SecretSink => {
  const { protocol, hostname, port } = new URL(url);
  return {
    protocol: protocol as SecretSink["protocol"],
    destination: { host: hostname, port: Number(port || (protocol === "https:" ? 443 : 80)), isAddress: false },
  };
};
const bank = to("https://api.test/");

test("a reference is filled in as its place spells it", async () => {
  const fill = (text: string, spelling: "plain" | "json" | "form" | "url") => open().fill(text, bank, spelling);
  expect(await fill("<secret://bank>", "plain")).toBe(`<${value}>`);
  expect(await fill('{"key":"secret://BANK"}', "json")).toBe(JSON.stringify({ key: value }));
  expect(await fill('{"key":"secret:\\/\\/bank"}', "json")).toBe(JSON.stringify({ key: value }));
  expect(await fill(new URLSearchParams({ key: "secret://bank" }).toString(), "form")).toBe(
    new URLSearchParams({ key: value }).toString(),
  );
  expect(await fill("https://api.test/x?key=secret://bank.", "url")).toBe(
    `https://api.test/x?key=${encodeURIComponent(value)}.`,
  );
});

test("headers are filled in, Basic credentials too", async () => {
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;
  expect(
    await open().fillHeaders({ authorization: basic("me:secret://bank"), other: ["x", "Bearer secret://bank"] }, bank),
  ).toEqual({ authorization: basic(`me:${value}`), other: ["x", `Bearer ${value}`] });
  expect(await open().fillHeaders({ authorization: "Basic !!", a: basic("me:word") }, bank)).toEqual({
    authorization: "Basic !!",
    a: basic("me:word"),
  });
});

test("a value that would end a header begins no other", async () => {
  await expect(open().fillHeaders({ a: "secret://two-lines" }, bank)).rejects.toMatchObject({ code: "EINVAL" });
});

test("a reference on its way to a host, port or protocol that the secret is not for is refused", async () => {
  const places = ["https://evil.test/", "https://api.test:8443/", "http://api.test:443/", "https://plain.test:8080/"];
  for (const place of places)
    await expect(open().fill("secret://bank", to(place), "plain"), place).rejects.toMatchObject({
      code: "EPOLICY",
      message: expect.stringMatching(/^secret:\/\/bank is not for https?:.* \(it is for https:\/\/api\.test:443, /),
    });
  expect(await open().fill("secret://bank", to("http://plain.test:8080/"), "plain")).toBe(value);
  await expect(open().fill("secret://unknown", bank, "plain")).rejects.toMatchObject({ code: "ENOENT" });
});

test("a value that comes back in an address for another host is not carried there", async () => {
  const references = open();
  await references.fill("secret://bank", bank, "plain");
  const evil = to("https://evil.test/");
  expect(() => references.checkFollowing(`https://evil.test/?${encodeURIComponent(value)}`, evil)).toThrow(
    /is not for/,
  );
  expect(() => references.checkFollowing("https://evil.test/", evil)).not.toThrow();
  expect(() => references.checkFollowing(`https://api.test/?${encodeURIComponent(value)}`, bank)).not.toThrow();
});
