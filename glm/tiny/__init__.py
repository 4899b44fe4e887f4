"""GLM-tiny, the built-in model: SmolLM2-135M-Instruct as a GLM, taught ChatGLM3's protocol.

The repository carries its configuration, tokenizer and adapter; the weights of the
base model are obtained at the first use and built into an ordinary checkpoint folder.
"""

from __future__ import annotations

from glm.tiny.build import built_folder, check, ensure_built, export, rebuild

__all__ = ["built_folder", "check", "ensure_built", "export", "rebuild"]
