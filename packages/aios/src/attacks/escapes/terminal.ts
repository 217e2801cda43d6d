// The terminal that the sandbox's owner sits at.
import { readlinkSync } from "node:fs";
import type { Escape, Laying } from "../attack.ts";
import { secretWord } from "../planted.ts";
import { python } from "../python.ts";

/** What is typed is shown, and so is what is written: both are seen by whoever holds the terminal. */
const shown: Laying = (_, { terminal }) => {
  if (terminal() === undefined) return { is: "needs", what: "terminal" };
  const token = secretWord();
  return {
    // Of the runner, whose input it is; another person's is left alone.
    words: { TOKEN: token, TERMINAL: readlinkSync("/proc/self/fd/0") },
    seen: async () => {
      // By way of another process, which copies it.
      for (let waits = 0; waits < 10; waits++) {
        if (terminal()?.includes(token)) return "it stands in the terminal";
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return undefined;
    },
  };
};

const ways = String.raw`
import fcntl
def ways():
  for path in ("/dev/tty", word("TERMINAL"), *("/proc/self/fd/%d" % fd for fd in range(3))):
    try:
      fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
      if os.isatty(fd):
        yield fd
    except OSError as cause:
      why(cause)`;

export const terminalEscapes: readonly Escape[] = [
  {
    id: "typing",
    program: python(String.raw`${ways}
for fd in ways():
  def act():
    for letter in "#" + word("TOKEN"):
      fcntl.ioctl(fd, 0x5412, letter.encode())
  attempt(act)`),
    lay: shown,
  },
  {
    id: "terminal",
    program: python(String.raw`${ways}
for fd in ways():
  attempt(lambda: os.write(fd, word("TOKEN").encode()))`),
    lay: shown,
  },
];
