import { expect, test } from "vitest";
import { networkFilesystem, refuseNetworkFilesystem } from "./network-filesystem.ts";

test("network file systems are known by their type, signed or not", () => {
  expect(networkFilesystem(0x6969)).toBe("NFS");
  expect(networkFilesystem(0xff534d42)).toBe("CIFS");
  expect(networkFilesystem(0xff534d42 | 0)).toBe("CIFS");
  expect(networkFilesystem(0x65735546, "fuse.sshfs")).toBe("sshfs");
});

test("local ones are not: ext4, btrfs, tmpfs, overlay, zfs, 9p, and disks behind FUSE", () => {
  for (const type of [0xef53, 0x9123683e, 0x01021994, 0x794c7630, 0x2fc12fc1, 0x01021997]) {
    expect(networkFilesystem(type)).toBeUndefined();
  }
  expect(networkFilesystem(0x65735546, "fuseblk")).toBeUndefined();
});

test("a local folder is accepted, also one that does not exist yet", async () => {
  await expect(refuseNetworkFilesystem("/tmp/not/there/yet")).resolves.toBeUndefined();
});
