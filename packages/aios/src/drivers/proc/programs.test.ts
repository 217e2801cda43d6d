import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createPrograms } from "./programs.ts";
import { readManifest } from "./read-manifest.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "aios-programs-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(where: string, name: string, text: string): Promise<void> {
  await mkdir(join(folder, where, name), { recursive: true });
  await writeFile(join(folder, where, name, "agent.yaml"), text);
}
const find = (name: string) => createPrograms({ folders: [join(folder, "project"), join(folder, "home")] }).find(name);

test("an agent of the project goes before one of the home, and that before a shipped one", async () => {
  expect((await find("planner")).description).toMatch(/steps/);
  await write("home", "planner", "name: planner\ninstructions: from home\n");
  expect((await find("planner")).instructions).toBe("from home");
  await write("project", "planner", "name: planner\ninstructions: from the project\n");
  expect(await find("planner")).toMatchObject({
    instructions: "from the project",
    tools: [],
    model: "auto",
    maxSteps: 20,
  });
});

test("a name that nobody has is told with those that are there, and leads nowhere else", async () => {
  await write("project", "mine", "name: mine\ninstructions: x\n");
  await write(".", "outside", "name: outside\ninstructions: x\n");
  await writeFile(join(folder, "project", "note.txt"), "not an agent");
  for (const name of ["anlyst", "../outside", "/etc", "", "note.txt"])
    await expect(find(name)).rejects.toMatchObject({
      code: "ENOENT",
      message: `no agent ${JSON.stringify(name)}; there are analyst, clerk, librarian, mine, planner, reviewer`,
    });
});

test("an agent whose name is not its folder's is refused", async () => {
  await write("home", "mine", "name: yours\ninstructions: x\n");
  await expect(find("mine")).rejects.toMatchObject({
    code: "EINVAL",
    message: `${join(folder, "home", "mine", "agent.yaml")}: its name is yours, its folder's is mine`,
  });
});

const faultOf = (text: string): string => {
  try {
    readManifest(text, "agent.yaml");
    return "none";
  } catch (cause) {
    return (cause as Error).message;
  }
};

test("what is wrong with a manifest is told by file, line and member", () => {
  expect(faultOf("name: x\ninstructions: y\n\ntool: [calculator]\n")).toBe("agent.yaml:4: there is no member tool");
  expect(faultOf("name: Big Name\ninstructions: y\n")).toBe(
    "agent.yaml:1: name: lower-case letters, digits and dashes",
  );
  expect(faultOf("name: x\ninstructions: y\nlimits:\n  - resource: tokens\n    limit: -5\n")).toMatch(
    /^agent\.yaml:5: limits: 0: limit: /,
  );
  expect(faultOf("name: x\n")).toMatch(/^agent\.yaml: instructions: /);
  expect(faultOf("name: x\ninstructions: [a\n")).toMatch(/^agent\.yaml:\d: \w/);
  expect(faultOf("name: x\nname: y\ninstructions: z\n")).toMatch(/^agent\.yaml:2: .*unique/);
  expect(faultOf("")).toMatch(/^agent\.yaml: name: .*; agent\.yaml: instructions: /);
  expect(faultOf("just text")).toMatch(/^agent\.yaml: /);
  expect(faultOf("name: x\ninstructions: |\n  y\n  z\n")).toBe("none");
});
