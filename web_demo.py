"""Chat with a GLM in the browser: ``python web_demo.py``; ``--help`` lists the options."""

from __future__ import annotations

import sys
import traceback

from apps import options, serving
from apps.engine_loader import EngineLoader, check_model_name
from glm import load_engine
from glm.errors import GlmError


def main(arguments: list[str] | None = None) -> int:
    """Run the program; returns its exit code: 2 when it could not start, 1 when the model could not be loaded."""
    asked = options.Options()
    try:
        asked = options.parse(options.parser("web_demo.py", "Chat with a GLM in the browser."), arguments)
        check_model_name(asked.model)
        serving.check_port(asked.host, asked.port)
        serving.stay_offline()
        loader = EngineLoader(
            lambda progress: load_engine(asked.model, **asked.load_arguments(), own_process=True, progress=progress),
            name=asked.model or "",
        ).start()
        from apps.gradio_app import serve  # slow to import, so only now that loading has begun

        return serve(asked, loader)
    except GlmError as error:
        if asked.debug:
            traceback.print_exc()
        print(f"web_demo.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
