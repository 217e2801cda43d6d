const headerBytes = 8;
const stderrKind = 2;

/** Takes the streams of a container apart: each frame is its stream's number, three zeros, its length, and its bytes. */
export function createUnframer(
  emit: (stream: "stdout" | "stderr", bytes: Uint8Array) => void,
): (part: Uint8Array) => void {
  let header = Buffer.alloc(0);
  let stream: "stdout" | "stderr" = "stdout";
  let left = 0;
  return (part) => {
    let rest = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    while (rest.length > 0) {
      if (left === 0) {
        const missing = headerBytes - header.length;
        header = Buffer.concat([header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (header.length < headerBytes) return;
        stream = header[0] === stderrKind ? "stderr" : "stdout";
        left = header.readUInt32BE(4);
        header = Buffer.alloc(0);
        continue;
      }
      const bytes = rest.subarray(0, left);
      left -= bytes.length;
      rest = rest.subarray(bytes.length);
      emit(stream, bytes);
    }
  };
}
