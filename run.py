"""Set up and start everything with the Python you have: ``python run.py [command] [options]``.

Makes ``.venv`` beside this file, installs the requirements there once and hands over to the program
asked for. Standard library only; knows nothing of the programs but how to start them.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

if sys.version_info < (3, 10):  # noqa: UP036 - this file is how people with an older Python find out
    sys.exit("run.py needs Python 3.10 or newer, this is " + sys.version.split()[0] + "; see https://www.python.org")

HELP = """usage: python run.py [command] [options of the command]

  web        the chat in the browser; the default, so `python run.py --port 8000` works too
  composite  the demo with chat, tools and code interpreter
  chat2      the Streamlit chat alone
  chat       the chat in the terminal
  doctor     what is installed, what is missing and how to fix it
  test       the test suite (options go to pytest); gets a browser for it where there is none

`python run.py COMMAND --help` lists a command's options. The first start makes .venv and installs the
requirements there. GLM_TORCH_INDEX names the index of PyTorch's CPU builds ("" to use pip's own index)."""

INSTALL_FAILED = """
run.py: the packages could not be installed; pip's message above says why. What helps most often: with a slow or
blocked network `pip config set global.index-url <address of a mirror>`, or HTTPS_PROXY=<your proxy>; with a full
disk about 3 GB of room (8 GB with CUDA); with "no matching distribution" a 64-bit Python 3.10 to 3.14. Then run
the same command again: what was downloaded is kept."""

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
BUSY = VENV / "setup-in-progress"  # found at the next start when a set-up was interrupted
COMMANDS = {
    "web": [str(ROOT / "web_demo.py")],
    "composite": [str(ROOT / "composite.py")],
    "chat2": [str(ROOT / "web_demo2.py")],
    "chat": ["-m", "glm", "chat"],
    "doctor": ["-m", "glm", "doctor"],
    "test": ["-m", "pytest"],
}
NVIDIA = ("/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/nvidia0", "/usr/lib/wsl/lib/nvidia-smi")
CPU_INDEX = os.environ.get("GLM_TORCH_INDEX", "https://download.pytorch.org/whl/cpu").rstrip("/")
PROBE_SECONDS = 5.0


def say(text: str) -> None:
    print(f"run.py: {text}", file=sys.stderr, flush=True)


def call(*arguments: str) -> int:
    """Run the environment's Python in the project's folder and return its exit code (negative: killed)."""
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_USER": "0"}
    return subprocess.run([PYTHON, *arguments], cwd=ROOT, env=environment, check=False).returncode


def stamp(name: str) -> Path:
    """The file that says what was last installed from the requirement file `name`."""
    return VENV / f"{name}.installed"


def digest(name: str) -> str:
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def is_set_up(names: "list[str]") -> bool:
    whole = PYTHON.exists() and not BUSY.exists()
    return whole and all(stamp(name).is_file() and stamp(name).read_text() == digest(name) for name in names)


def make_environment() -> None:
    """Create ``.venv``, again if it is broken or half made, and mark it as busy. Exits with advice on failure."""
    if VENV.exists() and (BUSY.exists() or not PYTHON.exists()):
        say("the last set-up was interrupted or its Python is gone; making .venv anew")
        shutil.rmtree(VENV)
    VENV.mkdir(exist_ok=True)
    BUSY.touch()
    if PYTHON.exists() and call("-c", "import pip") == 0:
        return
    if importlib.util.find_spec("ensurepip") is None:
        sys.exit("run.py: this Python cannot make environments; on Debian and Ubuntu: sudo apt install python3-venv")
    if subprocess.run([sys.executable, "-m", "venv", VENV], check=False).returncode != 0:
        sys.exit(f"run.py: {VENV} could not be made; see whether the folder is writable and the disk has room")


def cpu_index_answers() -> bool:
    """Whether PyTorch's index of CPU builds can be reached; a probe that hangs counts as no."""
    reached = threading.Event()

    def probe() -> None:
        import urllib.request  # costs more than all the rest of a second start

        try:
            urllib.request.urlopen(f"{CPU_INDEX}/torch/", timeout=PROBE_SECONDS).close()
            reached.set()
        except (OSError, ValueError):
            pass

    # In a thread, because looking up a name may hang longer than the time-out given to urlopen.
    prober = threading.Thread(target=probe, daemon=True)
    prober.start()
    prober.join(PROBE_SECONDS)
    return reached.is_set()


def install(names: "list[str]") -> None:
    """Install requirement files into ``.venv`` and stamp them. Exits with advice on failure."""
    say("setting up .venv; the first time this takes some minutes")
    make_environment()
    torch = re.search(r"^torch==\S+", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    spare_cuda = sys.platform == "linux" and CPU_INDEX and not any(map(os.path.exists, NVIDIA))
    # Without dependencies: those come from the index that the user has configured, as does torch if this fails.
    if torch and spare_cuda and cpu_index_answers():
        call("-m", "pip", "install", "--no-deps", "--index-url", CPU_INDEX, torch.group())
    code = call("-m", "pip", "install", *(part for name in names for part in ("-r", name)))
    if code >= 0:  # pip ended by itself, so whatever it installed is whole
        BUSY.unlink()
    if code != 0:
        sys.exit(INSTALL_FAILED)
    for name in names:
        stamp(name).write_text(digest(name))


def prepare_model() -> None:
    """Build the built-in model once, at set-up. A failure does no harm: its first use tries again."""
    if not stamp("built-in-model").exists():
        stamp("built-in-model").touch()
        if call("-m", "glm", "tiny", "build") != 0:
            say("the built-in model is not ready yet; its first use tries again")


def hand_over(arguments: "list[str]") -> int:
    """Become the program; on Windows, which cannot, wait for it and return its exit code."""
    line = [str(PYTHON if PYTHON.exists() else sys.executable), *arguments]  # the doctor needs no set-up
    if os.name != "nt":
        os.execv(line[0], line)
    process = subprocess.Popen(line)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the program received it as well and decides
            continue


def main(arguments: "list[str]") -> int:
    if arguments[:1] in (["-h"], ["--help"]):
        print(HELP)
        return 0
    named = bool(arguments) and not arguments[0].startswith("-")
    command, options = (arguments[0], arguments[1:]) if named else ("web", arguments)
    if command not in COMMANDS:
        sys.exit(f"run.py: unknown command {command!r}; known are {', '.join(COMMANDS)}")
    program = COMMANDS[command]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    names = ["requirements.txt", "requirements-test.txt"][: 2 if command == "test" else 1]
    if command != "doctor" and not is_set_up(names):
        install(names)
    if command != "doctor" and not any(option.startswith("--model") for option in options):
        prepare_model()
    if command == "test":
        call("-m", "tests.find_browser", "--install")
        os.chdir(ROOT)
    return hand_over([*program, *options])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("\nrun.py: stopped; run the same command again to go on")
