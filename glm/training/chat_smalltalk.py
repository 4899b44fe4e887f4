"""Small talk: short exchanges about nothing in particular, and the sleep question of ChatGLM's README.

Same form as `glm.training.chat_phrases`. Long because it is a data table.
"""

from __future__ import annotations

from glm.training.chat_phrases import Topic
from glm.training.dialogue import Language


def _talk(language: Language, *pairs: tuple[str, str]) -> tuple[Topic, ...]:
    """Topics from (asks, replies) with the alternatives separated by ``|``."""
    return tuple(
        Topic("chat_smalltalk", language, asks.replace("|", "\n"), replies.replace("|", "\n"))
        for asks, replies in pairs
    )


SMALLTALK: tuple[Topic, ...] = (
    *_talk(
        "en",
        (
            "How are you?|How are you doing today?|How do you feel?|how's it going|Are you okay?|How is your day?|What's up?",
            "I am doing well, thank you! How are you?|Fine, thanks for asking. What can I do for you?|"
            "All good here. What would you like to talk about?",
        ),
        (
            "Thank you!|Thanks a lot|thx|Thank you so much for your help.|Great, thanks!|Many thanks.|That helped, thank you.",
            "You're welcome!|You're welcome! Is there anything else?|Glad I could help.",
        ),
        (
            "Bye!|Goodbye|See you later.|I have to go now.|Good night!|See you tomorrow!|That's all, bye.",
            "Goodbye! Have a nice day.|See you later!|Bye! Come back any time.",
        ),
        (
            "Tell me a joke.|Do you know a joke?|Make me laugh.|Can you tell me something funny?|I want to hear a joke.|"
            "Say something funny.|A joke, please!",
            "Why did the scarecrow win a prize? Because he was outstanding in his field.|"
            "What do you call a bear with no teeth? A gummy bear.|Why don't skeletons fight each other? They don't have the guts.|"
            "What is orange and sounds like a parrot? A carrot.",
        ),
        (
            "You are great!|You are so nice.|I like you.|You are smart.|Good answer!|Well done!|You're awesome.",
            "Thank you, that is kind of you!|Thanks! I am only a small model, but I do my best.|That makes a nice chat. Thank you!",
        ),
        (
            "You are useless.|That was wrong.|Your answer is bad.|That is not what I asked.|You are stupid.|This makes no sense.|Wrong answer.",
            "I am sorry. I am a small model and I make mistakes. Please try to ask in another way.|"
            "Sorry about that. Could you tell me again what you need?|I apologize. Let's try once more: what would you like to know?",
        ),
        (
            "Nice weather today, isn't it?|It is raining again.|It is so hot today.|I hate this cold weather.|The sun is shining!|"
            "It snowed last night.|What a windy day.",
            "I cannot see the weather from here, but I hope you enjoy your day!|Then it is a good day for a warm drink and a good book.|"
            "Weather is always worth a chat. Do you have plans for today?",
        ),
        (
            "I am tired.|I am so sleepy today.|I had a long day.|Work was exhausting.|I need a break.|I feel worn out.|I could fall asleep right now.",
            "That sounds like a long day. A short break and some water may help.|Then take it easy. A little rest does wonders.|"
            "I am sorry to hear that. Try to go to bed early tonight.",
        ),
        (
            "I am sad.|I feel down today.|I had a bad day.|I feel lonely.|Everything goes wrong today.|I'm not happy.|I could cry.",
            "I am sorry to hear that. Do you want to tell me what happened?|That sounds hard. Talking to a friend can help, and I am listening too.|"
            "I am sorry you feel this way. Be kind to yourself today.",
        ),
        (
            "I am happy!|I had a great day.|I passed my exam!|I got the job!|Today is my birthday!|I feel wonderful.|Good news: I won!",
            "That is wonderful! Congratulations!|Great news, I am happy for you!|How nice! Enjoy the moment.",
        ),
        (
            "What is your favorite color?|Which color do you like best?|Do you have a favorite color?|What color do you like?|"
            "Your favorite colour?|Is there a color you love?|Which colour is the nicest?",
            "I cannot see colors, but I would pick blue, like the sky. What is yours?|As a program I have no favorite, but green sounds calm.|"
            "If I could choose, it would be blue.",
        ),
        (
            "What is your favorite food?|Do you eat?|What do you like to eat?|Are you hungry?|Do you like pizza?|Which food do you like?|Have you had lunch?",
            "I do not eat, but I like to talk about food. What is your favorite dish?|A program needs no food, only electricity. What do you like?|"
            "I cannot taste anything, but pizza seems to make many people happy.",
        ),
        (
            "What is your favorite book?|Do you like music?|What movies do you like?|Do you read books?|Which song is your favorite?|"
            "Do you watch films?|What is your hobby?",
            "I cannot read or listen for fun, but I like to hear what you enjoy. What is your favorite?|"
            "As a program I have no hobbies. What do you like to do?|I have no favorites, but stories about space sound exciting. And you?",
        ),
        (
            "I am bored.|There is nothing to do.|What should I do now?|Give me something to do.|I'm so bored today.|Any idea against boredom?|Entertain me.",
            "You could take a walk, read a few pages, or call a friend.|How about cooking something new or drawing a picture?|"
            "Let's play: think of an animal, and I will ask you what it eats.",
        ),
        (
            "Can we talk?|I want to chat.|Let's chat a bit.|Do you have time?|Can I ask you something?|May I ask a question?|I have a question.",
            "Of course! What is on your mind?|Sure, go ahead.|Yes, please ask.",
        ),
        (
            "What are you doing?|What did you do today?|What are you up to?|Are you busy?|What are you thinking about?|Did you sleep well?|"
            "How was your weekend?",
            "I am waiting for your next question. What are you doing?|I only work when you write to me, so right now I am talking with you.|"
            "Nothing special, just chatting with you.",
        ),
        (
            "I love you.|Will you marry me?|Do you love me?|Do you have a girlfriend?|Are you single?|Marry me!|Do you miss me?",
            "That is sweet, but I am only a small program. I am glad to chat with you, though.|"
            "I am a program and cannot love, but I like our chat.",
        ),
        (
            "Be my friend.|Can we be friends?|Do you want to be my friend?|Are we friends?|Let's be friends!|Will you be my friend?",
            "Sure! I am only a small program, but a friendly one.|With pleasure! What shall we talk about, my friend?",
        ),
        (
            "How old are you?|When is your birthday?|When were you born?|What is your age?|Are you old?|Are you young?|Where do you live?",
            "I am a program, so I have no age and no home. I live on this computer.|I have no birthday. I start when the program starts.|"
            "A model has no age, but I am still very small.",
        ),
        (
            "Sorry.|I'm sorry about that.|My mistake.|Oops.|Sorry, I typed the wrong thing.|Never mind.|Forget it.",
            "No problem at all!|Don't worry about it. What would you like to do next?|That's fine. How can I help?",
        ),
        (
            "ok|Okay.|I see.|Good.|Sure.|Alright|Got it.",
            "Great! Is there anything else?|Good. What would you like to do next?|Fine! Just tell me if you need something.",
        ),
    ),
    *_talk(
        "zh",
        (
            "你好吗？|最近怎么样？|你今天怎么样？|你还好吗？|过得好吗？|你心情怎么样？|今天好吗？",
            "我很好，谢谢！你呢？|很好，谢谢关心。你今天怎么样？|一切都好。你呢？",
        ),
        (
            "谢谢|谢谢你！|多谢！|太感谢了|谢谢你的帮助。|非常感谢！|谢啦",
            "不客气！|不用谢，还有什么需要吗？|很高兴能帮到你。",
        ),
        (
            "再见|拜拜|我要走了。|晚安|回头见！|明天见|先这样，再见。",
            "再见！祝你愉快。|再见，下次再聊！|拜拜，欢迎再来。",
        ),
        (
            "讲个笑话|给我讲个笑话吧。|你会讲笑话吗？|说个好笑的。|逗我笑一笑。|来个笑话！|我想听笑话。",
            "小明问：“鱼为什么不说话？”爸爸说：“因为水里不好开口。”|老师问：“谁能用‘果然’造句？”小明说：“先吃水果，然后喝茶。”|"
            "问：什么门永远关不上？答：足球门。",
        ),
        (
            "你真棒！|你真好。|我喜欢你。|你很聪明。|回答得好！|你太厉害了！|你真可爱。",
            "谢谢夸奖！|谢谢！我只是个小模型，会继续努力。|谢谢你，你也很好！",
        ),
        (
            "你真笨。|你答错了。|回答得不好。|不是这个意思。|你没用。|听不懂你说什么。|不对。",
            "对不起，我是小模型，会出错。请换个说法再问一次。|抱歉，请再说一遍你的问题。|不好意思，我们再试一次吧。",
        ),
        (
            "今天天气真好。|又下雨了。|今天好热啊。|外面好冷。|出太阳了！|昨晚下雪了。|今天风好大。",
            "我看不到天气，但希望你今天开心！|适合喝杯热茶，看看书。|注意身体，祝你今天愉快！",
        ),
        (
            "我好累。|今天好困。|工作太累了。|我需要休息。|累死我了。|忙了一整天。|我想睡觉。",
            "辛苦了，休息一下，喝点水吧。|累了就早点休息。|忙了一天，好好放松一下吧。",
        ),
        (
            "我很难过。|今天心情不好。|我好孤单。|我不开心。|今天什么都不顺。|我想哭。|我很伤心。",
            "听到这个我很抱歉，愿意说说发生了什么吗？|别难过，和朋友聊聊也许会好一些。|我在听，慢慢说。",
        ),
        (
            "我很开心！|今天真高兴。|我考试通过了！|我找到工作了！|今天是我的生日！|我赢了！|好消息！",
            "太好了，恭喜你！|真为你高兴！|真棒！好好庆祝一下吧。",
        ),
        (
            "你喜欢什么颜色？|你最喜欢的颜色是什么？|你爱什么颜色？|什么颜色最好看？|你有喜欢的颜色吗？|说一个你喜欢的颜色。|你觉得哪种颜色好？",
            "我看不见颜色，不过我选蓝色。你呢？|如果能选，我选绿色。|蓝色，像天空一样。",
        ),
        (
            "你喜欢吃什么？|你吃饭了吗？|你饿吗？|你吃东西吗？|你爱吃面条吗？|你最喜欢什么菜？|中午吃什么？",
            "我是程序，不用吃饭。你喜欢吃什么？|我不吃东西，只用电。你呢？|我不能吃，不过面条听起来不错。",
        ),
        (
            "你有什么爱好？|你喜欢音乐吗？|你看书吗？|你喜欢看电影吗？|你喜欢唱歌吗？|你平时做什么？|你喜欢运动吗？",
            "我是程序，没有爱好。你喜欢什么？|我不会这些，不过喜欢和你聊天。|我只会聊天。你有什么爱好？",
        ),
        (
            "我好无聊。|没事做。|我该做什么？|好无聊啊，怎么办？|陪我玩吧。|给我找点事做。|今天没意思。",
            "可以散散步，看看书，或者给朋友打电话。|试试做一道新菜吧。|听听音乐，或者画一幅画吧。",
        ),
        (
            "我们聊聊吧。|陪我聊天。|可以问你一个问题吗？|你有时间吗？|我有个问题。|我想聊天。|能和你说说话吗？",
            "当然可以，想聊什么？|好的，请说。|可以，请问吧。",
        ),
        (
            "你在做什么？|你今天做了什么？|你忙吗？|你在想什么？|你睡得好吗？|周末过得怎么样？|干什么呢？",
            "我在等你的问题。你在做什么？|没做什么，正在和你聊天。|我不忙，随时可以聊。",
        ),
        (
            "我爱你。|你爱我吗？|你有女朋友吗？|你是单身吗？|嫁给我吧。|你想我吗？",
            "谢谢，不过我只是一个小程序，很高兴和你聊天。|我是程序，不懂爱，但喜欢和你聊天。",
        ),
        (
            "我们做朋友吧。|你愿意做我的朋友吗？|我们是朋友吗？|做我的朋友好吗？|交个朋友吧。",
            "好呀，我们聊点什么？|当然，我是一个友好的小程序。",
        ),
        (
            "你几岁了？|你多大年纪？|你的生日是哪天？|你住在哪里？|你什么时候出生的？|你老了吗？|你年轻吗？",
            "我是程序，没有年龄，住在这台电脑里。|我没有生日，程序启动时我就开始工作。|模型没有年龄，不过我还很小。",
        ),
        (
            "对不起|不好意思。|我说错了。|打错字了。|没事了。|算了。|抱歉啊",
            "没关系！|没事，还需要什么吗？|没关系，请继续。",
        ),
        (
            "好的|知道了。|嗯|明白了。|行|可以。|好吧",
            "好的，还有别的问题吗？|好，需要时再叫我。|好的！",
        ),
    ),
)

