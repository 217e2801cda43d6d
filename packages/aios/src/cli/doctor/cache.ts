import { isSysError } from "@aiosjs/sdk";
import { tryCache } from "../../boot-cache.ts";
import type { Config } from "../../config/schema.ts";
import { withStoredEnv } from "../../config/secrets.ts";
import { doctorText } from "../messages/doctor.ts";
import type { DoctorContext, Finding } from "./finding.ts";

/** The cache of answers, where one is configured. A server that is away breaks nothing: models are asked instead. */
export async function checkCache({ t, home, env }: DoctorContext, { llms: { cache } }: Config): Promise<Finding[]> {
  if (!cache) return [];
  const check = t(doctorText.cache);
  try {
    await tryCache(cache, withStoredEnv(env, home.dir));
    return [{ check, state: "ok", text: t(cache.url === "memory:" ? doctorText.cacheMemory : doctorText.cacheGood) }];
  } catch (error) {
    if (!isSysError(error)) throw error;
    const state = error.code === "ENODEV" ? "note" : "broken";
    return [{ check, state, text: error.message, ...(error.hint ? { fix: error.hint } : {}) }];
  }
}
