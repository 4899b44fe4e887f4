"""The side panel of the code interpreter: kernel, how code may run, files, variables, notebook."""

from __future__ import annotations

import io
import zipfile
from typing import Literal

import streamlit as st

from apps import attachments, streamlit_app
from apps.code_host import CodeHost
from apps.steps import Called, Said, steps
from apps.streamlit_view import View
from glm.errors import SandboxError
from glm.messages import ToolResult
from glm.sandbox.describe import describe_file, size_text
from glm.sandbox.file_names import safe_name
from glm.sandbox.images import read_picture
from glm.sandbox.notebook import NotebookCode, NotebookPart, NotebookText, notebook_file
from glm.sandbox.policy import Decision
from glm.sandbox.protocol import FileEntry, Sandbox
from glm.sandbox.session import JupyterSandbox
from glm.sandbox.values import CellDone, Limits

Level = Literal["show", "ask", "auto"]
_LEVELS: tuple[Level, ...] = ("show", "ask", "auto")
_STATE_SECONDS = 2.0
_PREVIEW_BYTES = 4_000
_PICTURES = (".png", ".jpg", ".jpeg")


def level(view: View, decision: Decision | None) -> Level:
    """How far code runs by itself: as the visitor chose, within what the computer allows."""
    if decision is None or not decision.runs:
        return "show"
    chosen = view.chat.details.get("level")
    if decision.asks_each_run:
        return "show" if chosen == "show" else "ask"
    return next((known for known in _LEVELS if known == chosen), "auto")


def draw(view: View) -> None:
    """All of the mode's part of the side panel."""
    host = streamlit_app.service().code
    decision = host.decision if host is not None else None
    if host is None or decision is None or not decision.runs:
        return
    st.html(f'<div class="section">{view.text("kernel")}</div>')
    st.fragment(_state, run_every=_STATE_SECONDS)(view)
    _levels(view, decision)
    sandbox = host.existing(view.chat.id)
    if sandbox is not None:
        _files(view, sandbox)
        _variables(view, sandbox)
    if any(isinstance(step, Called) for step in steps(view.chat.messages)):
        st.download_button(
            view.text("notebook"), lambda: _notebook(view), "session.ipynb", "application/x-ipynb+json", key="notebook",
            icon=":material/menu_book:", width="stretch", on_click="ignore",
        )  # fmt: skip


# -- kernel --------------------------------------------------------------------------------------------


def _state(view: View) -> None:
    """What the kernel does, how long it stays, and a button for a new one."""
    host = streamlit_app.service().code
    sandbox = host.existing(view.chat.id) if host is not None else None
    state = sandbox.state if sandbox is not None else None
    kind = state.kernel if state is not None else "none"
    words = view.text(f"kernel_{kind}")
    if state is not None and state.idle_seconds_left is not None:
        words += view.text("kernel_ends", minutes=max(1, round(state.idle_seconds_left / 60)))
    with st.container(horizontal=True, vertical_alignment="center", key="kernel"):
        st.html(f'<div class="kernel"><span class="dot {kind}"></span>{words}</div>', width="stretch")
        st.button(
            view.text("restart"), key="restart", icon=":material/restart_alt:", type="tertiary",
            disabled=sandbox is None, help=view.text("restart_hint"), on_click=_restart,
            args=(view,),
        )  # fmt: skip


def _restart(view: View) -> None:
    host = streamlit_app.service().code
    sandbox = host.existing(view.chat.id) if host is not None else None
    if sandbox is None:
        return
    try:
        sandbox.restart()
        st.toast(view.text("restarted"), icon=":material/restart_alt:")
    except SandboxError as error:
        st.toast(str(error), icon=":material/error:")


def _levels(view: View, decision: Decision) -> None:
    offered = [known for known in _LEVELS if known != "auto" or not decision.asks_each_run]
    now = level(view, decision)
    key = f"level-{view.chat.id}"
    st.session_state[key] = now
    st.segmented_control(
        view.text("level"), offered, key=key, required=True, width="stretch", label_visibility="collapsed",
        format_func=lambda known: view.text(f"level_{known}"), disabled=view.busy,
        on_change=lambda: view.chat.keep_details(level=st.session_state[key]),
    )  # fmt: skip
    st.caption(view.text(f"level_{now}_hint"))


# -- files ---------------------------------------------------------------------------------------------


def draw_upload(view: View) -> None:
    """The button in the box that puts files into the kernel's folder."""
    turn = st.session_state.setdefault("uploads", 0)
    with (
        st.bottom,
        st.container(key="attach"),
        st.popover(view.text("upload"), icon=":material/attach_file:", type="tertiary", key=f"upload-open-{turn}"),
    ):
        st.file_uploader(
            view.text("upload"), accept_multiple_files=True, key=f"upload-{turn}", help=view.text("upload_hint"),
            max_upload_size=Limits().upload_bytes // 2**20, on_change=_uploaded, args=(view, f"upload-{turn}"),
        )  # fmt: skip
    untold = untold_files(view)
    if untold:
        chips = "".join(f'<span class="chip">{_plain(name)}</span>' for name in untold)
        with st.bottom:
            st.html(f'<div class="chips">{chips}</div>')


def _uploaded(view: View, key: str) -> None:
    host = streamlit_app.service().code
    if host is None:
        return
    st.session_state["uploads"] += 1
    names = untold_files(view)
    saved: set[str] = st.session_state.setdefault("uploaded", set())
    try:
        files = sandbox_of(view, host).files
        for given in st.session_state.get(key) or ():
            if given.file_id not in saved:  # Streamlit may tell of the same upload twice
                saved.add(given.file_id)
                names.append(files.save(given.name, given.getvalue()))
    except SandboxError as error:
        st.toast(view.text("not_uploaded", reason=str(error)), icon=":material/error:", duration=12)
    view.chat.keep_details(untold=names)


