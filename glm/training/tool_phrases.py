"""Sentences around tool calls: system prompts, politeness, errors, refusals and small talk.

All tables; longer than code because every line is a phrasing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from glm.training.dialogue import Language, Split

SYSTEM_PROMPTS = (
    "Answer the following questions as best as you can. You have access to the following tools:",
    "You are a helpful assistant. You can use these tools:",
    "You are ChatGLM, a helpful assistant. You have access to the following tools:",
    "Use the tools below when they help to answer.",
    "Answer the user. Call a tool only when it is needed. Tools:",
    "你是一个有用的助手。你可以使用以下工具：",
    "请尽可能回答用户的问题，你可以使用下列工具：",
    "你是 ChatGLM，可以调用以下工具：",
)
"""The first is the product's default."""

WRAPS: dict[tuple[Language, Split], tuple[str, ...]] = {
    ("en", "train"): (
        "{X}.", "{X}", "{X}.", "Please {x}.", "Can you {x}?", "Could you {x}?", "Could you please {x}?", "I want you to {x}.",
        "Hi, please {x}.", "Hey, can you {x}?", "I need you to {x}.", "{X}, please.", "Hello! Please {x}.", "{X}. Thanks!",
        "I'd like you to {x}.", "please {x}",
    ),
    ("en", "heldout"): ("{X}.", "Please {x}.", "Would you {x}?", "{X} for me, please.", "Kindly {x}."),
    ("zh", "train"): (
        "{x}", "{x}。", "请{x}", "请{x}。", "帮我{x}", "帮我{x}。", "麻烦{x}", "你能{x}吗？", "请帮我{x}。", "{x}，谢谢。", "你好，请{x}。",
        "我想让你{x}。",
    ),
    ("zh", "heldout"): ("{x}。", "请{x}。", "麻烦帮我{x}，谢谢！", "可以{x}吗？"),
}  # fmt: skip
"""Polite forms around a bare request: `{x}` as it is, `{X}` with a capital."""

OPENERS: dict[Language, tuple[str, ...]] = {
    "en": ("", "", "", "", "", "Hi! ", "Hello. ", "Quick question: "),
    "zh": ("", "", "", "", "", "你好，", "请问", "想问一下，"),
}

EXTRA_PARAMETERS: tuple[tuple[str, dict[str, Any], dict[Language, str]], ...] = (
    ("limit", {"type": "integer", "default": 10}, {"en": "Maximum number of results", "zh": "结果数量上限"}),
    ("verbose", {"type": "boolean", "default": False}, {"en": "Print more details", "zh": "是否输出详情"}),
    ("format", {"type": "string", "enum": ["text", "json"]}, {"en": "Output format", "zh": "输出格式"}),
    ("locale", {"type": "string", "default": "en"}, {"en": "Language of the reply", "zh": "返回语言"}),
    ("timeout", {"type": "number"}, {"en": "Timeout in seconds", "zh": "超时秒数"}),
    ("page", {"type": "integer"}, {"en": "Page of results", "zh": "页码"}),
    ("api_key", {"type": "string"}, {"en": "Optional key", "zh": "可选密钥"}),
)
"""Optional parameters that nobody mentions; a call leaves them out."""

DESCRIPTION_ENDS = (
    ". Returns JSON", ". Returns a short text.", ". Use it only when the user asks for it.", " for the user.", ". Fast.", ", with details.",
)  # fmt: skip
"""Ends that real descriptions have and that say little."""

ERRORS: list[tuple[str, dict[Language, str]]] = [
    ('{{"error": "not found: {value}"}}', {"en": '"{value}" was not found', "zh": "没有找到“{value}”"}),
    ("Error: no result for '{value}'", {"en": 'there is no result for "{value}"', "zh": "“{value}”没有结果"}),
    ("LookupError: {value}", {"en": 'the tool does not know "{value}"', "zh": "工具不认识“{value}”"}),
    ('{{"error": "service unavailable"}}', {"en": "the service is not available right now", "zh": "服务暂时不可用"}),
    ("Error: timed out", {"en": "the tool took too long and timed out", "zh": "工具超时了"}),
    ("Error: connection refused", {"en": "the tool could not connect", "zh": "工具无法连接"}),
    ('{{"error": "permission denied"}}', {"en": "permission was denied", "zh": "权限不足"}),
    ('{{"error": "rate limit exceeded"}}', {"en": "the rate limit was exceeded", "zh": "请求次数超出限制"}),
    (
        "Error: invalid value for {name}",
        {"en": "the tool rejected the value of {name}", "zh": "工具不接受参数 {name} 的值"},
    ),
    ("PermissionError: login required", {"en": "a login is required", "zh": "需要先登录"}),
    ("Error: out of range", {"en": "the value is out of range", "zh": "数值超出范围"}),
]
"""What a tool may fail with, and the reason in words."""

