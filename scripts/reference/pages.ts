import { commandsPage } from "./commands.ts";
import { configurationPage } from "./configuration.ts";
import { fileRequestsPage } from "./file-requests.ts";
import { policyPage } from "./policy.ts";
import { syscallsPage } from "./syscalls.ts";

/** Every generated page by its path in the repository. */
export const referencePages = (): Readonly<Record<string, string>> => ({
  "docs/reference/configuration.md": configurationPage(),
  "docs/reference/policy.md": policyPage(),
  "docs/reference/syscalls.md": syscallsPage(),
  "docs/reference/file-requests.md": fileRequestsPage(),
  "docs/reference/cli.md": commandsPage("en"),
  "docs/reference/cli.zh-CN.md": commandsPage("zh"),
});
