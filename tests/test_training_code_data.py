"""Code-interpreter training data and its evaluation. Generated code is really run, in processes of its own."""

from __future__ import annotations

import importlib.util
import os
import random
import re
from contextlib import closing
from itertools import islice

import pytest

from apps import attachments
from glm.events import Finished, ToolCalled
from glm.messages import INTERPRETER, ToolCall
from glm.prompts.python_calls import parse_call
from glm.sandbox.describe import describe_file
from glm.sandbox.files import FolderFiles
from glm.sandbox.values import Limits
from glm.training import code_csv_tasks, code_data, code_followups, code_small_talk
from glm.training.code_csv_tasks import described, draw_table, frame, series, table
from glm.training.code_draw import Draw, alternatives
from glm.training.code_tasks import IMAGE
from glm.training.evaluate_code import (
    Outcome,
    _files,
    by_kind,
    measure,
    outcomes,
    run_jobs,
    same_output,
    summary,
    trial,
)
from glm.training.report import Row, markdown_table

pytest.importorskip("sympy", reason="the templates' equations need sympy, which comes with torch")
pytest.importorskip("numpy", reason="the templates' matrices need numpy")


def some(count, split="train", seed=0, kind=""):
    """The first dialogues of a stream, of one kind where given."""
    stream = code_data.generate(random.Random(seed), split)
    return list(islice((d for d in stream if not kind or d.kind == kind), count))


def codes(dialogue):
    """Sources of the supervised calls."""
    right = (m for i, m in enumerate(dialogue.messages) if i not in dialogue.unsupervised)
    return [m.call.arguments["code"] for m in right if m.call]


def test_the_same_seed_gives_the_same_dialogues():
    assert some(200) == some(200)
    assert some(50, seed=1) != some(50, seed=2)


def test_every_kind_occurs_in_both_languages():
    seen = {(d.kind, d.language) for d in some(1500)}
    assert seen == {(kind, language) for kind in code_data.KINDS for language in ("en", "zh")}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_held_out_phrasings_do_not_occur_in_training(language):
    sources = [task.templates for task in code_data.TASKS]
    sources += [f.requests for group in ("_LIST", "_RESULT", "_TEXT") for f in getattr(code_followups, group)]
    for templates in sources:
        held, train = (
            {text for t in templates(language, split) for text in alternatives(t)} for split in ("heldout", "train")
        )
        assert len(held) >= 2 and not held & train
    for talk in code_small_talk.TALKS[language]:
        held, train = (
            {text for t in code_small_talk.talk_requests(talk, split) for text in alternatives(t)}
            for split in ("heldout", "train")
        )
        assert held and not held & train


def test_held_out_requests_do_not_occur_in_training():
    asked = {split: {d.messages[1].content for d in some(700, split)} for split in ("train", "heldout")}
    assert not asked["train"] & asked["heldout"]


def test_large_numbers_of_the_splits_differ():
    drawn = {
        split: {Draw(random.Random(seed), split, "en").integer(100, 999) for seed in range(500)}
        for split in ("train", "heldout")
    }
    assert not drawn["train"] & drawn["heldout"]


def test_dialogues_follow_the_protocol():
    for dialogue in some(600):
        assert [m.role for m in dialogue.messages[:2]] == ["system", "user"]
        assert dialogue.messages[-1].role == "assistant" and dialogue.messages[-1].header == ""
        for before, message in zip(dialogue.messages, dialogue.messages[1:], strict=False):
            assert message.content.strip()
            assert not re.search(r"\{[a-z_]+\}", message.content.split("```")[0]), "a slot was not filled"
            if message.role == "observation":
                assert before.header == INTERPRETER
            if message.header:
                assert parse_call(message.header, message.content) == message.call
        for index in dialogue.unsupervised:
            assert dialogue.kind == "code_repair" and dialogue.messages[index].call


def test_small_talk_gets_an_answer_without_code():
    for dialogue in some(100, kind="code_none"):
        assert dialogue.messages[-2].role == "user" and dialogue.messages[-1].call is None


