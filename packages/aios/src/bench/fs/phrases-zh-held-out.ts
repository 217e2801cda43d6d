import { each, list } from "./list.ts";
import type { FilePhrases } from "./phrases.ts";

export const chineseHeldOut: FilePhrases = {
  customers: [
    each("紫荆 南屏 金穗 晨曦 博雅 恒泰 观澜 凌霄 万象 银杏 飞鹏 长亭 碧落 松涛"),
    each("股份 电子 重工 食品 地产 纺织 出版"),
  ],
  people: each("贺兰敏 宇文涛 独孤晴 司马岚 东方朔风 西门雨 南宫翎 百里香 呼延烈 钟离秋 澹台月 闻人笑"),
  projects: each("Canglang Dujuan Haitang Kunpeng Mudan Nanfeng Qiushui Ruyi Shanhu Wutong"),
  topics: [
    {
      world: "work",
      term: "风机",
      says: list(`
        暴风过后{c}重新启动了{t}。
        {c}那台{t}的叶片有细裂纹。
        低负荷时{t}齿轮箱嗡嗡作响。`),
      asks: list(`
        风力发电装备
        靠空气流动产能的大轮子`),
    },
    {
      world: "work",
      term: "扫描仪",
      says: list(`
        {c}的{t}摆在收发室旁。
        薄纸总把{t}卡住。
        {c}要求{t}一次读双面。`),
      asks: list(`
        把文档变成图像
        纸张数字化的机器`),
    },
    {
      world: "work",
      term: "保险",
      says: list(`
        {c}的{t}不赔冰雹。
        第二次失窃后{c}加了{t}。
        {t}费秋天到期。`),
      asks: list(`
        意外损失的补偿
        出事故谁承担`),
    },
    {
      world: "work",
      term: "加密",
      says: list(`
        {c}要求所有备份都{t}。
        {c}来信说{t}密钥每季轮换。
        旧的{t}套件必须关掉。`),
      asks: list(`
        机密信息保护
        让外人看不懂内容`),
    },
    {
      world: "work",
      term: "化肥",
      says: list(`
        {c}把{t}堆在干燥的谷仓。
        {c}的{t}撒播机校准过了。
        坡上少施{t}。`),
      asks: list(`
        给庄稼补充养分
        氮磷钾`),
    },
    {
      world: "work",
      term: "软包",
      says: list(`
        {c}给候客区挑了绿色{t}。
        {t}沿接缝裂开了。
        {t}上的污渍算在{c}头上。`),
      asks: list(`
        沙发布料
        家具表面的织物`),
    },
    {
      world: "work",
      term: "排水",
      says: list(`
        {c}一年疏通两次{t}。
        树根堵住了天井下的{t}。
        {c}新建的{t}通到池塘。`),
      asks: list(`
        下水道
        雨后积涝的处理`),
    },
    {
      world: "work",
      term: "学费",
      says: list(`
        考过的人{c}全退{t}。
        {t}上调百分之四。
        {t}有一半由{c}出。`),
      asks: list(`
        读大学要花多少钱
        培训课程价格`),
    },
    {
      world: "work",
      term: "疫苗",
      says: list(`
        {c}逢周四发放{t}。
        {t}要慢慢解冻。
        {c}坏了十二支{t}。`),
      asks: list(`
        预防流感的针剂
        免疫接种`),
    },
    {
      world: "work",
      term: "地毯",
      says: list(`
        {c}在画廊里粘{t}。
        出口附近有块{t}翘起。
        {c}的{t}吸掉了脚步声。`),
      asks: list(`
        铺在房间底下的毛织品
        柔软的地面装饰`),
    },
    {
      world: "kitchen",
      term: "馄饨",
      says: list(`
        {c}的{t}皮薄得透亮。
        {t}汤里放紫菜虾皮。`),
      asks: list(`
        江南早点
        带馅儿的小面点`),
    },
    {
      world: "kitchen",
      term: "粽子",
      says: list(`
        {c}用箬叶裹{t}。
        {t}要煮足六小时。`),
      asks: list(`
        端午节食物
        糯米三角形美食`),
    },
    {
      world: "kitchen",
      term: "凉皮",
      says: list(`
        {c}拌{t}多加蒜水。
        {t}切成一指宽。`),
      asks: list(`
        陕西夏季小吃
        冷的淀粉制品`),
    },
    {
      world: "journey",
      term: "火山",
      says: list(`
        拂晓时{c}望进{t}口。
        {t}灰盖住了靴子。`),
      asks: list(`
        岩浆喷发
        会爆炸的高峰`),
    },
    {
      world: "journey",
      term: "葡萄园",
      says: list(`
        {c}在{t}里摘了一周。
        {t}在河湾上方。`),
      asks: list(`
        酿酒的原料产地
        水果采收`),
    },
    {
      world: "journey",
      term: "古镇",
      says: list(`
        {c}在{t}租了条乌篷船。
        {t}的石板泛着光。`),
      asks: list(`
        历史悠久的小城
        明清街巷观光`),
    },
  ],
  stories: [
    {
      says: list(`
        勘查现场时一头山羊吃掉了标书。
        只剩下封皮。`),
      asks: list(`
        牲畜毁了投标资料
        家畜吞下重要的纸`),
    },
    {
      says: list(`
        整个七月钟楼都敲十三下。
        怪一根弯了的拨杆。`),
      asks: list(`
        报时出错
        夏天里多响一声`),
    },
    {
      says: list(`
        雷劈中旗杆，绳子烧熔了。
        横幅飘进运河。`),
      asks: list(`
        闪电造成的破坏
        布条落水`),
    },
    {
      says: list(`
        退休飞行员的热气球降在我们草坪上。
        他留下喝了杯茶。`),
      asks: list(`
        意外着陆的航空器
        天上来的访客`),
    },
    {
      says: list(`
        自动售货机每逢周五双倍找零。
        消息传得飞快。`),
      asks: list(`
        机器多给钱
        贩卖饮料的设备出故障`),
    },
    {
      says: list(`
        两箱活龙虾送到了财会室。
        一只逃进了吊顶。`),
      asks: list(`
        海鲜寄错部门
        甲壳类跑掉`),
    },
    {
      says: list(`
        堆雪人比赛以打架收场。
        两边评委都辞了。`),
      asks: list(`
        冬季竞赛中的斗殴
        裁判冲突`),
    },
    {
      says: list(`
        弄丢的婚戒烤进了面包圈。
        新娘笑得最久。`),
      asks: list(`
        首饰出现在烘焙食品中
        丢失的结婚信物`),
    },
  ],
  kinds: {
    contract: { word: "协议", titles: list("协议（{t}，{c}）\n协议，{c}") },
    minutes: { word: "洽谈摘要", titles: list("洽谈摘要，{t}，{c}\n洽谈摘要，{c}") },
    report: { word: "调研", titles: list("调研：{c}的{t}\n调研，{c}") },
    letter: { word: "便函", titles: list("便函，{t}，{c}收\n便函，{c}收") },
    bug: { word: "故障单", titles: list("故障单，{c}，{t}\n故障单，{c}") },
    ledger: { word: "清册", titles: list("清册，{t}，{c}\n清册，{c}") },
    recipe: { word: "做法", titles: list("{t}做法，{c}口述\n做法，{c}口述") },
    diary: { word: "游记", titles: list("游记：{t}，同伴{c}\n游记，同伴{c}") },
    note: { word: "手札", titles: list("手札\n杂记") },
    code: { word: "源码", titles: list("{c} 内部。\n{c} 源文件。") },
  },
  codes: each("YW SB KD NR"),
  coded: list(`
    卷号{n}。
    我方文号：{n}。
    一并存于{n}。`),
  mentions: list(`
    最后谈到过一次{c}。
    传闻{c}也是同样想法。`),
  columns: list("时间\n品名\n件数\n金额\n进度\n说明"),
  filler: {
    pattern: "{w}{h}{d}{o}。",
    who: list(`
      晚班那几位
      我表弟
      董事们
      撑伞的陌生人
      老合伙人
      几乎所有人
      园丁
      协调组
      一位旁听者
      副手
      我们其余的人
      来晚的人
      替班的
      扛梯子的师傅`),
    does: each("欣赏 借用 搬动 讨论 碰掉 倒空 叠好 守着 藏起 查看 修补 留意 擦亮 包好"),
    what: list(`
      纸灯笼
      一袋碎石
      座位图
      初版
      一捆细绳
      楼道里的地图
      黄色活页夹
      七张木凳
      例行问卷
      关于噪音的话
      窗帘杆
      多余的胸牌
      一箱瓶子
      桥的速写
      目前的总数`),
    how: list(`
      午饭后
      兴致不高地
      再一次
      在{n}小时内
      趁换车的空当
      不听劝地
      借着烛光
      令人欣慰地
      按第{n}章
      悄悄
      解冻之前
      等水烧开时
      连同{n}人
      到地窖里`),
  },
  identifiers: [
    each("arrange bundle cluster detach expand fold graft hoist invert knit"),
    each("Lotus Meadow Nebula Ocean Pepper Quartz Rabbit Sunset Tunnel Willow"),
    each("Archive Bucket Column Domain Entry Fixture Gauge Header Invoice Journal"),
  ],
  askNamed: list(`
    我想看{a}，对象是{c}
    {c}那边，{a}，在哪儿`),
  askMetadata: {
    yesterday: list("昨天存的{k}，讲{t}\n{t}的{k}，昨天编辑"),
    lastWeek: list("上周存的{k}，讲{t}\n{t}的{k}，上周编辑"),
    lastMonth: list("上个月存的{k}，讲{t}"),
    inMonth: list("{m}编辑的{k}，讲{t}"),
  },
};
