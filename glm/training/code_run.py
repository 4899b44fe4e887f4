"""Running the templates' own code in this process, for true observations.

Trusted code only: this is no sandbox. What a model wrote is run by `code_worker`
in a process of its own.
"""

from __future__ import annotations

import functools
import io
from typing import Any

CELL = "<cell>"
"""File name of the code, as it shows in tracebacks."""


class Session:
    """Python code with variables that last from run to run."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}

    def run(self, code: str) -> str:
        """What `code` prints, stripped. Whatever it raises is passed on."""
        printed = io.StringIO()
        # Not redirect_stdout: that one swallows what other threads print meanwhile.
        self.names["print"] = functools.partial(print, file=printed)
        exec(compile(code, CELL, "exec"), self.names)
        return printed.getvalue().strip()


def failure(code: str) -> tuple[str, int] | None:
    """The last traceback line of `code` and the line it points at; None when it runs."""
    try:
        Session().run(code)
    except SyntaxError as error:
        return f"{type(error).__name__}: {error.msg}", error.lineno or 1
    except Exception as error:
        trace, line = error.__traceback__, 1
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == CELL:
                line = trace.tb_lineno
                if trace.tb_frame.f_code.co_name == "<module>":
                    break
            trace = trace.tb_next
        return f"{type(error).__name__}: {error}", line
    return None
