import { describe, expect, test } from "vitest";
import { rowsOf, wallText } from "../../../test/time-rows.ts";
import { findTimes, rangeOf } from "./times.ts";

/** Wednesday 2026-11-18 14:30 in Berlin. */
const calendar = { now: Date.UTC(2026, 10, 18, 13, 30), zone: "Europe/Berlin" };

describe("on a Wednesday afternoon in Berlin", () => {
  test.each(rowsOf(table))("%s goes from %s to %s", (phrase, from, to) => {
    const range = rangeOf(phrase, calendar);
    expect([wallText(range?.fromMs, calendar.zone), wallText(range?.toMs, calendar.zone)]).toEqual([from, to]);
  });

  test("a time is found in a sentence as it is read alone, or it is a name there", () => {
    let found = 0;
    for (const [phrase] of rowsOf(table)) {
      const times = findTimes(`(${phrase})`, calendar);
      const [first] = times;
      if (first?.start !== 1 || first.end !== phrase.length + 1) continue;
      const { start: _start, end: _end, ...range } = first;
      expect(range, phrase).toEqual(rangeOf(phrase, calendar));
      found++;
    }
    expect(found).toBeGreaterThan(100);
  });
});

// The phrase; from (with it) and to (without it), on the clocks of the place.
const table = `
today | 2026-11-18 | 2026-11-19
earlier today | 2026-11-18 | 2026-11-19
yesterday | 2026-11-17 | 2026-11-18
the day before yesterday | 2026-11-16 | 2026-11-17
3 days ago | 2026-11-15 | 2026-11-16
three days ago | 2026-11-15 | 2026-11-16
a day ago | 2026-11-17 | 2026-11-18
ten days ago | 2026-11-08 | 2026-11-09
2 weeks ago | 2026-11-02 | 2026-11-09
a week ago | 2026-11-09 | 2026-11-16
two months ago | 2026-09-01 | 2026-10-01
a month ago | 2026-10-01 | 2026-11-01
a year ago | 2025-01-01 | 2026-01-01
5 years ago | 2021-01-01 | 2022-01-01
2 hours ago | 2026-11-18 12:00 | 2026-11-18 13:00
an hour ago | 2026-11-18 13:00 | 2026-11-18 14:00
30 minutes ago | 2026-11-18 13:59 | 2026-11-18 14:00
half an hour ago | 2026-11-18 13:59 | 2026-11-18 14:00
a few days ago | 2026-11-11 | 2026-11-17
several weeks ago | 2026-09-28 | 2026-11-09
a couple of months ago | 2026-04-01 | 2026-10-01
a quarter ago | 2026-07-01 | 2026-10-01
this week | 2026-11-16 | 2026-11-23
last week | 2026-11-09 | 2026-11-16
the previous week | 2026-11-09 | 2026-11-16
the week before last | 2026-11-02 | 2026-11-09
past week | 2026-11-11 14:30 | 2026-11-18 14:30
the past month | 2026-10-18 14:30 | 2026-11-18 14:30
past year | 2025-11-18 14:30 | 2026-11-18 14:30
past hour | 2026-11-18 13:30 | 2026-11-18 14:30
the last hour | 2026-11-18 13:30 | 2026-11-18 14:30
this month | 2026-11-01 | 2026-12-01
last month | 2026-10-01 | 2026-11-01
previous month | 2026-10-01 | 2026-11-01
the month before last | 2026-09-01 | 2026-10-01
this quarter | 2026-10-01 | 2027-01-01
last quarter | 2026-07-01 | 2026-10-01
this year | 2026-01-01 | 2027-01-01
last year | 2025-01-01 | 2026-01-01
the year before last | 2024-01-01 | 2025-01-01
last 7 days | 2026-11-11 14:30 | 2026-11-18 14:30
in the last 7 days | 2026-11-11 14:30 | 2026-11-18 14:30
the past 3 weeks | 2026-10-28 14:30 | 2026-11-18 14:30
over the last two months | 2026-09-18 14:30 | 2026-11-18 14:30
the last few days | 2026-11-11 14:30 | 2026-11-18 14:30
in the past several hours | 2026-11-18 07:30 | 2026-11-18 14:30
last 24 hours | 2026-11-17 14:30 | 2026-11-18 14:30
within 2 days | 2026-11-16 14:30 | 2026-11-18 14:30
within the last 2 days | 2026-11-16 14:30 | 2026-11-18 14:30
this weekend | 2026-11-21 | 2026-11-23
last weekend | 2026-11-14 | 2026-11-16
this morning | 2026-11-18 05:00 | 2026-11-18 12:00
this afternoon | 2026-11-18 12:00 | 2026-11-18 18:00
this evening | 2026-11-18 18:00 | 2026-11-19
tonight | 2026-11-18 18:00 | 2026-11-19
last night | 2026-11-17 18:00 | 2026-11-18 06:00
just now | 2026-11-18 14:20 | 2026-11-18 14:30
recently | 2026-11-04 14:30 | 2026-11-18 14:30
lately | 2026-11-04 14:30 | 2026-11-18 14:30
Monday | 2026-11-16 | 2026-11-17
on Monday | 2026-11-16 | 2026-11-17
on Wednesday | 2026-11-18 | 2026-11-19
on Thursday | 2026-11-12 | 2026-11-13
last Monday | 2026-11-16 | 2026-11-17
last Wednesday | 2026-11-11 | 2026-11-12
this Friday | 2026-11-20 | 2026-11-21
this Monday | 2026-11-16 | 2026-11-17
Friday last week | 2026-11-13 | 2026-11-14
Tue | 2026-11-17 | 2026-11-18
yesterday morning | 2026-11-17 05:00 | 2026-11-17 12:00
yesterday afternoon | 2026-11-17 12:00 | 2026-11-17 18:00
yesterday evening | 2026-11-17 18:00 | 2026-11-18
yesterday night | 2026-11-17 18:00 | 2026-11-18 06:00
Monday morning | 2026-11-16 05:00 | 2026-11-16 12:00
on Sunday afternoon | 2026-11-15 12:00 | 2026-11-15 18:00
yesterday 17:00 | 2026-11-17 17:00 | 2026-11-17 17:01
yesterday at 17:00 | 2026-11-17 17:00 | 2026-11-17 17:01
yesterday at 5pm | 2026-11-17 17:00 | 2026-11-17 17:01
yesterday, 5:30 pm | 2026-11-17 17:30 | 2026-11-17 17:31
5 pm yesterday | 2026-11-17 17:00 | 2026-11-17 17:01
at 9 am on Monday | 2026-11-16 09:00 | 2026-11-16 09:01
today at noon | 2026-11-18 12:00 | 2026-11-18 12:01
yesterday at midnight | 2026-11-17 | 2026-11-17 00:01
at 08:15 | 2026-11-18 08:15 | 2026-11-18 08:16
12 am | 2026-11-18 | 2026-11-18 00:01
12 pm | 2026-11-18 12:00 | 2026-11-18 12:01
in March | 2026-03-01 | 2026-04-01
March | 2026-03-01 | 2026-04-01
in December | 2025-12-01 | 2026-01-01
last March | 2026-03-01 | 2026-04-01
in November | 2026-11-01 | 2026-12-01
March 2025 | 2025-03-01 | 2025-04-01
in March 2025 | 2025-03-01 | 2025-04-01
in Sept. 2025 | 2025-09-01 | 2025-10-01
January of 2024 | 2024-01-01 | 2024-02-01
March 5 | 2026-03-05 | 2026-03-06
March 5th | 2026-03-05 | 2026-03-06
on March 5, 2025 | 2025-03-05 | 2025-03-06
5 March | 2026-03-05 | 2026-03-06
the 5th of March 2025 | 2025-03-05 | 2025-03-06
Dec 31 | 2025-12-31 | 2026-01-01
Feb 29 | 2024-02-29 | 2024-03-01
December 24 at 18:00 | 2025-12-24 18:00 | 2025-12-24 18:01
2026-11-10 | 2026-11-10 | 2026-11-11
on 2026-11-10 | 2026-11-10 | 2026-11-11
2026/11/10 | 2026-11-10 | 2026-11-11
2026-11-10 09:15 | 2026-11-10 09:15 | 2026-11-10 09:16
2026-11-10T09:15 | 2026-11-10 09:15 | 2026-11-10 09:16
2026-02 | 2026-02-01 | 2026-03-01
in 2025 | 2025-01-01 | 2026-01-01
2025 | 2025-01-01 | 2026-01-01
Q3 | 2026-07-01 | 2026-10-01
in Q1 2025 | 2025-01-01 | 2025-04-01
since Monday | 2026-11-16 | …
since yesterday | 2026-11-17 | …
since March | 2026-03-01 | …
since last week | 2026-11-09 | …
ever since 2024 | 2024-01-01 | …
since 2026-11-01 | 2026-11-01 | …
after Monday | 2026-11-17 | …
after last week | 2026-11-16 | …
before yesterday | … | 2026-11-17
before March 2026 | … | 2026-03-01
until yesterday | … | 2026-11-18
until Monday | … | 2026-11-17
up to last month | … | 2026-11-01
between March and May | 2026-03-01 | 2026-06-01
between Monday and Tuesday | 2026-11-16 | 2026-11-18
between 2026-01-01 and 2026-03-31 | 2026-01-01 | 2026-04-01
between 9:00 and 11:30 | 2026-11-18 09:00 | 2026-11-18 11:31
from Monday to Tuesday | 2026-11-16 | 2026-11-18
from March until May | 2026-03-01 | 2026-06-01
from November to February | 2025-11-01 | 2026-03-01
from 2024 to 2025 | 2024-01-01 | 2026-01-01
from 9 am to noon | 2026-11-18 09:00 | 2026-11-18 12:01
last November | 2025-11-01 | 2025-12-01
this November | 2026-11-01 | 2026-12-01
`;
