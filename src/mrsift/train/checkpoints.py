"""Checkpoints: written beside their place and renamed, read without running code."""

import errno
import io
import os
import pickle
import warnings
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import CheckpointIO

from mrsift.errors import ConfigError, OutputError


class WholeCheckpoints(CheckpointIO):
    """A checkpoint is there whole, or the one before it still is."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        """Writes beside the place, to the disk, then renames.

        Raises:
            OutputError: The disk is full or cannot be written.
        """
        del storage_options
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        target = Path(path)
        beside = target.with_suffix(".part")
        try:
            try:
                with beside.open("wb") as file:
                    file.write(buffer.getbuffer())
                    file.flush()
                    os.fsync(file.fileno())
                beside.replace(target)
            finally:
                beside.unlink(missing_ok=True)
        except OSError as error:
            full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
            advice = "free some space" if full else "see to the folder"
            raise OutputError(
                f"{target}: the checkpoint could not be written ({error.strerror}); what was "
                f"there is whole. Now {advice}, then: mrsift train --resume {target.parent.parent}"
            ) from error

    def load_checkpoint(
        self, path: str | Path, map_location: Any = "cpu", weights_only: bool | None = None
    ) -> dict[str, Any]:
        """As `read_checkpoint`; Lightning asks here when a run resumes."""
        del map_location, weights_only
        return read_checkpoint(Path(path))

    def remove_checkpoint(self, path: str | Path) -> None:
        """Removes a file."""
        Path(path).unlink(missing_ok=True)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """What is in a checkpoint.

    Raises:
        ConfigError: It is missing, damaged, or holds code.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a pickle that is refused anyway
            content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such checkpoint; train first: mrsift train") from error
    except pickle.UnpicklingError as error:
        raise ConfigError(
            f"{path}: is damaged, or holds more than weights and is not opened: unpickling runs "
            "code. Copy it again, or train again into another folder"
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise ConfigError(
            f"{path}: is damaged ({type(error).__name__}). Copy it again, or train again into "
            "another folder"
        ) from error
    if not isinstance(content, dict) or "state_dict" not in content:
        raise ConfigError(f"{path}: is no checkpoint of mrsift; it has no state_dict")
    return content