def sandbox_of(view: View, host: CodeHost) -> JupyterSandbox:
    """The conversation's sandbox. Raises `SandboxError` when none can be had."""
    ran_before = any(message.role == "observation" for message in view.chat.messages)
    return host.sandbox(view.owner, view.chat.id, goes_on=ran_before)


def untold_files(view: View) -> list[str]:
    """Names of files that were uploaded and of which the model has not been told yet."""
    names = view.chat.details.get("untold")
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def tell_files(view: View, question: str) -> str:
    """The question, and before it what the model has to know of the files uploaded since the last one."""
    host = streamlit_app.service().code
    sandbox = host.existing(view.chat.id) if host is not None else None
    names = untold_files(view)
    if sandbox is None or not names:
        return question
    try:
        entries = {entry.path: entry for entry in sandbox.files.entries()}
        told = [describe_file(sandbox.files, entries[name]) for name in names if name in entries]
    except SandboxError:
        return question
    view.chat.keep_details(untold=[])
    return "".join(attachments.note(f"/mnt/data/{line}") for line in told) + ("\n" if told else "") + question


def _files(view: View, sandbox: Sandbox) -> None:
    try:
        entries = sandbox.files.entries() if not view.busy else []
    except SandboxError as error:
        st.caption(str(error))
        return
    with st.expander(view.text("files", number=len(entries)), icon=":material/folder:", expanded=bool(entries)):
        if not entries:
            st.caption(view.text("no_files"))
        with st.container(key="file-list", gap=None):
            for entry in entries[:50]:
                _file(view, sandbox, entry)
        if len(entries) > 1:
            st.download_button(
                view.text("download_all"), lambda: _zip(sandbox, entries), "files.zip", "application/zip",
                key="download_all", icon=":material/folder_zip:", on_click="ignore", width="stretch",
            )  # fmt: skip


def _file(view: View, sandbox: Sandbox, entry: FileEntry) -> None:
    with st.popover(f"{_plain(entry.path)} · {size_text(entry.size)}", type="tertiary", width="stretch"):
        try:
            _preview(view, sandbox, entry)
        except SandboxError as error:
            st.caption(str(error))
        download(view, sandbox, entry.path, key=f"file-{entry.path}")


def _preview(view: View, sandbox: Sandbox, entry: FileEntry) -> None:
    limits = Limits()
    if entry.path.lower().endswith(_PICTURES) and entry.size <= limits.image_bytes:
        data = sandbox.files.read(entry.path)
        st.image(read_picture(data, largest_bytes=limits.image_bytes, most_pixels=limits.image_pixels).data, width=300)
        return
    data = sandbox.files.read(entry.path, limit=_PREVIEW_BYTES)
    if b"\x00" in data:
        st.caption(describe_file(sandbox.files, entry))
        return
    st.code(data.decode("utf-8", "replace"), language=None, height=240)


def download(view: View, sandbox: Sandbox, path: str, *, key: str) -> None:
    """A button that fetches one file when it is pressed."""
    name = safe_name(path)
    st.download_button(
        name, lambda: _read(sandbox, path), name, "application/octet-stream", key=f"download-{key}",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def _read(sandbox: Sandbox, path: str) -> bytes:
    try:
        return sandbox.files.read(path)
    except SandboxError as error:
        return f"{error}\n".encode()


def _zip(sandbox: Sandbox, entries: list[FileEntry]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries:
            parts = [safe_name(part) for part in entry.path.split("/")]
            archive.writestr("/".join(parts), _read(sandbox, entry.path))
    return packed.getvalue()


# -- variables and notebook ----------------------------------------------------------------------------


def _variables(view: View, sandbox: Sandbox) -> None:
    found = sandbox.variables() if not view.busy else []
    with st.expander(view.text("variables", number=len(found)), icon=":material/data_object:"):
        if not found:
            st.caption(view.text("no_variables"))
            return
        rows = [
            {
                view.text("variable_name"): item.name,
                view.text("variable_type"): item.type,
                view.text("variable_size"): "" if item.shape is None else " × ".join(map(str, item.shape)),
                view.text("variable_value"): item.text,
            }
            for item in found
        ]
        st.dataframe(rows, hide_index=True)


def _notebook(view: View) -> bytes:
    parts: list[NotebookPart] = []
    for step in steps(view.chat.messages):
        if isinstance(step, Said):
            speaker = view.text("you" if step.message.role == "user" else "assistant")
            parts.append(NotebookText(f"**{speaker}**\n\n{step.message.content}"))
            continue
        call = step.message.call
        if call is None or call.arguments is None:
            continue
        result = view.chat.results.get(step.answer_index) if step.answer_index is not None else None
        number = sum(isinstance(part, NotebookCode) for part in parts) + 1
        parts.append(NotebookCode(str(call.arguments.get("code", "")), _done(result, number)))
    return notebook_file(parts)


def _done(result: ToolResult | None, number: int) -> CellDone | None:
    if result is None:
        return None
    return CellDone(result.outputs, "error" if result.is_error else "ok", result.seconds, number)


def _plain(text: str) -> str:
    """A file's name as Markdown or HTML that shows it letter by letter."""
    return "".join(f"&#{ord(letter)};" if letter in "&<>\"'`*_[]()#+-!|~$:\\" else letter for letter in text)
