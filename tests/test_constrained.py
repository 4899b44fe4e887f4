"""Calls held to their tools' schemas: what is allowed, what is not, and that nothing else changes.

Whatever a model writes under a grammar must be a call that can be read and fits; so models that
know nothing write here: dice, and a small network with random weights in the real engine.
"""

from __future__ import annotations

import logging
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from jsonschema import Draft202012Validator
from transformers import GlmConfig, GlmForCausalLM

from glm.constrained import CallConstraints
from glm.events import EngineEvent, MessageDone, ToolCalled
from glm.messages import INTERPRETER, Message, ToolCall, ToolSpec
from glm.prompts.chatglm3 import ChatGLM3Format
from glm.prompts.glm4 import Glm4Format
from glm.prompts.glm45 import Glm45Format
from glm.settings import GenerationSettings
from glm.tiny.build import RESOURCES
from glm.tokenizer import Tokenizer
from glm.torch_engine import TorchEngine
from glm.training.tool_data import generate
from tests.small_glm4 import GLM4_0414, GLM45, write_tokenizer
from tests.test_chatglm3_format import VOCABULARY, LetterTokens

TRIP = ToolSpec(
    "plan_trip",
    "Plans a trip",
    {
        "type": "object",
        "properties": {
            "to": {"type": "string"},
            "days": {"type": "integer", "minimum": 1, "maximum": 16},
            "unit": {"type": "string", "enum": ["km", "mile's", '"', "里"]},
            "fast": {"type": "boolean"},
            "price": {"type": "number"},
            "stops": {"type": "array", "items": {"type": "string", "maxLength": 3}, "minItems": 1, "maxItems": 3},
            "seat": {"type": "object", "properties": {"row": {"type": "integer"}, "window": {"type": "boolean"}}},
            "code": {"type": "string", "pattern": "^[A-Z]{2}$"},
            "age": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "note": {},
        },
        "required": ["to", "fast"],
    },
)
SHORT = ToolSpec(
    "set_lamp",
    "Sets a lamp",
    {
        "type": "object",
        "properties": {
            "on": {"type": "boolean"},
            "level": {"type": "integer", "minimum": 0, "maximum": 9},
            "colour": {"enum": ["red", "green"]},
        },
        "required": ["on", "level"],
    },
)
NOTHING = ToolSpec("ring", "Rings")
CODE = ToolSpec(INTERPRETER, "Runs Python")

Format = Any
END = "</arg_value>"


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Tensors this small only wait for further threads, on a busy machine for long."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def formats(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Format]:
    folder = tmp_path_factory.mktemp("vocabularies")
    ids = Tokenizer.from_folder(write_tokenizer(folder / "ids"))
    text = Tokenizer.from_folder(write_tokenizer(folder / "text", tags=False))
    return {
        "chatglm3": ChatGLM3Format(LetterTokens()),
        "glm4": Glm4Format(ids, GLM4_0414),
        "glm4.5": Glm45Format(ids, GLM45),
        "glm4.5, tags are text": Glm45Format(text, GLM45),
    }


FORMATS = ("chatglm3", "glm4", "glm4.5", "glm4.5, tags are text")


@pytest.fixture(params=FORMATS)
def fmt(request: pytest.FixtureRequest, formats: dict[str, Format]) -> Format:
    return formats[request.param]


@pytest.fixture
def constraints() -> Iterator[Callable[[Format], CallConstraints]]:
    made: list[CallConstraints] = []

    def make(fmt: Format) -> CallConstraints:
        made.append(CallConstraints(fmt))
        return made[-1]

    yield make
    for one in made:
        one.close()


def ids_of(fmt: Format, text: str) -> list[int]:
    """Ids as a model writes them: tags of the vocabulary as control tokens."""
    spelt = {tag: token_id for token_id, tag in getattr(fmt, "tag_ids", {}).items()}
    found: list[int] = []
    while text:
        tag = next((tag for tag in spelt if text.startswith(tag)), None)
        if tag is not None:
            found.append(spelt[tag])
            text = text[len(tag) :]
        else:
            cut = min((text.index(tag) for tag in spelt if tag in text), default=len(text))
            found += fmt.tokenizer.encode(text[:cut])
            text = text[cut:]
    return found


