"""Weights that others have trained: MONAI, MedicalNet, torchvision, and our own.

Their ResNets are ours with other names. The heads are never taken: they belong to another
task. Files are read with `weights_only`, so nothing in them is ever run.
"""

import os
import pickle
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mrsift.errors import BundleError
from mrsift.models.inflate import fold_bias, inflate, pad_shortcuts
from mrsift.models.resnet import ResNet
from mrsift.models.weights import from_safetensors

MIN_SHARE = 0.9
"""Less than this share of the network, or of the file, is not the network of the file."""

WRAPPERS = ("state_dict", "model_state_dict", "model", "network")
"""Keys under which checkpoints keep the weights."""

_PREFIX = r"(?:(?!layer\d|stages|stem)\w+\.)*"
_THEIRS = re.compile(_PREFIX + r"(?:layer(\d)\.(\d+)\.)?(?:(conv|bn)(\d)|downsample\.(\d))\.(\w+)")
_OURS = re.compile(_PREFIX + r"((?:stem|stages)\..*)")


@dataclass(frozen=True, slots=True)
class MatchReport:
    """What of a file went into a network.

    Attributes:
        path: Of the file.
        share: Of the network's parameters without its heads, that came from the file.
        matched: Names in the network that came from the file.
        inflated: Those of them whose shape had to be changed.
        padded: Shortcuts that the file has no weights for; they begin as the padding that
            they replace.
        missing: Names in the network that stay fresh, the heads aside.
        unused: Names in the file that have no place in the network.
    """

    path: str
    share: float
    matched: tuple[str, ...]
    inflated: tuple[str, ...]
    padded: tuple[str, ...]
    missing: tuple[str, ...]
    unused: tuple[str, ...]

    def __str__(self) -> str:
        """One line for people."""
        parts = [f"{100 * self.share:.1f} % of the parameters are from {self.path}"]
        for names, what in (
            (self.inflated, "given another shape"),
            (self.padded, "shortcuts begun as padding"),
            (self.missing, "fresh"),
            (self.unused, "in the file but not used"),
        ):
            if names:
                more = f" and {len(names) - 3} more" if len(names) > 3 else ""
                parts.append(f"{what}: {', '.join(names[:3])}{more}")
        return "; ".join(parts)


def load_pretrained(network: ResNet, path: str | os.PathLike[str]) -> MatchReport:
    """Puts the weights of a file into a network, all but its heads.

    Kernels of two dimensions are spread over three, and a first layer for other channels is
    spread over ours; see `inflate`. The network stays as it is where the file is refused.

    Args:
        network: Changed in place.
        path: `.safetensors`, or a checkpoint of torch that holds tensors alone.

    Raises:
        BundleError: The file is missing or damaged, holds more than tensors, or fits less
            than `MIN_SHARE` of the network, or of the ResNet in the file.
    """
    renamed, unknown = _in_our_names(read_weights_only(path))
    state = network.state_dict()
    body = {name: value for name, value in state.items() if "_head." not in name}
    fold_bias(renamed)
    fitted = {
        name: inflate(value, body[name].shape, first_layer=name == "stem.0.weight")
        for name, value in renamed.items()
        if name in body
    }
    taken = {name: value for name, value in fitted.items() if value is not None}
    trained = {name for name, _ in network.named_parameters()} & set(body)
    share = _share(body, trained & set(taken), trained)
    # Without its statistics a file's share would depend on who wrote it.
    theirs = {name for name in renamed if name in trained or name not in body}
    used = _share(renamed, theirs & set(taken), theirs)
    if min(share, used) < MIN_SHARE:
        raise BundleError(
            f"{path}: {100 * share:.0f} % of the network's parameters are in the file, and "
            f"{100 * used:.0f} % of the file's in the network; below {100 * MIN_SHARE:.0f} % it "
            "is another network. Set depth, width and stem_kernel as they are in the file."
        )
    padded = pad_shortcuts(body, set(taken))
    with torch.no_grad():
        for name, value in (taken | padded).items():
            state[name].copy_(value)
    return MatchReport(
        path=str(path),
        share=share,
        matched=tuple(sorted(taken)),
        inflated=tuple(name for name in sorted(taken) if renamed[name].shape != body[name].shape),
        padded=tuple(sorted({name.rpartition(".shortcut.")[0] for name in padded})),
        missing=tuple(
            name
            for name in sorted(set(body) - set(taken) - set(padded))
            if not name.endswith("num_batches_tracked")
        ),
        unused=tuple(sorted([*unknown, *(name for name in renamed if name not in taken)])),
    )


def read_weights_only(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """The tensors in a file; nothing in it is run.

    Args:
        path: `.safetensors`, or a checkpoint of torch that holds tensors alone.

    Raises:
        BundleError: The file is missing or damaged, or holds more than tensors.
    """
    file = Path(path)
    try:
        if file.suffix == ".safetensors":
            return from_safetensors(file.read_bytes(), path)
        held = _tensors_alone(file)
    except OSError as error:
        raise BundleError(
            f"{path}: cannot be read ({error.strerror or error}); check the path."
        ) from error
    except pickle.UnpicklingError as error:
        raise BundleError(
            f"{path}: is damaged, or holds more than tensors, and unpickling that would run code; "
            "nothing was unpickled. Ask for the weights as .safetensors, or save the "
            "state_dict alone."
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BundleError(
            f"{path}: is damaged or no checkpoint ({first}). Copy it again."
        ) from error
    while isinstance(held, Mapping) and (inner := [key for key in WRAPPERS if key in held]):
        held = held[inner[0]]
    tensors = (
        {str(name): value for name, value in held.items() if isinstance(value, Tensor)}
        if isinstance(held, Mapping)
        else {}
    )
    if not tensors:
        raise BundleError(f"{path}: holds no weights by name. Save a network's state_dict.")
    return tensors


def _tensors_alone(file: Path) -> Any:
    """What `torch.load` makes of a file without running anything in it."""
    with warnings.catch_warnings():
        # It warns of pickles that torch did not write, and then refuses or reads them.
        warnings.simplefilter("ignore", UserWarning)
        return torch.load(file, map_location="cpu", weights_only=True)


def _in_our_names(theirs: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """Weights of the body by our names, and the names that are no part of a ResNet's body."""
    renamed, unknown = {}, []
    for name, value in theirs.items():
        ours = _our_name(name)
        if ours is None:
            unknown.append(name)
        else:
            renamed[ours] = value.detach()
    return renamed, unknown


def _our_name(name: str) -> str | None:
    """E.g. `module.layer2.0.bn1.weight` -> `stages.1.0.residual.1.weight`."""
    if own := _OURS.fullmatch(name):
        return own[1]
    found = _THEIRS.fullmatch(name)
    if found is None:
        return None
    stage, block, kind, number, projection, what = found.groups()
    if stage is None:
        if kind is None or number != "1":
            return None
        return f"stem.{0 if kind == 'conv' else 1}.{what}"
    place = f"stages.{int(stage) - 1}.{block}"
    if kind is None:
        return f"{place}.shortcut.{projection}.{what}"
    # Convolution, normalisation, ReLU: three layers of the residual branch each time.
    return f"{place}.residual.{3 * (int(number) - 1) + (kind == 'bn')}.{what}"


def _share(values: Mapping[str, Tensor], part: set[str], whole: set[str]) -> float:
    """Numbers in a part of the tensors, as a share of those in all."""
    total = sum(values[name].numel() for name in whole)
    return sum(values[name].numel() for name in part) / max(1, total)
