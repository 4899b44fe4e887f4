"""All held-out figures of a model in one run; the model card's table comes from here.

    python -m glm.training.evaluate --count 200

Dialogues of the split "heldout" only, decoded greedily through the product's own engine.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable

from glm import load_engine
from glm.training import evaluate_chat, evaluate_code, evaluate_tools
from glm.training.report import Row, markdown_table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m glm.training.evaluate", description=__doc__)
    parser.add_argument("--model", help="checkpoint folder (default: the built-in model)")
    parser.add_argument("--count", type=int, default=200, help="dialogues of each part (default 200)")
    parser.add_argument("--seed", type=int, default=1, help="which held-out dialogues (default 1)")
    parser.add_argument("--parts", default="tools,code,chat", help="what to measure (default tools,code,chat)")
    parser.add_argument("--failures", action="store_true", help="also print what went wrong")
    options = parser.parse_args()
    engine = load_engine(options.model)
    parts = options.parts.split(",")
    try:
        if "tools" in parts:
            outcomes = evaluate_tools.outcomes(engine, count=options.count, seed=options.seed)
            show("Tools", evaluate_tools.tally(outcomes))
            if options.failures:
                print(*(f"- {o.metric} ({o.language}): {o.detail}" for o in outcomes if not o.right), "", sep="\n")
        if "code" in parts:
            results = evaluate_code.measure(engine, count=options.count, seed=options.seed)
            show("Code interpreter", evaluate_code.summary(results))
            show("Code interpreter by kind", evaluate_code.by_kind(results))
        if "chat" in parts:
            show("Chat", evaluate_chat.evaluate(engine, count=max(1, options.count // 5), seed=options.seed))
    finally:
        engine.close()


def show(title: str, rows: Iterable[Row]) -> None:
    """Print one table."""
    print(f"### {title} ({time.strftime('%H:%M:%S')})\n\n{markdown_table(rows)}", flush=True)


if __name__ == "__main__":
    main()
