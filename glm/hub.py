"""Downloads a checkpoint from the Hugging Face hub into the hub's own cache.

Only data is fetched: configuration, tokenizer and safetensors files. Python files
and pickles of a repository never reach the disk.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from glm.errors import CheckpointError

DATA_FILES = ("*.json", "*.safetensors", "*.model", "*.txt", "*.tiktoken")
"""Patterns of what a checkpoint needs: configuration, weights and vocabularies."""

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


def is_hub_id(text: str) -> bool:
    """Whether `text` has the form owner/name."""
    return _HUB_ID.fullmatch(text) is not None


def download(hub_id: str, *, files: Sequence[str] = DATA_FILES) -> Path:
    """Folder with the files of a hub repository that match the patterns `files`, subfolders left out.

    Resumes a download that was cut off; offline, what is in the cache is used.
    Raises `CheckpointError` when the repository does not exist, is closed or cannot be reached.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    try:
        return Path(snapshot_download(hub_id, allow_patterns=list(files), ignore_patterns=["*/*"]))
    except GatedRepoError as error:
        raise CheckpointError(
            f"{hub_id} asks for an agreement on the hub; accept it on the model's page and log in with: hf auth login"
        ) from error
    except RepositoryNotFoundError as error:
        raise CheckpointError(
            f"the hub has no public model {hub_id}; check the spelling, or log in with: hf auth login"
        ) from error
    except HFValidationError as error:
        raise CheckpointError(f"{hub_id!r} is no hub id of the form owner/name") from error
    except (LocalEntryNotFoundError, HfHubHTTPError) as error:
        raise CheckpointError(
            f"the hub cannot be reached for {hub_id} and the model is not in the local cache; "
            "check the network, or download the model elsewhere and give its folder"
        ) from error
    except OSError as error:
        raise CheckpointError(f"{hub_id} could not be saved ({error}); check the free disk space") from error
