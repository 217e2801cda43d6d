type Numbers = Uint8Array | Uint16Array | Uint32Array | Float32Array;

/** The same numbers in an array of this length, with 0 behind them. */
export function grown<Of extends Numbers>(held: Of, length: number): Of {
  const more = new (held.constructor as new (length: number) => Of)(length);
  more.set(held);
  return more;
}
