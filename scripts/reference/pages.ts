import { commandsPage } from "./commands.ts";
import { configurationPage } from "./configuration.ts";
import { syscallsPage } from "./syscalls.ts";

/** Every generated page by its path in the repository. */
export const referencePages = (): Readonly<Record<string, string>> => ({
  "docs/reference/configuration.md": configurationPage(),
  "docs/reference/syscalls.md": syscallsPage(),
  "docs/reference/cli.md": commandsPage("en"),
  "docs/reference/cli.zh-CN.md": commandsPage("zh"),
});
