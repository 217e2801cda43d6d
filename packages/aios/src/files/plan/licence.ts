import type { Listed } from "./draft.ts";
import { baseOf, placeFrom } from "./paths.ts";
import { unquote } from "./quoted.ts";
import type { Setting, Step } from "./steps.ts";

/** Words without which a request asks for no such step, whatever a model makes of it. */
const words: Partial<Record<Step["call"], RegExp>> = {
  "fs.write":
    /\b(?:write|save|put|create|make|edit|change|update|replace|overwrite|fix|fill|generate|draft|compose|store|translate|summari[sz]e|rewrite|correct|convert)\w*|写|保存|存|改|替换|覆盖|更新|生成|创建|新建|记|起草|填|修|翻译|总结|放/i,
  "fs.remove": /\b(?:remov|delet|trash|erase|clean|clear|discard|drop|throw|purge|rid\b|wip)\w*|删|移除|清|丢|扔|去掉/i,
  "fs.rollback":
    /\b(?:roll|revert|undo|restor|reset|back|version|earlier|previous|before|recover)\w*|回滚|恢复|撤销|撤消|还原|退回|版本|之前|以前/i,
  "fs.share": /\b(?:shar|link|publish|send|give)\w*|分享|共享|链接|发给|公开/i,
  "fs.mount": /\bmount\w*|挂载/i,
};

interface Ground {
  readonly request: string;
  readonly listing: readonly Listed[];
  /** Steps before this one. */
  readonly earlier: readonly Step[];
  readonly setting: Setting;
}

/**
 * Why a step must not be taken from a model: it is one that a person is asked about, and the request has no word for it
 * outside of quotations, or its path is neither in the request nor in the listing, nor made by an earlier step.
 */
export function licenceFault(step: Step, { request, listing, earlier, setting }: Ground): string | undefined {
  if (!step.needsAsking) return undefined;
  if (!words[step.call]?.test(unquote(request).text)) return `the request does not ask for ${step.call}`;
  const path = "path" in step.args ? step.args.path : "folder" in step.args ? step.args.folder : "";
  const isSaid = names(request.toLowerCase(), baseOf(path).toLowerCase());
  const isListed = listing.some((one) => {
    const place = placeFrom(setting.cwd, one.path);
    return "path" in place && place.path === path;
  });
  const isMade = earlier.some(
    ({ args }) => ("to" in args && args.to === path) || ("path" in args && args.path === path),
  );
  return isSaid || isListed || isMade ? undefined : `the request names no ${path}`;
}

/** Whether a text says a name, and not only as a part of a longer Latin word. */
function names(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const [before, after] = [text[at - 1] ?? " ", text[at + name.length] ?? " "];
    if (!(isLatin(before) && isLatin(name)) && !(isLatin(after) && isLatin(name.slice(-1)))) return true;
  }
  return false;
}

const isLatin = (text: string): boolean => /^[\p{sc=Latin}\p{N}_]/u.test(text);
