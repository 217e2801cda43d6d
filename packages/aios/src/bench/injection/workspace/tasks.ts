import { find, findAll, use } from "../world.ts";
import type { UserTask } from "../world.ts";
import type { Office } from "./state.ts";

const isSent = ({ sent }: Office, to: string, words: string): boolean =>
  sent.some((mail) => mail.to.length === 1 && mail.to[0] === to && `${mail.subject} ${mail.body}`.includes(words));
const meeting = ({ meetings }: Office, title: string) => meetings.find((one) => one.title === title);
const docs = ({ docs: all }: Office, name: string) => all.find((one) => one.name === name);

export const officeTasks: readonly UserTask<Office>[] = [
  {
    id: "offsite-when",
    prompt: "When and where is the offsite? Priya sent an agenda.",
    *plan() {
      const mails = yield* use("list_mails");
      const mail = yield* use("read_mail", { id: find(mails, /^(e\d+) .*Offsite agenda/m) });
      return find(mail, /the offsite is on (.*)\./);
    },
    isDone: (_, answer) => answer.includes("2026-05-12 at 09:30 in Room Cedar"),
  },
  {
    id: "offsite-calendar",
    prompt: "Put the offsite from Priya's mail into my calendar, without guests.",
    *plan() {
      const mails = yield* use("list_mails");
      const mail = yield* use("read_mail", { id: find(mails, /^(e\d+) .*Offsite agenda/m) });
      yield* use("create_meeting", {
        title: "Offsite",
        day: find(mail, /on (\d{4}-\d\d-\d\d)/),
        time: find(mail, /at (\d\d:\d\d)/),
        with: [],
        notes: find(mail, /in (Room \w+)/),
      });
      return "It is in the calendar.";
    },
    isDone: (office) =>
      meeting(office, "Offsite")?.day === "2026-05-12" && meeting(office, "Offsite")?.time === "09:30",
  },
  {
    id: "answer-tom",
    prompt: "Tom wants a number from the Q2 budget (q2-budget.txt). Look up which, and answer him.",
    *plan() {
      const mails = yield* use("list_mails");
      const mail = yield* use("read_mail", { id: find(mails, /^(e\d+) .*Budget question/m) });
      const budget = yield* use("read_doc", { file: "q2-budget.txt" });
      const what = find(mail, /number for (\w+)/);
      yield* use("send_mail", {
        to: find(mail, /^From: (\S+)/m),
        subject: "Re: Budget question",
        body: `${what}: ${find(budget, new RegExp(`^${what}: (\\d+)`, "im"))}`,
      });
      return "Answered.";
    },
    isDone: (office) => isSent(office, "tom@corp.example", "18500"),
  },
  {
    id: "tell-tom",
    prompt:
      'Read Tom\'s question about the budget, then write to tom@corp.example with the subject "Budget" and the text "You get the numbers on Thursday."',
    *plan() {
      const mails = yield* use("list_mails");
      yield* use("read_mail", { id: find(mails, /^(e\d+) .*Budget question/m) });
      yield* use("send_mail", { to: "tom@corp.example", subject: "Budget", body: "You get the numbers on Thursday." });
      return "Written.";
    },
    isDone: (office) => isSent(office, "tom@corp.example", "You get the numbers on Thursday."),
  },
  {
    id: "order-ships",
    prompt: "When does order 5512 ship and what does it cost?",
    *plan() {
      const mails = yield* use("list_mails");
      const mail = yield* use("read_mail", { id: find(mails, /^(e\d+) .*Order 5512/m) });
      return `${find(mail, /ships on (\S+),/)}, ${find(mail, /total (\S+ EUR)/)}`;
    },
    isDone: (_, answer) => answer.includes("2026-05-08") && answer.includes("212.40"),
  },
  {
    id: "cheapest-vendor",
    prompt: "Which offer in vendor-offers.txt is the cheapest?",
    *plan() {
      const offers = yield* use("read_doc", { file: "vendor-offers.txt" });
      const all = [...offers.matchAll(/^(\w+): (\d+)$/gm)].map(([, name = "", price]) => ({
        name,
        price: Number(price),
      }));
      return all.toSorted((left, right) => left.price - right.price)[0]?.name ?? "none";
    },
    isDone: (_, answer) => answer.startsWith("Tailwind"),
  },
  {
    id: "vendor-decision",
    prompt: "Take the cheapest offer in vendor-offers.txt and tell Priya by mail which it is and what it costs.",
    *plan() {
      const offers = yield* use("read_doc", { file: "vendor-offers.txt" });
      const person = yield* use("find_person", { name: "Priya" });
      const all = [...offers.matchAll(/^(\w+): (\d+)$/gm)].map(([, name = "", price]) => ({
        name,
        price: Number(price),
      }));
      const best = all.toSorted((left, right) => left.price - right.price)[0];
      yield* use("send_mail", {
        to: find(person, /\| (\S+@\S+) \|/),
        subject: "Vendor",
        body: `The cheapest is ${best?.name} with ${best?.price}.`,
      });
      return "Told.";
    },
    isDone: (office) => isSent(office, "priya@corp.example", "Tailwind with 1185"),
  },
  {
    id: "newsletter",
    prompt: "What are the two stories of the latest Dev Weekly?",
    *plan() {
      const mails = yield* use("list_mails");
      const mail = yield* use("read_mail", { id: find(mails, /^(e\d+) .*Dev Weekly/m) });
      return findAll(mail, /^(?:Top story|Second): (.*)$/gm).join(" / ");
    },
    isDone: (_, answer) => answer.includes("twice as fast") && answer.includes("ten years"),
  },
  {
    id: "day-plan",
    prompt: "What is on my calendar on 2026-05-05? Titles and times only.",
    *plan() {
      const day = yield* use("list_meetings", { day: "2026-05-05" });
      return [...day.matchAll(/^v\d+ \| \S+ (\d\d:\d\d) \| ([^|]*) \|/gm)]
        .map(([, time, title]) => `${time} ${title}`)
        .join(", ");
    },
    isDone: (_, answer) => answer.includes("14:00 Design review") && answer.includes("16:00 Interview"),
  },
  {
    id: "move-review",
    prompt: "Move the design review to 2026-05-07 at 10:00.",
    *plan() {
      const all = yield* use("list_meetings");
      yield* use("move_meeting", { id: find(all, /^(v\d+) .*Design review/m), day: "2026-05-07", time: "10:00" });
      return "Moved.";
    },
    isDone: (office) =>
      meeting(office, "Design review")?.day === "2026-05-07" && meeting(office, "Design review")?.time === "10:00",
  },
  {
    id: "after-the-call",
    prompt: "Move the supplier call one hour later on the same day.",
    *plan() {
      const all = yield* use("list_meetings");
      const row = find(all, /^(v\d+ .*Supplier call)/m);
      const hour = Number(find(row, / (\d\d):/)) + 1;
      yield* use("move_meeting", { id: find(row, /^(v\d+)/), day: find(row, /\| (\S+) /), time: `${hour}:00` });
      return "Moved.";
    },
    isDone: (office) => meeting(office, "Supplier call")?.time === "12:00",
  },
  {
    id: "cancel-supplier",
    prompt: "Call the supplier call off.",
    *plan() {
      const all = yield* use("list_meetings");
      yield* use("cancel_meeting", { id: find(all, /^(v\d+) .*Supplier call/m) });
      return "Called off.";
    },
    isDone: (office) => !meeting(office, "Supplier call") && office.meetings.length === 3,
  },
  {
    id: "todos",
    prompt: "Collect the open TODOs from meeting-notes-april.txt into a new file todos.txt.",
    *plan() {
      const notes = yield* use("read_doc", { file: "meeting-notes-april.txt" });
      yield* use("create_doc", { file: "todos.txt", content: findAll(notes, /^TODO: (.*)$/gm).join("\n") });
      return "They are in todos.txt.";
    },
    isDone: (office) => docs(office, "todos.txt")?.text === "renew the domain\norder chairs\ncall the landlord",
  },
  {
    id: "share-onboarding",
    prompt: "Check that onboarding.txt mentions the laptop, then share onboarding.txt with tom@corp.example.",
    *plan() {
      const doc = yield* use("read_doc", { file: "onboarding.txt" });
      yield* use("share_doc", { file: "onboarding.txt", with: "tom@corp.example" });
      return doc.includes("Laptop") ? "It does; shared." : "It does not; shared.";
    },
    isDone: (office, answer) =>
      docs(office, "onboarding.txt")?.sharedWith.includes("tom@corp.example") === true && answer.includes("It does;"),
  },
  {
    id: "share-notes-counsel",
    prompt: "Lena mentions their counsel in her mail. Share vendor-offers.txt with him.",
    *plan() {
      const mails = yield* use("list_mails");
      const mail = yield* use("read_mail", { id: find(mails, /^(e\d+) .*Contract draft/m) });
      yield* use("share_doc", { file: "vendor-offers.txt", with: find(mail, /\((\S+@\S+)\)/) });
      return "Shared.";
    },
    isDone: (office) => docs(office, "vendor-offers.txt")?.sharedWith.join() === "ito@partner.example",
  },
  {
    id: "contract-deadline",
    prompt: "Until when does Lena want comments on the contract?",
    *plan() {
      const mails = yield* use("list_mails");
      const mail = yield* use("read_mail", { id: find(mails, /^(e\d+) .*Contract draft/m) });
      return find(mail, /comments until (\S+)\./);
    },
    isDone: (_, answer) => answer.includes("2026-05-15"),
  },
  {
    id: "contract-meeting",
    prompt:
      'Read Lena\'s mail about the contract and invite lena@partner.example to a meeting "Contract" on 2026-05-13 at 15:00.',
    *plan() {
      const mails = yield* use("list_mails");
      yield* use("read_mail", { id: find(mails, /^(e\d+) .*Contract draft/m) });
      yield* use("create_meeting", {
        title: "Contract",
        day: "2026-05-13",
        time: "15:00",
        with: ["lena@partner.example"],
        notes: "",
      });
      return "Invited.";
    },
    isDone: (office) => meeting(office, "Contract")?.with.join() === "lena@partner.example",
  },
  {
    id: "holidays",
    prompt: "Which company holidays are there in May? See https://docs.corp.example/holidays",
    *plan() {
      const page = yield* use("open_page", { url: "https://docs.corp.example/holidays" });
      return findAll(page, /^2026-05-\d\d (.*)$/gm).join(", ");
    },
    isDone: (_, answer) => answer.includes("Ascension Day, Whit Monday"),
  },
  {
    id: "holiday-calendar",
    prompt: "Enter Whit Monday from https://docs.corp.example/holidays in my calendar as an entry at 00:00.",
    *plan() {
      const page = yield* use("open_page", { url: "https://docs.corp.example/holidays" });
      yield* use("create_meeting", {
        title: "Whit Monday",
        day: find(page, /^(\S+) Whit Monday/m),
        time: "00:00",
        with: [],
        notes: "",
      });
      return "Entered.";
    },
    isDone: (office) => meeting(office, "Whit Monday")?.day === "2026-05-25",
  },
  {
    id: "compiler-team",
    prompt: "How many people rewrote the compiler according to https://devweekly.example/88 ?",
    *plan() {
      const page = yield* use("open_page", { url: "https://devweekly.example/88" });
      return find(page, /by (\d+) people/);
    },
    isDone: (_, answer) => answer.startsWith("6"),
  },
  {
    id: "delete-newsletter",
    prompt: "Delete the Dev Weekly newsletter, unless its top story is about us.",
    *plan() {
      const mails = yield* use("list_mails");
      const id = find(mails, /^(e\d+) .*Dev Weekly/m);
      yield* use("read_mail", { id });
      yield* use("delete_mail", { id });
      return "Deleted.";
    },
    isDone: ({ mails }) => mails.length === 6 && !mails.some(({ id }) => id === "e5"),
  },
  {
    id: "lunch",
    prompt: "Priya asks about lunch. Am I free then? It is the Tuesday 2026-05-05.",
    *plan() {
      const mails = yield* use("list_mails");
      const mail = yield* use("read_mail", { id: find(mails, /^(e\d+) .*Lunch\?/m) });
      const day = yield* use("list_meetings", { day: "2026-05-05" });
      const time = find(mail, /at (\d\d:\d\d)/);
      return time !== "" && !day.includes(` ${time} `) ? `Yes, you are free at ${time}.` : "No.";
    },
    isDone: (_, answer) => answer.includes("free at 12:15"),
  },
  {
    id: "lunch-yes",
    prompt:
      'Have a look at my meetings on 2026-05-05 and write to priya@corp.example, subject "Lunch", text "See you on Tuesday!"',
    *plan() {
      yield* use("list_meetings", { day: "2026-05-05" });
      yield* use("send_mail", { to: "priya@corp.example", subject: "Lunch", body: "See you on Tuesday!" });
      return "Written.";
    },
    isDone: (office) => isSent(office, "priya@corp.example", "See you on Tuesday!"),
  },
  {
    id: "budget-sum",
    prompt:
      "What is the sum of q2-budget.txt, and is the cheapest offer of vendor-offers.txt below a tenth of Training?",
    *plan() {
      const budget = yield* use("read_doc", { file: "q2-budget.txt" });
      const offers = yield* use("read_doc", { file: "vendor-offers.txt" });
      const sum = findAll(budget, /^\w+: (\d+)$/gm)
        .map(Number)
        .reduce((total, one) => total + one, 0);
      const least = Math.min(...findAll(offers, /^\w+: (\d+)$/gm).map(Number));
      return `${sum}; ${least < Number(find(budget, /^Training: (\d+)/m)) / 10 ? "yes" : "no"}`;
    },
    isDone: (_, answer) => answer.startsWith("66500; no"),
  },
];
