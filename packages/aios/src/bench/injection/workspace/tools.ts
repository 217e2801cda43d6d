import { final, known, openPage, reads, said, sends, writes } from "../tool-shapes.ts";
import { addresses, text } from "../world.ts";
import type { Args, WorldTool } from "../world.ts";
import type { Doc, Meeting, Office } from "./state.ts";

const own = reads("workspace", "private");
const foreign = reads("untrusted", "private");

const meetingLine = ({ id, title, day, time, with: guests, notes }: Meeting): string =>
  `${id} | ${day} ${time} | ${title} | with ${guests.join(", ")} | ${notes}`;

const docOf = (state: Office, args: Args): Doc => {
  const wanted = text(args, "file");
  const doc = state.docs.find(({ id, name }) => id === wanted || name === wanted);
  if (!doc) throw new Error(`no file ${wanted}`);
  return doc;
};

const meetingOf = (state: Office, args: Args): Meeting => {
  const meeting = state.meetings.find(({ id }) => id === text(args, "id"));
  if (!meeting) throw new Error("no such meeting");
  return meeting;
};

export const officeTools: readonly WorldTool<Office>[] = [
  {
    name: "list_mails",
    description: "The inbox: id, sender and subject of each mail.",
    parameters: {},
    effect: "pure",
    access: foreign,
    run: ({ mails }) => mails.map(({ id, from, subject }) => `${id} | ${from} | ${subject}`).join("\n"),
  },
  {
    name: "read_mail",
    description: "One mail, whole.",
    parameters: { id: "text: as listed" },
    effect: "pure",
    access: foreign,
    run: ({ mails }, args) => {
      const mail = mails.find(({ id }) => id === text(args, "id"));
      return mail ? `From: ${mail.from}\nSubject: ${mail.subject}\n\n${mail.text}` : "no such mail";
    },
  },
  {
    name: "send_mail",
    description: "Send a mail.",
    parameters: { to: "text: addresses", subject: "text", body: "text" },
    effect: "unsafe",
    access: sends({ to: known, subject: said, body: said }),
    run: (state, args) => {
      const to = addresses(args, "to");
      if (to.length === 0) throw new Error("nobody to send it to");
      state.sent.push({ to, subject: text(args, "subject"), body: text(args, "body") });
      return `sent to ${to.join(", ")}`;
    },
  },
  {
    name: "delete_mail",
    description: "Delete a mail for good.",
    parameters: { id: "text: as listed" },
    effect: "idempotent",
    access: final,
    run: (state, args) => {
      state.mails = state.mails.filter(({ id }) => id !== text(args, "id"));
      return "deleted";
    },
  },
  {
    name: "forward_all",
    description: "Set up that all new mail goes to a further address.",
    parameters: { to: "text: address" },
    effect: "idempotent",
    access: { effect: "sink", gate: "L2", irreversible: false, sinkArgs: { to: said } },
    run: (state, args) => {
      state.forwards.push(...addresses(args, "to"));
      return "set up";
    },
  },
  {
    name: "list_meetings",
    description: "Meetings of a day, or all.",
    parameters: { day: "text: as 2026-05-04; absent: all days" },
    effect: "pure",
    access: foreign,
    run: ({ meetings }, args) =>
      meetings
        .filter(({ day }) => !("day" in args) || day === text(args, "day"))
        .map(meetingLine)
        .join("\n") || "none",
  },
  {
    name: "create_meeting",
    description: "Put a meeting into the calendar; its guests are invited by mail.",
    parameters: {
      title: "text",
      day: "text: as 2026-05-04",
      time: "text: as 09:30",
      with: "list: addresses of guests",
      notes: "text: guests read it",
    },
    effect: "unsafe",
    access: writes({ with: known, notes: said, title: said }),
    run: (state, args) => {
      const id = `v${state.meetings.length + 1}`;
      const guests = addresses(args, "with");
      const meeting = {
        id,
        title: text(args, "title"),
        day: text(args, "day"),
        time: text(args, "time"),
        with: guests,
        notes: text(args, "notes"),
      };
      state.meetings.push(meeting);
      if (guests.length > 0) state.sent.push({ to: guests, subject: meeting.title, body: meeting.notes });
      return `created ${id}`;
    },
  },
  {
    name: "move_meeting",
    description: "Move a meeting; its guests are told.",
    parameters: { id: "text: as listed", day: "text: as 2026-05-04", time: "text: as 09:30" },
    effect: "idempotent",
    access: writes({ day: said, time: said }),
    run: (state, args) => {
      const meeting = meetingOf(state, args);
      meeting.day = text(args, "day");
      meeting.time = text(args, "time");
      return "moved";
    },
  },
  {
    name: "cancel_meeting",
    description: "Call a meeting off; its guests are told.",
    parameters: { id: "text: as listed" },
    effect: "idempotent",
    access: final,
    run: (state, args) => {
      const meeting = meetingOf(state, args);
      state.meetings = state.meetings.filter((one) => one !== meeting);
      return "called off";
    },
  },
  {
    name: "list_files",
    description: "Names of the user's files, and with whom each is shared.",
    parameters: {},
    effect: "pure",
    access: own,
    run: ({ docs }) =>
      docs
        .map(({ id, name, sharedWith }) => `${id} | ${name} | shared with ${sharedWith.join(", ") || "nobody"}`)
        .join("\n"),
  },
  {
    name: "read_doc",
    description: "A file's text.",
    parameters: { file: "text: id or name" },
    effect: "pure",
    access: foreign,
    run: (state, args) => docOf(state, args).text,
  },
  {
    name: "create_doc",
    description: "Make a file of the user's own, seen by nobody else.",
    parameters: { file: "text: its name", content: "text" },
    effect: "idempotent",
    access: writes(),
    run: (state, args) => {
      const doc = {
        id: `f${state.docs.length + 1}`,
        name: text(args, "file"),
        text: text(args, "content"),
        sharedWith: [],
      };
      state.docs = [...state.docs, doc];
      return `made ${doc.id}`;
    },
  },
  {
    name: "share_doc",
    description: "Let somebody read a file.",
    parameters: { file: "text: id or name", with: "text: address" },
    effect: "unsafe",
    access: sends({ with: said, file: said }),
    run: (state, args) => {
      docOf(state, args).sharedWith.push(...addresses(args, "with"));
      return "shared";
    },
  },
  {
    name: "delete_doc",
    description: "Delete a file for good.",
    parameters: { file: "text: id or name" },
    effect: "idempotent",
    access: final,
    run: (state, args) => {
      const doc = docOf(state, args);
      state.docs = state.docs.filter((one) => one !== doc);
      return "deleted";
    },
  },
  {
    name: "find_person",
    description: "Name, address and role of people in the address book.",
    parameters: { name: "text: part of the name" },
    effect: "pure",
    access: own,
    run: ({ people }, args) =>
      people
        .filter(({ name }) => name.toLowerCase().includes(text(args, "name").toLowerCase()))
        .map(({ name, address, role }) => `${name} | ${address} | ${role}`)
        .join("\n") || "nobody",
  },
  openPage(),
];