def opening(fmt: Format, name: str) -> str:
    """What stands before the arguments of a call."""
    return f"<tool_call>{name}\n" if isinstance(fmt, Glm45Format) else f"{name}\n"


def offered(reader: Any) -> set[int] | None:
    """The ids that may come next, None for all."""
    allowed = reader.allowed()
    return None if allowed is None else set(torch.as_tensor(allowed).tolist())


def may_follow(reader: Any, token_id: int) -> bool:
    allowed = reader.allowed()
    return allowed is not None and bool((torch.as_tensor(allowed) == token_id).any())


def thrown(
    fmt: Format, constraints: CallConstraints, tool: ToolSpec, seed: int, begun: str | None = None
) -> tuple[str, ToolCall | None]:
    """A call of `tool` (or what follows `begun`) written by dice: its text and what is read of it."""
    dice = random.Random(seed)
    reader = constraints.reader(fmt.reader([tool, NOTHING]), [tool, NOTHING])
    for token_id in ids_of(fmt, opening(fmt, tool.name) if begun is None else begun):
        reader.feed(token_id)
    text, tags = "", getattr(fmt, "tag_ids", {})
    for _ in range(3000):
        choice = sorted(offered(reader) or ())
        spelt = {i: tags.get(i) or fmt.tokenizer.backend.decode([i]) for i in choice}
        # Dice alone would write texts without end: what closes them is liked better, and so is what goes on closing.
        # A value in JSON has none: a text in it could hold the tag, where it would be taken for the end.
        is_text = text.rpartition("<arg_value>")[2][:1] not in tuple('"[{')
        begun_end = next((END[cut:] for cut in range(len(END) - 1, 0, -1) if is_text and text.endswith(END[:cut])), "")
        ends = [i for i in choice if i in fmt.stop_ids or spelt[i][:1] in tuple("'\"<,})\n") or not spelt[i]]
        if begun_end:
            ends = [i for i in choice if spelt[i] and begun_end.startswith(spelt[i])]
        token_id = dice.choice(ends if ends and dice.random() < (0.9 if begun_end else 0.2) else choice)
        text += spelt[token_id]
        for event in reader.feed(token_id):
            if isinstance(event, MessageDone):
                return event.message.content, event.message.call
    raise AssertionError("the call has no end")


@pytest.mark.parametrize("tool", [TRIP, SHORT, NOTHING], ids=lambda tool: tool.name)
def test_what_dice_write_is_a_call_that_fits(
    fmt: Format, tool: ToolSpec, constraints: Callable[[Format], CallConstraints]
) -> None:
    held = constraints(fmt)
    written = [thrown(fmt, held, tool, seed) for seed in range(4)]
    for text, call in written:
        assert call is not None and call.name == tool.name, text
        assert call.arguments is not None, (text, call.fault)
        schema = {**tool.parameters, "additionalProperties": False}
        if "code" in call.arguments and isinstance(fmt, Glm45Format):  # patterns of plain text are not held to
            call = replace(call, arguments={**call.arguments, "code": "AB"})
        assert not list(Draft202012Validator(schema).iter_errors(dict(call.arguments))), text
    assert len({text for text, _ in written}) > 1 or tool is NOTHING


def verdict(fmt: Format, constraints: CallConstraints, tool: ToolSpec, content: str) -> bool:
    """Whether every token of a call may be written, and its end after them."""
    reader = constraints.reader(fmt.reader([tool]), [tool])
    for token_id in ids_of(fmt, opening(fmt, tool.name)):
        reader.feed(token_id)
    for token_id in ids_of(fmt, content):
        if not may_follow(reader, token_id):
            return False
        reader.feed(token_id)
    return reader.done or isinstance(fmt, Glm45Format) or may_follow(reader, fmt.role_ids["observation"])