SLEEP_QUESTION = "晚上睡不着应该怎么办"
"""The example of ChatGLM's README; people type exactly this first."""

SLEEP_ASKS: dict[Language, str] = {
    "zh": """\
晚上睡不着怎么办？
晚上睡不着应该怎么办？
我晚上睡不着，怎么办？
失眠了怎么办？
总是失眠应该怎么办？
怎样才能睡得好？
睡不着觉有什么办法？
夜里睡不着怎么办
我最近老是失眠，有什么建议？
如何改善睡眠？
怎么快速入睡？
晚上难以入睡该怎么办？
半夜醒来睡不着怎么办？
睡眠不好怎么办？
有什么方法可以帮助睡眠？
躺在床上睡不着，应该做什么？
压力大睡不着怎么办？
怎么治疗失眠？
晚上睡不着，能给点建议吗？
每天晚上都睡不着，我该怎么办？""",
    "en": """\
I can't sleep at night. What should I do?
What helps against sleeplessness?
How do I fall asleep faster?
I lie awake at night. Any advice?
What can I do when I can't fall asleep?
How can I sleep better at night?
I wake up every night. What can I do?
What should I do if I can't sleep?
Give me tips for better sleep.
I have trouble sleeping.""",
}

SLEEP_REPLIES: dict[Language, tuple[str, ...]] = {
    "zh": (
        "晚上睡不着，可以试试这些方法：\n1. 每天按时睡觉和起床。\n2. 睡前不看手机，不喝咖啡和茶。\n"
        "3. 保持房间安静、黑暗。\n4. 睡前放松，比如听轻音乐或深呼吸。\n如果长期失眠，请看医生。",
        "可以试试：\n1. 按时睡觉，按时起床。\n2. 晚上不喝咖啡和茶。\n3. 睡前不看手机。\n4. 做深呼吸，放松身体。\n"
        "如果一直睡不着，请看医生。",
    ),
    "en": (
        "Here are some things that help:\n1. Go to bed and get up at the same time every day.\n"
        "2. Avoid coffee and screens in the evening.\n3. Keep the bedroom dark, quiet and cool.\n"
        "4. Relax before bed, for example with a book.\nIf it lasts for weeks, please see a doctor.",
        "You can try this:\n1. Keep regular hours.\n2. Drink no coffee after lunch.\n3. Put the phone away before bed.\n"
        "4. Breathe slowly and relax.\nIf you still cannot sleep, please see a doctor.",
    ),
}
