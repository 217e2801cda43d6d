import { shortTime } from "../../tui/figures.ts";
import { shortPid } from "../../tui/process-table.ts";
import { cronText } from "../messages/cron.ts";
import type { ContextOf } from "../registry.ts";
import { table } from "../table.ts";
import { wallTime } from "../timers.ts";

export async function run(context: ContextOf<"cron ls">): Promise<void> {
  const { t } = context;
  const { timers } = await (await context.client()).cron.list();
  if (timers.length === 0) context.say(t(cronText.none));
  context.result(timers, () =>
    timers.length === 0
      ? ""
      : table(
          timers,
          [
            { title: t(cronText.id), text: ({ id }) => id, rank: 0 },
            { title: t(cronText.name), text: ({ name }) => name, rank: 1, least: 8 },
            { title: t(cronText.schedule), text: ({ schedule }) => schedule, rank: 2, least: 9 },
            { title: t(cronText.next), text: ({ nextAt, timeZone }) => wallTime(nextAt, timeZone), rank: 3 },
            {
              title: t(cronText.due),
              text: ({ nextAt }) => shortTime(nextAt - Date.now()),
              align: "right",
              rank: 5,
            },
            { title: t(cronText.zone), text: ({ timeZone }) => timeZone, rank: 6 },
            {
              title: t(cronText.last),
              text: ({ lastPid, isRunning }) => {
                const pid = lastPid === null ? "–" : shortPid(lastPid);
                return isRunning ? t(cronText.runs, { pid }) : pid;
              },
              rank: 4,
            },
          ],
          context,
        ),
  );
}
