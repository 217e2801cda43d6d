import type { Config } from "../../config/schema.ts";
import { withStoredEnv } from "../../config/secrets.ts";
import { listsModels, probeCore } from "../../core-probe.ts";
import type { ProbeResult } from "../../core-probe.ts";
import { discoverOllama } from "../../local-models.ts";
import { doctorText } from "../messages/doctor.ts";
import { trialText } from "../messages/trial.ts";
import { variableStates } from "../variable-state.ts";
import type { DoctorContext, Finding } from "./finding.ts";

/** Every core with its key, a local Ollama, and keys that lie about unused. */
export async function checkCores(context: DoctorContext, { llms }: Config): Promise<Finding[]> {
  const { t, home, signal } = context;
  const env = withStoredEnv(context.env, home.dir);
  const [probed, ollama] = await Promise.all([
    Promise.all(llms.cores.map((core) => probeCore(core, { env, home: home.dir, signal }))),
    discoverOllama({ host: env["OLLAMA_HOST"] ?? "", signal }),
  ]);
  const findings = probed.flat().map((result) => coreFinding(result, context));
  if (findings.length === 0)
    findings.push({
      check: t(doctorText.cores),
      state: "note",
      text: t(doctorText.coresNone),
      fix: t(doctorText.coresNoneFix),
    });
  findings.push(ollamaFinding(ollama, context));
  const used = new Set(llms.cores.flatMap(({ apiKey }) => [apiKey].flat()));
  for (const { variable, value } of variableStates(context)) {
    const { name, core, isSecret } = variable;
    if (value === undefined || !isSecret || core === undefined || used.has(`env:${name}`)) continue;
    const text = t(doctorText.keyUnused, { name });
    findings.push({ check: t(doctorText.keys), state: "note", text, fix: `aios llm add ${core}` });
  }
  return findings;
}

function coreFinding({ core: name, kind, models, elapsedMs, problem }: ProbeResult, { t }: DoctorContext): Finding {
  const check = t(doctorText.core, { name });
  if (problem) return { check, state: "broken", text: problem.message, ...(problem.hint ? { fix: problem.hint } : {}) };
  const text =
    kind === "sim"
      ? t(doctorText.coreSim)
      : kind === "llama" || kind === "transformers"
        ? t(doctorText.coreLocal, { models: models.join(", ") })
        : !listsModels(kind)
          ? t(trialText.setUp, { core: name })
          : t(doctorText.coreGood, { ms: Math.round(elapsedMs), count: models.length });
  return { check, state: "ok", text };
}

function ollamaFinding(ollama: Awaited<ReturnType<typeof discoverOllama>>, { t }: DoctorContext): Finding {
  const check = t(doctorText.ollama);
  if (!ollama) return { check, state: "ok", text: t(doctorText.ollamaNone) };
  const { baseUrl: url, models } = ollama;
  return models.length > 0
    ? { check, state: "ok", text: t(doctorText.ollamaUp, { url, count: models.length }) }
    : { check, state: "note", text: t(doctorText.ollamaEmpty, { url }), fix: t(doctorText.ollamaEmptyFix) };
}
