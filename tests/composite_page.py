"""`composite.py` with a scripted model that runs code, for tests in a browser: the answers depend on the question."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from glm import scripted_engine  # noqa: E402 - found through the line above
from glm.messages import INTERPRETER, Message, ToolCall, ToolSpec  # noqa: E402

CELLS = {
    "plot": "import matplotlib.pyplot as plt\nimport pandas as pd\nx = 21\nplt.plot([1, 3, 2]); plt.title('正弦')\n"
    "pd.DataFrame({'a': [1, 2], 'b': ['<b>x</b>', '<script>top.pwned = 1</script>']})",
    "table": "import pandas as pd\nt = pd.read_csv('/mnt/data/sales.csv')\nprint('sum', t.income.sum())\n"
    "t.to_csv('/mnt/data/copy.csv')",
    "loop": "import time\nfor i in range(600):\n    print('tick', i)\n    time.sleep(0.2)",
    "double": "print('twice', 2 * x)",
}


def reply(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> tuple[tuple[str | ToolCall, ...], float]:
    """A cell for a question that names one, a calculator's call for a sum, else a sentence."""
    last = messages[-1]
    if last.role == "observation":
        return (f"Done: [copy](sandbox:/mnt/data/copy.csv). {last.content[:40]}",), 0.0
    word = last.content.split()[-1]
    if word in CELLS:
        return (ToolCall(INTERPRETER, {"code": CELLS[word]}),), 0.0
    if "+" in last.content:
        return (ToolCall("calculator", {"expression": last.content}),), 0.0
    return ("Hello.",), 0.0


scripted_engine.demo_reply = reply  # type: ignore[assignment]
sys.argv[0] = str(ROOT / "composite.py")
runpy.run_path(sys.argv[0], run_name="__main__")
