/**
 * Acts in the order in which they come, each in a turn of its own: what follows from one is done before the next. `inNextTurn`
 * must come after all continuations of promises.
 */
export function oneByOne(inNextTurn: (act: () => void) => void): (act: () => void) => void {
  const queue: (() => void)[] = [];
  const turn = (): void => {
    queue.shift()?.();
    if (queue.length > 0) inNextTurn(turn);
  };
  return (act) => {
    if (queue.push(act) === 1) inNextTurn(turn);
  };
}
