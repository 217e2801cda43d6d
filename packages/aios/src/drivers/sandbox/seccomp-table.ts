/** Processors that a filter is made for; the names are Node's. */
export type Processor = "x64" | "arm64";

/** `AUDIT_ARCH_…` of linux/audit.h: what the system says of the way a call came in. */
export const auditNumbers = { x64: 0xc000003e, arm64: 0xc00000b7 } as const satisfies Record<Processor, number>;

/** Number of a system call for each processor; null: it has none. */
interface Numbers {
  readonly x64: number;
  readonly arm64: number | null;
}

const call = (x64: number, arm64: number | null = x64): Numbers => ({ x64, arm64 });

/** Refused with EPERM whatever their arguments are. */
export const forbiddenCalls = {
  // Other processes.
  ptrace: call(101, 117),
  process_vm_readv: call(310, 270),
  process_vm_writev: call(311, 271),
  process_madvise: call(440),
  pidfd_getfd: call(438),
  kcmp: call(312, 272),
  // The kernel's own programs, rings and key rings: the larger part of what was ever broken.
  bpf: call(321, 280),
  perf_event_open: call(298, 241),
  userfaultfd: call(323, 282),
  io_uring_setup: call(425),
  io_uring_enter: call(426),
  io_uring_register: call(427),
  keyctl: call(250, 219),
  add_key: call(248, 217),
  request_key: call(249, 218),
  vmsplice: call(278, 75),
  fanotify_init: call(300, 262),
  // Memory that stays when nobody has it mapped: no bound of a process counts it. /dev/shm has a size.
  memfd_create: call(319, 279),
  memfd_secret: call(447),
  shmget: call(29, 194),
  // Mounts and namespaces.
  mount: call(165, 40),
  umount2: call(166, 39),
  pivot_root: call(155, 41),
  chroot: call(161, 51),
  move_mount: call(429),
  open_tree: call(428),
  open_tree_attr: call(467),
  fsopen: call(430),
  fsconfig: call(431),
  fsmount: call(432),
  fspick: call(433),
  mount_setattr: call(442),
  unshare: call(272, 97),
  setns: call(308, 268),
  open_by_handle_at: call(304, 265),
  name_to_handle_at: call(303, 264),
  // The machine.
  kexec_load: call(246, 104),
  kexec_file_load: call(320, 294),
  init_module: call(175, 105),
  finit_module: call(313, 273),
  delete_module: call(176, 106),
  acct: call(163, 89),
  swapon: call(167, 224),
  swapoff: call(168, 225),
  reboot: call(169, 142),
  quotactl: call(179, 60),
  quotactl_fd: call(443),
  nfsservctl: call(180, 42),
  lookup_dcookie: call(212, 18),
  syslog: call(103, 116),
  settimeofday: call(164, 170),
  clock_settime: call(227, 112),
  vhangup: call(153, 58),
  personality: call(135, 92),
  iopl: call(172, null),
  ioperm: call(173, null),
  modify_ldt: call(154, null),
} as const satisfies Record<string, Numbers>;

/** As if the system were older: their callers fall back to calls whose arguments can be seen. */
export const absentCalls = {
  clone3: call(435),
  openat2: call(437),
} as const satisfies Record<string, Numbers>;

/** Allowed or not by what they are asked for. */
export const examinedCalls = {
  clone: call(56, 220),
  ioctl: call(16, 29),
  socket: call(41, 198),
  socketpair: call(53, 199),
  setsockopt: call(54, 208),
} as const satisfies Record<string, Numbers>;

/** Calls that give a file its mode: the argument that bears it, and the one whose flags say whether it counts. */
export const modeCalls = {
  chmod: { x64: 90, arm64: null, mode: 1 },
  fchmod: { x64: 91, arm64: 52, mode: 1 },
  fchmodat: { x64: 268, arm64: 53, mode: 2 },
  fchmodat2: { x64: 452, arm64: 452, mode: 2 },
  creat: { x64: 85, arm64: null, mode: 1 },
  mknod: { x64: 133, arm64: null, mode: 1 },
  mknodat: { x64: 259, arm64: 33, mode: 2 },
  open: { x64: 2, arm64: null, mode: 2, flags: 1 },
  openat: { x64: 257, arm64: 56, mode: 3, flags: 2 },
} as const satisfies Record<string, Numbers & { readonly mode: number; readonly flags?: number }>;
