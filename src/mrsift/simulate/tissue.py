"""The tissue table: what each tissue is made of, and one subject's draw from it."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from mrsift.types import Float32Array

# T1 and T2 at 1.5 T relative to 3 T.
_T1_SCALE = {3.0: 1.0, 1.5: 0.8}
_T2_SCALE = {3.0: 1.0, 1.5: 1.08}
_GREY_OVER_WHITE = 1.1  # at least, of T2 and T2*; both vary from brain to brain together
_T2_PRIME_SCALE = {3.0: 1.0, 1.5: 1.5}


@dataclass(frozen=True, slots=True)
class Tissue:
    """One row of the table; ranges as (low, high)."""

    name: str
    pd: tuple[float, float]
    t1_ms: tuple[float, float] = (1000.0, 1000.0)
    t2_ms: tuple[float, float] = (50.0, 50.0)
    t2_prime_ms: tuple[float, float] = (70.0, 250.0)
    adc: tuple[float, float] = (0.0, 0.0)
    fat: tuple[float, float] = (0.0, 0.0)
    uptake: tuple[float, float] = (0.0, 0.0)
    texture: float = 0.0
    ivim: float = 0.0
    flow: float = 0.0
    bound: float = 0.0
    fibres: float = 0.0


@lru_cache(maxsize=1)
def table() -> tuple[Tissue, ...]:
    """Every tissue, in the order of the file; the position is the index on a canvas."""
    text = (files("mrsift.simulate") / "tissues.toml").read_text(encoding="utf-8")
    return tuple(_row(name, row) for name, row in tomllib.loads(text).items())


def _row(name: str, row: dict[str, Any]) -> Tissue:
    """A tissue from its table in the file, where ranges are lists and T1 has no unit."""
    keys = {"t1": "t1_ms", "t2": "t2_ms", "t2_prime": "t2_prime_ms"}
    values: dict[str, Any] = {
        keys.get(key, key): tuple(value) if isinstance(value, list) else value
        for key, value in row.items()
    }
    return Tissue(name, **values)


@lru_cache(maxsize=1)
def codes() -> dict[str, int]:
    """Tissue name -> index."""
    return {tissue.name: i for i, tissue in enumerate(table())}


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """One subject's values, each an array over the tissues.

    T1 and T2 are those of the water part at the subject's field strength, ms; `adc` is in
    1e-3 mm2/s; `early` and `late` are mmol/l of contrast agent.
    """

    field_t: float
    pd: Float32Array
    t1_ms: Float32Array
    t2_ms: Float32Array
    t2star_ms: Float32Array
    adc: Float32Array
    fat: Float32Array
    early: Float32Array
    late: Float32Array
    texture: Float32Array
    ivim: Float32Array
    flow: Float32Array
    bound: Float32Array
    fibres: Float32Array


def draw(rng: np.random.Generator, field_t: float) -> Draw:
    """Draw every tissue of one subject.

    Args:
        rng: Source of chance.
        field_t: 1.5 or 3.0.

    Returns:
        Values at that field.
    """
    rows = table()

    def pick(name: str) -> Float32Array:
        ranges = np.array([getattr(row, name) for row in rows], dtype=np.float32)
        share = rng.uniform(-0.1, 1.1, len(rows)).astype(np.float32)
        return np.maximum(ranges[:, 0] + share * (ranges[:, 1] - ranges[:, 0]), 0)

    t2 = pick("t2_ms") * np.float32(_T2_SCALE[field_t])
    names = codes()
    grey, white = names["grey_matter"], names["white_matter"]
    t2[grey] = max(t2[grey], _GREY_OVER_WHITE * t2[white])
    t2_prime = pick("t2_prime_ms") * np.float32(_T2_PRIME_SCALE[field_t])
    t2star = np.asarray(1 / (1 / t2 + 1 / t2_prime), dtype=np.float32)
    t2star[grey] = min(max(t2star[grey], _GREY_OVER_WHITE * t2star[white]), t2[grey])
    uptake = np.array([row.uptake for row in rows], dtype=np.float32)
    uptake = uptake * rng.uniform(0.7, 1.3, (len(rows), 1)).astype(np.float32)
    return Draw(
        field_t=field_t,
        pd=pick("pd"),
        t1_ms=pick("t1_ms") * np.float32(_T1_SCALE[field_t]),
        t2_ms=t2,
        t2star_ms=t2star,
        adc=pick("adc"),
        fat=np.minimum(pick("fat"), 0.97),
        early=uptake[:, 0],
        late=uptake[:, 1],
        texture=np.array([row.texture for row in rows], dtype=np.float32),
        ivim=np.array([row.ivim for row in rows], dtype=np.float32),
        flow=np.array([row.flow for row in rows], dtype=np.float32),
        bound=np.array([row.bound for row in rows], dtype=np.float32),
        fibres=np.array([row.fibres for row in rows], dtype=np.float32),
    )
