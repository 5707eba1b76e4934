"""Everything computed -> JSON, `mrsift.evaluation/1` and `mrsift.comparison/1`."""

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mrsift import __version__


def to_json(schema: str, parts: Mapping[str, object]) -> str:
    """Dataclasses, arrays and numbers as JSON; a number that is not one becomes null.

    Args:
        schema: Name with version, e.g. `mrsift.evaluation/1`.
        parts: Name -> anything made of dataclasses, mappings, sequences, arrays and numbers.

    Returns:
        Text that ends with a line feed.
    """
    whole = {"schema": schema, "mrsift_version": __version__} | {
        name: _plain(part) for name, part in parts.items()
    }
    return json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: object) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: _plain(getattr(value, field.name)) for field in fields}
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(part) for part in value]
    scalar = value.item() if isinstance(value, np.generic) else value
    if isinstance(scalar, float) and not math.isfinite(scalar):
        return None
    return str(scalar) if isinstance(scalar, Path) else scalar