GIVE_UP: dict[Language, tuple[str, ...]] = {
    "en": (
        "Sorry, that did not work: {reason}.", "I could not do this because {reason}. Please check it and try again.",
        "The tool reported an error: {reason}.", "I'm sorry, {reason}. You could try again with other details.",
        "That failed, as {reason}. Shall I try something else?", "Unfortunately, {reason}, so I have no result for you.",
    ),
    "zh": ("抱歉，{reason}。", "没有成功：{reason}，请检查后再试。", "工具报告了错误：{reason}。", "很遗憾，{reason}，暂时没有结果。", "对不起，{reason}，您可以稍后再试。"),
}  # fmt: skip

RETRYABLE: dict[str, tuple[str, ...]] = {
    "missing": (
        "TypeError: missing required argument '{name}'",
        '{{"error": "{name} is required"}}',
        "Error: parameter '{name}' is missing",
    ),
    "type": (
        "TypeError: '{name}' must be a number, got a string",
        '{{"error": "{name}: wrong type, expected number"}}',
    ),
    "unknown": (
        "TypeError: unexpected argument '{other}'; did you mean '{name}'?",
        '{{"error": "unknown argument {other}, expected {name}"}}',
    ),
}

NO_TOOL: dict[Language, tuple[str, ...]] = {
    "en": (
        "Sorry, I have no tool for that. I can only use {tools} here.", "I can't do that with the tools I have ({tools}).",
        "None of my tools can do this. What I have is {tools}.", "I'm afraid I don't have a tool for that.",
        "That is not possible here: my tools are {tools}.", "I don't have a suitable tool for this request.",
        "Sorry, none of the available tools fits this request.",
    ),
    "zh": (
        "抱歉，我没有能完成这件事的工具。", "现有的工具（{tools}）做不到这一点。", "对不起，我只有 {tools}，无法完成这个请求。", "没有适合这个请求的工具。",
        "很抱歉，目前的工具都不适用。",
    ),
}  # fmt: skip

