"""Tool dialogues in groups that offer the same tools, so that training computes their descriptions once.

Within a group every tool is asked for, and some requests fit none: the model has to
choose by the descriptions, not by the topic.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from glm.messages import Message, ToolSpec
from glm.training import tool_data, toolset_data
from glm.training.dialogue import Dialogue, Split
from glm.training.tool_data import OfferedTool, Scene

_OWN_TOOLS = 0.4
"""Share of groups that offer the program's own tools."""


def groups(rng: random.Random, split: Split) -> Iterator[list[Dialogue]]:
    """Endless groups of about ten dialogues with the same system message and tools, some with the built-in ones."""
    while True:
        yield toolset_data.group(rng, split) if rng.random() < _OWN_TOOLS else group(rng, split)


def group(rng: random.Random, split: Split) -> list[Dialogue]:
    """Dialogues for one offer of one to five tools, in both languages."""
    scene = Scene(rng, split, "zh" if rng.random() < 0.45 else "en", tool_data.SEEN)
    wanted = [scene.intent() for _ in range(rng.choices((1, 2, 3, 4), (15, 30, 35, 20))[0])]
    offered = scene.offer(list({id(intent): intent for intent in wanted}.values()))
    system, specs = scene.system(), tuple(tool.spec for tool in offered)
    dialogues = []
    for number in range(rng.randint(8, 11)):
        scene.language = "zh" if rng.random() < 0.45 else "en"
        tool = offered[number % len(offered)]
        if rng.random() < 0.2:
            dialogues.append(_without_call(scene, system, offered, specs))
        else:
            dialogues.append(_with_call(scene, system, tool, specs))
    return dialogues


def _with_call(scene: Scene, system: Message, tool: OfferedTool, specs: tuple[ToolSpec, ...]) -> Dialogue:
    """A request and its call; in half of them the result and the answer too, sometimes a mended error."""
    rng, exchange = scene.rng, scene.exchange(tool)
    fate = rng.random()
    if fate < 0.4:
        messages: tuple[Message, ...] = (system, exchange.request, exchange.call)
        return Dialogue("tool_call", scene.language, messages, specs)
    if fate < 0.9:
        return Dialogue("tool_call", scene.language, (system, *exchange.messages), specs)
    return tool_data.error_dialogue(scene, system, tool, exchange, specs)


def _without_call(
    scene: Scene, system: Message, offered: list[OfferedTool], specs: tuple[ToolSpec, ...]
) -> Dialogue:
    turns = tool_data.small_talk(scene, offered) if scene.rng.random() < 0.5 else tool_data.unmet_wish(scene, offered)
    return Dialogue("tool_none", scene.language, (system, *turns), specs)
