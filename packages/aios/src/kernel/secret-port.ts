import type { TenantId } from "@aiosjs/sdk/protocol";

/** A value that opens something, and what stands for it where it is told: `secret://github`, `env:OPENAI_API_KEY`. */
export interface KnownSecret {
  readonly name: string;
  readonly value: string;
}

/** What is known to be secret just now. */
export interface KnownSecrets {
  /**
   * What the texts of a tenant must not hold: its own secrets, and the system's keys. Another tenant's are not among them:
   * who may guess would be told whether it is right. The same array as long as nothing has changed.
   */
  of(tenant: TenantId): readonly KnownSecret[];
  /** Those of all tenants; for what only the owner of the home reads. */
  all(): readonly KnownSecret[];
}

/** Takes secrets out of a text that comes in pieces, also out of one that two pieces share. */
export interface TextRedactor {
  /** What may go on now; an end that could be the beginning of a secret is held back. */
  push(text: string): string;
  /** What is held back, when nothing more comes. */
  rest(): string;
}
