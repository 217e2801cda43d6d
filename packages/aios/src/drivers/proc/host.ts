import type { Host } from "../../kernel/ports.ts";
import { hostProcess, hostProcesses } from "./host-processes.ts";
import type { HostProcess } from "./host-processes.ts";

type Group = Parameters<Host["isAlive"]>[0];

/** Rounds of stopping newly found descendants: each must be started while the one before it was being stopped. */
const maxRounds = 20;
/** Shells in shells, and programs below them. */
const maxGenerations = 1_000;

/**
 * Signals to commands. A command leads a process group and a session (`spawn` with `detached`); its tree is the group,
 * the session, and all descendants, those in groups of their own too. What daemonised itself (a new session, and its
 * parent gone) is out of reach here: only a sandbox holds it.
 * A start time guards against process ids that the system gave to somebody else meanwhile.
 */
export function createHost(): Host {
  return {
    signal(group, signal) {
      if (process.platform === "win32") return signal === "kill" && killAlone(group);
      const members = treeOf(group);
      if (members.length === 0) return false;
      switch (signal) {
        case "interrupt":
          // As Ctrl-C does: the group, which may pass it on.
          return send(-group.hostPid, "SIGINT");
        case "suspend":
          stopAll(group);
          return true;
        case "resume":
          for (const { hostPid } of members) send(hostPid, "SIGCONT");
          return true;
        case "kill":
          // Stopped first, so that nothing starts a child while the others are being killed.
          for (const { hostPid } of stopAll(group)) send(hostPid, "SIGKILL");
          return true;
      }
    },
    isAlive(group, who) {
      if (process.platform === "win32") return isThere(group.hostPid);
      // Its leader says most of the time what else takes a look at all processes of the machine.
      const leader = hostProcess(group.hostPid);
      if (leader?.startedAt === group.hostStartedAt && !leader.isZombie) return true;
      return who !== "leader" && treeOf(group).length > 0;
    },
    isWithin,
  };
}

/** What a process of ours starts has us above it; what this kernel has started is nobody else's. */
function isWithin({ hostPid, hostStartedAt }: Group, above: Group): boolean {
  let one = hostProcess(hostPid);
  if (one?.startedAt !== hostStartedAt) return false;
  for (let generation = 0; one && generation < maxGenerations; generation++) {
    if (one.hostPid === process.pid) return false;
    if (one.hostPid === above.hostPid) return one.startedAt === above.hostStartedAt;
    const parent: HostProcess | undefined = one.parent > 1 ? hostProcess(one.parent) : undefined;
    // The parent may have ended, and its id be somebody else's, just before it was looked at: then this one has another by now.
    const still = hostProcess(one.hostPid);
    if (still?.parent !== one.parent || still.startedAt !== one.startedAt) return false;
    one = parent;
  }
  return false;
}

/** Stops the tree, and what it started meanwhile, until there is nothing new. */
function stopAll(group: Group): ReadonlySet<HostProcess> {
  const stopped = new Map<number, HostProcess>();
  for (let round = 0; round < maxRounds; round++) {
    const fresh = treeOf(group).filter(({ hostPid }) => !stopped.has(hostPid));
    if (fresh.length === 0) break;
    for (const one of fresh) {
      send(one.hostPid, "SIGSTOP");
      stopped.set(one.hostPid, one);
    }
  }
  return new Set(stopped.values());
}

/** The living processes of a command; none when the leader's id belongs to somebody else by now. */
function treeOf({ hostPid, hostStartedAt }: Group): readonly HostProcess[] {
  if (hostPid <= 1 || hostPid === process.pid) return [];
  const leader = hostProcess(hostPid);
  if (leader && leader.startedAt !== hostStartedAt) return [];
  const all = hostProcesses();
  const tree = new Set<number>([hostPid]);
  // The system does not give the id out again while a group or a session bears it: without the leader they are still ours.
  for (const one of all) if (one.group === hostPid || one.session === hostPid) tree.add(one.hostPid);
  for (let size = 0; size !== tree.size;) {
    size = tree.size;
    for (const one of all) if (tree.has(one.parent)) tree.add(one.hostPid);
  }
  // A command may have started this kernel; it is not to end itself.
  return all.filter((one) => tree.has(one.hostPid) && !one.isZombie && one.hostPid !== process.pid);
}

/** False when there is nobody, or nobody of this user. */
function send(target: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(target, signal);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ESRCH" || code === "EPERM") return false;
    throw cause;
  }
}

function isThere(hostPid: number): boolean {
  try {
    return process.kill(hostPid, 0);
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Windows has neither groups nor stopping: the command itself is ended, and what it started stays. */
const killAlone = ({ hostPid }: Group): boolean => isThere(hostPid) && send(hostPid, "SIGKILL");
