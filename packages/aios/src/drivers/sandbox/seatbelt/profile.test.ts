import { expect, test } from "vitest";
import { modelOf } from "../../../../test/seatbelt-model.ts";
import { sandboxExecArguments } from "./profile.ts";
import type { SeatbeltProfile } from "./profile.ts";

const plain: SeatbeltProfile = {
  home: "/Users/ada/work",
  temporary: "/Users/ada/Library/aios/sandboxes/a1/tmp",
  views: ["/Users/ada/shared"],
  guards: [
    { at: "/Users/ada/work/.git", isWritable: true },
    { at: "/Users/ada/work/.git/hooks", isWritable: false },
    { at: "/Users/ada/work/.env", isWritable: false },
  ],
};

test("what is not said is denied, and its own folders can be written", () => {
  const { isAllowed } = modelOf(sandboxExecArguments(plain));
  for (const folder of [plain.home, plain.temporary]) {
    for (const operation of ["file-read-data", "file-write-data", "file-write-create", "process-exec"]) {
      expect(isAllowed(operation, { path: `${folder}/a/b` }), operation).toBe(true);
    }
    expect(isAllowed("file-write-unlink", { path: `${folder}/a` })).toBe(true);
  }
  const outside = [
    "/Users/ada/.ssh/id_ed25519",
    "/Users/ada/work2/x",
    "/private/tmp/x",
    "/Library/Keychains/x",
    "/Volumes/x",
  ];
  for (const path of [
    ...outside,
    "/opt/homebrew/var/db",
    "/usr/local/etc/secret",
    "/System/Volumes/Data/Users/ada/x",
  ]) {
    for (const operation of [
      "file-read-data",
      "file-write-create",
      "process-exec",
      "file-map-executable",
      "file-link",
    ]) {
      expect(isAllowed(operation, { path }), `${operation} ${path}`).toBe(false);
    }
  }
  // How a path is resolved, and no more of it.
  expect(isAllowed("file-read-metadata", { path: "/Users/ada" })).toBe(true);
  expect(isAllowed("file-read-data", { path: "/Users/ada" })).toBe(false);
  expect(isAllowed("file-read-metadata", { path: "/Users/ada/.ssh" })).toBe(false);
});

test("the system's programs are read and run, and not written", () => {
  const { isAllowed } = modelOf(sandboxExecArguments(plain));
  const system = [
    "/bin/sh",
    "/usr/bin/python3",
    "/System/Library/Frameworks/x",
    "/opt/homebrew/bin/node",
    "/nix/store/x",
  ];
  for (const path of [...system, "/Users/ada/shared/tool"]) {
    expect(isAllowed("file-read-data", { path }), path).toBe(true);
    expect(isAllowed("process-exec", { path }), path).toBe(true);
    expect(isAllowed("file-write-data", { path }), path).toBe(false);
    expect(isAllowed("file-write-create", { path }), path).toBe(false);
  }
  expect(isAllowed("file-write-data", { path: "/dev/null" })).toBe(true);
});

test("what is guarded is read, and neither changed, moved nor moved aside with its folder", () => {
  const { isAllowed } = modelOf(sandboxExecArguments(plain));
  for (const path of ["/Users/ada/work/.env", "/Users/ada/work/.git/hooks", "/Users/ada/work/.git/hooks/pre-commit"]) {
    expect(isAllowed("file-read-data", { path })).toBe(true);
    for (const operation of ["create", "data", "unlink", "mode", "xattr", "flags", "owner"])
      expect(isAllowed(`file-write-${operation}`, { path }), `${operation} ${path}`).toBe(false);
    expect(isAllowed("file-link", { path })).toBe(false);
  }
  expect(isAllowed("file-write-unlink", { path: "/Users/ada/work/.git" })).toBe(false);
  expect(isAllowed("file-write-create", { path: "/Users/ada/work/.git/index" })).toBe(true);
  expect(isAllowed("file-write-unlink", { path: "/Users/ada/work/.git/index" })).toBe(true);
  expect(isAllowed("file-write-unlink", { path: "/Users/ada/work" })).toBe(false);
});

test("no file gets a set-user-id bit, wherever it lies", () => {
  const { isAllowed } = modelOf(sandboxExecArguments(plain));
  expect(isAllowed("file-write-setugid", { path: "/Users/ada/work/s" })).toBe(false);
});

