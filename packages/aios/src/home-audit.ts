// Looks at the audit log of a home without a kernel: a composition beside boot.ts, for `aios audit verify`.
import { existsSync } from "node:fs";
import { SysError } from "@aiosjs/sdk/protocol";
import { findAuditKey } from "./config/home.ts";
import { AuditCheck } from "./drivers/journal/audit-check.ts";
import type { AuditProgress } from "./drivers/journal/audit-check.ts";
import { publicKeyOf } from "./drivers/journal/audit-signature.ts";
import { createSqliteAuditSource } from "./drivers/journal/sqlite-audit-source.ts";
import type { EngineName } from "./drivers/sql/engine.ts";
import { findEngine } from "./drivers/sql/find-engine.ts";
import { toFault } from "./drivers/sql/fault.ts";
import { openForReading } from "./drivers/sql/sqlite-file.ts";
import { toSysError } from "./drivers/sql/thread.ts";
import type { AuditQuery, AuditVerdict } from "./kernel/ports.ts";

export { publicKeyOf } from "./drivers/journal/audit-signature.ts";

interface Looked extends Pick<AuditQuery, "publicKey" | "expected"> {
  readonly home: string;
  readonly journalFile: string;
  readonly engine: EngineName;
}

/**
 * How far it is, again and again, and at last the verdict. Whoever takes it decides when it goes on.
 * @throws SysError ENOENT where there is no journal, EIO when it cannot be read, EINVAL for a key that is none
 */
export async function* lookAtAudit(looked: Looked): AsyncGenerator<AuditProgress, AuditVerdict> {
  const { home, journalFile, engine, ...query } = looked;
  if (!existsSync(journalFile))
    throw new SysError("ENOENT", `there is no journal at ${journalFile}`, {
      hint: "name another home with --home DIR",
    });
  const pem = await findAuditKey(home);
  const ownKey = pem === undefined ? undefined : publicKeyOf(pem);
  const choice = findEngine(engine, [home]);
  try {
    const db = openForReading(journalFile, choice);
    try {
      const check = new AuditCheck(createSqliteAuditSource(db), query, ownKey);
      for (;;) {
        const seen = check.step();
        if ("last" in seen) return seen;
        yield seen;
      }
    } finally {
      db.close();
    }
  } catch (cause) {
    throw toSysError(toFault(cause, journalFile));
  }
}
