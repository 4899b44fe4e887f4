"""Chat, tools and code interpreter in one page: ``streamlit run composite.py`` or ``python composite.py``.

``python composite.py --help`` lists the options; after ``streamlit run composite.py --`` they work too.
"""

from __future__ import annotations

import sys

import streamlit as st

from apps import composite, streamlit_app

launched = streamlit_app.launch(
    "composite.py",
    "Chat with a GLM, give it tools, let it write and run code.",
    direct=__name__ == "__main__",
    add_options=composite.add_options,
    prepare=composite.prepare,
)
app = st.App("apps/composite_page.py", **launched.app_arguments())

if __name__ == "__main__":
    sys.exit(launched.serve(app))
