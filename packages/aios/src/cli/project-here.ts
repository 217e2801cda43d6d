import { loadProject } from "../config/project.ts";
import type { Project } from "../config/project.ts";
import type { CommandContext } from "./context.ts";

/** What the project file of this folder asks for; what it may not ask is told and left out. */
export function projectHere({ cwd, say }: Pick<CommandContext, "cwd" | "say">): Project {
  const project = loadProject(cwd);
  for (const warning of project.warnings) say(warning);
  return project;
}
