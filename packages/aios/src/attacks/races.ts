// What a driver does for its owner with the workspace, while somebody inside swaps things over.
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isSysError } from "@aiosjs/sdk/protocol";
import type { Contest, Ground, Outcome, Outside, Program } from "./attack.ts";
import { failureOf } from "./escape.ts";
import { plantFile, secretWord } from "./planted.ts";
import { python } from "./python.ts";

const MAX_BYTES = 65_536;
/** How long somebody inside swaps; a control ends as soon as it has lost. */
const RACE_MS = 1_500;

/** Two names change places, in one step, as fast as the machine can. */
const swapper = (lay: string, left: string, right: string): Program =>
  python(String.raw`
os.chdir(word("HOME"))
${lay}
left, right = ctypes.c_char_p(b"${left}"), ctypes.c_char_p(b"${right}")
tell("READY")
until = time.monotonic() + ${RACE_MS / 1_000}
turns = 0
while time.monotonic() < until:
  for _ in range(200):
    call("renameat2", -100, left, -100, right, 2)
    turns += 1
tell("TURNS", turns)`);

const fileAndLink = swapper(
  `
with open("race-file", "w") as file: file.write("mine")
if os.path.islink("race-link"): os.unlink("race-link")
os.symlink(word("FILE"), "race-link")`,
  "race-file",
  "race-link",
);

const folderAndLink = swapper(
  `
os.makedirs("race-folder", exist_ok=True)
if os.path.islink("race-way"): os.unlink("race-way")
os.symlink(word("FOLDER"), "race-way")`,
  "race-folder",
  "race-way",
);

