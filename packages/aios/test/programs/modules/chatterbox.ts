// Says things on its channel that no program of the sdk says, as libraries do that greet their parent process.
interface Context {
  readonly transport: { syscall(name: string, args: object, options: object): AsyncIterable<unknown> };
}

// oxlint-disable-next-line import/no-default-export -- how a module shows its program
export default {
  run: async (_task: string, { transport }: Context): Promise<string> => {
    process.send?.("ready");
    process.send?.({ is: "left" });
    const options = { nice: 3, principal: { tenant: "local", pid: null, scopes: ["*"] }, pid: "other", isNested: true };
    const events = transport.syscall("proc.now", {}, options)[Symbol.asyncIterator]();
    while (!(await events.next()).done);
    return "said";
  },
};