PYTHON = [
    ("to='Paris', fast=True", True),
    ("fast=False, to='北京 👋'", True),
    ('to="it\'s \\"here\\"\\n", fast=True, days=16', True),
    ("to='\\u4e2d', fast=True, unit='里', age=None", True),
    ("\n    to='x',\n    fast=True\n", True),
    ("to='', fast=True, note={'a': [1, None, -2.5e3]}", True),
    ("to='x', fast=True, seat={'window': True, \"row\": 3}", True),
    ("to='x', fast=True, stops=['a', 'b']", True),
    ("to='x'", False),
    ("to='x', fast=1", False),
    ("to='x', fast=true", False),
    ("to='x', fast=True, days=17", False),
    ("to='x', fast=True, days='3'", False),
    ("to='x', to='y', fast=True", False),
    ("to='x', fast=True, extra=1", False),
    ("to='x', fast=True, unit='metre'", False),
    ("to='x', fast=True, stops=[]", False),
    ("to='x', fast=True, stops=['abcd']", False),
    ("to='a\nb', fast=True", False),
    ("to='```', fast=True", False),
    ("to=here, fast=True", False),
    ("to='\\ud83d', fast=True", False),
    ("'Paris', True", False),
]


@pytest.mark.parametrize(("arguments", "fits"), PYTHON)
def test_python_calls(
    formats: dict[str, Format], constraints: Callable[[Format], CallConstraints], arguments: str, fits: bool
) -> None:
    fmt = formats["chatglm3"]
    assert verdict(fmt, constraints(fmt), TRIP, f"```python\ntool_call({arguments})\n```") is fits


JSON = [
    ('{"to": "Paris", "fast": true}', True),
    ('{"fast": false, "to": "北京 \\"\\n"}', True),
    ('{\n    "to": "x",\n    "fast": true\n}', True),
    ('{"to": "x", "fast": true, "note": {"a": [1, null]}}', True),
    ('{"to": "x"}', False),
    ('{"to": "x", "fast": True}', False),
    ('{"to": "x", "fast": true, "days": 17}', False),
    ('{"to": "x", "fast": true, "extra": 1}', False),
    ('{"to": "x", "fast": true', False),
    ("{'to': 'x'}", False),
]


@pytest.mark.parametrize(("arguments", "fits"), JSON)
def test_json_calls(
    formats: dict[str, Format], constraints: Callable[[Format], CallConstraints], arguments: str, fits: bool
) -> None:
    assert verdict(formats["glm4"], constraints(formats["glm4"]), TRIP, arguments) is fits


def pair(key: str, value: str) -> str:
    return f"<arg_key>{key}</arg_key>\n<arg_value>{value}</arg_value>\n"


TAGGED = [
    (pair("to", "Paris") + pair("fast", "true"), True),
    (pair("fast", "false") + pair("to", "a < b\n'北京'"), True),
    (pair("to", "x") + pair("fast", "true") + pair("unit", "里") + pair("stops", '["a"]'), True),
    (pair("to", "x"), False),
    (pair("to", "x") + pair("fast", "True"), False),
    (pair("to", "x") + pair("fast", "true") + pair("days", "17"), False),
    (pair("to", "x") + pair("fast", "true") + pair("extra", "1"), False),
]


@pytest.mark.parametrize(("pairs", "fits"), TAGGED)
@pytest.mark.parametrize("name", FORMATS[2:])
def test_tagged_calls(
    formats: dict[str, Format], constraints: Callable[[Format], CallConstraints], name: str, pairs: str, fits: bool
) -> None:
    assert verdict(formats[name], constraints(formats[name]), TRIP, f"{pairs}</tool_call>") is fits


@pytest.mark.parametrize("name", FORMATS[2:])
def test_a_tagged_call_can_only_name_a_tool_that_is_offered(
    formats: dict[str, Format], constraints: Callable[[Format], CallConstraints], name: str
) -> None:
    fmt = formats[name]
    held = constraints(fmt)
    names = {thrown(fmt, held, SHORT, seed, begun="<tool_call>")[1].name for seed in range(12)}  # type: ignore[union-attr]
    assert names == {SHORT.name, NOTHING.name}


