"""mrsift tells what every series of an MR study is, from its pixels.

    import mrsift

    for study in mrsift.identify("exam/"):
        for prediction in study.predictions:
            print(prediction.volume.series_number, prediction.label, prediction.probability)

Names are imported on first use: `import mrsift` alone loads neither NumPy nor OpenVINO.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mrsift.api import identify, load_volumes

__all__ = ["__version__", "identify", "load_volumes"]

__version__ = "0.1.0"

_HOME = {"identify": "mrsift.api", "load_volumes": "mrsift.api"}


def __getattr__(name: str) -> Any:
    """Imports a public name where it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'mrsift' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """Public names, also those that are not imported yet."""
    return sorted({*globals(), *__all__})