/** Asks again and again while the program runs, until something got out. */
async function race(
  ground: Ground,
  { program, words }: { readonly program: Program; readonly words: Record<string, string> },
  ask: () => Promise<string | undefined>,
): Promise<Outcome> {
  let isOver = false;
  let how: string | undefined;
  let asked = 0;
  const running = ground.run(program, { HOME: ground.home, ...words }).finally(() => (isOver = true));
  while (!isOver && how === undefined) {
    how = await ask().catch(() => undefined);
    asked++;
    // The program's end is seen by the event loop alone.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const ran = await running;
  if (how !== undefined) return { is: "escaped", how: `${how}, after ${asked} attempts` };
  if (ran.isMissing) return { is: "unknown", why: { is: "no-interpreter", name: program.language } };
  const turns = /TURNS (\d+)/.exec(ran.output)?.[1];
  if (turns === undefined) return { is: "unknown", why: { is: "failed", text: ran.output.trim().slice(-200) } };
  return { is: "held", why: `${asked} attempts against ${turns} turns` };
}

const downloads: Contest = {
  id: "download-race",
  run: async (ground, { folder }) => {
    const { path, secret, end } = plantFile(folder);
    try {
      return await race(ground, { program: fileAndLink, words: { FILE: path } }, async () => {
        const bytes = await ground.download("race-file", MAX_BYTES);
        return Buffer.from(bytes).includes(secret) ? "a download told the secret" : undefined;
      });
    } finally {
      end();
    }
  },
};

const uploads: Contest = {
  id: "upload-race",
  run: async (ground, { folder }) => {
    const to = join(folder, `race-${secretWord()}`);
    mkdirSync(to);
    try {
      return await race(ground, { program: folderAndLink, words: { FOLDER: to } }, async () => {
        await ground.upload("race-folder/file", Buffer.from("planted")).catch(() => undefined);
        return existsSync(join(to, "file")) ? "an upload was written outside" : undefined;
      });
    } finally {
      rmSync(to, { recursive: true, force: true });
    }
  },
};

const gitSwapper = swapper(
  `
import shutil
shutil.rmtree("race-git", ignore_errors=True)
os.makedirs("race-git/hooks")
with open("race-git/hooks/pre-push", "w") as file: file.write("touch planted")`,
  ".git",
  "race-git",
);

/** Held where nothing of it stands in the repository's folder whenever its owner looks, and when all is over. */
const guardedFolder: Contest = {
  id: "guard-race",
  run: async (ground) => {
    const planted = join(ground.workspace, ".git", "hooks", "pre-push");
    if (ground.isControl) mkdirSync(join(ground.workspace, ".git", "hooks"), { recursive: true });
    const outcome = await race(ground, { program: gitSwapper, words: {} }, async () =>
      existsSync(planted) ? "a hook stands in the repository" : undefined,
    );
    if (existsSync(planted)) return { is: "escaped", how: "a hook stands in the repository" };
    // Where nothing can be swapped at all the program ends at once.
    const isStuck = !ground.isControl && outcome.is === "unknown" && outcome.why.is === "failed";
    return isStuck && outcome.why.is === "failed" ? { is: "held", why: outcome.why.text } : outcome;
  },
};

const linkLayer = python(String.raw`
import shutil
os.chdir(word("HOME"))
shutil.rmtree("kept", ignore_errors=True)
os.symlink(word("FOLDER"), "kept")
os.symlink(word("FILE"), "kept-file") if not os.path.islink("kept-file") else None
tell("READY")`);
const keeper = python(String.raw`
os.chdir(word("HOME"))
os.makedirs("kept", exist_ok=True)
with open("kept/file", "w") as file: file.write("mine")
tell("READY")`);
const lister = python(String.raw`
os.chdir(word("HOME"))
for name in ("kept-file", "kept/secret"):
  attempt(lambda: tell(open(name).read()))
tell("LISTED")`);

/** A snapshot is not to copy what a link leads to, and going back is not to write through one. */
const snapshots: Contest = {
  id: "snapshot-links",
  run: async (ground, { folder }) => {
    const { path, secret, end } = plantFile(folder);
    const to = join(folder, `kept-${secretWord()}`);
    mkdirSync(to);
    writeFileSync(join(to, "secret"), secret);
    const words = { HOME: ground.home, FOLDER: to, FILE: path };
    try {
      const first = await ground.run(keeper, words);
      if (first.isMissing) return { is: "unknown", why: { is: "no-interpreter", name: "python3" } };
      const failure = failureOf(first);
      if (failure) return failure;
      const before = await ground.snapshot();
      await ground.run(linkLayer, words);
      const linked = await ground.snapshot();
      for (const snapshot of [before, linked, before]) {
        await ground.revert(snapshot);
        if (readdirSync(to).join() !== "secret") return { is: "escaped", how: "going back changed a folder outside" };
        const { output } = await ground.run(lister, words);
        if (output.includes(secret) && !ground.isControl) return { is: "escaped", how: "a snapshot told the secret" };
        if (!existsSync(join(to, "secret"))) return { is: "escaped", how: "going back removed a file outside" };
      }
      return { is: "held", why: "links stay links" };
    } catch (cause) {
      return { is: "unknown", why: { is: "failed", text: String(cause) } };
    } finally {
      end();
      rmSync(to, { recursive: true, force: true });
    }
  },
};

export const races: readonly Contest[] = [downloads, uploads, guardedFolder, snapshots];

/** For a sandbox of its own: the workspace was prepared by an earlier one, and what is guarded leads outside. */
function layGuardedLink(workspace: string, to: string): void {
  rmSync(join(workspace, ".git"), { recursive: true, force: true });
  symlinkSync(to, join(workspace, ".git"));
}

const linkedReader = python(String.raw`
os.chdir(word("HOME"))
for path in (".git/config", ".git/hooks/secret", ".git/hooks", word("FOLDER") + "/config"):
  attempt(lambda: tell(open(path).read()))
tell("LISTED")`);

/** `open`: makes the ground over a workspace whose `.git` leads to the folder. */
export async function tryGuardedLink(
  open: (lay: (workspace: string) => void) => Promise<Ground>,
  { folder }: Outside,
): Promise<Outcome> {
  const secret = secretWord();
  const to = join(folder, `guarded-${secretWord()}`);
  mkdirSync(join(to, "hooks"), { recursive: true });
  for (const name of ["config", "hooks/secret"]) writeFileSync(join(to, name), `${secret}\n`);
  try {
    await using ground = await open((workspace) => layGuardedLink(workspace, to));
    const ran = await ground.run(linkedReader, { HOME: ground.home, FOLDER: to });
    if (ran.output.includes(secret)) return { is: "escaped", how: "what is guarded told the secret" };
    if (ran.isMissing) return { is: "unknown", why: { is: "no-interpreter", name: "python3" } };
    return failureOf(ran) ?? { is: "held", why: "the link leads nowhere" };
  } catch (cause) {
    // A workspace like that may be refused as well, and for no other reason.
    if (isSysError(cause) && cause.code === "EPOLICY") return { is: "held", why: cause.message };
    throw cause;
  } finally {
    rmSync(to, { recursive: true, force: true });
  }
}