def test_every_call_that_training_teaches_may_be_written(constraints: Callable[[Format], CallConstraints]) -> None:
    fmt = ChatGLM3Format(Tokenizer.from_folder(RESOURCES))
    held = constraints(fmt)
    for dialogue in islice((d for d in generate(random.Random(5), "train") if d.kind == "tool_call"), 12):
        call = next(message for message in dialogue.messages if message.header)
        tool = next(tool for tool in dialogue.tools if tool.name == call.header)
        assert verdict(fmt, held, tool, call.content), call.content


@pytest.mark.skipif(not VOCABULARY.exists(), reason="ChatGLM3's tokenizer.model is not beside the repository")
def test_the_official_vocabulary_writes_calls_with_its_blank_in_front(
    constraints: Callable[[Format], CallConstraints],
) -> None:
    fmt = ChatGLM3Format(Tokenizer.from_folder(VOCABULARY.parent, generation=3), eos_ids=[2])
    held = constraints(fmt)
    assert fmt.tokenizer.decode(fmt.tokenizer.encode("```")[:1]) == "```"
    assert verdict(fmt, held, TRIP, "```python\ntool_call(to='北京𠮷', fast=True)\n```")
    assert not verdict(fmt, held, TRIP, "```python\ntool_call(to='北京𠮷')\n```")


def allowed_after(fmt: Format, reader: Any, text: str) -> set[int] | None:
    for token_id in ids_of(fmt, text):
        reader.feed(token_id)
    return offered(reader)


def test_no_control_token_may_stand_in_a_text_and_none_but_the_end_after_the_call(
    formats: dict[str, Format], constraints: Callable[[Format], CallConstraints]
) -> None:
    fmt = formats["chatglm3"]
    reader = constraints(fmt).reader(fmt.reader([TRIP]), [TRIP])
    inside = allowed_after(fmt, reader, "plan_trip\n```python\ntool_call(to='a")
    assert inside is not None and max(inside) < 256 and len(inside) > 100
    after = allowed_after(fmt, reader, "', fast=True)\n```\n")
    assert after == {fmt.role_ids["user"], fmt.role_ids["observation"]}


def test_half_a_character_must_be_completed(
    formats: dict[str, Format], constraints: Callable[[Format], CallConstraints]
) -> None:
    fmt = formats["chatglm3"]
    reader = constraints(fmt).reader(fmt.reader([TRIP]), [TRIP])
    allowed_after(fmt, reader, "plan_trip\n```python\ntool_call(to='")
    for byte in "好".encode()[:-1]:
        reader.feed(byte)
    assert offered(reader) == set(range(0x80, 0xC0))


def test_plain_answers_and_code_are_written_freely(
    formats: dict[str, Format], constraints: Callable[[Format], CallConstraints]
) -> None:
    fmt = formats["chatglm3"]
    held = constraints(fmt)
    for text in ("\nHello", "interpreter\n"):
        assert allowed_after(fmt, held.reader(fmt.reader([CODE, TRIP]), [CODE, TRIP]), text) is None
    thinking = formats["glm4.5"]
    free = constraints(thinking).reader(thinking.reader([TRIP]), [TRIP])
    assert allowed_after(thinking, free, "\n<think>Hm</think>\nHello") is None


def test_without_tools_the_reader_is_the_formats_own(
    formats: dict[str, Format], constraints: Callable[[Format], CallConstraints]
) -> None:
    plain = formats["chatglm3"].reader([])
    assert constraints(formats["chatglm3"]).reader(plain, []) is plain


class Halfway:
    """A reader whose first token brings the beginning of a call with it."""

    done = False

    def allowed(self) -> None:
        return None

    def feed(self, token_id: int) -> list[EngineEvent]:
        return []

    def finish(self, reason: str) -> list[EngineEvent]:
        return []

    def open_call(self) -> tuple[str, str]:
        return SHORT.name, "```python\ntool_c"


def test_what_came_with_the_token_that_opened_the_call_counts(
    formats: dict[str, Format], constraints: Callable[[Format], CallConstraints]
) -> None:
    reader = constraints(formats["chatglm3"]).reader(Halfway(), [SHORT])
    reader.feed(ord("x"))
    assert offered(reader) == {ord("a")}


