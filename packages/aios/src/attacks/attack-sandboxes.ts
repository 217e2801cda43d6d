import { startAttacks } from "./start-attacks.ts";
import type { AttackOptions, AttackReport } from "./start-attacks.ts";
import type { TrialRow } from "./trial.ts";
import { whyUnseen } from "./verdict.ts";

const METADATA = "metadata";

/**
 * All attacks; where nothing answers at a cloud's own address, root proves that one in a network of its own, for drivers whose
 * sandboxes are children of this process (an engine's are not, and stay where they are).
 */
export async function attackSandboxes(options: AttackOptions): Promise<AttackReport> {
  const report = await startAttacks(options);
  const row = report.rows.find(({ id }) => id === METADATA);
  const isRoot = process.getuid?.() === 0 && options.uid === undefined;
  const children = report.drivers.filter(({ tier, missing }) => tier !== "container" && missing === undefined);
  if (!row || !isRoot || !whyUnseen(row.control) || children.length === 0) return report;
  const drivers = children.map(({ name }) => name);
  const [apart] = (await startAttacks({ ...options, only: METADATA, isApart: true, drivers, onRow: undefined })).rows;
  if (!apart) return report;
  return { ...report, rows: report.rows.map((one) => (one === row ? besides(one, apart) : one)) };
}

/** What the other drivers did was seen where nothing could be proven: it is not known. */
function besides(row: TrialRow, apart: TrialRow): TrialRow {
  const unknown = Object.keys(row.drivers).map(
    (name) => [name, { is: "unknown", why: whyUnseen(row.control) ?? { is: "failed", text: "" } }] as const,
  );
  return { ...row, control: apart.control, drivers: { ...Object.fromEntries(unknown), ...apart.drivers } };
}
