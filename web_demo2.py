"""Chat with a GLM in a Streamlit page: ``streamlit run web_demo2.py`` or ``python web_demo2.py``.

``python web_demo2.py --help`` lists the options; after ``streamlit run web_demo2.py --`` they work too.
"""

from __future__ import annotations

import sys

import streamlit as st

from apps import streamlit_app

launched = streamlit_app.launch("web_demo2.py", "Chat with a GLM in the browser.", direct=__name__ == "__main__")
app = st.App("apps/streamlit_chat_page.py", **launched.app_arguments())

if __name__ == "__main__":
    sys.exit(launched.serve(app))
