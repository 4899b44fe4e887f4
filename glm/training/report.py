"""Report: rows of an evaluation and their table. Measuring is done by the evaluate_* files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measured rate: `right` of `total` cases met `metric`. `language` is "en", "zh" or "" for all."""

    metric: str
    language: str
    right: float
    total: int

    @property
    def rate(self) -> float:
        """Share of right cases, 0 to 1; 0.0 when nothing was measured."""
        return self.right / self.total if self.total else 0.0


def markdown_table(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table with one line each, in the given order; a total of 0 prints "not run"."""
    lines = ["| metric | language | right | of | rate |", "| --- | --- | ---: | ---: | ---: |"]
    for row in rows:
        metric = row.metric.replace("|", "\\|")
        rate = f"{row.rate:.1%}" if row.total else "not run"
        lines.append(f"| {metric} | {row.language or 'all'} | {row.right:g} | {row.total} | {rate} |")
    return "\n".join(lines) + "\n"