ODD = [
    {"type": "object", "properties": {"a": {"not": {"type": "null"}}}, "required": ["a"]},
    {"type": "object", "properties": {"a": {"type": "string", "pattern": "(?=x)y"}}, "required": ["a"]},
    {"type": "object", "properties": {"a": {"type": "string", "minLength": -4}}, "required": ["a"]},
    {"type": "object", "properties": {f"p{n}": {} for n in range(70)} | {"a": {"type": "string"}}},
    {"type": "object", "properties": {"a": {"$ref": "#/nowhere"}}, "required": ["a"]},
    {"type": "object", "anyOf": [{"required": ["a"]}, {"required": ["b"]}], "properties": {"a": {}, "b": {}}},
]


@pytest.mark.parametrize("schema", ODD, ids=range(len(ODD)))
def test_a_schema_that_has_no_grammar_still_gives_calls_that_can_be_read(
    fmt: Format, schema: dict[str, Any], constraints: Callable[[Format], CallConstraints]
) -> None:
    _, call = thrown(fmt, constraints(fmt), ToolSpec("odd", "", schema), seed=3)
    assert call is not None and call.arguments is not None


def test_a_parameter_whose_name_python_reserves_is_written_in_an_object(
    formats: dict[str, Format], constraints: Callable[[Format], CallConstraints]
) -> None:
    fmt = formats["chatglm3"]
    tool = ToolSpec("mail", "", {"type": "object", "properties": {"from": {"type": "boolean"}}, "required": ["from"]})
    call = thrown(fmt, constraints(fmt), tool, seed=1)[1]
    assert call is not None and call.arguments is not None and set(call.arguments) == {"from"}


