// Other machines, this machine's services, and sockets that no network namespace holds.
import { join } from "node:path";
import { rmSync } from "node:fs";
import type { Escape, Laid, Reason } from "../attack.ts";
import { otherAddress, plantReceiver, plantServer, secretWord, surface } from "../planted.ts";
import { python } from "../python.ts";

/** Also tried: whatever looks like a way to the machine from a network of one's own. */
const connector = python(String.raw`
def gateways():
  try:
    with open("/proc/net/route") as file:
      for line in file.read().splitlines()[1:]:
        gateway = line.split()[2]
        if gateway != "00000000":
          yield socket.inet_ntoa(struct.pack("<I", int(gateway, 16)))
  except OSError:
    pass
# Without a sandbox there is but one way, and nobody else is asked.
isControl = "ATTACK_CONTROL" in os.environ
ways = [word("ADDRESS"), *(() if isControl else gateways())]
if word("ADDRESS") == "127.0.0.1" and not isControl:
  ways += ["0.0.0.0", "::ffff:127.0.0.1", "10.0.2.2", "169.254.1.2", "host.containers.internal", "host.docker.internal"]
for address in ways:
  try:
    with socket.create_connection((address, int(word("PORT"))), 0.7) as way:
      way.settimeout(0.7)
      tell(way.recv(4096).decode("latin1"))
      if word("ADDRESS").startswith("169.254."):
        reached("connected to", address)
  except Exception as cause:
    why(cause)`);

async function served(address: string, port = 0): Promise<Laid | Reason> {
  try {
    const server = await plantServer({ host: address, port });
    return { words: { ADDRESS: address, PORT: String(server.port) }, secret: server.secret, end: server.end };
  } catch (cause) {
    return { is: "refused", text: String((cause as NodeJS.ErrnoException).code) };
  }
}

const METADATA = "169.254.169.254";

const unixConnector = python(String.raw`
def act():
  name = word("SOCKET").replace("@", "\0", 1) if word("SOCKET").startswith("@") else word("SOCKET")
  for path in (name, "/proc/1/root" + name) if name[0] == "/" else (name,):
    try:
      with socket.socket(socket.AF_UNIX) as way:
        way.settimeout(1)
        way.connect(path)
        tell(way.recv(4096).decode("latin1"))
    except Exception as cause:
      why(cause)
attempt(act)`);

export const networkEscapes: readonly Escape[] = [
  { id: "loopback", program: connector, lay: () => served("127.0.0.1") },
  {
    id: "other-address",
    program: connector,
    lay: () => {
      const other = otherAddress();
      return other ? served(other.address) : { is: "needs", what: "address" };
    },
  },
  {
    id: "metadata",
    program: connector,
    lay: async () => {
      // Where the address is one of this machine's, it is ours to answer at; elsewhere it is the cloud's.
      const ours = await served(METADATA, 80);
      return "is" in ours ? surface({ ADDRESS: METADATA, PORT: "80" }) : ours;
    },
  },
  {
    id: "datagram",
    program: python(String.raw`
for address in ("127.0.0.1", "127.0.0.53", "10.0.2.2", "169.254.1.2"):
  try:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
      query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x20" + word("TOKEN").encode() + b"\x00\x00\x10\x00\x01"
      way.sendto(query, (address, int(word("PORT"))))
  except Exception as cause:
    why(cause)
time.sleep(0.1)`),
    lay: async () => {
      const token = secretWord();
      const { port, received, end } = await plantReceiver("127.0.0.1");
      const seen = (): string | undefined =>
        received.some((message) => message.includes(token)) ? "the query has arrived outside" : undefined;
      return { words: { TOKEN: token, PORT: String(port) }, seen, end };
    },
  },
  {
    id: "unix-socket",
    program: unixConnector,
    lay: async (_, { folder }) => {
      const path = join(folder, `${secretWord().slice(0, 8)}.sock`);
      const { secret, end } = await plantServer({ path, readableAll: true, writableAll: true });
      return { words: { SOCKET: path }, secret, end: () => (end(), rmSync(path, { force: true })) };
    },
  },
  {
    id: "abstract-socket",
    program: unixConnector,
    lay: async () => {
      const name = `aios-attack-${secretWord()}`;
      const { secret, end } = await plantServer({ path: `\0${name}` });
      return { words: { SOCKET: `@${name}` }, secret, end };
    },
  },
  {
    id: "vsock",
    // No network namespace holds it; it leads to the hypervisor and to other machines under it.
    program: python(String.raw`
attempt(lambda: (socket.socket(40, socket.SOCK_STREAM), reached("a vsock socket")))`),
    lay: () => surface(),
  },
  {
    id: "netlink",
    program: python(String.raw`
def act():
  with socket.socket(16, socket.SOCK_RAW, 0) as way:
    way.settimeout(1)
    way.bind((0, 0))
    way.send(struct.pack("IHHIIBxHiII", 32, 18, 0x301, 1, 0, 0, 0, 0, 0, 0))
    tell(way.recv(65536).hex())
attempt(act)
attempt(lambda: [tell(open("/sys/class/net/%s/address" % name).read().replace(":", "")) for name in os.listdir("/sys/class/net")])`),
    lay: () => {
      const other = otherAddress();
      // Not a secret that one can plant, but nobody inside knows it else.
      return other ? { secret: other.mac.replaceAll(":", "") } : { is: "needs", what: "address" };
    },
  },
  {
    id: "sniffing",
    program: python(String.raw`
def listen(*kind):
  with socket.socket(*kind) as way:
    way.settimeout(0.4)
    until = time.monotonic() + 0.8
    while time.monotonic() < until:
      tell(way.recv(65536).decode("latin1"))
attempt(lambda: listen(17, socket.SOCK_RAW, socket.htons(3)))
attempt(lambda: listen(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP))`),
    lay: async () => {
      const secret = secretWord();
      const { port, send, end } = await plantReceiver("127.0.0.1");
      const timer = setInterval(() => send(secret, port), 50);
      return { secret, end: () => (clearInterval(timer), end()) };
    },
  },
  {
    id: "crypto-socket",
    program: python(String.raw`
def act():
  with socket.socket(38, socket.SOCK_SEQPACKET) as way:
    way.bind(("hash", "sha256"))
    reached("the kernel's crypto interface")
attempt(act)`),
    lay: () => surface(),
  },
];
