import type { ChatArgs } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";

/** The place in a program whose answers are alike: what output lengths are predicted by. */
export const placeOf = ({ process, args }: CallRecord): string =>
  `${process.name} ${(args as ChatArgs).callSite ?? ""}`;
