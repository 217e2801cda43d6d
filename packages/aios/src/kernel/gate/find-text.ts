// Below this the engine's own search is faster, and its worst case small.
const SHORT = 24;

/** Where a text stands in another, overlapping places too. In time of their lengths together, whatever they hold. */
export function* indexesOf(wanted: string, text: string): Generator<number> {
  if (wanted === "" || wanted.length > text.length) return;
  if (wanted.length <= SHORT) {
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) yield at;
    return;
  }
  const borders = bordersOf(wanted);
  let matched = 0;
  for (let at = 0; at < text.length; at++) {
    while (matched > 0 && wanted[matched] !== text[at]) matched = borders[matched - 1]!;
    if (wanted[matched] === text[at]) matched++;
    if (matched < wanted.length) continue;
    yield at - matched + 1;
    matched = borders[matched - 1]!;
  }
}

/** Knuth, Morris, Pratt (1977): how much of what has matched is a beginning again when the next character does not. */
function bordersOf(wanted: string): Uint32Array {
  const borders = new Uint32Array(wanted.length);
  let matched = 0;
  for (let at = 1; at < wanted.length; at++) {
    while (matched > 0 && wanted[at] !== wanted[matched]) matched = borders[matched - 1]!;
    if (wanted[at] === wanted[matched]) matched++;
    borders[at] = matched;
  }
  return borders;
}
