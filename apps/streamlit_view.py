"""View: what one run of a Streamlit page's script draws, and for whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from apps.chats import Chat
from apps.texts import Lang, text

if TYPE_CHECKING:
    from apps.streamlit_app import Service


@dataclass(frozen=True, slots=True)
class View:
    """The visitor `owner` looks at `chat` in `mode`, in the language `lang`.

    `is_host`: the page is on the visitor's own computer, or he has its owner's key; others may do less.
    `busy`: an answer was being made when the run began. What is drawn goes by this, not by what changes meanwhile.
    """

    service: Service
    lang: Lang
    owner: str
    mode: str
    chat: Chat
    busy: bool
    is_host: bool

    def text(self, key: str, **values: object) -> str:
        """The sentence `key` in the view's language."""
        return text(self.lang, key, **values)

    @property
    def where(self) -> str:
        """The end of the keys of sentences that say where the model runs."""
        return "" if self.service.asked.all_is_here else "_elsewhere"

    def go_to(self, chat: Chat) -> None:
        """Show another conversation from the next run on."""
        st.session_state[f"chat_{self.mode}"] = chat

    @property
    def box(self) -> str:
        """The key of the mode's input box."""
        return f"box_{self.mode}"
