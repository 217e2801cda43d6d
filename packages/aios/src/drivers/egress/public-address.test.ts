import { networkInterfaces } from "node:os";
import { expect, test } from "vitest";
import { whyClosed } from "./public-address.ts";

test("addresses that are not of the public internet are closed, in whatever they are wrapped", () => {
  const closed = [
    ["0.0.0.0", "127.0.0.1", "127.255.255.254", "::", "::1"],
    ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12::1", "fec0::1"],
    ["169.254.169.254", "169.254.170.2", "fe80::1", "febf::1", "168.63.129.16", "fd00:ec2::254"],
    ["100.64.0.1", "100.100.100.200", "100.127.255.255", "192.0.0.192", "2001:5::1"],
    ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "198.18.0.1", "3fff::1"],
    ["224.0.0.1", "239.255.255.255", "255.255.255.255", "240.0.0.1", "ff02::1"],
    ["::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:10.0.0.1", "::127.0.0.1", "::8.8.8.8"],
    ["64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::1", "2001:0:1::1", "192.88.99.1"],
    ["4000::1", "100::1", "fe80::1%eth0", "localhost", "", "1.2.3"],
  ].flat();
  for (const address of closed) expect(whyClosed(address), address).toBeDefined();
});

test("public addresses are open", () => {
  const open = ["8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1"];
  for (const address of [...open, "2606:4700:4700::1111", "2a00:1450:4001::200e"])
    expect(whyClosed(address), address).toBeUndefined();
});

test("the machine's own addresses are closed", () => {
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  for (const { address } of own) expect(whyClosed(address), address).toBeDefined();
});