@pytest.mark.thorough
def test_reference_code_prints_what_is_expected():
    trials = [trial(d) for d in some(120) if d.expected]
    assert len(trials) > 60
    found = outcomes(trials, [one.reference for one in trials])
    assert [one for one in found if not one.right and not one.missing] == []
    assert not {one.missing for one in found} - {"", "pandas", "matplotlib"}


def test_wrong_attempts_really_fail_as_their_observation_says():
    dialogues = [d for d in some(50, kind="code_repair") if d.unsupervised]
    jobs = []
    for dialogue in dialogues:
        (index,) = dialogue.unsupervised
        files = _files(trial(dialogue), random.Random(0))
        jobs.append({"cells": [dialogue.messages[index].call.arguments["code"]], "files": files})
    for dialogue, result in zip(dialogues, run_jobs(jobs), strict=True):
        said = dialogue.messages[min(dialogue.unsupervised) + 1].content.split("\n")[-1]
        absent = [name for name in ("pandas", "matplotlib") if not importlib.util.find_spec(name)]
        if not any(f"'{name}" in result["error"] for name in absent):
            assert result["error"].split(":")[0] == said.split(":")[0], (dialogue, result)


def test_an_upload_is_told_as_the_code_tab_tells_it(tmp_path):
    noted = [d for d in some(60, kind="code_csv") if d.messages[1].content.startswith("[/mnt/data/")]
    assert 15 < len(noted) < 45
    assert all(attachments.notes(d.messages[1].content)[1] for d in noted)
    for seed in range(8):
        file = draw_table(Draw(random.Random(seed), "train", "zh" if seed % 2 else "en"))
        name = file.path.rpartition("/")[2]
        (tmp_path / name).write_text(file.csv(), encoding="utf-8")
        folder = os.open(tmp_path, os.O_RDONLY)
        with closing(FolderFiles(folder, Limits())) as files:
            (entry,) = [one for one in files.entries() if one.path == name]
            assert code_csv_tasks.note(file) == attachments.note(f"/mnt/data/{describe_file(files, entry)}") + "\n"
        os.close(folder)


def test_plots_are_noticed_as_shown_figures():
    pytest.importorskip("matplotlib", reason="plots can be run only where matplotlib is installed")
    dialogues = [d for d in some(80, kind="code_plot") if d.messages[-2].content == IMAGE][:16]
    results = run_jobs([{"cells": codes(d), "files": {}} for d in dialogues])
    assert [(r["error"], r["shown"]) for r in results] == [("", 1)] * len(dialogues)


def test_simulated_tables_look_as_pandas_prints_them():
    pandas = pytest.importorskip("pandas", reason="the printed tables can be compared only where pandas is installed")
    for seed in range(20):
        file = table("/mnt/data/x.csv", ["region", "price", "name", "votes"], random.Random(seed))
        real = pandas.DataFrame(list(file.rows))
        assert frame(file.columns, list(enumerate(file.rows))[:5]) == str(real.head())
        assert described(file) == str(real.describe())
        sums = real.groupby("region")["price"].sum()
        assert series([(k, v) for k, v in sums.items()], index="region", name="price", dtype="int64") == str(sums)
        means = real.groupby("name")["votes"].mean().round(2)
        assert series(list(means.items()), index="name", name="votes", dtype="float64") == str(means)


class Answering:
    """An engine that writes prepared code for a conversation, or none."""

    def __init__(self, code_of):
        self.code_of = code_of

    def stream(self, messages, *, tools=(), settings, stop=None):
        assert settings.temperature == 0 and tools[0].name == INTERPRETER
        if code := self.code_of(messages):
            yield ToolCalled(ToolCall(INTERPRETER, {"code": code}))
        yield Finished("stop")