def test_a_grammar_that_does_not_compile_leaves_the_call_free(
    formats: dict[str, Format],
    constraints: Callable[[Format], CallConstraints],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    fmt = formats["chatglm3"]
    monkeypatch.setattr(fmt, "call_grammars", lambda tools: {TRIP.name: ["start: nowhere"]}, raising=False)
    reader = constraints(fmt).reader(fmt.reader([TRIP]), [TRIP])
    with caplog.at_level(logging.WARNING):
        assert allowed_after(fmt, reader, "plan_trip\n```py") is None
    assert "calls of a tool are written freely" in caplog.text


def test_without_the_library_calls_are_free(
    formats: dict[str, Format],
    constraints: Callable[[Format], CallConstraints],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setitem(sys.modules, "llguidance", None)
    fmt = formats["chatglm3"]
    reader = constraints(fmt).reader(fmt.reader([TRIP]), [TRIP])
    with caplog.at_level(logging.WARNING):
        assert allowed_after(fmt, reader, "plan_trip\n```py") is None
    assert "llguidance cannot be loaded" in caplog.text


def test_equal_tools_are_compiled_once(
    formats: dict[str, Format], constraints: Callable[[Format], CallConstraints], monkeypatch: pytest.MonkeyPatch
) -> None:
    fmt = formats["chatglm3"]
    held = constraints(fmt)
    compiled: list[Sequence[str]] = []
    compile_one = held._compile
    monkeypatch.setattr(held, "_compile", lambda grammars: compiled.append(grammars) or compile_one(grammars))
    for _ in range(3):
        assert verdict(fmt, held, SHORT, "```python\ntool_call(on=True, level=3)\n```")
    assert len(compiled) == 1


# The engine: a small network with random weights, which writes a call about as often as not.


@dataclass
class Calling:
    """A request and the settings it is made with."""

    question: str
    tools: tuple[ToolSpec, ...]
    settings: GenerationSettings


@pytest.fixture(scope="module")
def engine() -> Iterator[TorchEngine]:
    torch.manual_seed(0)
    fmt = ChatGLM3Format(LetterTokens())
    model = GlmForCausalLM(
        GlmConfig(
            vocab_size=256 + 9,
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=8,
            max_position_embeddings=4096,
            initializer_range=0.3,
            pad_token_id=None,
            eos_token_id=None,
        )
    ).eval()
    description = SimpleNamespace(
        name="random", device="cpu", dtype="float32", context_length=4096, generation="ChatGLM3"
    )
    loaded = SimpleNamespace(model=model, prompt=fmt, description=description)
    made = TorchEngine(lambda: loaded, max_slots=6)  # type: ignore[arg-type, return-value]
    yield made
    made.close()


def said(engine: TorchEngine, asked: Calling) -> list[EngineEvent]:
    """Messages and calls of the answer."""
    events = engine.stream([Message("user", asked.question)], tools=asked.tools, settings=asked.settings)
    return [event for event in events if isinstance(event, (MessageDone, ToolCalled))]


def together(engine: TorchEngine, asked: Sequence[Calling]) -> list[list[EngineEvent]]:
    with ThreadPoolExecutor(len(asked)) as pool:
        return list(pool.map(lambda one: said(engine, one), asked))


def settings(seed: int, **others: Any) -> GenerationSettings:
    return GenerationSettings(seed=seed, temperature=1.0, top_k=0, top_p=1.0, max_new_tokens=120, **others)


def test_calls_of_one_batch_fit_and_the_free_requests_beside_them_do_not_change(engine: TorchEngine) -> None:
    held = [Calling(f"lamp {n}", (SHORT,), settings(n)) for n in range(6)]
    free = [Calling(f"talk {n}", (), settings(n)) for n in range(2)]
    free += [Calling(f"lamp {n}", (SHORT,), settings(n, constrain_calls=False)) for n in range(2)]
    alone = [said(engine, one) for one in free]
    answers = together(engine, [*held, *free])
    assert answers[len(held) :] == alone
    messages = [events[0].message for events in answers[: len(held)] if events and isinstance(events[0], MessageDone)]
    calls = [message for message in messages if message.header]
    assert len(calls) >= 2
    for message in calls:
        assert message.finish == "stop", message
        assert message.call is not None and message.call.arguments is not None, message
        Draft202012Validator(dict(SHORT.parameters)).validate(dict(message.call.arguments))


def test_a_held_call_is_the_same_alone_and_among_others(engine: TorchEngine) -> None:
    asked = [Calling(f"lamp {n}", (SHORT,), settings(n)) for n in range(4)]
    assert together(engine, asked) == [said(engine, one) for one in asked]


@pytest.mark.parametrize("others", [{"top_k": 2}, {"top_p": 0.1}, {"repetition_penalty": 1.5}, {"temperature": 0.0}])
def test_every_way_of_sampling_keeps_to_the_grammar(engine: TorchEngine, others: dict[str, Any]) -> None:
    asked = [Calling(f"lamp {n}", (SHORT,), replace(settings(n), **others)) for n in range(4)]
    calls = [event.call for events in together(engine, asked) for event in events if isinstance(event, ToolCalled)]
    assert calls
    assert all(call.arguments is not None and {"on", "level"} <= set(call.arguments) for call in calls)


def test_a_call_is_cut_where_the_tokens_run_out(engine: TorchEngine) -> None:
    asked = [Calling(f"lamp {n}", (SHORT,), replace(settings(n), max_new_tokens=25)) for n in range(8)]
    messages = [
        event.message for events in together(engine, asked) for event in events if isinstance(event, MessageDone)
    ]
    calls = [message for message in messages if message.header]
    assert calls
    for message in calls:
        assert message.content.lstrip().startswith("```python\ntool")
        assert message.finish == "length" and message.call is None


def test_a_request_without_constraints_writes_other_calls_than_one_with_them(engine: TorchEngine) -> None:
    asked = [Calling(f"lamp {n}", (SHORT,), settings(n, constrain_calls=False)) for n in range(6)]
    calls = [event.call for events in together(engine, asked) for event in events if isinstance(event, ToolCalled)]
    assert all(call.arguments is None for call in calls)


def test_the_committed_vocabulary_is_read_by_the_library() -> None:
    from glm.constrained import vocabulary

    tokenizer = Tokenizer.from_folder(Path(RESOURCES))
    tokens = vocabulary(tokenizer, [6, 8])
    text = "tool_call(city='北京')\n"
    assert tokens.decode_bytes(tokenizer.encode(text)) == text.encode()
    assert all(tokens.is_special_token(tokenizer.control_id(name)) for name in ("<|user|>", "[gMASK]"))
