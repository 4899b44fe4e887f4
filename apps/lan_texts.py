"""The sentences of the join page and the owner's page, in English and Chinese. `apps.texts` has those of the chats."""

from __future__ import annotations

from collections.abc import Mapping

from apps.texts import LANGS, Lang

TEXTS: dict[str, tuple[str, str]] = {
    # key: (English, Chinese)
    "title": ("GLM Chat", "GLM 对话"),
    "other_language": ("中文", "English"),
    # joining
    "join_title": ("Join this chat", "加入对话"),
    "join_text": (
        "A language model runs on the computer of the person who gave you this link. You can use it from here; "
        "no account is needed.",
        "语言模型运行在给你链接的人的电脑上。你可以在这里使用它，无需注册账号。",
    ),
    "join_name": ("Your name", "你的名字"),
    "optional": ("optional", "选填"),
    "join_name_hint": ("Only the owner of the computer sees it.", "只有电脑的主人能看到。"),
    "join_password": ("Password", "密码"),
    "join": ("Join", "加入"),
    "join_once_more": ("Continue", "继续"),
    "owner_title": ("This is the owner's link", "这是主人的链接"),
    "owner_text": (
        "It lets this browser manage the shared page: see who is connected, send somebody out, close the door.",
        "使用后，此浏览器可以管理共享页面：查看谁已连接、移出访客、关闭入口。",
    ),
    "privacy": (
        "What you write goes to that computer only, and is kept there. Other visitors do not see it; its owner could.",
        "你写的内容只会发送到那台电脑并保存在那里。其他访客看不到，但电脑的主人可以看到。",
    ),
    "not_encrypted": (
        "The connection is not encrypted: others on this network could read along.",
        "连接未加密：同一网络中的其他人可能看到内容。",
    ),
    # why not
    "refused_title": ("You cannot join yet", "暂时无法加入"),
    "no_seat": (
        "This page is for people who have the link. Ask its owner for the link or the QR code.",
        "此页面仅供持有链接的人使用。请向主人索取链接或二维码。",
    ),
    "unknown_link": (
        "This link leads nowhere, or not any more. Ask for the present one.",
        "链接无效或已失效。请索取新的链接。",
    ),
    "link_ended": ("This link has run out. Ask for a new one.", "链接已过期。请索取新的链接。"),
    "closed": (
        "The owner has closed the door for now. Try again later, or ask.",
        "主人暂时关闭了入口。请稍后再试，或询问主人。",
    ),
    "full": (
        "All seats are taken. Try again when somebody has left, or ask the owner to make room.",
        "座位已满。请等有人离开后再试，或请主人腾出座位。",
    ),
    "removed": ("The owner has ended your seat here.", "主人已结束你的访问。"),
    "wrong_password": ("This is not the password. Try again.", "密码不正确，请重试。"),
    "too_often": ("Too many wrong passwords. Wait a minute, then try again.", "密码错误次数过多。请等一分钟再试。"),
    "owner_only": (
        "This page is for the owner: open it on the computer that runs the program, or use the owner's link.",
        "此页面仅供主人使用：请在运行程序的电脑上打开，或使用主人的链接。",
    ),
    "again": ("Try again", "重试"),
    # the owner's page
    "manage_title": ("Shared page", "共享管理"),
    "to_chat": ("To the chat", "进入对话"),
    "refresh": ("Refresh", "刷新"),
    "door_open": ("The door is open", "入口已开启"),
    "door_closed": ("The door is closed", "入口已关闭"),
    "door_ended": ("The link has run out", "链接已过期"),
    "door_full": ("All seats are taken", "座位已满"),
    "door_open_text": ("Who has the link can join until {until}.", "持有链接的人可在 {until} 前加入。"),
    "door_open_password_text": (
        "Who has the password can join until {until}.",
        "知道密码的人可在 {until} 前加入。",
    ),
    "door_closed_text": ("Nobody new can join. Who is in stays in.", "不再接受新访客，已加入的人不受影响。"),
    "door_ended_text": ("Make a new link to let more people in.", "生成新链接后才能加入更多人。"),
    "door_full_text": ("Remove somebody to make room.", "移出访客即可腾出座位。"),
    "link": ("Link", "链接"),
    "qr": ("QR code of the link", "链接的二维码"),
    "show_large": ("Show large", "放大显示"),
    "back": ("Back", "返回"),
    "scan": ("Scan to join", "扫码加入"),
    "seats": ("{taken} of {seats} seats taken", "已占 {taken} / {seats} 个座位"),
    "close_door": ("Close the door", "关闭入口"),
    "open_door": ("Open the door", "开启入口"),
    "new_link": ("Make a new link", "生成新链接"),
    "new_link_hint": (
        "A new link ends the present one. Who is in stays in.",
        "生成新链接后，当前链接失效；已加入的人不受影响。",
    ),
    "who": ("Who is connected", "谁已连接"),
    "nobody": ("Nobody yet. Show the QR code to the room.", "还没有人。请展示二维码。"),
    "visitor": ("Visitor {number}", "访客 {number}"),
    "joined": ("joined {since}", "{since} 加入"),
    "seen": ("seen {ago}", "{ago}活动"),
    "now": ("just now", "刚刚"),
    "minutes": ("{number} min ago", "{number} 分钟前"),
    "hours": ("{number} h ago", "{number} 小时前"),
    "remove": ("Remove", "移出"),
    "remove_sure": (
        "This browser is sent out and not let in again. To keep the person out, make a new link too.",
        "此浏览器将被移出且不能再次加入。若要彻底阻止此人，请同时生成新链接。",
    ),
    "remove_now": ("Yes, remove", "确定移出"),
    "close_everything": ("Close everything", "全部关闭"),
    "close_everything_sure": (
        "All visitors are sent out, the door is closed and the link ends. You can go on yourself.",
        "所有访客将被移出，入口关闭，链接失效。你自己仍可继续使用。",
    ),
    "close_everything_now": ("Yes, close everything", "确定全部关闭"),
}


class Wording:
    """The table in one language, for templates: `words("seats", taken=1, seats=12)`."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang

    def __call__(self, key: str, **values: object) -> str:
        """The sentence `key` with `values` filled in. Raises KeyError for an unknown key."""
        sentence = TEXTS[key][LANGS.index(self.lang)]
        return sentence.format(**values) if values else sentence


def preferred(headers: Mapping[str, str], asked: str | None) -> Lang:
    """The language that was `asked` for in the address, else the first of the two that the browser's list names."""
    if asked in LANGS:
        return "zh" if asked == "zh" else "en"
    for entry in headers.get("accept-language", "").split(","):
        tag = entry.partition(";")[0].strip().lower()
        if tag[:2] in LANGS:
            return "zh" if tag[:2] == "zh" else "en"
    return "en"
