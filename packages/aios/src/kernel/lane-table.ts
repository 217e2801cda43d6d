import { SysError } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import { Lane } from "./lane.ts";
import { isModelCall, serves } from "./model-call.ts";
import type { Policy, PolicyOptions } from "./policies/policy.ts";
import { findPolicy } from "./policies/table.ts";
import type { BucketRow, Clock, Core, Driver, KernelSettings, ModelSpec, ModelSyscall, PriceTable } from "./ports.ts";

/** Idle lanes kept: an open-ended core makes one per model name that clients invent. */
const MAX_LANES = 1_000;

/** The lanes there are, and which of them a call may stand in. */
export class LaneTable {
  #cores: readonly Core[];
  #settings: KernelSettings;
  readonly #drivers: ReadonlyMap<string, Driver>;
  readonly #lanes = new Map<string, Lane>();
  readonly #clock: Clock;
  #levels: BucketRow[];
  #startsEmpty: boolean;
  readonly #prices: PriceTable | undefined;
  readonly #furtherPolicies: readonly Policy[];
  readonly #policyOptions: PolicyOptions;

  constructor(options: {
    cores: readonly Core[];
    drivers: readonly Driver[];
    settings: KernelSettings;
    clock: Clock;
    levels: readonly BucketRow[];
    startsEmpty: boolean;
    prices?: PriceTable | undefined;
    policies?: readonly Policy[] | undefined;
  }) {
    this.#cores = options.cores;
    this.#settings = options.settings;
    this.#drivers = new Map(options.drivers.map((driver) => [driver.device, driver]));
    this.#clock = options.clock;
    this.#levels = [...options.levels];
    this.#startsEmpty = options.startsEmpty;
    this.#prices = options.prices;
    this.#furtherPolicies = options.policies ?? [];
    this.#policyOptions = policyOptions(() => this.#settings.scheduler, this.#clock);
  }

