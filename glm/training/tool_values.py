"""Slot values: what a generated request mentions and a call must copy.

Every kind of value is written as a short text in the catalogue, for instance
``city``, ``int(1,30)`` or ``enum(on=打开,off=关闭)``. Values of open kinds are split
by a checksum of their text, so that a value of "heldout" never occurs in "train".
Longer than other files because the pools of values are tables.
"""

from __future__ import annotations

import random
import re
import string
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from glm.training.dialogue import Language, Split


@dataclass(frozen=True, slots=True)
class Value:
    """An `argument` as the call has it and `shown` as the request says it.

    `enumerated` are the English and the Chinese word of a value that the call writes in the schema's language.
    """

    argument: Any
    shown: str
    enumerated: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A parsed kind: its `name` and the `options` between the parentheses."""

    name: str
    options: tuple[str, ...] = ()

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Options of the form ``english=chinese``."""
        return [(option.split("=")[0], option.split("=")[-1]) for option in self.options]


def parse_kind(text: str) -> Kind:
    """The kind written as `name` or `name(option,option)`."""
    match = re.fullmatch(r"(\w+)(?:\((.*)\))?", text.strip())
    if match is None:
        raise ValueError(f"kind {text!r} is not of the form name or name(option,...)")
    options = tuple(part.strip() for part in match[2].split(",")) if match[2] else ()
    if match[1] not in _DRAW:
        raise ValueError(f"kind {text!r} is unknown; known are {', '.join(sorted(_DRAW))}")
    return Kind(match[1], options)


def is_heldout(text: str) -> bool:
    """Whether an open value belongs to the split "heldout" (one in six)."""
    return zlib.crc32(text.encode()) % 6 == 0


def words(text: str) -> list[str]:
    return text.split()


