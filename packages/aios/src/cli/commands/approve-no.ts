import { approveText } from "../messages/approve.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"approve no">): Promise<void> {
  const { args, t } = context;
  const client = await context.client();
  for (const id of args.ids) {
    const { kind } = await client.approval.show({ id });
    await client.approval.answer({ id, isApproved: false });
    context.say(t(kind === "gate" ? approveText.refused : approveText.denied, { id }));
  }
  context.result({ ids: args.ids, isApproved: false }, () => "");
}
