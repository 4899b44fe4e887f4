"""Every sentence the web pages show, in English and Chinese, in one table.

`TEXTS` maps a key to its two wordings; `text("zh", "send_failed", reason=...)` gives one. Longer than
other files because it is data. Error sentences of `glm` are not here: they come with the error.
"""

from __future__ import annotations

from typing import Literal

Lang = Literal["en", "zh"]
LANGS: tuple[Lang, ...] = ("en", "zh")

TEXTS: dict[str, tuple[str, str]] = {
    # key: (English, Chinese)
    "title": ("GLM Chat", "GLM 对话"),
    "tagline": ("Runs on this computer", "在这台电脑上运行"),
    "tagline_elsewhere": ("No cloud, no account", "不用云端，无需账号"),
    "hero_title": ("What can I help with?", "今天想聊点什么？"),
    "hero_text": (
        "Ask anything. The model runs on this computer and nothing you write leaves it.",
        "随便问吧。模型在这台电脑上运行，你写的内容不会离开它。",
    ),
    "hero_text_elsewhere": (
        "Ask anything. What you write goes to the computer that runs the model, and nowhere else.",
        "随便问吧。你写的内容只会发送到运行模型的电脑。",
    ),
    # cards on an empty chat: questions the built-in model has been taught to answer well
    "example_0": ("What should I do if I can't sleep at night?", "晚上睡不着应该怎么办？"),
    "example_1": ("Who are you, and what can you do?", "你好，你是谁？能做些什么？"),
    "example_2": ("Write a short poem about the sea.", "用三句话介绍一下你自己。"),
    "example_3": ("Explain in simple words why the sky is blue.", "怎样养成早起的习惯？"),
    # side panel
    "new_chat": ("New chat", "新对话"),
    "panel": ("Conversations and settings", "历史对话与设置"),
    "close_panel": ("Close the side panel", "关闭侧栏"),
    "switch_theme": ("Light or dark colours", "浅色或深色"),
    "switch_language": ("中文", "English"),
    "section_system": ("System prompt", "系统提示词"),
    "section_sampling": ("Generation", "生成参数"),
    "section_files": ("This conversation", "本次对话"),
    "system": ("System prompt", "系统提示词"),
    "system_placeholder": (
        "How should the model behave? For example: answer in short sentences.",
        "希望模型怎样回答？例如：请用简短的句子回答。",
    ),
    "max_new_tokens": ("Longest answer (tokens)", "最长回答（词元）"),
    "temperature": ("Temperature", "温度 temperature"),
    "temperature_hint": ("0: always the likeliest", "0：总选最可能的"),
    "top_p": ("Top-p", "核采样 top-p"),
    "top_k": ("Top-k (0: off)", "top-k（0 为关闭）"),
    "repetition_penalty": ("Repetition penalty", "重复惩罚"),
    "seed": ("Seed", "随机种子"),
    "seed_hint": ("Empty: a new one for every answer", "留空：每次回答都不同"),
    "seed_placeholder": ("random", "随机"),
    "defaults": ("Restore defaults", "恢复默认"),
    "export_markdown": ("Markdown", "Markdown"),
    "export_json": ("JSON", "JSON"),
    "export_html": ("HTML", "HTML"),
    "import_json": ("Import a conversation (JSON)", "导入对话（JSON）"),
    # composer and chat
    "chat": ("Conversation", "对话"),
    "message": ("Message", "消息"),
    "message_placeholder": ("Message the model", "给模型发消息"),
    "message_keys": (
        "Enter sends, Shift+Enter starts a new line. Answers can be wrong; check what matters.",
        "回车发送，Shift+回车换行。回答可能有误，重要内容请核实。",
    ),
    "stopped": ("stopped", "已停止"),
    "cut": ("cut at the length limit", "已达到长度上限"),
    "tool_rounds": ("too many tool calls in a row", "连续调用工具过多"),
    "same_error": ("stopped: the same error came again", "已停止：再次出现同样的错误"),
    "tool_call": ("Calls {name}", "调用 {name}"),
    "tool_code": ("Runs code", "运行代码"),
    "tool_result": ("Result", "结果"),
    "thinking": ("Thinking", "思考"),
    "image_left_out": ("image not loaded: {alt}", "未加载图片：{alt}"),
    "reading": ("Reading the conversation… {percent} %", "正在读取对话… {percent} %"),
    "waiting": ("Thinking…", "思考中…"),
    "queued": ("In the queue: {place}", "排队中：第 {place} 位"),
    "queued_about": ("In the queue: {place}, about {seconds} s", "排队中：第 {place} 位，约 {seconds} 秒"),
    "waiting_for_model": (
        "The model is still loading; your message goes out when it is ready. {progress}",
        "模型还在加载，就绪后会立即回答。{progress}",
    ),
    "failed_title": ("The answer broke off.", "回答中断了。"),
    # status line
    "loading": ("Loading {model}", "正在加载 {model}"),
    "load_failed": ("The model could not be loaded", "模型加载失败"),
    "load_failed_next": (
        "The program has ended; start it again once this is solved.",
        "程序已退出，解决后请重新启动。",
    ),
    "status_tokens": ("{used} / {limit} tokens", "{used} / {limit} 词元"),
    "status_tokens_hint": ("Tokens in the context, of the most the model reads", "上下文中的词元数 / 模型上限"),
    "status_speed": ("{speed} tokens/s", "{speed} 词元/秒"),
    "status_first": ("first after {seconds} s", "首字 {seconds} 秒"),
    "status_ready": ("Ready", "就绪"),
    "built_in": ("the built-in model", "内置模型"),
    # notices
    "note": ("Please note", "提示"),
    "busy": (
        "An answer is still being written; stop it or wait for its end.",
        "上一个回答还没有结束；请先停止或稍等。",
    ),
    "thanks": ("Thank you, noted.", "谢谢，已记录。"),
    "imported": ("Conversation imported.", "对话已导入。"),
    "import_failed": ("Not imported, the chat is as it was: {reason}", "未导入，当前对话保持不变：{reason}"),
    "import_too_large": ("the file is {size} MB and the limit is {limit} MB", "文件有 {size} MB，上限为 {limit} MB"),
    "nothing_to_export": (
        "There is nothing to export yet; send a message first.",
        "还没有可导出的内容，先发一条消息吧。",
    ),
    "text_given_back": ("{reason} Your text is back in the box.", "{reason} 你的文字已放回输入框。"),
    # pages that list conversations and have several modes
    "mode": ("Mode", "模式"),
    "mode_chat": ("Chat", "对话"),
    "conversations": ("Conversations", "历史对话"),
    "no_conversations": ("What you talk about is listed here.", "聊过的内容会列在这里。"),
    "nothing_found": ("Nothing found.", "没有找到。"),
    "search": ("Search conversations", "搜索对话"),
    "more_conversations": ("Show more", "显示更多"),
    "untitled": ("New chat", "新对话"),
    "options_of": ("Rename or delete", "重命名或删除"),
    "name": ("Name", "名称"),
    "rename": ("Rename", "重命名"),
    "delete": ("Delete", "删除"),
    "delete_sure": ("Delete for good", "确认永久删除"),
    "delete_question": ("Delete this conversation?", "删除这个对话？"),
    "save": ("Save", "保存"),
    "detach": ("Do not attach {name}", "不添加 {name}"),
    "file_too_large": ("{name} is {size} MB and the limit is {limit} MB.", "{name} 有 {size} MB，上限为 {limit} MB。"),
    "not_opened": ("Not opened: {reason}", "未打开：{reason}"),
    "not_kept": ("This chat goes on, but nothing is being kept: {reason}", "对话可以继续，但不会被保存：{reason}"),
    "theme": ("Light / dark", "浅色 / 深色"),
    "retry": ("Answer again", "重新回答"),
    "undo": ("Take the question back", "撤回问题"),
    "edit": ("Edit and ask again", "修改并重新提问"),
    "copy": ("Copy", "复制"),
    "feedback": ("Was this answer good?", "这个回答好吗？"),
    "ask_again": ("Ask again", "重新提问"),
    "cancel": ("Cancel", "取消"),
    "stop": ("Stop", "停止"),
    "attach": ("Attach text files", "添加文本文件"),
    "attach_hint": (
        "Their text is put before your next message.",
        "文件内容会放在下一条消息之前。",
    ),
    "attached": ("{name} · {tokens} tokens", "{name} · {tokens} 词元"),
    "not_text": (
        "{name} is not a text file, so the model cannot read it; attach text, code, CSV or JSON.",
        "{name} 不是文本文件，模型无法读取；请添加文本、代码、CSV 或 JSON。",
    ),
    "download": ("Download", "下载"),
    "export": ("Export", "导出"),
    # tools
    "mode_tools": ("Tools", "工具"),
    "tool_hero_title": ("What should be looked up?", "想查点什么？"),
    "tool_hero_text": (
        "The model calls tools and answers with what they give. Each call is shown.",
        "模型会调用工具，并根据结果回答。每次调用都会显示出来。",
    ),
    "tool_example_0": ("What is 37 * 48 + 12?", "37 乘以 48 再加 12 等于多少？"),
    "tool_example_1": ("What time is it in Tokyo?", "东京现在几点？"),
    "tool_example_2": ("Convert 26 miles to kilometers.", "26 英里是多少公里？"),
    "tool_example_3": ("Give me a random number between 1 and 100.", "给我一个 1 到 100 之间的随机数。"),
    "tools": ("Tools", "工具"),
    "manual_mode": ("Type tools, answer calls by hand", "手动模式：自己写工具、自己回答"),
    "manual_hint": (
        "For trying out tool descriptions: nothing is run, you type what a call gives back.",
        "用来试验工具描述：不会真正运行，调用的结果由你填写。",
    ),
    "constrain_calls": ("Calls must fit their tool", "调用必须符合工具描述"),
    "constrain_hint": (
        "While the model writes a call, only what fits the tool's parameters can come next (models on this computer).",
        "模型编写调用时，只能写出符合工具参数的内容（限本机模型）。",
    ),
    "typed_tools": ("Tools, as YAML or JSON", "工具描述（YAML 或 JSON）"),
    "typed_read": ("Read: {names}", "已读取：{names}"),
    "approval": ("When the model calls it", "模型调用时"),
    "approval_always": ("Run", "直接运行"),
    "approval_ask": ("Ask me", "先问我"),
    "approval_never": ("Never", "不允许"),
    "call_asks": ("The model wants to call {name}.", "模型想要调用 {name}。"),
    "allow_call": ("Allow", "允许"),
    "refuse_call": ("Refuse", "拒绝"),
    "edit_call": ("Change arguments and run again", "修改参数后重新运行"),
    "answer_call": ("What does {name} give back?", "{name} 返回什么？"),
    "send_result": ("Send the result", "发送结果"),
    "call_open": ("not answered", "未得到结果"),
    "call_writing": ("writing the call…", "正在编写调用…"),
    "no_arguments": ("no arguments", "无参数"),
    "arguments": ("Arguments (JSON)", "参数（JSON）"),
    "not_arguments": ("These are no arguments in JSON: {reason}", "不是有效的 JSON 参数：{reason}"),
    # code interpreter
    "mode_code": ("Code", "代码解释器"),
    "code_hero_title": ("What shall we compute?", "想算点什么？"),
    "code_hero_text": (
        "The model writes Python and runs it in a sandbox. Upload a table to work with it.",
        "模型编写 Python 代码，并在沙箱中运行。可以上传表格让它分析。",
    ),
    "code_example_0": ("Plot the sine curve from 0 to 10.", "画出 sin(x) 在 0 到 10 之间的图像。"),
    "code_example_1": ("What is the sum of all primes below 1000?", "1000 以内所有质数的和是多少？"),
    "code_example_2": ("Draw a heart.", "用 Python 画一个爱心。"),
    "code_example_3": ("Compute the mean of 3, 5, 8 and 12.", "计算 3、5、8、12 的平均值。"),
    "sandbox_trying": ("Trying out what this computer can confine…", "正在检测本机可用的沙箱…"),
    "code_unconfined": (
        "**Code runs unconfined on this computer.** It can read and change your files and use the network. "
        "Read it before you allow each run.",
        "**代码将不受隔离地在本机运行。** 它可以读取、修改你的文件并访问网络。每次运行前请先看清代码。",
    ),
    "code_off": ("Code is shown here, but not run", "代码只会显示，不会运行"),
    "code_off_more": (
        "What a model writes is only run where the operating system can confine it, and here it cannot:",
        "模型编写的代码只有在操作系统能够隔离它时才会运行，而这里做不到：",
    ),
    "code_off_mend": ("What would mend it (then start again):", "解决办法（之后重新启动）："),
    "no_tools_model": (
        "{model} was not taught to call tools or run code; load ChatGLM3-6B, GLM-4 or newer for that.",
        "{model} 没有学过调用工具和运行代码；请加载 ChatGLM3-6B、GLM-4 或更新的模型。",
    ),
    "cell": ("Cell {number}", "单元 {number}"),
    "attempt": ("attempt {number} of {most}", "第 {number} 次尝试，最多 {most} 次"),
    "seconds": ("{seconds} s", "{seconds} 秒"),
    "instant": ("done", "完成"),
    "cell_waiting": ("waiting", "等待中"),
    "cell_running": ("running…", "运行中…"),
    "cell_writing": ("writing code…", "正在编写代码…"),
    "cell_not_run": ("not run", "未运行"),
    "cell_shown_only": ("shown only; choose another level at the side to run code", "仅显示；可在侧栏改为运行代码"),
    "run_cell": ("Run", "运行"),
    "refuse_cell": ("Do not run", "不运行"),
    "edit_cell": ("Edit and run again", "修改后重新运行"),
    "run_again": ("Run again", "重新运行"),
    "code": ("Code", "代码"),
    "own_cell": ("Write a cell yourself", "自己写一段代码"),
    "own_cell_placeholder": (
        "Python that runs in this conversation's kernel; the model sees it and what it gives.",
        "在本次对话的内核中运行的 Python 代码；模型能看到代码和结果。",
    ),
    "figure": ("Figure", "图"),
    "table": ("Table", "表格"),
    "notice_text_cut": ("the printed text was cut", "输出文字过长，已截断"),
    "notice_outputs_cut": ("more was given out than is shown", "输出过多，未全部显示"),
    "notice_image_refused": ("a picture could not be shown", "有一张图片无法显示"),
    "notice_timeout": ("stopped: it took too long", "运行超时，已停止"),
    "notice_killed": ("ended: the kernel used too much or did not stop", "已终止：内核占用过多或未响应停止"),
    "notice_died": ("the kernel died", "内核已崩溃"),
    "notice_variables_lost": ("variables are lost, files are kept", "变量已丢失，文件仍在"),
    "notice_started_anew": ("started anew: earlier variables and files are gone", "已重新开始：变量和文件都已丢失"),
    "kernel": ("Kernel", "内核"),
    "kernel_none": ("starts with the first cell", "运行第一段代码时启动"),
    "kernel_starting": ("starting…", "启动中…"),
    "kernel_idle": ("idle", "空闲"),
    "kernel_busy": ("busy", "运行中"),
    "kernel_lost": ("ended, variables are lost", "已结束，变量已丢失"),
    "kernel_ends": (", ends in {minutes} min", "，{minutes} 分钟后结束"),
    "restart": ("Restart", "重启"),
    "restart_hint": ("A new kernel: variables are lost, files stay", "启动新内核：变量丢失，文件保留"),
    "restarted": ("Restarted: variables are gone, files are kept.", "已重启：变量已清空，文件保留。"),
    "level": ("How code runs", "代码如何运行"),
    "level_show": ("Show", "仅显示"),
    "level_ask": ("Ask", "先询问"),
    "level_auto": ("Run", "自动运行"),
    "level_show_hint": ("Code is shown and never run.", "只显示代码，不运行。"),
    "level_ask_hint": ("Each cell waits for your click.", "每段代码都等你点击后才运行。"),
    "level_auto_hint": ("Code runs by itself, in the sandbox.", "代码在沙箱中自动运行。"),
    "upload": ("Upload files", "上传文件"),
    "upload_hint": (
        "Into the kernel's folder, /mnt/data; the model is told their names, sizes and columns.",
        "放入内核的文件夹 /mnt/data；模型会知道文件名、大小和列名。",
    ),
    "not_uploaded": ("Not uploaded: {reason}", "未能上传：{reason}"),
    "files": ("Files ({number})", "文件（{number}）"),
    "no_files": ("What you upload and what the code writes is listed here.", "上传的文件和代码生成的文件会列在这里。"),
    "download_all": ("Download all", "全部下载"),
    "variables": ("Variables ({number})", "变量（{number}）"),
    "no_variables": ("No variables yet.", "还没有变量。"),
    "variable_name": ("Name", "名称"),
    "variable_type": ("Type", "类型"),
    "variable_size": ("Size", "大小"),
    "variable_value": ("Value", "值"),
    "notebook": ("Notebook", "导出 Notebook"),
    # exported page
    "you": ("You", "你"),
    "assistant": ("Assistant", "助手"),
    "exported_from": ("Exported from GLM Chat", "由 GLM 对话导出"),
}


def text(lang: Lang, key: str, **values: object) -> str:
    """The sentence `key` in `lang`, with `values` filled in. Raises KeyError for an unknown key."""
    sentence = TEXTS[key][LANGS.index(lang)]
    return sentence.format(**values) if values else sentence


def language_of(tag: str | None) -> Lang:
    """The interface language for a browser's language tag such as "zh-Hans-CN"."""
    return "zh" if (tag or "").lower().startswith("zh") else "en"


EXAMPLES = ("example_0", "example_1", "example_2", "example_3")
"""Keys of the example questions."""


def translations() -> dict[str, dict[str, str]]:
    """The table by language, for a page that translates in the browser."""
    return {lang: {key: pair[index] for key, pair in TEXTS.items()} for index, lang in enumerate(LANGS)}
