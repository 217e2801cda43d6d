import { readFile, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";

/** `f_type` of Linux's network file systems (statfs(2)); their locks and fsyncs do not hold what the journal needs. */
const networkTypes: Readonly<Record<number, string>> = {
  0x6969: "NFS",
  0x517b: "SMB",
  0xff534d42: "CIFS",
  0xfe534d42: "SMB",
  0x5346414f: "AFS",
  0x73757245: "Coda",
  0x564c: "NCP",
  0x00c36400: "Ceph",
  0x0bd00bd0: "Lustre",
  0x47504653: "GPFS",
  0x013111a8: "IBRIX",
};
const FUSE = 0x65735546;
const networkFuse = /^fuse\.(sshfs|s3fs|rclone|gcsfuse|glusterfs|davfs2?|goofys|mount-s3|juicefs|cephfs|curlftpfs)/;

/** The network file system behind a `statfs` type, or undefined for a local one. `fuse` is the mount's own type. */
export function networkFilesystem(type: number, fuse = ""): string | undefined {
  if (type === FUSE) return networkFuse.exec(fuse)?.[1];
  // Some kernels hand the type out as a signed 32-bit number.
  return networkTypes[type >>> 0];
}

/** @throws SysError EINVAL when `folder`, or the nearest folder above it that exists, lies on a network file system. */
export async function refuseNetworkFilesystem(folder: string): Promise<void> {
  if (process.platform !== "linux") return;
  const existing = await nearestExisting(folder);
  const { type } = await statfs(existing);
  const name = networkFilesystem(type, type === FUSE ? await fuseType(existing) : "");
  if (name === undefined) return;
  throw new SysError("EINVAL", `${folder} is on a network file system (${name}), where no journal is safe`, {
    hint: "put the home on a local disk (--home DIR)",
  });
}

async function nearestExisting(folder: string): Promise<string> {
  for (let path = folder; ; path = dirname(path)) {
    try {
      await statfs(path);
      return path;
    } catch (cause) {
      const isMissing = (cause as { code?: string }).code === "ENOENT" && path !== dirname(path);
      if (!isMissing) throw cause;
    }
  }
}

/** The type of the mount that holds `path`, from /proc/self/mountinfo (proc(5)). */
async function fuseType(path: string): Promise<string> {
  let best = { point: "", type: "" };
  for (const line of (await readFile("/proc/self/mountinfo", "utf8")).split("\n")) {
    const point = line.split(" ")[4];
    const type = line.split(" - ")[1]?.split(" ")[0];
    if (point === undefined || type === undefined || point.length < best.point.length) continue;
    if (path === point || path.startsWith(point.endsWith("/") ? point : `${point}/`)) best = { point, type };
  }
  return best.type;
}
