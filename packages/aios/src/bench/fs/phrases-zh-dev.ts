import { each, list } from "./list.ts";
import type { FilePhrases } from "./phrases.ts";

export const chineseDev: FilePhrases = {
  customers: [
    each("海棠 北辰 绿野 时雨 明镜 鼎丰 听涛 流萤 千帆 梧桐 赤兔 古渡 星河 云岭"),
    each("科技 实业 集团 物流 商贸 制药 传媒"),
  ],
  people: each("欧阳慧 司徒静 诸葛明 慕容雪 上官云 夏侯杰 令狐远 皇甫安 尉迟峰 公孙兰 端木青 轩辕舟"),
  projects: each("Qingniao Baihe Songtao Liuyun Feihong Zhulin Hupo Jinghu Luming Tianqin"),
  topics: [
    {
      world: "work",
      term: "显卡",
      says: list(`
        {c}的{t}每块配八十吉字节存储。
        {t}到货推迟到第三季度，{c}已经知情。
        机柜里的{t}功耗接近四千瓦。`),
      asks: list(`
        训练神经网络用的硬件
        机器学习加速器`),
    },
    {
      world: "work",
      term: "叉车",
      says: list(`
        {c}的{t}在午休时充电。
        那台桅杆弯了的{t}已经停用。
        {c}再租一台{t}用于高层货架。`),
      asks: list(`
        搬运托盘的车辆
        举升重物的机械`),
    },
    {
      world: "work",
      term: "光伏",
      says: list(`
        {c}屋顶的{t}组件朝向西南。
        {t}阵列预计夏天之前并网，{c}催得很紧。
        有一串{t}没有通过绝缘检测。`),
      asks: list(`
        太阳能发电
        利用阳光产生的电力`),
    },
    {
      world: "work",
      term: "薪酬",
      says: list(`
        {c}的{t}每月二十五日结算。
        五月的{t}里税级填错了。
        {c}把{t}交给共享中心处理。`),
      asks: list(`
        员工工资怎么发
        职员收入的发放`),
    },
    {
      world: "work",
      term: "防火墙",
      says: list(`
        {c}的两条{t}规则互相矛盾。
        {t}丢弃了旧分部的数据包。
        {c}每年春天续订{t}授权。`),
      asks: list(`
        阻止黑客入侵
        网络攻击的抵御`),
    },
    {
      world: "work",
      term: "冷链",
      says: list(`
        {c}的{t}设备保持零下十八度。
        {t}线上的压缩机漏油。
        {c}想为鱼类增加一间{t}库。`),
      asks: list(`
        生鲜食品低温运输
        冰冻保鲜仓储`),
    },
    {
      world: "work",
      term: "翻译",
      says: list(`
        给{c}的{t}涵盖六个语种。
        {c}退回了操作手册的{t}。
        每份{t}都由另一位审校看过。`),
      asks: list(`
        把文章改写成外语
        口译与多国文字`),
    },
    {
      world: "work",
      term: "餐饮",
      says: list(`
        {c}的{t}中午供应三百份。
        {c}要求{t}不含坚果。
        {t}人员从侧门进场。`),
      asks: list(`
        宴会酒席
        招待来宾吃喝`),
    },
    {
      world: "work",
      term: "电梯",
      says: list(`
        {c}东楼的{t}停在两层之间。
        {c}为大堂订了一部玻璃{t}。
        {t}钢缆到了更换的时候。`),
      asks: list(`
        载人升降机
        建筑物内垂直运输`),
    },
    {
      world: "work",
      term: "审计",
      says: list(`
        对{c}的{t}查出缺两张收据。
        {c}的{t}定在九号。
        {t}的一项意见没有处理就关闭了。`),
      asks: list(`
        财务账目检查
        会计报表核验`),
    },
    {
      world: "kitchen",
      term: "红烧肉",
      says: list(`
        {c}做{t}先炒糖色。
        {t}要小火焖一个钟头。`),
      asks: list(`
        酱油炖猪五花
        肥而不腻的家常荤菜`),
    },
    {
      world: "kitchen",
      term: "饺子",
      says: list(`
        {c}包的{t}褶子特别细。
        {t}浮起来后点三次凉水。`),
      asks: list(`
        北方过年的面食
        带馅的元宝形主食`),
    },
    {
      world: "kitchen",
      term: "麻婆豆腐",
      says: list(`
        {c}的{t}放两勺郫县辣酱。
        {t}出锅前撒花椒粉。`),
      asks: list(`
        四川名菜
        又烫又香的川味`),
    },
    {
      world: "journey",
      term: "冰川",
      says: list(`
        {c}系着绳子走过{t}。
        {t}比上次退了一里地。`),
      asks: list(`
        高山上常年不化的雪
        徒步登顶极寒地带`),
    },
    {
      world: "journey",
      term: "灯塔",
      says: list(`
        {c}在雾里爬上{t}。
        {t}每十秒闪两下。`),
      asks: list(`
        夜间指引船只
        海边航标`),
    },
    {
      world: "journey",
      term: "寺庙",
      says: list(`
        {c}在山口的{t}借宿。
        {t}凌晨四点敲钟。`),
      asks: list(`
        和尚修行念经
        佛教圣地`),
    },
  ],
  stories: [
    {
      says: list(`
        档案室上方水管爆裂，四十箱卷宗泡了汤。
        我们用风扇一页一页吹干。`),
      asks: list(`
        纸质材料因漏水受损
        文件被淹`),
    },
    {
      says: list(`
        一只狐狸在装卸台下面安了家，生了四只幼崽。
        它们离开之前谁也不在那儿停车。`),
      asks: list(`
        野生动物在我们这里繁殖
        小兽出生`),
    },
    {
      says: list(`
        市长卡在旋转门里二十分钟。
        记者隔着玻璃拍了照。`),
      asks: list(`
        官员被困入口
        领导出丑的新闻`),
    },
    {
      says: list(`
        锅炉后面翻出一个1987年的包裹。
        上面的邮票比里面的东西值钱。`),
      asks: list(`
        迟到几十年的快递
        地下室发现遗忘的邮件`),
    },
    {
      says: list(`
        新装的警报器一听见实习生打嗝就响。
        原来是麦克风调得过高。`),
      asks: list(`
        误报的声音探测
        太灵敏的安防装置`),
    },
    {
      says: list(`
        有人在星期天把自行车棚全刷成了青绿色。
        那人还留下一首署名的诗。`),
      asks: list(`
        周末的神秘涂鸦
        单车停放处变了颜色`),
    },
    {
      says: list(`
        礼堂没有暖气，合唱团改在楼梯间排练。
        回声太美，他们就不走了。`),
      asks: list(`
        歌手们练习
        音乐团体喜欢的音响效果`),
    },
    {
      says: list(`
        一群蜜蜂停在路口的反光镜上。
        村里的养蜂人用帽盒把它们带走了。`),
      asks: list(`
        会蜇人的昆虫
        马路边的虫子被收走`),
    },
  ],
  kinds: {
    contract: { word: "合同", titles: list("{c}{t}合同\n与{c}的合同") },
    minutes: { word: "会议纪要", titles: list("会议纪要：{c}{t}\n会议纪要（{c}）") },
    report: { word: "报告", titles: list("{c}{t}报告\n给{c}的报告") },
    letter: { word: "信函", titles: list("致{c}的{t}信函\n致{c}的信函") },
    bug: { word: "缺陷单", titles: list("缺陷单：{c}{t}系统\n{c}提交的缺陷单") },
    ledger: { word: "台账", titles: list("{c}{t}台账\n{c}台账") },
    recipe: { word: "菜谱", titles: list("{c}的{t}菜谱\n{c}的菜谱") },
    diary: { word: "日记", titles: list("和{c}去{t}的日记\n和{c}同行的日记") },
    note: { word: "随笔", titles: list("随笔一页\n零碎") },
    code: { word: "模块", titles: list("{c} 的一部分。\n属于 {c}。") },
  },
  codes: each("HT XM ZB GC"),
  coded: list(`
    本件归入{n}。
    来函请注明{n}。
    编号：{n}。`),
  mentions: list(`
    席间有人顺口提到{c}。
    有人问{c}是不是也这样，没人知道。`),
  columns: list("日期\n条目\n数量\n单价\n状况\n备注"),
  filler: {
    pattern: "{h}，{w}{d}{o}。",
    who: list(`
      早班的同事
      楼上的邻居
      委员会
      部里来的客人
      年轻的那位
      看门的大爷
      筹备小组
      细心的读者
      值守人员
      另一半人
      先到的人
      临时文员
      前台的姑娘
      一位老友`),
    does: each("清点了 提起了 挪走了 描述了 核对了 忘记了 整理了 夸奖了 推迟了 抄写了 量过了 打开了 收集了 比较了"),
    what: list(`
      备用钥匙
      一摞纸板
      心愿清单
      第二稿
      一把螺丝
      墙上的挂历
      蓝色文件夹
      三把空椅子
      常用表格
      停车的问题
      窗户把手
      剩下的贴纸
      一盒样品
      院子的草图
      去年的数字`),
    how: list(`
      休息之前
      不慌不忙地
      第三次
      大约{n}分钟后
      回家路上
      带着几分疑虑
      天黑以前
      如大家所愿
      在第{n}页
      雨停以后
      电话响起时
      和另外{n}个人一起
      在小房间里`),
  },
  identifiers: [
    each("compute locate fetch align stitch rotate prune index convert replay"),
    each("Station Bamboo Orchid Bridge Temple River Village Market Palace Valley"),
    each("Record Segment Layer Token Buffer Ranking Counter Schema Packet Snapshot"),
  ],
  askNamed: list(`
    {c}有没有跟{a}相关的东西
    找一下{c}，{a}方面的`),
  askMetadata: {
    yesterday: list("我昨天改过的关于{t}的{k}\n昨天动过的{t}{k}"),
    lastWeek: list("我上周改过的关于{t}的{k}\n上周的{t}{k}"),
    lastMonth: list("我上个月改过的关于{t}的{k}"),
    inMonth: list("{m}最后修改的关于{t}的{k}"),
  },
};