  /** @throws SysError EINVAL for a policy that nobody knows. */
  policyOf(settings: KernelSettings): Policy {
    return findPolicy(settings.scheduler.policy, this.#furtherPolicies);
  }

  get cores(): readonly Core[] {
    return this.#cores;
  }

  all(): readonly Lane[] {
    return [...this.#lanes.values()];
  }

  /**
   * Swaps the configuration; the run queues must be empty. Lanes of cores that stayed keep slots, buckets and counters;
   * a changed core's lanes are built anew with the bucket levels that they have now.
   */
  refresh(settings: KernelSettings, cores: readonly Core[]): void {
    this.#settings = settings;
    this.#cores = cores;
    this.#startsEmpty = false;
    const nowMs = this.#clock.nowMs();
    const policy = this.policyOf(settings);
    for (const lane of this.#lanes.values()) {
      if (lane.driver.device !== "llm" || cores.includes(lane.driver as Core)) {
        lane.follow(policy, this.#policyOptions);
        continue;
      }
      this.#levels = this.#levels.filter((row) => row.lane !== lane.id);
      for (const bucket of lane.buckets.values())
        this.#levels.push({ lane: lane.id, bucket: bucket.name, level: bucket.levelAt(nowMs), atMs: nowMs });
      this.#lanes.delete(lane.id);
      lane.isGone = true;
    }
  }

  /** Lanes that can serve this call. @throws SysError as `ofModel` and `ofDevice` do. */
  of(record: CallRecord): readonly Lane[] {
    const { name } = record;
    if (isModelCall(name)) return this.ofModel((record.args as { model: string }).model, name);
    return [this.ofDevice(record.name.slice(0, record.name.indexOf(".")))];
  }

  /** The lane of a device that has one driver. @throws SysError ENOSYS */
  ofDevice(device: string): Lane {
    const driver = this.#drivers.get(device);
    if (!driver) throw new SysError("ENOSYS", `no driver serves ${device} here`);
    return this.#lane(device, driver, { id: "" });
  }

  /**
   * Lanes that can serve a model name: `core/model` → a bare name that one core lists → aliases → `auto`.
   * @throws SysError ENOENT with what exists, EINVAL when two cores list the name or the model cannot be asked that,
   *   ENODEV when there is no core.
   */
  ofModel(name: string, syscall: ModelSyscall): readonly Lane[] {
    return this.choicesOf(name, syscall).lanes;
  }

  /** The same, and what the name leaves open: `isOpen` for `auto` and lists, `isAuto` where nobody named a model at all. */
  choicesOf(name: string, syscall: ModelSyscall): { lanes: readonly Lane[]; isOpen: boolean; isAuto: boolean } {
    return this.#lanesOf(this.#resolve(name, { syscall, depth: 0, isNamed: false }), syscall);
  }

  /** Lanes of a model that the configuration names: `*` says what callers mean, and does not stand for it. @throws as `ofModel`. */
  ofNamed(name: string, syscall: ModelSyscall): readonly Lane[] {
    return this.#lanesOf(this.#resolve(name, { syscall, depth: 0, isNamed: true }), syscall).lanes;
  }

  #lanesOf(found: Resolved, syscall: ModelSyscall): { lanes: readonly Lane[]; isOpen: boolean; isAuto: boolean } {
    const able = found.candidates.filter(({ core, model }) => serves(core, model, syscall));
    if (able.length === 0) throw cannotServe(found.candidates, syscall);
    // Where all are down, the call that stands there tells why, or falls back.
    const up = able.filter(({ core }) => core.down === undefined);
    const lanes = new Set(
      (up.length > 0 ? up : able).map(({ core, model }) => this.#lane(laneId(core, model.id), core, model)),
    );
    return { lanes: [...lanes], isOpen: found.isOpen, isAuto: found.isAuto };
  }

  #resolve(name: string, at: Search): Resolved {
    const { syscall, depth, isNamed } = at;
    if (name === "auto") {
      const meant =
        Object.hasOwn(this.#settings.aliases, "auto") && depth < 8 ? this.#settings.aliases["auto"] : "auto";
      if (meant === undefined || meant === "auto")
        return { candidates: this.#auto(syscall), isOpen: true, isAuto: true };
      return { ...this.#meant(meant, { ...at, depth: depth + 1 }), isAuto: true };
    }
    const slash = name.indexOf("/");
    const [coreName, modelName] = [name.slice(0, slash), name.slice(slash + 1)];
    const named = slash < 0 ? [] : this.#cores.filter((core) => core.name === coreName);
    const exact = named.flatMap((core) => {
      const model =
        core.models().find(({ id }) => id === modelName) ?? (core.isOpenEnded ? unlisted(core, modelName) : undefined);
      return model ? [{ core, model }] : [];
    });
    if (exact.length > 0) return { candidates: exact, isOpen: false, isAuto: false };
    const listed = this.#cores.flatMap((core) =>
      core
        .models()
        .filter(({ id }) => id === name)
        .map((model) => ({ core, model })),
    );
    const owners = new Set(listed.map(({ core }) => core.name));
    if (owners.size === 1) return { candidates: listed, isOpen: false, isAuto: false };
    if (owners.size > 1)
      throw new SysError("EINVAL", `model "${name}" is served by ${[...owners].join(" and ")}`, {
        hint: `say which: ${[...owners].map((owner) => `${owner}/${name}`).join(" or ")}`,
      });
    const alias = named.length > 0 ? undefined : findAlias(this.#settings.aliases, name, isNamed);
    // 8: aliases may point to aliases, but a circle must end.
    if (alias !== undefined && depth < 8) return this.#meant(alias, { ...at, depth: depth + 1 });
    throw this.#unknown(name, named);
  }

  /** What an alias means; of a list whatever is there. @throws SysError as `ofModel` does, when nothing of it is. */
  #meant(alias: string | readonly string[], at: Search): Resolved {
    if (typeof alias === "string") return this.#resolve(alias, at);
    const candidates: Candidate[] = [];
    let refusal: unknown;
    for (const name of alias)
      try {
        candidates.push(...this.#resolve(name, { ...at, isNamed: true }).candidates);
      } catch (cause) {
        refusal ??= cause;
      }
    if (candidates.length === 0) throw refusal;
    return { candidates, isOpen: true, isAuto: false };
  }

  #unknown(name: string, named: readonly Core[]): SysError {
    if (this.#cores.length === 0)
      return new SysError("ENODEV", "no model core is configured", { hint: "add one: aios llm add" });
    const [core] = named;
    const where = core
      ? `no model "${name.slice(core.name.length + 1)}" on core ${core.name}`
      : `no model "${name}" on any core`;
    const known = (core ? [core] : this.#cores).flatMap((one) =>
      one
        .models()
        .slice(0, 4)
        .map(({ id }) => `${one.name}/${id}`),
    );
    return new SysError("ENOENT", where, {
      hint: `"aios llm ls" lists what is there${known.length > 0 ? `: ${known.slice(0, 6).join(", ")}` : ""}`,
    });
  }

  /** The first model of each core that is up and serves it; simulated ones only where nothing real is configured. */
  #auto(syscall: ModelSyscall): readonly Candidate[] {
    const listing = this.#cores.filter((core) => core.down !== undefined || core.models().length > 0);
    if (listing.length === 0)
      throw new SysError("ENODEV", "no core lists a model", { hint: "`aios doctor` says what is wrong with each" });
    // Even where no real one can do it: simulated vectors among real answers would be taken for meaning.
    const real = listing.filter((core) => !core.isSimulated);
    const meant = real.length > 0 ? real : listing;
    const up = meant.filter(({ down }) => down === undefined);
    if (up.length === 0) throw meant[0]?.down as SysError;
    const candidates = up.flatMap((core) => {
      const model = core.models().find((one) => serves(core, one, syscall));
      return model ? [{ core, model }] : [];
    });
    if (candidates.length === 0)
      throw new SysError("ENODEV", `no core lists a model that serves ${syscall}`, {
        hint: `name one as core/model, or mark it: llms.cores[].models: [{id: NAME, serves: [${syscall}]}]`,
      });
    return candidates;
  }

  #lane(id: string, driver: Driver | Core, listed: ModelSpec): Lane {
    const known = this.#lanes.get(id);
    const spec = "priceList" in driver ? this.published(driver, listed) : listed;
    if (known && known.driver === driver) {
      known.spec = spec;
      return known;
    }
    if (this.#lanes.size >= MAX_LANES) this.#forgetIdle();
    const { maxConcurrent } = this.#settings.scheduler;
    const lane = new Lane({
      id,
      driver,
      limits: "limits" in driver ? driver.limits : { concurrency: driver.concurrency },
      maxConcurrent,
      spec,
      policy: this.policyOf(this.#settings),
      policyOptions: this.#policyOptions,
      nowMs: this.#clock.nowMs(),
      levels: this.#levels.filter((row) => row.lane === id),
      startsEmpty: this.#startsEmpty,
    });
    this.#lanes.set(id, lane);
    return lane;
  }

  /** What a core says of a model, completed by what is published of it. */
  published(core: Core, spec: ModelSpec): ModelSpec {
    if (core.priceList === undefined || (spec.price && spec.contextTokens !== undefined)) return spec;
    const found = this.#prices?.find(core.priceList, spec.id);
    if (!found) return spec;
    return { ...spec, price: spec.price ?? found.price, contextTokens: spec.contextTokens ?? found.contextTokens };
  }

  #forgetIdle(): void {
    for (const lane of this.#lanes.values())
      if (lane.running === 0 && lane.queue.size === 0 && lane.returning.length === 0) this.#lanes.delete(lane.id);
  }
}

interface Search {
  readonly syscall: ModelSyscall;
  readonly depth: number;
  /** The configuration names it: the alias `*` does not apply. */
  readonly isNamed: boolean;
}

interface Resolved {
  readonly candidates: readonly Candidate[];
  readonly isOpen: boolean;
  readonly isAuto: boolean;
}

interface Candidate {
  readonly core: Core;
  readonly model: ModelSpec;
}

/** Nothing is known of a model that an open-ended core does not list: its upstream decides what it can be asked. */
const unlisted = (core: Core, id: string): ModelSpec => ({ id, serves: core.serves });

function cannotServe([first]: readonly Candidate[], syscall: ModelSyscall): SysError {
  const name = `${first?.core.name}/${first?.model.id}`;
  return new SysError("EINVAL", `${name} does not serve ${syscall}`, {
    hint: first?.core.serves.includes(syscall)
      ? `if it does: llms.cores[].models: [{id: ${first.model.id}, serves: [${syscall}]}]`
      : `core ${first?.core.name} serves ${first?.core.serves.join(", ")}`,
  });
}

const laneId = (core: Core, model: string): string =>
  `${core.name}${core.endpoint > 0 ? `#${core.endpoint + 1}` : ""}/${model}`;

/** The most exact alias: the name itself, then the longest pattern that fits. */
function findAlias(
  aliases: KernelSettings["aliases"],
  name: string,
  isNamed: boolean,
): string | readonly string[] | undefined {
  if (Object.hasOwn(aliases, name)) return aliases[name];
  const patterns = Object.keys(aliases)
    .filter(
      (pattern) => pattern.endsWith("*") && name.startsWith(pattern.slice(0, -1)) && !(isNamed && pattern === "*"),
    )
    .toSorted((left, right) => right.length - left.length);
  return patterns[0] === undefined ? undefined : aliases[patterns[0]];
}

/** What queues read of the settings as they are now: a refresh changes it under them. */
const policyOptions = (settings: () => KernelSettings["scheduler"], clock: Clock): PolicyOptions => ({
  get ageMs() {
    return settings().ageMs;
  },
  nowMs: () => clock.nowMs(),
  weightOf: (tenant) => settings().weights[tenant] ?? 1,
});
