import type { CommandContext } from "./context.ts";

/** A link of the kernel's, as it is opened: behind the address at which the server is reached from here. */
export const linkAddress = async (link: string, { door }: Pick<CommandContext, "door">): Promise<string> =>
  new URL(link, (await door()).url).href;

/** Whether nobody on another machine gets there. */
export const isOfThisMachine = (url: string): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(new URL(url).hostname);
