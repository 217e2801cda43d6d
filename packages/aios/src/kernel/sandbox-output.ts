import type { KernelCall } from "./devices/device.ts";
import type { SandboxEvent } from "./ports.ts";

type Stream = "stdout" | "stderr";

/** What a command prints: told as it comes, and kept for the result. A character that two pieces share is not torn. */
export function printedOutput({ record, parts }: Pick<KernelCall, "record" | "parts">): {
  add(event: Extract<SandboxEvent, { type: "output" }>): void;
  close(): { readonly stdout: string; readonly stderr: string };
} {
  const isWatched = record.process.kind !== "kernel";
  const open = () => ({
    decoder: new TextDecoder(),
    redactor: isWatched ? parts.secrets?.redactor(record.process.tenant) : undefined,
    text: "",
  });
  const streams = { stdout: open(), stderr: open() };
  const tell = (stream: Stream, text: string): void => {
    streams[stream].text += text;
    if (text !== "") record.push([{ type: "output.delta", stream, text }]);
  };
  return {
    add({ stream, bytes }) {
      const { decoder, redactor } = streams[stream];
      const text = decoder.decode(bytes, { stream: true });
      tell(stream, redactor ? redactor.push(text) : text);
    },
    close() {
      for (const stream of ["stdout", "stderr"] as const) {
        const { decoder, redactor } = streams[stream];
        const rest = decoder.decode();
        tell(stream, redactor ? redactor.push(rest) + redactor.rest() : rest);
      }
      return { stdout: streams.stdout.text, stderr: streams.stderr.text };
    },
  };
}
