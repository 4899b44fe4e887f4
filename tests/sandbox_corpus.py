"""Sixty cells of ordinary code, as models and people write them, each with everything that it must show, in order.

A cell is (name, code, outputs). An output is its kind and what it must say: "stdout", "stderr" and "result" the whole
text ("~" before it: a regular expression for the whole text), "html" a part of the markup, "error" the exception's
name and message ("~" after it: the beginning), "png" its size in pixels of the page or "" for any.
All run one after the other in one kernel.
"""

from __future__ import annotations

CORPUS: list[tuple[str, str, list[tuple[str, str]]]] = [
    # --- text and results ---
    ("hello", 'print("hello")', [("stdout", "hello\n")]),
    ("last value", "x = 6 * 7\nx", [("result", "42")]),
    ("text and value", 'print("first")\nx + 1', [("stdout", "first\n"), ("result", "43")]),
    ("nothing to show", "y = 5\nNone", []),
    ("semicolon hides", "x;", []),
    ("many prints", "for n in range(1000): print(n)", [("stdout", "".join(f"{n}\n" for n in range(1000)))]),
    ("no line end", 'print("a", end="")\nprint("b", "c", sep="-", end="!")', [("stdout", "ab-c!")]),
    ("chinese", 'print("你好,世界 🌍")\n"结果"', [("stdout", "你好,世界 🌍\n"), ("result", "'结果'")]),
    (
        "warnings between prints",
        'import sys\nprint("1")\nprint("2", file=sys.stderr)\nprint("3")',
        [("stdout", "1\n"), ("stderr", "2\n"), ("stdout", "3\n")],
    ),
    ("multi-line string", 'text = """a\n  b\n\nc"""\nprint(text)', [("stdout", "a\n  b\n\nc\n")]),
    ("pretty dictionary", '{"b": 1, "a": [1, 2]}', [("result", "{'b': 1, 'a': [1, 2]}")]),
    ("pprint", "from pprint import pprint\npprint({'k': list(range(3))})", [("stdout", "{'k': [0, 1, 2]}\n")]),
    ("tabs and json", 'import json\nprint(json.dumps({"a": [1]}, indent=1))', [("stdout", '{\n "a": [\n  1\n ]\n}\n')]),
    ("several values", "1, 'two', 3.0", [("result", "(1, 'two', 3.0)")]),
    ("class with a repr", 'class P:\n    def __repr__(self): return "P!"\n[P(), P()]', [("result", "[P!, P!]")]),
    ("await", "import asyncio\nawait asyncio.sleep(0.01)\nprint('awaited')", [("stdout", "awaited\n")]),
    ("generator", "print(sum(n * n for n in range(10)), *map(str, 'ab'))", [("stdout", "285 a b\n")]),
    ("help of a function", "def f():\n    'Says hi.'\nhelp(f)", [("stdout", "~(?s)Help on function f.*Says hi.*")]),
    ("question mark", "f?", [("result", "~(?s).*Docstring: Says hi.*")]),
    ("datetime", "import datetime\ndatetime.date(2024, 2, 29).strftime('%Y年%m月%d日')",
     [("result", "'2024年02月29日'")]),
    # --- what comes slowly, again, or from elsewhere ---
    ("progress bar", 'for n in range(0, 101, 5):\n    print(f"\\r{n:3d}%", end="")\nprint()', [("stdout", "100%\n")]),
    (
        "progress on stderr",
        'import sys, time\nfor n in range(3):\n'
        '    sys.stderr.write(f"\\r{n + 1}/3"); sys.stderr.flush(); time.sleep(0.06)',
        [("stderr", "3/3")],
    ),
    (
        "display update",
        "from IPython.display import display\nshown = display('a', display_id=True)\nprint('then')\nshown.update('b')",
        [("result", "'b'"), ("stdout", "then\n")],
    ),
    (
        "clear and go on",
        "from IPython.display import clear_output\nfor n in range(5):\n"
        "    clear_output(wait=True)\n    print('step', n)",
        [("stdout", "step 4\n")],
    ),
    (
        "threads",
        "import threading\ndef work(n): print('thread', n)\n"
        "for n in range(3):\n    t = threading.Thread(target=work, args=(n,)); t.start(); t.join()",
        [("stdout", "thread 0\nthread 1\nthread 2\n")],
    ),
    (
        "thread pool",
        "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(4) as pool:\n"
        "    print(list(pool.map(lambda n: n ** 2, range(5))))",
        [("stdout", "[0, 1, 4, 9, 16]\n")],
    ),
    ("shell", "print('before')\n!echo from the shell\nprint('after')", [("stdout", "before\nfrom the shell\nafter\n")]),
    (
        "subprocess captured",
        "import subprocess, sys\n"
        "done = subprocess.run([sys.executable, '-c', 'print(2 ** 10)'], capture_output=True, text=True)\n"
        "print(done.stdout.strip(), done.returncode)",
        [("stdout", "1024 0\n")],
    ),
    ("subprocess printed", "code = subprocess.call(['echo', 'child'])\nimport time; time.sleep(0.3)",
     [("stdout", "child\n")]),
    ("bash cell", "%%bash\nfor n in 1 2; do echo n=$n; done", [("stdout", "n=1\nn=2\n")]),
    ("captured in a variable", "lines = !printf 'a\\nb\\n'\nlist(lines)", [("result", "['a', 'b']")]),
    (
        "logging",
        "import logging\nlogging.getLogger('mine').warning('low disk')\nlogging.getLogger('mine').info('unseen')",
        [("stderr", "low disk\n")],
    ),
    (
        "warning",
        "import warnings\nwarnings.warn('old habit')\nprint('goes on')",
        [("stderr", "~(?s).*UserWarning: old habit.*"), ("stdout", "goes on\n")],
    ),
    ("time magic", "%time total = sum(range(1000))\ntotal", [("stdout", "~(?s).*Wall time.*"), ("result", "499500")]),
    # --- errors ---
    ("division by zero", "print('so far')\n1 / 0",
     [("stdout", "so far\n"), ("error", "ZeroDivisionError: division by zero")]),
    ("syntax error", "for n in range(3)\n    print(n)", [("error", "SyntaxError: expected ':' (~")]),
    ("name error", "undefined_name", [("error", "NameError: name 'undefined_name' is not defined")]),
    ("key error in pandas", "import pandas as pd\npd.DataFrame({'a': [1]})['b']", [("error", "KeyError: 'b'")]),
    ("caught error", "try:\n    int('x')\nexcept ValueError as e:\n    print('caught', e)",
     [("stdout", "caught invalid literal for int() with base 10: 'x'\n")]),
    ("chained error", "try:\n    {}['k']\nexcept KeyError as e:\n    raise RuntimeError('wrapped') from e",
     [("error", "RuntimeError: wrapped")]),
    ("system exit", "import sys\nprint('bye')\nsys.exit(3)", [("stdout", "bye\n"), ("error", "SystemExit: 3")]),
    ("missing module", "import no_such_module", [("error", "ModuleNotFoundError: No module named 'no_such_module'~")]),
    ("missing file", "open('no.csv')", [("error", "FileNotFoundError: [Errno 2] No such file or directory: 'no.csv'")]),
    ("assertion", "assert 1 == 2, '一不等于二'", [("error", "AssertionError: 一不等于二")]),
    # --- tables, mathematics, pictures, other forms ---
    ("table", "df = pd.DataFrame({'城市': ['北京', '上海'], 'n': [1, 2]})\ndf", [("html", "<th>城市</th>")]),
    ("table in the middle", "display(df.head(1))\nprint(df.shape)\ndf.describe()",
     [("html", "北京"), ("stdout", "(2, 2)\n"), ("html", "<th>mean</th>")]),
    ("table printed", "print(df.to_string(index=False))", [("stdout", "~(?s).*北京 +1\n.*上海 +2\n")]),
    ("numpy", "import numpy as np\nnp.arange(6).reshape(2, 3)", [("result", "array([[0, 1, 2],\n       [3, 4, 5]])")]),
    ("scipy", "from scipy import optimize\nprint(round(optimize.brentq(lambda t: t * t - 2, 0, 2), 6))",
     [("stdout", "1.414214\n")]),
    ("sympy", "import sympy as sp\nt = sp.symbols('t')\n"
     "print(sp.integrate(sp.sin(t), (t, 0, sp.pi)))\nsp.factor(t**2 - 1)",
     [("stdout", "2\n"), ("result", "~(?s).*t.*1.*t.*1.*")]),
    ("csv and excel", "df.to_csv('/mnt/data/t.csv', index=False)\ndf.to_excel('/mnt/data/t.xlsx', index=False)\n"
     "print(pd.read_excel('t.xlsx').equals(pd.read_csv('t.csv')))", [("stdout", "True\n")]),
    ("plot without show", "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3])\nplt.title('no show');", [("png", "")]),
    ("plot shown between prints", "print('a')\n"
     "plt.figure(figsize=(4, 3)); plt.bar(['x', 'y'], [1, 2]); plt.show()\nprint('b')",
     [("stdout", "a\n"), ("png", ""), ("stdout", "b\n")]),
    ("three figures", "for n in range(3):\n    plt.figure(); plt.plot(range(n + 2))",
     [("png", ""), ("png", ""), ("png", "")]),
    ("figure kept in a variable", "fig, axes = plt.subplots(1, 2)\naxes[0].hist([1, 2, 2])\nfig",
     [("png", ""), ("png", "")]),
    ("figure before an error", "plt.plot([1]); print('drawn')\nraise ValueError('no')",
     [("stdout", "drawn\n"), ("error", "ValueError: no"), ("png", "")]),
    ("agg and SimHei", "import matplotlib\nmatplotlib.use('Agg')\nplt.rcParams['font.sans-serif'] = ['SimHei']\n"
     "plt.rcParams['axes.unicode_minus'] = False\n"
     "plt.plot([-1, 1], label='数据'); plt.title('销售额'); plt.legend(); plt.show()",
     [("png", "")]),
    ("chinese without any setting", "plt.rcdefaults()\n"
     "plt.pie([1, 2], labels=['苹果', '香蕉']); plt.xlabel('水果')\nplt.show()",
     [("png", "")]),
    ("savefig and show", "plt.plot([3, 1]); plt.savefig('plot.png')\n"
     "import os\nprint(os.path.getsize('plot.png') > 1000)",
     [("stdout", "True\n"), ("png", "")]),
    ("pandas plot", "ax = df.plot(x='城市', y='n', kind='bar', title='图')", [("png", "")]),
    ("pillow", "from PIL import Image\nImage.new('RGB', (30, 20), 'red')", [("png", "30 x 20")]),
    ("svg", "from IPython.display import SVG\nSVG('<svg xmlns=\"http://www.w3.org/2000/svg\"><script>1</script></svg>')",
     [("result", "~(?s)<svg.*<script>1</script>.*</svg>")]),
    ("javascript", "from IPython.display import Javascript\nJavascript('alert(1)')", [("result", "alert(1)")]),
    ("widget", "display({'application/vnd.jupyter.widget-view+json': {'model_id': 'x'}, "
     "'text/plain': 'IntSlider(value=3)'}, raw=True)",
     [("result", "IntSlider(value=3)")]),
    ("html and markdown", "from IPython.display import HTML, Markdown\n"
     "display(HTML('<b>bold</b>'), Markdown('# title'))",
     [("html", "<b>bold</b>"), ("result", "# title")]),
    ("latex", "from IPython.display import Math\nMath(r'\\frac{1}{2}')", [("result", "~.*frac\\{1\\}\\{2\\}.*")]),
    ("input", "name = input('name? ')", [("error", "StdinNotImplementedError: ~")]),
    ("still alive", "x, len(df)", [("result", "(42, 2)")]),
]  # fmt: skip