test("others' processes, the system's services, devices and memory are not there", () => {
  const { isAllowed } = modelOf(sandboxExecArguments(plain));
  expect(isAllowed("signal", { is: "(target same-sandbox)" })).toBe(true);
  expect(isAllowed("signal", { is: "(target others)" })).toBe(false);
  expect(isAllowed("process-info-pidinfo", { is: "(target others)" })).toBe(false);
  for (const name of ["kern.procargs2", "kern.proc.all", "kern.bootsessionuuid"])
    expect(isAllowed("sysctl-read", { is: `(sysctl-name "${name}")` }), name).toBe(false);
  for (const service of [
    "com.apple.SecurityServer",
    "com.apple.coreservices.launchservicesd",
    "com.apple.trustd.agent",
  ])
    expect(isAllowed("mach-lookup", { is: `(global-name "${service}")` }), service).toBe(false);
  for (const operation of [
    "mach-register",
    "iokit-open",
    "ipc-posix-shm-write-create",
    "system-socket",
    "appleevent-send",
  ])
    expect(isAllowed(operation), operation).toBe(false);
});

test("there is no network but the port of the door, where there is one", () => {
  const closed = modelOf(sandboxExecArguments(plain));
  for (const operation of ["network-outbound", "network-bind", "network-inbound"])
    expect(closed.isAllowed(operation, { is: '(remote ip "localhost:4141")' })).toBe(false);
  const open = modelOf(sandboxExecArguments({ ...plain, proxyPort: 51234 }));
  expect(open.isAllowed("network-outbound", { is: '(remote ip "localhost:51234")' })).toBe(true);
  expect(open.isAllowed("network-outbound", { is: '(remote ip "localhost:4141")' })).toBe(false);
  expect(open.isAllowed("network-bind", { is: '(local ip "localhost:51234")' })).toBe(false);
});

test("without views and guards there is no rule about everything", () => {
  const { isAllowed } = modelOf(sandboxExecArguments({ ...plain, views: [], guards: [] }));
  expect(isAllowed("file-write-data", { path: "/Users/ada/work/.env" })).toBe(true);
  expect(isAllowed("file-write-data", { path: "/etc/hosts" })).toBe(false);
});

/** mulberry32 */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

test("whatever a path is made of, it is a value, and the profile's text is the same for all of its shape", () => {
  const pieces = [
    '"',
    "\\",
    ")",
    "(",
    "(allow default)",
    "\n",
    ";",
    "#",
    "=",
    "'",
    " ",
    "$HOME",
    "`id`",
    "二",
    "é",
    "-p",
    "a",
  ];
  for (let seed = 1; seed <= 300; seed++) {
    const random = randomOf(seed);
    const name = (): string =>
      `x${Array.from({ length: 1 + random(6) }, () => pieces[random(pieces.length)]).join("")}`;
    const folder = `/v/${name()}`;
    const home = `${folder}/${name()}`;
    const made: SeatbeltProfile = {
      home,
      temporary: `${folder}/${name()}t`,
      views: Array.from({ length: random(3) }, () => `/w/${name()}`),
      guards: Array.from({ length: random(4) }, () => ({ at: `${home}/g${name()}`, isWritable: random(2) === 0 })),
    };
    const args = sandboxExecArguments(made);
    const likewise = sandboxExecArguments({
      home: "/v/folder/home",
      temporary: "/v/folder/tmp",
      views: made.views.map((_, index) => `/w/${index}`),
      guards: made.guards.map(({ isWritable }, index) => ({ at: `/v/folder/home/${index}`, isWritable })),
    });
    expect(args.at(-1)).toBe(likewise.at(-1));
    const { isAllowed } = modelOf(args);
    expect(isAllowed("file-write-create", { path: `${home}/new` })).toBe(true);
    expect(isAllowed("file-write-create", { path: `${folder}/new` })).toBe(false);
    for (const path of made.views) expect(isAllowed("file-read-data", { path })).toBe(true);
    for (const { at, isWritable } of made.guards) {
      expect(isAllowed("file-write-unlink", { path: at })).toBe(false);
      // Two of the same path: the stricter holds.
      if (!isWritable) expect(isAllowed("file-write-create", { path: `${at}/new` })).toBe(false);
    }
  }
});
