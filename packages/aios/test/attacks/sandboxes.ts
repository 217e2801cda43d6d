// Attacks every sandbox driver that is available and claims `process` or stronger, as root (where it is) and as a plain user, and
// the machine itself beside them. What no control could prove is said, and passes for nothing. `isQuick`: as this user alone, and
// the drivers that are named, or bubblewrap.
import { chmodSync } from "node:fs";
import { homedir } from "node:os";
import { dirname } from "node:path";
import type { Reason } from "../../src/attacks/attack.ts";
import { attackSandboxes } from "../../src/attacks/attack-sandboxes.ts";
import type { AttackReport } from "../../src/attacks/start-attacks.ts";
import type { AttackedEngine, AttackedGuest } from "../../src/boot-attacks.ts";
import { countOf, verdictOf, whyUnseen } from "../../src/attacks/verdict.ts";
import { reasonText } from "../../src/cli/attack-text.ts";
import { attackText } from "../../src/cli/messages/attacks.ts";
import { translate } from "../../src/cli/text.ts";
import type { Text } from "../../src/cli/text.ts";
import { hasPodman, openPodmanEngine } from "../podman-engine.ts";
import { hasQemu, openGuest } from "../qemu-guest.ts";

interface SandboxesOptions {
  readonly isQuick: boolean;
  readonly only: string;
  readonly drivers: readonly string[] | undefined;
  /** The plain user, where this one is root. */
  readonly uid: number;
  readonly say: (line: string) => void;
}

export async function faultsOfSandboxes({ isQuick, only, drivers, uid, say }: SandboxesOptions): Promise<string[]> {
  const isRoot = process.getuid?.() === 0;
  const own = { user: isRoot ? "root" : "a plain user", uid: undefined };
  const users = isRoot && !isQuick ? [own, { user: "a plain user", uid }] : [own];
  await using opened = new AsyncDisposableStack();
  const engine = isQuick || !wants(drivers, "docker") ? undefined : await openEngine(opened);
  const guest = wants(drivers ?? (isQuick ? [] : undefined), "qemu") ? await openMachines(opened) : undefined;
  const faults: string[] = [];
  for (const one of users) {
    const options = {
      drivers: isQuick ? (drivers ?? ["bubblewrap"]) : drivers,
      engine,
      guest,
      only,
      uid: one.uid,
      userHome: homedir(),
      signal: new AbortController().signal,
    };
    const report = await attackSandboxes(options);
    say(toTable(one.user, report));
    faults.push(...faultsOf(one.user, report));
  }
  return faults;
}

const wants = (drivers: readonly string[] | undefined, name: string): boolean => drivers?.includes(name) ?? true;

/** A Podman of our own, where it can be had. */
async function openEngine(opened: AsyncDisposableStack): Promise<AttackedEngine | undefined> {
  if (!hasPodman) return undefined;
  const { socket, image } = opened.use(await openPodmanEngine({ contents: "machine" }));
  return { sockets: [socket], image };
}

/** A guest with what the attacks are written in. What has booted is another one for each user: nobody else may read it. */
async function openMachines(opened: AsyncDisposableStack): Promise<AttackedGuest | undefined> {
  if (!hasQemu) return undefined;
  const { guest } = opened.use(await openGuest({ contents: "machine" }));
  if (process.getuid?.() === 0) chmodSync(dirname(guest), 0o755);
  return { guest, accelerator: "tcg" };
}

const nameOf = (id: string): string => (attackText as Readonly<Record<string, Text>>)[id]?.en ?? id;
const told = (why: Reason): string => reasonText(why, { t: (text, ...values) => translate("en", text, ...values) });

function toTable(user: string, { rows, drivers }: AttackReport): string {
  const attacked = drivers.filter(({ missing }) => missing === undefined).map(({ name }) => name);
  const lines = ["", `Sandboxes, as ${user}:`, ""];
  for (const { name, missing } of drivers) if (missing) lines.push(`${name}: not verified: ${missing.why}`, "");
  lines.push(
    `| attack | without a sandbox | ${attacked.join(" | ")} |`,
    `| --- | --- | ${attacked.map(() => "---").join(" | ")} |`,
  );
  for (const { id, kind, control, drivers: outcomes } of rows) {
    const unseen = whyUnseen(control);
    const cells = attacked.map((name) => {
      const outcome = outcomes[name];
      if (!outcome) return "–";
      const verdict = verdictOf(control, outcome);
      return verdict.is === "unverified"
        ? `not verified${verdict.of === "driver" ? `: ${told(verdict.why)}` : ""}`
        : verdict.is;
    });
    const first = unseen ? `not verified: ${told(unseen)}` : "succeeds";
    lines.push(
      `| ${kind}: ${nameOf(id)} | ${[first, ...cells].map((cell) => cell.replaceAll(/\s+/g, " ")).join(" | ")} |`,
    );
  }
  lines.push("");
  for (const name of attacked)
    for (const kind of ["escape", "race", "bomb"] as const) {
      const { held, escaped, unverified } = countOf(
        rows.filter((row) => row.kind === kind),
        name,
      );
      lines.push(`${name}, as ${user}: ${kind}s: ${held} held, ${escaped} escaped, ${unverified} not verified`);
    }
  return lines.join("\n");
}

function faultsOf(user: string, { rows, drivers }: AttackReport): string[] {
  const isVerified = drivers.some(({ missing }) => missing === undefined);
  return [
    // Where everything has to be there, an attack on nothing is a fault.
    ...(process.env["CI"] === "true" && !isVerified ? [`as ${user}: no sandbox driver is available`] : []),
    ...rows.flatMap(({ id, control, drivers: outcomes }) => {
      const where = `${nameOf(id)} (${id}), as ${user}`;
      const unseen = whyUnseen(control);
      const isBroken = unseen?.is === "failed" || (unseen?.is === "refused" && unseen.text === "");
      return [
        ...(isBroken ? [`${where}: its control proves nothing: ${told(unseen)}`] : []),
        ...Object.entries(outcomes).flatMap(([name, outcome]) =>
          outcome.is === "escaped"
            ? [`${where}: ESCAPE from ${name}: ${outcome.how}`]
            : outcome.is === "unknown" && outcome.why.is === "failed"
              ? [`${where}: could not be tried in ${name}: ${outcome.why.text}`]
              : [],
        ),
      ];
    }),
  ];
}
