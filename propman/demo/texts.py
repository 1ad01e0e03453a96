"""What people of a town say, in English or Chinese: data, not words of the product."""

from dataclasses import dataclass

# code, English, Chinese, icon
CATEGORIES = [
    ("water", "Water and drains", "给排水", "droplet"),
    ("lift", "Lifts", "电梯", "elevator"),
    ("power", "Power and lamps", "供电照明", "bolt"),
    ("cleaning", "Cleaning and greenery", "保洁绿化", "trash"),
    ("safety", "Safety and access", "安全门禁", "shield"),
    ("noise", "Noise and neighbours", "噪音邻里", "volume"),
    ("parking", "Parking", "停车", "car"),
    ("fees", "Fees and bills", "收费", "receipt"),
    ("service", "How I was treated", "服务态度", "mood-sad"),
    ("other", "Something else", "其他", "message-circle"),
]


@dataclass(frozen=True)
class Trouble:
    """A thing that goes wrong, in the asker's language."""

    category: str
    title: str
    text: str
    is_chinese: bool = False
    is_urgent: bool = False

    def say(self, both: tuple[str, str]) -> str:
        """The sentence in that language."""
        return both[1] if self.is_chinese else both[0]


TROUBLES = [
    Trouble("water", "卫生间天花板漏水", "昨晚开始滴水，地板已经湿了一大片，楼上说不是他家的问题。", True, True),
    Trouble("water", "Water through the kitchen ceiling", "It drips since noon, a bucket fills in an hour.", is_urgent=True),
    Trouble("water", "Drain in the yard is blocked", "Every rain floods the path at entrance 2."),
    Trouble("lift", "电梯停在两层之间", "二号电梯上午两次停在八楼和九楼之间，里面有老人。", True, True),
    Trouble("lift", "Lift 2 jolts at the 9th floor", "It stops, drops a hand’s breadth, then opens."),
    Trouble("power", "单元门口路灯不亮", "一单元门口的灯坏了一周，晚上看不清台阶。", True),
    Trouble("power", "Stair lamps out from 3 to 6", "We climb with our phones as torches."),
    Trouble("cleaning", "垃圾房三天没人清运", "夏天味道很大，已经有苍蝇。", True),
    Trouble("cleaning", "Hedge grows over the pavement", "Prams have to go on the road."),
    Trouble("safety", "地下车库有陌生人徘徊", "晚上十一点多，门禁好像一直开着。", True, True),
    Trouble("safety", "Fire door is tied open", "Somebody ties the fire door of entrance 1 open every evening."),
    Trouble("noise", "水泵房夜里有噪音", "凌晨两点开始嗡嗡响，卧室里听得很清楚。", True),
    Trouble("noise", "Drilling on Sunday morning", "The flat above renovates on Sundays at seven."),
    Trouble("parking", "车位被别人占用", "B2-118 是我家租的车位，这周第三次被占。", True),
    Trouble("parking", "Charger of bay 40 is dead", "It takes the card and gives no power."),
    Trouble("fees", "物业费账单面积不对", "房产证上是 89.6 平方米，账单按 98.6 平方米算。", True),
    Trouble("fees", "Billed twice for water in May", "Both bills carry the same meter reading."),
    Trouble("service", "前台让我自己找工程部", "打了三个电话都说不归他们管，没有人告诉我该找谁。", True),
    Trouble("service", "Nobody called back", "I was promised a call on Monday; it is Thursday."),
    Trouble("other", "宠物粪便没人管", "小花园里到处都是，希望加强巡查。", True),
]
ANSWERS = [
    ("It is repaired and we tried it twice.", "已经修好，并试运行两次正常。"),
    ("The part was replaced this morning.", "今天上午已更换配件。"),
    ("Our foreman has looked after it; please see whether it stays so.", "班长已到现场处理，请您再观察一下。"),
    ("The bill was put right, a new one is on its way.", "已核对更正，新的账单随后送达。"),
]
STILL_WRONG = [
    ("It is back since last night.", "昨天夜里又出现了。"),
    ("Better, but not gone.", "好一些了，但没有完全解决。"),
    ("Nobody has come yet.", "到现在还没有人来过。"),
]
REASONS = [
    "This belongs to engineering, not to the front desk.",
    "我今天休息，请转给当班同事。",
    "需要专业维保单位处理，我这边没有权限。",
    "The contractor has the key; ask the head of the office.",
]
