// Returns as many characters as its task says.
import { defineAgent } from "@aiosjs/sdk";

// oxlint-disable-next-line import/no-default-export -- how a module shows its program
export default defineAgent((_, task) => Promise.resolve("x".repeat(Number(task))));
