"""The page of composite.py, which Streamlit runs anew for every click. Everything it does is in the modules."""

from apps import streamlit_frame
from apps.streamlit_chat import CHAT
from apps.streamlit_code import CODE
from apps.streamlit_tools import TOOLS

streamlit_frame.show(CHAT, TOOLS, CODE)
