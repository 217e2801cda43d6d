/** Words that say nothing of a note's matter. Short on purpose: a word too few here costs less than one too many. */
export const stopWords: ReadonlySet<string> = new Set(
  (
    "a about above after again all also am an and any are aren't as at be because been before being below between both but by " +
    "can can't cannot could couldn't did didn't do does doesn't doing don't down during each every few for from further get go got " +
    "had hadn't has hasn't have haven't having he he's her here hers him his how however i i'd i'll i'm i've if in into is isn't " +
    "it it's its itself just let let's like made make may me might more most much must my myself no nor not now of off ok okay on " +
    "once one only or other our ours out over own please really said same say says shall she she's should so some such than that " +
    "that's the their theirs them then there there's these they they're this those through to too under until up us use used " +
    "using very want was wasn't we we'll we're we've well were weren't what when where which while who whom whose why will with " +
    "within without won't would yes yet you you'd you'll you're you've your yours via per vs etc hi hello hey thanks thank " +
    "的 了 和 是 在 我 有 就 不 也 都 而 及 与 与其 或 或者 一个 一 没有 我们 你 你们 他 他们 她 她们 它 它们 这 那 这个 那个 这些 那些 " +
    "这里 那里 之 其 对 对于 把 被 从 到 向 给 让 用 以 以及 于 为 为了 因为 因此 所以 但 但是 如果 虽然 然后 而且 并 并且 还 还是 还有 " +
    "很 非常 太 更 最 再 又 只 只是 才 能 能够 可以 可能 会 要 想 需要 应该 必须 去 来 说 看 做 着 过 地 得 吗 呢 吧 啊 嗯 哦 呀 请 " +
    "谢谢 你好 什么 怎么 怎样 如何 为什么 哪 哪个 哪些 谁 多少 几 个 些 种 次 每 各 某 等 等等 上 下 中 里 内 外 前 后 时 时候 现在 已经 " +
    "正在 一些 一下 一样 自己 大家 关于 通过 进行 使用 之后 之前 上次 下次 一起 以后 以前 其中 其他"
  ).split(" "),
);
