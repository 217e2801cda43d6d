/** Lets so many at once do something; others wait for their turn, in order. */
export function createSlots(count: number): { use<Result>(work: () => Promise<Result>): Promise<Result> } {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    async use(work) {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else free++;
      }
    },
  };
}
