declare const brand: unique symbol;
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** A process: a short text, unique per kernel, not guessable across tenants. */
export type Pid = Brand<string, "Pid">;
/** One syscall, from the door to its last event. */
export type CallId = Brand<string, "CallId">;
/** The owner of processes, files and budgets; first in every key. */
export type TenantId = Brand<string, "TenantId">;
/** The public part of an access key (`aios_sk_<id>_<secret>`). */
export type KeyId = Brand<string, "KeyId">;

/** Makes ids out of parsed text. Used at the edges only; inside, ids are typed. */
export const asPid = (text: string): Pid => text as Pid;
export const asCallId = (text: string): CallId => text as CallId;
export const asTenantId = (text: string): TenantId => text as TenantId;
export const asKeyId = (text: string): KeyId => text as KeyId;