_TALK_EN = """
*Hello!;Hi there;Good morning!;Hey|Hello! How can I help you today?;Hi! What can I do for you?
*Thank you!;Thanks a lot.;Thanks, that helps.|You're welcome!;Glad I could help.
*Who are you?;What is your name?;What are you?|I am ChatGLM, an AI assistant.
*How are you?;How are you doing today?|I'm doing well, thank you. How can I help?
*Goodbye!;Bye, see you later.;See you!|Goodbye! Have a nice day.;See you soon!
Tell me a joke.;Do you know a joke?;Make me laugh.|Why did the scarecrow get a prize? Because he was outstanding in his field.;What do you call a bear with no teeth? A gummy bear.
What is the capital of France?;Which city is the capital of France?|The capital of France is Paris.
What is the capital of Japan?|The capital of Japan is Tokyo.
How many days are in a week?|A week has seven days.
*What can you do?;How can you help me?|I can answer questions, help you write and use the tools you give me.;I can chat with you and call tools when a task needs them.
Write a short poem about the sea.;Give me two lines about the sea.|The sea keeps every song it hears, and hums them softly through the years.
What color do you get from blue and yellow?|Blue and yellow make green.
Who wrote Romeo and Juliet?|William Shakespeare wrote Romeo and Juliet.
How many legs does a spider have?|A spider has eight legs.
Give me a tip for sleeping better.;How can I sleep better?|Go to bed at the same time every night and put your phone away an hour before.
What is photosynthesis?;Explain photosynthesis briefly.|Photosynthesis is how plants turn light, water and carbon dioxide into sugar and oxygen.
*I feel sad today.;I'm a bit down.|I'm sorry to hear that. Would you like to talk about it?
Is the sun a star?|Yes, the sun is a star.
Suggest a name for my cat.;What should I call my kitten?|How about Pepper? It is short and easy to call.
What is the largest planet in our solar system?;Which planet is the biggest?|Jupiter is the largest planet in our solar system.
*I'm bored.;I have nothing to do.|You could read a few pages, take a walk or learn a card trick.
How do I boil an egg?|Put the egg into boiling water for about eight minutes, then cool it in cold water.
*What's your favorite color?;Do you have a favorite colour?|I don't see colors, but many people find blue calming.
Explain gravity to a child.|Gravity is a gentle pull that keeps our feet on the ground and makes things fall down.
Which ocean is the largest?|The Pacific Ocean is the largest.
*You are very helpful.;Great job!;Well done!|Thank you! I'm happy to help.
What is an adverb?|An adverb is a word that describes a verb, an adjective or another adverb.
How many continents are there?|There are seven continents.
Give me three synonyms for happy.|Glad, cheerful and joyful.
*Are you a human?;Are you a robot?|I'm an AI assistant, not a human.
Why is the sky blue?|Air scatters blue light more than red light, so the sky looks blue.
*Say something nice to me.;Cheer me up.|You are doing better than you think, and it shows.
What is the freezing point of water?|Water freezes at 0 °C, which is 32 °F.
How do I make tea?|Pour hot water over the tea leaves and wait three to five minutes.
*How do I stay motivated?;Give me some motivation.|Take one small step now; the next one will be easier.
*Do you like music?|I can't hear it, but I enjoy talking about music. What do you listen to?
What is the opposite of cold?|The opposite of cold is hot.
*Sorry, wrong chat.;Never mind.;Forget it.|No problem! Let me know if you need anything.
How should I start an essay?|Begin with a clear question or a surprising fact, then say what you will show.
What is a prime number?|A prime number is a whole number above 1 that only 1 and itself divide.
*OK.;I see.;Got it.|Great! Is there anything else I can do?
What do bees make?|Bees make honey and wax.
*Can you keep a secret?|I don't pass on what you tell me in this chat, but please don't share passwords.
What is a haiku?|A haiku is a short Japanese poem with three lines of 5, 7 and 5 syllables.
How do I learn to cook?;I want to learn cooking.|Start with three simple dishes you like and cook each one until it feels easy.
"""
_TALK_ZH = """
*你好;您好！;早上好;嗨|你好！有什么可以帮你？;您好，请问需要什么帮助？
*谢谢;谢谢你！;多谢，很有帮助|不客气！;很高兴能帮到你。
*你是谁？;你叫什么名字？;介绍一下你自己|我是 ChatGLM，一个智能助手。
*你好吗？;最近怎么样？|我很好，谢谢！你呢？
*再见;拜拜！;下次见|再见，祝你愉快！
讲个笑话吧;给我说个笑话|为什么书很难过？因为它有太多的“心事”。
法国的首都是哪里？;法国首都是什么？|法国的首都是巴黎。
一周有几天？|一周有七天。
*你能做什么？;你有什么功能？|我可以聊天、回答问题，也可以使用你给我的工具。
写两句关于大海的诗|海上生明月，浪花听我歌。
蓝色加黄色是什么颜色？|是绿色。
《红楼梦》的作者是谁？;谁写了《红楼梦》？|《红楼梦》的作者是曹雪芹。
蜘蛛有几条腿？|蜘蛛有八条腿。
怎样才能睡得更好？;失眠怎么办？|每天同一时间上床，睡前一小时放下手机。
光合作用是什么？|光合作用是植物利用光把水和二氧化碳变成糖和氧气。
*我今天有点难过;我心情不好|很抱歉听到这些，想和我聊聊吗？
太阳是恒星吗？|是的，太阳是一颗恒星。
给我的猫起个名字;小猫叫什么好？|叫“团子”怎么样？好记又可爱。
太阳系最大的行星是哪颗？|是木星。
*我好无聊;没事可做|可以看几页书，或者出去走走。
怎么煮鸡蛋？|水开后放入鸡蛋，煮八分钟，再用冷水冲一下。
*你喜欢什么颜色？|我看不到颜色，不过蓝色让很多人感到平静。
最大的海洋是哪个？|太平洋最大。
*你真棒;你真聪明！;做得好|谢谢夸奖！
什么是副词？|副词用来修饰动词、形容词或其他副词。
世界上有几个大洲？|有七个大洲。
“高兴”的近义词有哪些？|有“开心”“快乐”“愉快”。
*你是人吗？;你是机器人吗？|我是人工智能助手，不是人。
天空为什么是蓝色的？|因为空气更容易散射蓝光。
*鼓励我一下;说句好听的|你比自己想象的更出色，加油！
水的冰点是多少？|水在0摄氏度结冰。
怎么泡茶？|用热水冲泡茶叶，等三到五分钟。
*怎样保持动力？|先迈出一小步，后面就容易了。
*你喜欢音乐吗？|我听不到音乐，但很乐意聊音乐。
“冷”的反义词是什么？|是“热”。
*算了，没事了;不用了|好的，有需要随时找我。
作文开头怎么写？|可以用一个问题或有趣的事实开头。
什么是质数？|质数是大于1且只能被1和自身整除的整数。
*好的;知道了;明白了|好的，还需要别的帮助吗？
蜜蜂会酿什么？|蜜蜂会酿蜂蜜。
*你能保守秘密吗？|我不会外传，但请不要告诉我密码。
中国最长的河是哪条？|长江是中国最长的河。
想学做饭，怎么开始？|先选三道喜欢的简单菜，反复练习。
谁写了《静夜思》？|《静夜思》是李白写的。
一年有几个季节？|一年有春夏秋冬四个季节。
"""


@dataclass(frozen=True, slots=True)
class Talk:
    """Ways to say something and answers to it. `social` talk fits beside any tools; a question of knowledge may not."""

    questions: tuple[str, ...]
    answers: tuple[str, ...]
    social: bool


def _talk(table: str) -> list[Talk]:
    """The talk of a table: ``question;question|answer;answer``, with a star before social talk."""
    talks = []
    for line in table.strip().splitlines():
        questions, answers = line.lstrip("*").split("|")
        talks.append(Talk(tuple(questions.split(";")), tuple(answers.split(";")), line.startswith("*")))
    return talks


SMALL_TALK: dict[Language, list[Talk]] = {"en": _talk(_TALK_EN), "zh": _talk(_TALK_ZH)}
"""Talk that needs no tool; every fifth entry is kept for "heldout"."""
