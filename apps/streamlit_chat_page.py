"""The page of web_demo2.py, which Streamlit runs anew for every click. Everything it does is in the modules."""

from apps import streamlit_frame
from apps.streamlit_chat import CHAT

streamlit_frame.show(CHAT)
