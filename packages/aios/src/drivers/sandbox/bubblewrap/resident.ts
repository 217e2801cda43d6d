import type { Processor } from "../seccomp-table.ts";
import { cellHandles } from "./handles.ts";

/**
 * Program and arguments of a sandbox's first process that stays for one command after the other. `first`: what runs
 * before each of them, and returns; empty: nothing.
 */
export const residentCommand = (processor: Processor, first: readonly string[]): readonly string[] => [
  "perl",
  "-e",
  script,
  "--",
  processor,
  ...first,
];

/**
 * It forks each command's process (before it is told the command), carries its output on, and when that has ended kills
 * and buries all that is left before it says so. perl, since it speaks system calls.
 *
 * What it says, and is told, is a length of four bytes and so many bytes, before them a letter where it speaks itself:
 * r: it waits for a command; o, e: output; x: the end, and its exit code; f: the program was not started, and why.
 *
 * A command is of the same user. It can neither trace, read nor signal this process: that is what PR_SET_DUMPABLE takes
 * away, and a first process gets no signal that it did not ask for. Where a command has left anything of the sandbox
 * other than it was (a file outside of the home folder, a queue, a semaphore, tighter bounds or a lower priority for
 * this process) this one ends, and the next command gets a fresh one.
 */
const script = String.raw`
use strict;
my %n = shift(@ARGV) eq "arm64"
  ? (prctl => 167, prlimit => 261, setsid => 157, kill => 129, affinity => 123, dup3 => 24, close => 57)
  : (prctl => 157, prlimit => 302, setsid => 112, kill => 62, affinity => 204, dup3 => 292, close => 3);
my @first = @ARGV;
my $most = 65536;
syscall($n{prctl}, 4, 0, 0, 0, 0) == 0 or die "aios resident: prctl: $!\n";
syscall($n{close}, ${cellHandles.status});
open(my $door, "+<&=", ${cellHandles.command}) or die "aios resident: channel: $!\n";
open(my $null, "+<", "/dev/null") or die "aios resident: /dev/null: $!\n";
fcntl($_, 2, 1) for $door, $null;
$SIG{PIPE} = "IGNORE";
$SIG{CHLD} = sub {};
sub told {
  my $all = pack("aN", $_[0], length $_[1]) . $_[1];
  while (length $all) { my $n = syswrite $door, $all; if (defined $n) { substr($all, 0, $n) = "" } elsif ($! != 4) { exit 1 } }
}
sub heard {
  my ($from, $want, $got) = (@_, "");
  while (length $got < $want) {
    my $n = sysread $from, $got, $want - length $got, length $got;
    exit 0 if defined $n && $n == 0;
    exit 1 if !defined $n && $! != 4;
  }
  return $got;
}
sub words { my ($from) = @_; return heard($from, unpack "N", heard($from, 4)) }
sub bound {
  my ($which, $new) = @_; my $old = "\0" x 16;
  return syscall($n{prlimit}, 0, $which + 0, $new // 0, $old) == 0 ? $old : undef;
}
sub names { opendir(my $h, $_[0]) or return "shut"; return join "/", sort readdir $h }
sub text { open(my $h, "<", $_[0]) or return ""; local $/; return scalar <$h> }
sub state {
  my $mask = "\0" x 1024;
  syscall($n{affinity}, 0, 1024, $mask);
  return join "|", $mask, getpriority(0, 0), (map { bound($_) } 0 .. 15),
    (map { (names($_), (stat $_)[2]) } "/tmp", "/dev/shm"), (map { text("/proc/sysvipc/$_") } "msg", "sem", "shm");
}
sub end_all { syscall($n{kill}, -1, 9); 1 while waitpid(-1, 0) > 0 }
sub place { my ($from, $at) = @_; return syscall($n{dup3}, fileno($from), $at, 0) >= 0 }
sub prepare {
  return 1 unless @first;
  my $pid = fork;
  return 0 unless defined $pid;
  if (!$pid) { place($null, $_) for 0 .. 2; exec { $first[0] } @first or exit 126 }
  waitpid $pid, 0;
  return $? == 0;
}
sub become {
  my ($bad, $in, $words) = @_;
  my ($folder, $bounds, $hasInput, $count, @argv) = unpack "(N/a*)*", $words;
  my @env = splice @argv, 0, 2 * $count;
  my $no = sub { syswrite $bad, $_[0]; exit 126 };
  place($hasInput ? $in : $null, 0) or $no->("handles");
  for (split / /, $bounds) {
    my ($which, $want) = split /:/;
    my ($soft, $hard) = unpack "QQ", bound($which) // $no->("limits");
    $want = $hard if $want > $hard;
    bound($which, pack "QQ", $want, $want) // $no->("limits");
  }
  if (length $folder) { chdir $folder or $no->("folder") }
  %ENV = @env;
  my $p = $argv[0];
  my ($at) = grep { -f $_ && -x _ } $p =~ m{/} ? $p : map { "$_/$p" } split /:/, $ENV{PATH};
  defined $at or $no->("program");
  exec { $at } @argv or do { my $why = $! + 0; syswrite STDERR, "$p: $!\n"; exit($why == 2 ? 127 : 126) };
}
sub conceive {
  my @pipes = map { pipe(my $r, my $w) or exit 1; [$r, $w] } 1 .. 5;
  my ($words, $in, $out, $err, $bad) = @pipes;
  my $pid = fork;
  exit 1 unless defined $pid;
  if (!$pid) {
    close $_->[1] for $words, $in;
    syscall($n{setsid});
    $SIG{PIPE} = "DEFAULT";
    place($out->[1], 1) && place($err->[1], 2) or exit 126;
    become($bad->[1], $in->[0], words($words->[0]));
  }
  my $end = syscall(434, $pid, 0);
  exit 1 if $end < 0;
  return ($pid, $end, $words->[1], $in->[1], $out->[0], $err->[0], $bad->[0]);
}
sub run {
  my ($pid, $end, $words, $in, $out, $err, $bad_r) = @{$_[0]};
  my ($input, $rest) = unpack "N/a* a*", $_[1];
  my $all = pack("N", length $rest) . $rest;
  while (length $all) { my $n = syswrite $words, $all; if (defined $n) { substr($all, 0, $n) = "" } elsif ($! != 4) { last } }
  my ($bad, $got) = ("");
  do { $got = sysread $bad_r, $bad, 64 } until defined $got || $! != 4;
  if (length $bad) { end_all(); return told("f", $bad) }
  my %at = map { (fileno($_->[1]) => $_) } ["o", $out], ["e", $err];
  if (length $input) { fcntl($in, 4, 04000) } else { close $in; undef $in }
  my $status;
  for (;;) {
    my ($r, $w) = ("", "");
    vec($r, $_, 1) = 1 for $end, keys %at;
    vec($w, fileno $in, 1) = 1 if $in;
    my $news = select($r, $w, undef, 1);
    while ((my $gone = waitpid(-1, 1)) > 0) { $status = $? if $gone == $pid }
    last if defined $status;
    next if $news < 1;
    for (keys %at) {
      next unless vec($r, $_, 1);
      my $n = sysread $at{$_}[1], my $part, $most;
      if ($n) { told($at{$_}[0], $part) } elsif (defined $n) { delete $at{$_} }
    }
    if ($in && vec($w, fileno $in, 1)) {
      my $n = length $input ? syswrite $in, $input, $most : 0;
      if ($n) { substr($input, 0, $n) = "" } elsif (!defined $n && ($! == 4 || $! == 11)) { next }
      if (!$n || !length $input) { close $in; undef $in }
    }
  }
  end_all();
  syscall($n{close}, $end);
  for (["o", $out], ["e", $err]) { while (sysread $_->[1], my $part, $most) { told($_->[0], $part) } }
  told("x", $status & 127 ? 128 + ($status & 127) : $status >> 8);
}
prepare() or die "aios resident: $first[0] failed\n";
my $was = state();
do { my @next = conceive(); told("r", ""); run(\@next, words($door)) } while state() eq $was && prepare();
`;
