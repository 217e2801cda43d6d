/** A filter of the kind that container engines take. What it does not name is no syscall of this machine: ENOSYS. */
export interface SeccompProfile {
  readonly defaultAction: "SCMP_ACT_ERRNO";
  readonly defaultErrnoRet: number;
  readonly syscalls: readonly Rule[];
}

interface Rule {
  readonly names: readonly string[];
  readonly action: "SCMP_ACT_ALLOW";
  readonly args?: readonly Condition[];
}

interface Condition {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: "SCMP_CMP_EQ" | "SCMP_CMP_MASKED_EQ";
}

const ENOSYS = 38;
/** Set-user-id and set-group-id. */
const setIdBits = 0o6000;
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const newNamespaces = 0x7e020000;
const O_CREAT = 0o100;
const O_TMPFILE = 0o20000000;
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
/** Linux, 32-bit addresses or not, unchanged, and "which is it". */
const personalities = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

/**
 * Narrower than the engines' own: no kernel keys, namespaces, mounts, tracing, io_uring, module or time syscalls; no sockets but
 * unix and internet ones (netlink and vsock reach around network namespaces); and no file gets a set-user-id bit, for what lies in
 * a workspace outlives the sandbox. clone3 and openat2 hide their arguments behind a pointer; libraries go back to the older ones.
 */
export function seccompProfile(): SeccompProfile {
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: ENOSYS,
    syscalls: [
      { names: plain.trim().split(/\s+/), action: "SCMP_ACT_ALLOW" },
      allow(["clone"], lacks(0, newNamespaces)),
      ...personalities.map((value) => allow(["personality"], { index: 0, value, op: "SCMP_CMP_EQ" })),
      ...[AF_UNIX, AF_INET, AF_INET6].map((value) => allow(["socket"], { index: 0, value, op: "SCMP_CMP_EQ" })),
      allow(["chmod", "fchmod", "creat", "mkdir", "mknod"], lacks(1, setIdBits)),
      allow(["fchmodat", "mkdirat", "mknodat"], lacks(2, setIdBits)),
      // Without these flags a mode is not read, and whatever stands there may stand.
      allow(["open"], lacks(1, O_CREAT | O_TMPFILE)),
      allow(["open"], lacks(2, setIdBits)),
      allow(["openat"], lacks(2, O_CREAT | O_TMPFILE)),
      allow(["openat"], lacks(3, setIdBits)),
    ],
  };
}

const allow = (names: readonly string[], condition: Condition): Rule => ({
  names,
  action: "SCMP_ACT_ALLOW",
  args: [condition],
});

/** Of this argument no bit of the mask is set. */
const lacks = (index: number, mask: number): Condition => ({
  index,
  value: mask,
  valueTwo: 0,
  op: "SCMP_CMP_MASKED_EQ",
});

/** Names that an architecture does not know mean nothing there. */
const plain = `
accept accept4 access alarm arch_prctl bind brk capget capset chdir chown clock_getres clock_gettime clock_nanosleep close
close_range connect copy_file_range dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd
eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 fallocate fchdir fchown fchownat fcntl fdatasync fgetxattr
flistxattr flock fork fremovexattr fsetxattr fstat fstatfs fsync ftruncate futex futex_waitv futimesat get_mempolicy
get_robust_list getcpu getcwd getdents getdents64 getegid geteuid getgid getgroups getitimer getpeername getpgid getpgrp getpid
getppid getpriority getrandom getresgid getresuid getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid
getxattr inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents io_setup io_submit ioctl
ioprio_get ioprio_set kill landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lgetxattr link linkat listen
listxattr llistxattr lremovexattr lseek lsetxattr lstat madvise mbind membarrier memfd_create mincore mlock mlock2 mlockall mmap
mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink mremap msgctl msgget msgrcv msgsnd msync munlock
munlockall munmap nanosleep newfstatat pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll
prctl pread64 preadv preadv2 prlimit64 pselect6 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recvfrom
recvmmsg recvmsg remap_file_pages removexattr rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending
rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sched_get_priority_max
sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity
sched_setattr sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop sendfile sendmmsg sendmsg
sendto set_mempolicy set_robust_list set_tid_address setfsgid setfsuid setgid setgroups setitimer setpgid setpriority setregid
setresgid setresuid setreuid setrlimit setsid setsockopt setuid setxattr shmat shmctl shmdt shmget shutdown sigaltstack signalfd
signalfd4 socketpair splice stat statfs statx symlink symlinkat sync sync_file_range syncfs sysinfo tee tgkill time timer_create
timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime times tkill truncate umask
uname unlink unlinkat utime utimensat utimes vfork vmsplice wait4 waitid write writev`;
