import { resolve } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import type { BenchReport, Cell, Table } from "../../bench/report.ts";
import { columnsOf } from "../../tui/columns.ts";
import { wrap } from "../../tui/width.ts";
import { labsText } from "../messages/labs.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"bench">): Promise<number> {
  const report = await measured(context);
  context.result(report, () => textOf(report, context));
  return report.figures.some(({ holds }) => holds === false) ? 1 : 0;
}

async function measured({ args, options, signal, say, cwd, env }: ContextOf<"bench">): Promise<BenchReport> {
  switch (args.name) {
    case "storm": {
      const { storm } = await import("../../bench/storm.ts");
      return storm({ agents: options.agents, seed: options.seed, say, signal });
    }
    case "overhead": {
      const { overhead } = await import("../../bench/overhead.ts");
      return overhead({ seed: options.seed, say, signal });
    }
    case "llm": {
      const { llm } = await import("../../bench/llm.ts");
      return llm({ seed: options.seed, isOnGpu: options.gpu, say, signal });
    }
    case "kernel": {
      const { kernel } = await import("../../bench/kernel.ts");
      return kernel({ peers: options.peer.map((folder) => resolve(cwd, folder)), say, signal });
    }
    case "storage": {
      const { storage } = await import("../../bench/storage.ts");
      return storage({ peers: options.peer.map((folder) => resolve(cwd, folder)), say, signal });
    }
    case "mem": {
      const { mem } = await import("../../bench/mem.ts");
      const { seeds, heldOut: isHeldOut } = options;
      return mem({ isHeldOut, seeds, peers: options.peer.map((folder) => resolve(cwd, folder)), say, signal });
    }
    case "fs": {
      const { fs } = await import("../../bench/fs.ts");
      return fs({ isHeldOut: options.heldOut, seeds: options.seeds, say, signal });
    }
    case "sandbox": {
      const { sandbox } = await import("../../bench/sandbox.ts");
      return sandbox({
        seed: options.seed,
        peers: options.peer.map((folder) => resolve(cwd, folder)),
        env,
        say,
        signal,
      });
    }
    case "gate": {
      const { gate } = await import("../../bench/gate.ts");
      return gate({ seed: options.seed, say, signal });
    }
    case "injection": {
      const { injection } = await import("../../bench/injection.ts");
      return injection({ seed: options.seed, isQuick: options.quick, say, signal });
    }
    case "sched": {
      const { sched } = await import("../../bench/sched.ts");
      const { agents, seed, seeds, load, workload, policy, scale, svg } = options;
      if (svg !== undefined && scale)
        throw new SysError("EINVAL", "--svg draws the comparison, which --scale leaves out", {
          hint: "take one of them",
        });
      const only = { workloads: workload, policies: policy };
      const report = await sched(Object.assign(only, { agents, seed, seeds, load, isScale: scale, say, signal }));
      if (svg !== undefined) await draw(report, resolve(cwd, svg));
      return report;
    }
  }
}

async function draw(report: BenchReport, path: string): Promise<void> {
  const [{ plotOf }, { writeFile }] = await Promise.all([
    import("../../bench/sched/plot.ts"),
    import("node:fs/promises"),
  ]);
  await writeFile(path, plotOf(report));
}

function textOf(report: BenchReport, { t, paint, width }: ContextOf<"bench">): string {
  const { machine, figures, tables = [], notes, durationS, seed } = report;
  const [heading = "", ...rows] = columnsOf(
    figures,
    [
      { title: t(labsText.figure), text: ({ name }) => name, rank: 0, least: 24 },
      { title: t(labsText.value), text: ({ value, unit }) => `${round(value)} ${unit}`, align: "right", rank: 0 },
      { title: t(labsText.target), text: ({ target }) => target ?? "", align: "right", rank: 1 },
      {
        title: "",
        text: ({ holds }) => (holds === undefined ? "" : holds ? "✓" : "✗"),
        rank: 1,
        paint: (text, { holds }) => (holds ? paint.good(text) : paint.bad(text)),
      },
      {
        title: t(labsText.peer),
        text: ({ peer, ratio }) =>
          peer ? `${peer.name} ${round(peer.value)}${ratio === undefined ? "" : ` (${round(ratio)}×)`}` : "",
        rank: 2,
        least: 16,
      },
    ],
    width,
  );
  const about = t(labsText.about, { ...machine, seed, seconds: round(durationS) });
  // Several figures of one operation, as with more callers, share what it does.
  const details = figures.flatMap(({ name, detail }, index) =>
    detail === undefined || figures.findIndex((one) => one.detail === detail) < index ? [] : [`${name}: ${detail}`],
  );
  const told = [...details, ...notes].flatMap((note) => wrap(note, Number.isFinite(width) ? width : 100));
  const tabled = tables.flatMap((table) => {
    const [head = "", ...lines] = tableOf(table, width);
    return ["", paint.dim(head), ...lines];
  });
  return [paint.dim(about), "", paint.dim(heading), ...rows, ...tabled, "", ...told].join("\n").trimEnd();
}

function tableOf({ title, columns, rows, neutral = Number.NaN }: Table, width: number): string[] {
  const cellOf = (cell: Cell | null | undefined): string =>
    cell ? `${cell.value.toFixed(2)}${cell.low <= neutral && cell.high >= neutral ? "~" : " "}` : "";
  const heads = columns.map((name, index) => ({
    title: name,
    text: ({ cells }: Table["rows"][number]) => cellOf(cells[index]),
    align: "right" as const,
    rank: index + 1,
  }));
  return columnsOf(rows, [{ title, text: ({ name }) => name, rank: 0 }, ...heads], width);
}

const round = (value: number): number => Number(value.toPrecision(4));
