import { onFiles } from "../file-calls.ts";
import { readSource } from "../file-source.ts";
import { fsText } from "../messages/fs.ts";
import type { ContextOf } from "../registry.ts";
import { sizeText } from "../size-text.ts";

export async function run(context: ContextOf<"fs write">): Promise<void> {
  const { args, options, t, signal } = context;
  const content = await readSource(args.file, context);
  const written = await onFiles(context, (fs) =>
    fs.write(
      {
        path: args.path,
        content,
        encoding: "base64",
        ...(options.ifVersion !== undefined && { ifVersion: options.ifVersion }),
      },
      { signal },
    ),
  );
  context.say(t(fsText.wrote, { ...written, size: sizeText(written.sizeBytes) }));
  context.result(written, () => "");
}
