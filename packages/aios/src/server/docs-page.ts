import { errnoTable, specOf, syscallTable } from "@aiosjs/sdk/protocol";
import type { SyscallName } from "@aiosjs/sdk/protocol";
import { z } from "zod";

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #8884}
code,pre{font:14px/1.4 ui-monospace,monospace}pre{overflow-x:auto}@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}a{color:#8bf}}`;

function row(name: SyscallName): string {
  const spec = specOf(name);
  const { $schema: _dialect, ...args } = z.toJSONSchema(spec.args, { io: "input", unrepresentable: "any" });
  const schema = escape(JSON.stringify(args, null, 2));
  return `<tr><td><code>${name}</code></td><td>${escape(spec.doc)}<details><summary>arguments</summary><pre>${schema}</pre></details></td><td>${spec.effect}</td></tr>`;
}

/** The syscall table for people: one static page, nothing loaded from elsewhere. */
export function docsPage(about: { name: string; version: string }): string {
  const rows = (Object.keys(syscallTable) as SyscallName[]).map(row).join("\n");
  const errors = Object.entries(errnoTable)
    .map(
      ([code, { status, retryable, en }]) =>
        `<tr><td><code>${code}</code></td><td>${status}</td><td>${en}${retryable ? " (may be sent again)" : ""}</td></tr>`,
    )
    .join("\n");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(about.name)}</title><style>${style}</style></head><body>
<h1>${escape(about.name)} ${escape(about.version)}</h1>
<p>Every syscall is <code>POST /v1/syscalls/{name}</code> with its arguments as JSON; <code>Accept: text/event-stream</code> asks for its
events. A key goes into <code>Authorization: Bearer</code> or <code>x-api-key</code>. Clients of OpenAI's chat API use <code>/v1</code> as their
base URL. The whole interface as a document: <a href="/openapi.json">/openapi.json</a>.</p>
<pre>curl -H "Authorization: Bearer $AIOS_KEY" -d '{}' $AIOS_URL/v1/syscalls/sys.status</pre>
<h2>Syscalls</h2><table><tr><th>name</th><th>what it does</th><th>effect</th></tr>
${rows}
</table>
<h2>Errors</h2><table><tr><th>code</th><th>HTTP</th><th>meaning</th></tr>
${errors}
</table></body></html>
`;
}
