/** Where the proxy is found inside; programs read it from their environment. */
const proxyPort = 3128;

const proxy = `http://127.0.0.1:${proxyPort}`;
const never = "localhost,127.0.0.1,::1";

/** What ordinary programs (curl, git, pip, npm, Python, Node from 24 on) go by. */
export const egressEnvironment = {
  http_proxy: proxy,
  https_proxy: proxy,
  HTTP_PROXY: proxy,
  HTTPS_PROXY: proxy,
  no_proxy: never,
  NO_PROXY: never,
  NODE_USE_ENV_PROXY: "1",
} as const;

/** A port of the loopback inside, and the socket that it leads to. */
interface Forward {
  readonly port: number;
  /** Inside. */
  readonly socket: string;
}

export const egressForward = (socket: string): Forward => ({ port: proxyPort, socket });

/**
 * Carries each connection to a port on to its socket: programs know proxies by address, and a socket of
 * the file system is all that reaches out of a network namespace. Returns when it listens, and stays until the sandbox
 * ends; what runs beside it may kill it and then has no way out. perl: 5 ms and 6 MB, where Node would take ten times
 * both for every command.
 */
export const forwarder = (forwards: readonly Forward[]): readonly string[] => [
  "perl",
  "-e",
  script,
  "--",
  ...forwards.flatMap(({ port, socket }) => [String(port), socket]),
];

const script = String.raw`
use strict; use Socket; use Fcntl;
my $most = 65536; my (%at, @doors);
while (my ($port, $path) = splice @ARGV, 0, 2) {
  socket(my $door, PF_INET, SOCK_STREAM, 0) or die "$!"; setsockopt($door, SOL_SOCKET, SO_REUSEADDR, 1);
  bind($door, sockaddr_in($port, INADDR_LOOPBACK)) or die "$!"; listen($door, 128) or die "$!";
  push @doors, [$door, $path];
}
my $pid = fork; die "$!" unless defined $pid; exit 0 if $pid;
$SIG{PIPE} = "IGNORE";
sub still { my $h = shift; fcntl($h, F_SETFL, fcntl($h, F_GETFL, 0) | O_NONBLOCK); $h }
sub done { my $c = shift; for my $e (delete $c->{o}, $c) { delete $e->{o}; delete $at{fileno $e->{h}}; close $e->{h} } }
still($_->[0]) for @doors;
for (;;) {
  my ($r, $w) = ("", ""); vec($r, fileno $_->[0], 1) = 1 for @doors;
  for my $c (values %at) {
    vec($r, fileno $c->{h}, 1) = 1 if !$c->{eof} && length $c->{o}{out} < $most;
    vec($w, fileno $c->{h}, 1) = 1 if length $c->{out};
  }
  next if select($r, $w, undef, undef) < 1;
  for my $pair (@doors) {
    my ($door, $path) = @$pair;
    next unless vec($r, fileno $door, 1) && accept(my $one, $door);
    my $two;
    if (socket($two, PF_UNIX, SOCK_STREAM, 0) && connect($two, sockaddr_un($path))) {
      my ($a, $b) = ({h => still($one), out => ""}, {h => still($two), out => ""});
      $a->{o} = $b; $b->{o} = $a; $at{fileno $one} = $a; $at{fileno $two} = $b;
    }
  }
  for my $fd (keys %at) {
    my $c = $at{$fd} or next;
    if (vec($w, $fd, 1)) {
      my $n = syswrite $c->{h}, $c->{out};
      if (!defined $n) { done($c) unless $!{EAGAIN} || $!{EINTR}; next }
      substr($c->{out}, 0, $n) = "";
    }
    if (vec($r, $fd, 1)) {
      my $n = sysread $c->{h}, my $part, $most;
      if (!defined $n) { done($c) unless $!{EAGAIN} || $!{EINTR}; next }
      if ($n) { $c->{o}{out} .= $part } else { $c->{eof} = 1 }
    }
    for my $one ($c, $c->{o}) {
      if ($one->{o}{eof} && !length $one->{out} && !$one->{shut}) { $one->{shut} = 1; shutdown $one->{h}, 1 }
    }
    done($c) if $c->{shut} && $c->{o}{shut};
  }
}
`;
