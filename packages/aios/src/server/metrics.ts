import type { Registry } from "prom-client";
import type { Kernel, KernelMetrics } from "../kernel/ports.ts";

type Sample = [labels: Record<string, string>, value: number];

interface Figure {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** A total only grows; the others go up and down. */
  readonly isTotal: boolean;
  samples(metrics: KernelMetrics, server: { openStreams: number }): Sample[];
}

const tokenKinds = {
  input: "inputTokens",
  cached_input: "cachedInputTokens",
  cache_write_input: "cacheWriteInputTokens",
  output: "outputTokens",
  reasoning: "reasoningTokens",
  wasted: "wastedTokens",
} as const;

const ofLane = (lane: KernelMetrics["lanes"][number]): Record<string, string> => ({
  core: lane.core,
  model: lane.model,
});

const figures: readonly Figure[] = [
  {
    name: "aios_processes",
    help: "Processes by state.",
    labels: ["state"],
    isTotal: false,
    samples: ({ processes }) => Object.entries(processes).map(([state, count]): Sample => [{ state }, count]),
  },
  {
    name: "aios_calls_total",
    help: "Syscalls that have ended, by name and outcome.",
    labels: ["name", "outcome"],
    isTotal: true,
    samples: ({ calls }) =>
      Object.entries(calls).flatMap(([name, { done, failed }]): Sample[] => [
        [{ name, outcome: "done" }, done],
        [{ name, outcome: "failed" }, failed],
      ]),
  },
  {
    name: "aios_cache_lookups_total",
    help: "Look-ups in the response cache, by outcome; a failure is a store that could not be asked.",
    labels: ["outcome"],
    isTotal: true,
    samples: ({ cache }) =>
      cache
        ? [
            [{ outcome: "hit" }, cache.hits],
            [{ outcome: "miss" }, cache.misses],
            [{ outcome: "failure" }, cache.failures],
          ]
        : [],
  },
  {
    name: "aios_lane_queued",
    help: "Calls waiting in the run queue of a lane.",
    labels: ["core", "model"],
    isTotal: false,
    samples: ({ lanes }) => lanes.map((lane): Sample => [ofLane(lane), lane.queued]),
  },
  {
    name: "aios_lane_running",
    help: "Calls that a lane's driver is executing.",
    labels: ["core", "model"],
    isTotal: false,
    samples: ({ lanes }) => lanes.map((lane): Sample => [ofLane(lane), lane.running]),
  },
  {
    name: "aios_lane_calls_total",
    help: "Calls of a lane by outcome; refused counts 429, 503 and 529 answers of the upstream.",
    labels: ["core", "model", "outcome"],
    isTotal: true,
    samples: ({ lanes }) =>
      lanes.flatMap((lane) =>
        (["done", "failed", "refused"] as const).map((outcome): Sample => [
          { ...ofLane(lane), outcome },
          lane[outcome],
        ]),
      ),
  },
  {
    name: "aios_lane_waiting_seconds_total",
    help: "Time that calls of a lane spent in its run queue.",
    labels: ["core", "model"],
    isTotal: true,
    samples: ({ lanes }) => lanes.map((lane): Sample => [ofLane(lane), lane.waitingMsTotal / 1_000]),
  },
  {
    name: "aios_lane_tokens_total",
    help: "Tokens of a lane, by kind.",
    labels: ["core", "model", "kind"],
    isTotal: true,
    samples: ({ lanes }) =>
      lanes.flatMap((lane) =>
        Object.entries(tokenKinds).map(([kind, member]): Sample => [
          { ...ofLane(lane), kind },
          lane.usage[member] ?? 0,
        ]),
      ),
  },
  {
    name: "aios_lane_cost_usd_total",
    help: "US dollars spent on a lane.",
    labels: ["core", "model"],
    isTotal: true,
    samples: ({ lanes }) => lanes.map((lane): Sample => [ofLane(lane), lane.usage.costUsd]),
  },
  {
    name: "aios_events_total",
    help: "Sequence number of the journal's last event.",
    labels: [],
    isTotal: true,
    samples: ({ eventSeq }) => [[{}, eventSeq]],
  },
  {
    name: "aios_open_streams",
    help: "Server-sent event streams that are open.",
    labels: [],
    isTotal: false,
    samples: (_metrics, { openStreams }) => [[{}, openStreams]],
  },
  {
    name: "process_resident_memory_bytes",
    help: "Resident memory of the kernel's process.",
    labels: [],
    isTotal: false,
    samples: () => [[{}, process.memoryUsage.rss()]],
  },
  {
    name: "process_cpu_seconds_total",
    help: "CPU time of the kernel's process.",
    labels: [],
    isTotal: true,
    samples: () => {
      const { user, system } = process.cpuUsage();
      return [[{}, (user + system) / 1e6]];
    },
  },
];

/** The kernel's figures for Prometheus, read when they are asked for. */
export interface MetricsPage {
  render(): Promise<{ contentType: string; body: string }>;
}

export function createMetricsPage(kernel: Kernel, openStreams: () => number): MetricsPage {
  let opened: Promise<{ registry: Registry; update: () => void }> | undefined;
  const open = async (): Promise<{ registry: Registry; update: () => void }> => {
    // Most kernels are never scraped: the library is loaded by the first one who asks.
    const { Counter, Gauge, Registry } = await import("prom-client");
    const registry = new Registry();
    const rows = figures.map((figure) => {
      const { name, help, labels, isTotal } = figure;
      const options = { name, help, labelNames: [...labels], registers: [registry] };
      return {
        figure,
        counter: isTotal ? new Counter(options) : undefined,
        gauge: isTotal ? undefined : new Gauge(options),
      };
    });
    const update = (): void => {
      const metrics = kernel.metrics();
      for (const { figure, counter, gauge } of rows) {
        // The kernel counts; the registry only shows. Lanes and states that are gone vanish from the page.
        counter?.reset();
        gauge?.reset();
        for (const [labels, value] of figure.samples(metrics, { openStreams: openStreams() })) {
          counter?.inc(labels, value);
          gauge?.set(labels, value);
        }
      }
    };
    return { registry, update };
  };
  return {
    async render() {
      const { registry, update } = await (opened ??= open());
      update();
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}
