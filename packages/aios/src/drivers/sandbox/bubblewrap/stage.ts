import type { Processor } from "../seccomp-table.ts";

/** A folder or file that is to be seen under a path which the sandbox's user can reach. */
export interface Staged {
  readonly from: string;
  /**
   * Whether what belongs to root in it belongs to the sandbox's user inside, and the other way round for what is made
   * there. `always` fails where the file system does not do that, `possibly` leaves it as it is.
   */
  readonly map: "always" | "possibly" | "never";
}

interface StagedProgram {
  readonly processor: Processor;
  readonly uid: number;
  readonly gid: number;
  readonly argv: readonly string[];
}

/** Where the staged paths are found, in the mounts of the started process alone. */
export const stagedAt = (index: number): string => `/tmp/${index}`;

/**
 * How root starts a program as somebody else who sees what root alone can reach: a folder below one of mode 0700, and
 * root's own files by ID-mapped mounts (Linux 5.12, not on every file system). perl, since it speaks system calls and is
 * part of every Debian: 5 ms. The mounts are the process's own, so that nothing is left to clean up.
 */
export function stageCommand(
  staged: readonly Staged[],
  { uid, gid, argv, processor }: StagedProgram,
): readonly string[] {
  const sources = staged.flatMap(({ from, map }) => [map, from]);
  return ["perl", "-e", script, "--", processor, String(uid), String(gid), String(staged.length), ...sources, ...argv];
}

const script = String.raw`
use strict;
my %x = (unshare => 272, mount => 165, setgroups => 116, setresgid => 119, setresuid => 117);
my %a = (unshare => 97, mount => 40, setgroups => 159, setresgid => 149, setresuid => 147);
my %n = shift(@ARGV) eq "arm64" ? %a : %x;
sub check { my ($what, $got) = @_; die "aios stage: $what: $!\n" if $got < 0; $got }
my ($uid, $gid, $count) = map { $_ + 0 } splice @ARGV, 0, 3;
my @sources = splice @ARGV, 0, 2 * $count;
my ($none, $root, $tmpfs, $stage, $opts, $empty) = ("none", "/", "tmpfs", "/tmp", "mode=755,size=1m", "");
check("unshare", syscall($n{unshare}, 0x20000));
check("private mounts", syscall($n{mount}, $none, $root, 0, 0x44000, 0));
my $users;
sub users {
  return $users if defined $users;
  pipe(my $up_r, my $up_w); pipe(my $done_r, my $done_w);
  my $pid = fork; die "aios stage: fork: $!\n" unless defined $pid;
  if (!$pid) { close $up_r; close $done_w; check("user namespace", syscall($n{unshare}, 0x10000000)); print $up_w "1"; close $up_w; sysread $done_r, my $x, 1; exit 0 }
  close $up_w; close $done_r; sysread $up_r, my $x, 1;
  for (["uid_map", $uid], ["gid_map", $gid]) {
    open my $map, ">", "/proc/$pid/$_->[0]" or die "aios stage: $_->[0]: $!\n";
    print $map "0 $_->[1] 1\n"; close $map or die "aios stage: $_->[0]: $!\n";
  }
  open $users, "<", "/proc/$pid/ns/user" or die "aios stage: user namespace: $!\n";
  close $done_w; waitpid $pid, 0; return $users;
}
my @trees;
while (my ($kind, $from) = splice @sources, 0, 2) {
  my $isMapped = $kind ne "never" && (lstat $from)[4] == 0;
  my $tree = check("open $from", syscall(428, -100, $from, 0x80101 | ($isMapped ? 0 : 0x8000)));
  if ($isMapped) {
    my $attr = pack "Q<4", 0x100000, 0, 0, fileno(users());
    my $set = syscall(442, $tree, $empty, 0x1000, $attr, 32);
    check("the file system of $from knows no ID-mapped mounts", $set) if $kind eq "always";
  }
  push @trees, [$tree, -d $from];
}
check("stage", syscall($n{mount}, $tmpfs, $stage, $tmpfs, 6, $opts));
for my $i (0 .. $#trees) {
  my ($tree, $isFolder) = @{$trees[$i]};
  my $at = "/tmp/$i";
  if ($isFolder) { mkdir $at or die "aios stage: $at: $!\n" } else { open my $f, ">", $at or die "aios stage: $at: $!\n" }
  check("place $at", syscall(429, $tree, $empty, -100, $at, 4));
}
check("setgroups", syscall($n{setgroups}, 0, 0));
check("setresgid", syscall($n{setresgid}, $gid, $gid, $gid));
check("setresuid", syscall($n{setresuid}, $uid, $uid, $uid));
chdir "/";
exec { $ARGV[0] } @ARGV or die "aios stage: $ARGV[0]: $!\n";
`;