@pytest.mark.thorough
def test_an_engine_that_writes_the_reference_code_scores_everything():
    reference = {repr(trial(d).context): trial(d).reference for d in some(60, "heldout", seed=5)}
    found = measure(Answering(lambda messages: reference[repr(tuple(messages))]), count=60, seed=5)
    assert all(one.right for one in found if not one.missing)
    assert sum(row.total for row in by_kind(found)) == sum(not one.missing for one in found)


def test_an_engine_that_always_writes_the_same_code_runs_but_is_wrong():
    found = measure(Answering(lambda messages: "print('?')"), count=30, seed=6)
    coded = [one for one in found if one.kind not in ("code_none", "code_random") and not one.missing]
    assert coded and all(one.runs for one in coded) and not any(one.right for one in coded)
    assert not any(one.right for one in found if one.kind == "code_none")


def test_an_engine_that_only_talks_is_right_for_small_talk_alone():
    found = measure(Answering(lambda messages: ""), count=30, seed=7)
    assert all(one.right == (one.kind == "code_none") for one in found if not one.missing)


def test_a_repair_is_asked_for_after_the_wrong_attempt_and_its_error():
    dialogue = next(d for d in some(40, kind="code_repair") if d.unsupervised)
    context = trial(dialogue).context
    assert [m.role for m in context] == ["system", "user", "assistant", "observation"]
    assert trial(dialogue).earlier == ()


def test_a_follow_up_finds_the_variables_of_the_first_answer():
    dialogues = [d for d in some(60, "heldout", kind="code_followup") if d.expected]
    trials = [trial(d) for d in dialogues]
    assert all(one.earlier for one in trials)
    assert all(o.right for o in outcomes(trials, [one.reference for one in trials]) if not o.missing)


def test_code_that_never_ends_is_stopped_and_the_next_job_still_runs():
    jobs = [{"cells": ["while True: pass"], "files": {}, "seconds": 1}, {"cells": ["print(7)"], "files": {}}]
    endless, fine = run_jobs(jobs)
    assert endless["error"] == "stopped after 1 s" and fine == {"stdout": "7\n", "error": "", "shown": 0}


def test_code_that_leaves_or_fails_is_an_error_and_not_the_end_of_the_run():
    jobs = [{"cells": [code], "files": {}} for code in ("raise SystemExit(3)", "1 / 0", "x = [")]
    assert [r["error"].split(":")[0] for r in run_jobs(jobs)] == ["SystemExit", "ZeroDivisionError", "SyntaxError"]


def test_code_reads_its_own_file_and_not_that_of_another_job():
    read = {"cells": ['print(open("/mnt/data/a.txt").read())'], "files": {"a.txt": "hello"}}
    other = {"cells": ['print(open("/mnt/data/a.txt").read())'], "files": {}}
    first, second = run_jobs([read, other])
    assert first["stdout"] == "hello\n" and second["error"].startswith("FileNotFoundError")


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("[1, 2, 3]", "[1,2,\n 3]\n", True),
        ("0.3333", "0.33330000001", True),
        ("55", "55.0", True),
        ("12345678901234567890", "12345678901234567891", False),
        ("True", "False", False),
        ("[1, 2]", "[1, 2, 3]", False),
        ("x**2 - 5", "x**2 + 5", False),
    ],
)
def test_printed_results_are_compared_by_their_values(expected, printed, same):
    assert same_output(expected, printed) is same


def test_skipped_trials_are_named_and_not_counted():
    skipped = Outcome("code_plot", "en", "x", False, False, missing="matplotlib")
    found = [skipped, Outcome("code_csv", "en", "x", True, False)]
    rows = summary(found)
    assert Row("code runs without error", "en", 1, 1) in rows
    assert Row("skipped: needs matplotlib", "", 1, 2) in rows


def test_a_report_shows_rates_and_says_what_was_not_run():
    text = markdown_table([Row("code runs", "en", 19, 20), Row("code runs", "zh", 0, 0)])
    assert "| code runs | en | 19 | 20 | 95.0% |" in text and "| code runs | zh | 0 | 0 | not run |" in text