def phrases(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", " ").split(",") if part.strip()]


_EN: dict[str, list[str]] = {
    "city": phrases("""London, Paris, Berlin, Madrid, Rome, Vienna, Prague, Lisbon, Dublin, Oslo, Stockholm, Helsinki,
        Copenhagen, Warsaw, Budapest, Athens, Zurich, Geneva, Brussels, Amsterdam, Hamburg, Munich, Milan, Naples, Porto, Seville,
        Tokyo, Kyoto, Osaka, Seoul, Busan, Beijing, Shanghai, Shenzhen, Hong Kong, Taipei, Singapore, Bangkok, Hanoi, Manila,
        Jakarta, Mumbai, Delhi, Chennai, Karachi, Dubai, Doha, Tehran, Istanbul, Ankara, Cairo, Lagos, Nairobi, Accra, Cape Town,
        Casablanca, Tunis, New York, Boston, Chicago, Seattle, Denver, Austin, Houston, Dallas, Miami, Atlanta, Phoenix,
        San Francisco, Los Angeles, San Diego, Portland, Toronto, Montreal, Vancouver, Calgary, Ottawa, Mexico City, Havana, Lima,
        Bogota, Quito, Santiago, Buenos Aires, Montevideo, Sao Paulo, Brasilia, Sydney, Melbourne, Perth, Brisbane, Auckland,
        Wellington, Reykjavik, Riga, Vilnius, Tallinn, Krakow, Bristol, Leeds, Glasgow, Edinburgh, Lyon, Nice, Marseille"""),
    "country": phrases("""France, Germany, Spain, Italy, Poland, Norway, Sweden, Finland, Denmark, Portugal, Greece, Turkey,
        Egypt, Kenya, Ghana, Nigeria, Morocco, India, Nepal, China, Japan, Vietnam, Thailand, Malaysia, Indonesia, Mongolia,
        Canada, Mexico, Cuba, Brazil, Peru, Chile, Argentina, Uruguay, Bolivia, Australia, New Zealand, Iceland, Ireland, Austria,
        Hungary, Romania, Bulgaria, Ukraine, Latvia, Estonia, Jordan, Oman, Qatar, Georgia"""),
    "first": words("""Alice Bob Carol David Emma Frank Grace Henry Ivy Jack Karen Leo Mia Noah Olivia Paul Quinn Rachel Sam Tina
        Uma Victor Wendy Xavier Yara Zoe Anna Ben Clara Daniel Elena Felix Gina Hugo Irene James Kate Liam Maria Nora Oscar Petra
        Rosa Simon Thomas Ursula Vera Walter Amir Bella Chen Diego Fatima Hassan Ines Jonas Kofi Lena Mei Nadia Omar Priya"""),
    "last": words("""Smith Jones Brown Taylor Wilson Davies Evans Walker Wright Green Hall Wood Clark Hughes Lewis Harris King
        Baker Turner Hill Moore Ward Cooper Morris Bell Reed Price Ross Stone Fisher Novak Silva Costa Rossi Weber Klein Larsen
        Berg Lund Moreau Dubois Garcia Lopez Ruiz Tanaka Sato Kim Park Nguyen Patel Khan Singh Okafor Mensah"""),
    "food": phrases("""apple, banana, orange, avocado, brown rice, oatmeal, salmon, chicken breast, tofu, lentils, chickpeas,
        spinach, broccoli, carrots, sweet potato, mushroom, tomato, cucumber, cheddar, yogurt, almonds, walnuts, honey, dark
        chocolate, blueberries, strawberries, mango, pineapple, pasta, noodles, bread, bagel, pancake, omelette, lasagna, paella,
        ramen, curry, falafel, hummus, pumpkin soup, onion soup, apple pie, cheesecake, tiramisu, dumplings, kimchi, burrito, pizza"""),
    "word": words("""serendipity ocean lantern whisper gravity mosaic candle thunder velvet harvest meadow compass riddle
        blossom ember falcon glacier harbor island jungle kernel ladder marble nectar orchard pebble quarry ribbon saddle
        tunnel umbrella valley willow zephyr anchor bridge canyon desert engine forest garden hammer insect jacket kitchen
        lemon mirror needle oyster pencil quartz rocket silver temple vessel window yellow zenith ancient brave clever
        diligent eager fragile gentle humble jovial keen lively modest noble obscure patient quiet rapid sincere tender
        ubiquitous vivid wistful ephemeral resilient ambiguous benevolent candid dormant eloquent frugal"""),
    "adjective": words("""silent golden broken hidden distant crimson frozen burning gentle wild lonely electric paper midnight
        silver endless secret blue winter summer green velvet lost bright hollow wandering forgotten quiet"""),
    "noun": words("""river garden mountain window letter ocean forest tower mirror bridge road star island shadow harbor valley
        train lighthouse clock kingdom bird storm horizon lake desert candle piano fox"""),
    "made_of": words(
        "wireless foldable wooden ceramic leather portable electric steel cotton bamboo compact waterproof digital solar"
    ),
    "thing": words("""headphones keyboard backpack lamp kettle mug jacket tent scooter camera notebook umbrella blender speaker chair desk
        wallet watch charger mouse monitor pillow blanket toaster bicycle helmet tripod thermos"""),
    "topic": phrases("""electric cars, renewable energy, space travel, artificial intelligence, football, tennis, the stock market,
        climate change, robotics, quantum computing, public transport, gardening, cooking, photography, ancient history, chess,
        cybersecurity, education, housing prices, coffee, jazz, urban planning, marine biology, volcanoes, nutrition, cycling,
        semiconductors, batteries, vaccines, archaeology"""),
    "symptom": phrases("""headache, fever, dry cough, sore throat, back pain, dizziness, nausea, rash, runny nose, stiff neck,
        chills, tired eyes, swollen ankle, chest pain, stomach ache, numb fingers, ringing ears, itchy skin"""),
    "room": phrases("""living room, bedroom, kitchen, bathroom, garage, office, hallway, dining room, study, basement, attic,
        guest room, balcony, nursery, laundry room, meeting room, library"""),
    "language": words("""French German Spanish Italian Portuguese Russian Japanese Korean Arabic Hindi Turkish Polish Dutch Swedish
        Greek Vietnamese Thai Chinese English Finnish Czech Hungarian"""),
    "currency": words("USD EUR GBP JPY CNY CHF CAD AUD SEK NOK INR KRW BRL MXN SGD HKD NZD PLN TRY ZAR DKK THB"),
    "date_word": phrases("""today, tomorrow, next Monday, next Tuesday, next Friday, this Saturday, Sunday, Wednesday, Thursday,
        the day after tomorrow, next week, this weekend"""),
    "month": words("January February March April May June July August September October November December"),
    "sky": phrases("sunny, cloudy, rainy, overcast, windy, foggy, clear, snowy, drizzling"),
    "genre": words(
        "jazz rock classical pop folk blues techno ambient metal country reggae soul disco comedy drama thriller fantasy"
    ),
    "subject": words("math physics chemistry biology history geography art music economics literature"),
}

_ZH: dict[str, list[str]] = {
    "city": words("""北京 上海 广州 深圳 杭州 南京 苏州 成都 重庆 武汉 西安 天津 青岛 大连 厦门 福州 长沙 郑州 济南 合肥 南昌 昆明 贵阳
        南宁 海口 三亚 兰州 西宁 银川 拉萨 太原 石家庄 沈阳 长春 哈尔滨 宁波 温州 无锡 常州 扬州 徐州 洛阳 开封 桂林 珠海 佛山 东莞 中山
        泉州 烟台 威海 绍兴 嘉兴 台北 香港 澳门 东京 大阪 京都 首尔 曼谷 新加坡 伦敦 巴黎 柏林 罗马 纽约 芝加哥 悉尼 多伦多 莫斯科 开罗
        迪拜 丽江 大理 敦煌 呼和浩特 乌鲁木齐 宜昌 黄山 湖州 镇江 南通 柳州 绵阳"""),
    "country": words("""法国 德国 西班牙 意大利 波兰 挪威 瑞典 芬兰 丹麦 葡萄牙 希腊 土耳其 埃及 肯尼亚 加纳 摩洛哥 印度 尼泊尔 中国 日本
        越南 泰国 马来西亚 蒙古 加拿大 墨西哥 古巴 巴西 秘鲁 智利 阿根廷 澳大利亚 新西兰 冰岛 爱尔兰 奥地利 匈牙利 约旦"""),
    "first": words("""伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 霞 平 刚 小红 小明 建国 文静 思远 雨晴 子涵 浩然 嘉怡 志强 晓东
        丽华 海燕 天宇 梦琪 俊杰 欣怡 宇航 佳宁 国栋"""),
    "last": words("王 李 张 刘 陈 杨 黄 赵 吴 周 徐 孙 马 朱 胡 郭 何 林 高 罗 郑 梁 谢 宋 唐 许 韩 冯 邓 曹"),
    "food": words("""苹果 香蕉 橙子 牛油果 糙米 燕麦 三文鱼 鸡胸肉 豆腐 扁豆 菠菜 西兰花 胡萝卜 红薯 蘑菇 番茄 黄瓜 酸奶 杏仁 核桃 蜂蜜
        蓝莓 草莓 芒果 菠萝 面条 面包 饺子 包子 馒头 炒饭 红烧肉 宫保鸡丁 麻婆豆腐 鱼香肉丝 糖醋排骨 南瓜粥 蛋糕 披萨 拉面 咖喱 寿司"""),
    "word": words("""勇敢 温柔 海洋 灯笼 雷声 丰收 草地 指南针 谜语 花朵 冰川 港口 岛屿 丛林 梯子 果园 鹅卵石 隧道 雨伞 山谷 柳树 桥梁
        峡谷 沙漠 森林 花园 锤子 昆虫 厨房 柠檬 镜子 铅笔 火箭 寺庙 窗户 画蛇添足 守株待兔 亡羊补牢 井底之蛙 对牛弹琴 掩耳盗铃 刻舟求剑
        一帆风顺 马到成功 心旷神怡 锲而不舍 精益求精 谦虚 勤奋 诚实 执着 从容 优雅 朴素 敏锐 缘分 江湖"""),
    "adjective": words(
        "寂静的 金色的 隐秘的 遥远的 冰封的 燃烧的 孤独的 午夜的 银色的 无尽的 蓝色的 冬天的 夏日的 失落的 明亮的 遗忘的"
    ),
    "noun": words(
        "河流 花园 山峰 窗户 信 海洋 森林 高塔 镜子 桥 星星 岛屿 影子 港湾 山谷 列车 灯塔 时钟 飞鸟 风暴 湖泊 钢琴"
    ),
    "made_of": words("无线 折叠 木制 陶瓷 真皮 便携 电动 不锈钢 纯棉 竹制 迷你 防水 智能 太阳能"),
    "thing": words(
        "耳机 键盘 背包 台灯 水壶 杯子 外套 帐篷 滑板车 相机 笔记本 雨伞 音箱 椅子 书桌 钱包 手表 充电器 鼠标 显示器 枕头 毛毯 头盔"
    ),
    "topic": words("""电动汽车 可再生能源 航天 人工智能 足球 网球 股市 气候变化 机器人 量子计算 公共交通 园艺 烹饪 摄影 古代史 围棋
        网络安全 教育 房价 咖啡 爵士乐 城市规划 火山 营养 骑行 半导体 电池 疫苗 考古"""),
    "symptom": words(
        "头痛 发烧 干咳 咽痛 背痛 头晕 恶心 皮疹 流鼻涕 脖子僵硬 发冷 眼睛疲劳 脚踝肿 胸痛 胃痛 手指发麻 耳鸣 皮肤痒"
    ),
    "room": words("客厅 卧室 厨房 浴室 车库 办公室 走廊 餐厅 书房 地下室 阁楼 客房 阳台 婴儿房 洗衣房 会议室"),
    "language": words(
        "法语 德语 西班牙语 意大利语 葡萄牙语 俄语 日语 韩语 阿拉伯语 泰语 英语 荷兰语 瑞典语 希腊语 越南语"
    ),
    "currency": _EN["currency"],
    "date_word": words("今天 明天 后天 下周一 下周二 下周五 这周六 周日 周三 周四 下周 这个周末"),
    "sky": words("晴 多云 小雨 阴 大风 有雾 小雪 阵雨"),
    "genre": words("爵士 摇滚 古典 流行 民谣 蓝调 电子 轻音乐 喜剧 悬疑 科幻 动画"),
    "subject": words("数学 物理 化学 生物 历史 地理 美术 音乐 经济 语文"),
}

_POOLS = {"en": _EN, "zh": _ZH}
_ZH_NAME = "安北长川东方福光海和华吉建江金康兰林龙美明南宁平青清泉瑞山石水松泰天文西新兴阳永玉元云州"
_ZH_DIGITS = "零一二三四五六七八九十"
_EN_DIGITS = words("zero one two three four five six seven eight nine ten")
_NOTES_EN = phrases("""the meeting moves to room {n}, I will be {n} minutes late, buy {food} and {food2}, call {first} back,
    water the plants, the report is ready, dinner at {n} with {first}, pick up {first} from the station, pay the rent,
    bring {n} copies, book {n} tickets, send {first} the photos, the {thing} has arrived, return the {thing}, feed the cat,
    happy birthday {first}, see you at the {noun}, check the {noun} sensor, try the {food} recipe, order {n} boxes of {food}""")
_NOTES_ZH = words("""会议改到{n}号房间 我会晚到{n}分钟 买{food}和{food2} 给{first}回电话 给植物浇水 报告已经写好了 和{first}吃晚饭
    去车站接{first} 交房租 带{n}份复印件 订{n}张票 把照片发给{first} {thing}到货了 退回{thing} 喂猫 祝{first}生日快乐 试试{food}的做法
    订{n}箱{food} 预约牙医 下班去健身""")


def made_up_name(rng: random.Random, language: Language) -> str:
    """A name that nobody has heard of, so that it can only be copied."""
    if language == "zh":
        return "".join(rng.sample(_ZH_NAME, rng.choice((2, 2, 3))))
    parts = ("bcdfghjklmnprstvwz", "aeiou", ("", "", "n", "r", "l", "s"))
    return "".join(rng.choice(part) for _ in range(rng.choice((2, 3))) for part in parts).capitalize()


def _pooled(rng: random.Random, language: Language, name: str) -> str:
    return rng.choice(_POOLS[language][name])


def _place(rng: random.Random, language: Language, kind: Kind) -> str:
    return made_up_name(rng, language) if rng.random() < 0.25 else _pooled(rng, language, "city")


def _person(rng: random.Random, language: Language, kind: Kind) -> str:
    first, last = _pooled(rng, language, "first"), _pooled(rng, language, "last")
    if language == "zh":
        return last + first
    if rng.random() < 0.2:
        return f"{first} {made_up_name(rng, language)}"
    return f"{first} {last}" if rng.random() < 0.6 else first


def _title(rng: random.Random, language: Language, kind: Kind) -> str:
    adjective, noun = _pooled(rng, language, "adjective"), _pooled(rng, language, "noun")
    if language == "zh":
        return adjective + noun
    return rng.choice(
        (f"The {adjective.capitalize()} {noun.capitalize()}", f"{adjective.capitalize()} {noun.capitalize()}")
    )


def _product(rng: random.Random, language: Language, kind: Kind) -> str:
    joint = "" if language == "zh" else " "
    return _pooled(rng, language, "made_of") + joint + _pooled(rng, language, "thing")


def _text(rng: random.Random, language: Language, kind: Kind) -> str:
    pattern = rng.choice(_NOTES_ZH if language == "zh" else _NOTES_EN)
    names = ("food", "first", "thing", "noun")
    fillers = {name: _pooled(rng, language, name) for name in names}
    return pattern.format(n=rng.randint(2, 60), food2=_pooled(rng, language, "food"), **fillers)


def _gloss(rng: random.Random, language: Language, kind: Kind) -> str:
    """What a dictionary might say."""
    patterns = (
        ("一种{noun}", "像{noun}一样", "比喻{adjective}{noun}", "喜欢{topic}的人", "形容{adjective}样子")
        if language == "zh"
        else (
            "a kind of {noun}",
            "like a {noun}",
            "a person who likes {topic}",
            "another name for a {adjective} {noun}",
        )
    )
    return rng.choice(patterns).format(
        **{name: _pooled(rng, language, name) for name in ("noun", "adjective", "topic")}
    )


def _word(rng: random.Random, language: Language, kind: Kind) -> str:
    if rng.random() < 0.15:
        return made_up_name(rng, language).lower()
    return _pooled(rng, language, "word")


def _date(rng: random.Random, language: Language, kind: Kind) -> str:
    month, day = rng.randint(1, 12), rng.randint(1, 28)
    style = rng.random()
    if style < 0.5:
        return f"{rng.randint(2021, 2031)}-{month:02d}-{day:02d}"
    if style < 0.7:
        return _pooled(rng, language, "date_word")
    return f"{month}月{day}日" if language == "zh" else f"{_EN['month'][month - 1]} {day}"


def _time(rng: random.Random, language: Language, kind: Kind) -> str:
    hour, minute = rng.randint(0, 23), rng.choice((0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55))
    if rng.random() < 0.7:
        return f"{hour:02d}:{minute:02d}"
    if language == "zh":
        return f"{'上午' if hour < 12 else '下午'}{hour % 12 or 12}点"
    return f"{hour % 12 or 12} {'am' if hour < 12 else 'pm'}"


def _code(rng: random.Random, language: Language, kind: Kind) -> str:
    letters = "".join(rng.choices(string.ascii_uppercase, k=rng.randint(1, 3)))
    digits = "".join(rng.choices(string.digits, k=rng.randint(3, 7)))
    return rng.choice(
        (f"{letters}-{digits}", f"{letters}{digits}", digits, f"{letters}-{digits[:3]}-{digits[-3:]}", digits)
    )


def _email(rng: random.Random, language: Language, kind: Kind) -> str:
    user = rng.choice(_EN["first"]).lower() + rng.choice(("", ".", "_")) + rng.choice(_EN["last"]).lower()
    host = made_up_name(rng, "en").lower()
    return f"{user}{rng.choice(('', str(rng.randint(1, 99))))}@{host}.{rng.choice(('com', 'org', 'net', 'cn', 'io'))}"


def _ticker(rng: random.Random, language: Language, kind: Kind) -> str:
    if rng.random() < 0.25:
        return rng.choice(
            words("AAPL MSFT GOOG AMZN TSLA NVDA META INTC AMD IBM ORCL NFLX DIS KO PEP NKE BABA JD PDD BIDU")
        )
    return "".join(rng.choices(string.ascii_uppercase, k=rng.randint(3, 4)))


def _file(rng: random.Random, language: Language, kind: Kind) -> str:
    stem = rng.choice(_EN["word"]) + rng.choice(("", f"_{rng.randint(1, 99)}", f"_{rng.choice(_EN['noun'])}"))
    return f"{stem}.{rng.choice(('txt', 'csv', 'pdf', 'md', 'json', 'png', 'docx'))}"


def _address(rng: random.Random, language: Language, kind: Kind) -> str:
    if language == "zh":
        return f"{made_up_name(rng, language)}路{rng.randint(1, 400)}号"
    return f"{rng.randint(1, 400)} {made_up_name(rng, language)} {rng.choice(('Street', 'Road', 'Avenue', 'Lane'))}"


def _phone(rng: random.Random, language: Language, kind: Kind) -> str:
    if language == "zh":
        return "1" + "".join(rng.choices(string.digits, k=10))
    return f"555-{rng.randint(1000, 9999)}"


def _url(rng: random.Random, language: Language, kind: Kind) -> str:
    return f"https://{made_up_name(rng, 'en').lower()}.{rng.choice(('com', 'org', 'dev'))}/{rng.choice(_EN['word'])}"


def _colour(rng: random.Random, language: Language, kind: Kind) -> str:
    return "#" + "".join(rng.choices("0123456789abcdef", k=6))


def _integer(rng: random.Random, language: Language, kind: Kind) -> Value:
    low, high = (int(option) for option in kind.options)
    number = rng.randint(low, high)
    if 1 < number <= 10 and rng.random() < 0.08:
        return Value(number, _ZH_DIGITS[number] if language == "zh" else _EN_DIGITS[number])
    return Value(number, str(number))


def _number(rng: random.Random, language: Language, kind: Kind) -> Value:
    low, high = (float(option) for option in kind.options[:2])
    digits = int(kind.options[2]) if len(kind.options) > 2 else rng.choice((0, 1, 1, 2))
    number: float = round(rng.uniform(low, high), digits)
    if digits == 0 or number == int(number):
        number = int(number)
    return Value(number, str(number))


def _enum(rng: random.Random, language: Language, kind: Kind) -> Value:
    english, chinese = rng.choice(kind.pairs)
    return Value(english, chinese if language == "zh" else english.replace("_", " "), (english, chinese))


_DIMENSIONS = [
    [tuple(unit.split("=")) for unit in words(dimension)]
    for dimension in (
        "km=公里 miles=英里 meters=米 feet=英尺 inches=英寸 cm=厘米 yards=码 mm=毫米",
        "kg=千克 pounds=磅 grams=克 ounces=盎司 tonnes=吨",
        "liters=升 gallons=加仑 ml=毫升 cups=杯",
        "hours=小时 minutes=分钟 seconds=秒 days=天",
        "celsius=摄氏度 fahrenheit=华氏度",
    )
]


def _unit(rng: random.Random, language: Language, kind: Kind) -> Value:
    english, chinese = rng.choice(rng.choice(_DIMENSIONS))
    return Value(english, chinese if language == "zh" else english, (english, chinese))


def goes_with(value: Value, others: Iterable[Value]) -> bool:
    """Whether a request may name `value` beside `others`: nothing twice, and only units that convert into each other."""
    for other in others:
        if value.shown == other.shown:
            return False
        dimensions = [
            {dimension for dimension, units in enumerate(_DIMENSIONS) if one.enumerated in units}
            for one in (value, other)
        ]
        if all(dimensions) and dimensions[0] != dimensions[1]:
            return False
    return True


def _boolean(rng: random.Random, language: Language, kind: Kind) -> Value:
    """``bool(true words=含,false words=不含)``: the request says it in words."""
    index = rng.randrange(2)
    english, chinese = kind.pairs[index]
    return Value(index == 0, chinese if language == "zh" else english)


def _series(items: Sequence[str], language: Language) -> str:
    if language == "zh":
        return "、".join(items)
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def _numbers(rng: random.Random, language: Language, kind: Kind) -> Value:
    whole = rng.random() < 0.7
    count = rng.randint(3, 6)
    numbers: list[float] = [rng.randint(1, 300) if whole else round(rng.uniform(0, 99), 1) for _ in range(count)]
    if rng.random() < 0.4:
        return Value(numbers, ", ".join(str(number) for number in numbers))
    return Value(numbers, _series([str(number) for number in numbers], language))


def _list(rng: random.Random, language: Language, kind: Kind) -> Value:
    element = Kind(kind.options[0])
    items: list[str] = []
    while len(items) < rng.choice((2, 2, 3)):
        item = _DRAW[element.name](rng, language, element)
        if isinstance(item, str) and item not in items:
            items.append(item)
    return Value(items, _series(items, language))


def _expression(rng: random.Random, language: Language, kind: Kind) -> Value:
    size = rng.choice((9, 99, 999, 9999))
    a, b, c = (rng.randint(2, size) for _ in range(3))
    operator, other = rng.choice("+-*/"), rng.choice("+-*")
    styles = [
        f"{a} {operator} {b}",
        f"{a} {operator} {b} {other} {c}",
        f"({a} {other} {b}) * {c}",
        f"{a / 10} {operator} {b}",
        f"{a % 30 + 2} ** {b % 6 + 2}",
        f"{a}{operator}{b}",
        f"{a} {operator} ({b} {other} {c})",
        f"{a} * {b} * {c}",
    ]
    if rng.random() < 0.3:
        spoken = {"+": ("plus", "加"), "-": ("minus", "减"), "*": ("times", "乘以"), "/": ("divided by", "除以")}[
            operator
        ]
        shown = f"{a}{spoken[1]}{b}" if language == "zh" else f"{a} {spoken[0]} {b}"
        return Value(f"{a} {operator} {b}", shown)
    expression = rng.choice(styles)
    return Value(expression, expression)


_ZONES = [
    line.split("|")
    for line in phrases("""Asia/Tokyo|Tokyo|东京, Europe/London|London|伦敦, Europe/Paris|Paris|巴黎,
    America/New_York|New York|纽约, Asia/Shanghai|Shanghai|上海, Australia/Sydney|Sydney|悉尼, Europe/Berlin|Berlin|柏林,
    Asia/Singapore|Singapore|新加坡, America/Los_Angeles|Los Angeles|洛杉矶, Asia/Dubai|Dubai|迪拜, Europe/Moscow|Moscow|莫斯科,
    Africa/Cairo|Cairo|开罗, Asia/Seoul|Seoul|首尔, America/Chicago|Chicago|芝加哥, Europe/Madrid|Madrid|马德里,
    Europe/Rome|Rome|罗马, Asia/Bangkok|Bangkok|曼谷, America/Toronto|Toronto|多伦多, UTC|UTC|UTC,
    Asia/Hong_Kong|Hong Kong|香港, Asia/Kolkata|Kolkata|加尔各答, Europe/Vienna|Vienna|维也纳""")
]


def _zone(rng: random.Random, language: Language, kind: Kind) -> Value:
    zone, english, chinese = rng.choice(_ZONES)
    if rng.random() < 0.3:
        return Value(zone, zone)
    return Value(zone, chinese if language == "zh" else english)


_Draw = Callable[[random.Random, Language, Kind], "str | Value"]


def _from_pool(name: str) -> _Draw:
    return lambda rng, language, kind: _pooled(rng, language, name)


_DRAW: dict[str, _Draw] = {
    "city": _place, "person": _person, "title": _title, "product": _product, "text": _text, "word": _word, "date": _date,
    "time": _time, "code": _code, "email": _email, "ticker": _ticker, "file": _file, "address": _address, "phone": _phone,
    "url": _url, "colour": _colour, "int": _integer, "num": _number, "enum": _enum, "bool": _boolean, "nums": _numbers,
    "list": _list, "gloss": _gloss, "unit": _unit, "expr": _expression, "zone": _zone, "name": lambda rng, language, kind: made_up_name(rng, language),
    **{name: _from_pool(name) for name in ("country", "food", "topic", "room", "language", "currency", "sky", "genre", "subject", "symptom")},
}  # fmt: skip

_CLOSED = frozenset(
    {"enum", "unit", "bool", "currency", "language", "zone", "sky", "genre", "subject", "room", "country", "time"}
)
"""Kinds with few values: both splits share them, or there would be nothing left to ask about."""


def is_open(kind: Kind) -> bool:
    """Whether values of this kind are split between "train" and "heldout"."""
    if kind.name == "int":
        return int(kind.options[1]) - int(kind.options[0]) >= 200
    return kind.name not in _CLOSED


def draw(kind: Kind, rng: random.Random, language: Language, split: Split) -> Value:
    """A random value of `kind`, said in `language`, that belongs to `split`."""
    for _ in range(500):
        drawn = _DRAW[kind.name](rng, language, kind)
        value = drawn if isinstance(drawn, Value) else Value(drawn, drawn)
        if not is_open(kind) or is_heldout(repr(value.argument)) == (split == "heldout"):
            return value
    raise ValueError(f"kind {kind.name!r} has no {split} value in {language}; give it more values")


def schema(kind: Kind, *, chinese: bool = False) -> dict[str, Any]:
    """The JSON Schema of `kind`, without a description; `chinese` says in which language it enumerates."""
    if kind.name == "enum":
        return {"type": "string", "enum": [pair[chinese] for pair in kind.pairs]}
    if kind.name == "nums":
        return {"type": "array", "items": {"type": "number"}}
    if kind.name == "list":
        return {"type": "array", "items": {"type": "string"}}
    return {"type": {"int": "integer", "num": "number", "bool": "boolean"}.get(kind.name, "string")}
