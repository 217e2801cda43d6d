import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";

/**
 * Ranges that are no part of the public internet (IANA special-purpose address registries, RFC 6890), and what clouds put
 * beside them. IPv6 is read the other way round: only 2000::/3 is given out at all.
 */
const closed: readonly (readonly [name: string, ...ranges: string[]])[] = [
  ["this machine", "0.0.0.0/8", "127.0.0.0/8", "::/127"],
  ["link-local, where clouds keep their metadata", "169.254.0.0/16", "fe80::/10"],
  ["a cloud's metadata", "168.63.129.16/32", "fd00:ec2::/32"],
  ["a private network", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"],
  ["a carrier's network", "100.64.0.0/10"],
  ["reserved for protocols", "192.0.0.0/24", "2001::/23"],
  ["reserved for examples", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"],
  ["reserved for measurements", "198.18.0.0/15"],
  ["multicast or broadcast", "224.0.0.0/4", "255.255.255.255/32", "ff00::/8"],
  ["reserved", "240.0.0.0/4"],
  // Whatever stands in them is reached by way of another machine, which does not look at it as we do.
  [
    "an IPv4 address inside of an IPv6 one",
    "192.88.99.0/24",
    "::ffff:0:0/96",
    "::/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
  ],
  ["an IPv4 address inside of an IPv6 one", "2002::/16", "::ffff:0:0:0/96"],
];

const lists = closed.map(([name, ...ranges]) => {
  const list = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const range of ranges) {
    const [address = "", bits = ""] = range.split("/");
    const family = address.includes(":") ? "ipv6" : "ipv4";
    list[family].addSubnet(address, Number(bits), family);
  }
  return { name, list };
});

const given = new BlockList();
given.addSubnet("2000::", 3, "ipv6");

/** Why an address is not one of the public internet; undefined where it is. The machine's own public addresses are not, either. */
export function whyClosed(address: string): string | undefined {
  const family = isIP(address) === 6 ? "ipv6" : isIP(address) === 4 ? "ipv4" : undefined;
  if (family === undefined || address.includes("%")) return "no address";
  const found = lists.find(({ list }) => list[family].check(address, family));
  if (found) return found.name;
  if (family === "ipv6" && !given.check(address, family)) return "not given out";
  const own = new BlockList();
  for (const one of Object.values(networkInterfaces()).flat())
    if (one) own.addAddress(one.address, one.family === "IPv6" ? "ipv6" : "ipv4");
  return own.check(address, family) ? "this machine" : undefined;
}
