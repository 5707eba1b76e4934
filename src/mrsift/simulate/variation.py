"""The simulator with a part left out, or driven beyond what training sees.

With parts left out it is found out what each is worth; beyond its usual ranges it stands in
for a scanner that training did not foresee. The draws stay those of the same seed, so a
varied subject is the same subject.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import numpy as np

from mrsift.simulate.artefact import Acquisition
from mrsift.simulate.protocol import Protocol

Change = Callable[[Protocol, Acquisition], tuple[Protocol, Acquisition]]


def _nothing(p: Protocol, a: Acquisition) -> tuple[Protocol, Acquisition]:
    return p, a


@dataclass(frozen=True, slots=True)
class Variation:
    """What is done differently.

    Attributes:
        about: In a few words.
        change: Of protocol and acquisition, after they were drawn.
        texture: Factor of the fine texture inside tissue.
        exported: Masks, grids, scales and bits between scanner and file.
    """

    about: str = "as it is"
    change: Change = _nothing
    texture: float = 1.0
    exported: bool = True


AS_IT_IS = Variation()


def _even(p: Protocol, a: Acquisition) -> tuple[Protocol, Acquisition]:
    return p, replace(a, coil=0.0, endorectal=0.0, coil_reach_mm=1e6)


def _quiet(p: Protocol, a: Acquisition) -> tuple[Protocol, Acquisition]:
    return p, replace(a, snr=200.0, parallel=0.0)


def _undistorted(p: Protocol, a: Acquisition) -> tuple[Protocol, Acquisition]:
    return p, replace(a, distortion_px=0.0, ghost=0.0)


def _still(p: Protocol, a: Acquisition) -> tuple[Protocol, Acquisition]:
    return p, replace(a, motion=0.0, wrap=0.0)


def _sharp(p: Protocol, a: Acquisition) -> tuple[Protocol, Acquisition]:
    return p, replace(a, resolution=(1.0, 1.0), partial=1.0, window=0.4, sharpen=0.0)


def _suppressed(p: Protocol, a: Acquisition) -> tuple[Protocol, Acquisition]:
    return replace(p, fat_failure=0.0), a


def _unmasked(p: Protocol, a: Acquisition) -> tuple[Protocol, Acquisition]:
    return p, replace(a, mask_background=0.0)


PARTS: dict[str, Variation] = {
    "texture": Variation("no fine texture in tissue", texture=0.0),
    "coils": Variation("no coil shading, no endorectal flare", _even),
    "noise": Variation("hardly any noise", _quiet),
    "distortion": Variation("no distortion and ghosts of echo-planar imaging", _undistorted),
    "motion": Variation("no motion, no wrap-around", _still),
    "k-space": Variation("k-space whole, no ringing or sharpening", _sharp),
    "fat failure": Variation("fat suppression never fails", _suppressed),
    "mask": Variation("no background masks of the vendor", _unmasked),
    "export": Variation("no stripping, resampling, clipping, 8 bits", exported=False),
}
"""Part -> the simulator without it."""


def _harder(p: Protocol, a: Acquisition) -> tuple[Protocol, Acquisition]:
    coil = 1.0 + 2.0 * a.coil
    changed = replace(
        a,
        snr=max(a.snr / 2.5, 3.0),
        coil=coil,
        endorectal=1.5 * a.endorectal,
        resolution=(0.75 * a.resolution[0], 0.75 * a.resolution[1]),
        ghost=2.0 * a.ghost + 0.02,
        distortion_px=2.0 * a.distortion_px,
        motion=max(a.motion, 0.35),
        wrap=max(a.wrap, 0.1),
        parallel=a.parallel + 1.0,
    )
    return p, changed


SHIFTED = Variation("every artefact beyond its usual range", _harder)

_FIELDS = {
    "noise": ("snr", "parallel"),
    "coils": ("coil", "endorectal"),
    "resolution": ("resolution",),
    "ghosts": ("ghost",),
    "distortion": ("distortion_px",),
    "motion": ("motion",),
    "wrap-around": ("wrap",),
}
"""Artefact -> what of `Acquisition` decides it."""


def _alone(artefact: str) -> Change:
    def change(p: Protocol, a: Acquisition) -> tuple[Protocol, Acquisition]:
        harder = asdict(_harder(p, a)[1])
        return p, replace(a, **{name: harder[name] for name in _FIELDS[artefact]})

    return change


BEYOND: dict[str, Variation] = {
    name: Variation(f"{name} beyond the usual range, nothing else", _alone(name))
    for name in _FIELDS
}
"""Artefact -> the simulator with that one alone as `SHIFTED` has it."""

_OFTEN = 0.6
"""Share of volumes that have artefacts beyond their usual ranges, where training sees them."""

_EACH = 0.4
"""How often each artefact is one of them."""


def _now_and_then(p: Protocol, a: Acquisition) -> tuple[Protocol, Acquisition]:
    rng = np.random.default_rng([a.seed, 11])
    if rng.random() > _OFTEN:
        return p, a
    usual, harder = asdict(a), asdict(_harder(p, a)[1])
    for fields in _FIELDS.values():
        chance, far = rng.random(), rng.uniform(0.2, 1.0)
        for name in fields if chance < _EACH else ():
            between = (1.0 - far) * np.array(usual[name]) + far * np.array(harder[name])
            usual[name] = tuple(between.tolist()) if between.ndim else float(between)
    return p, Acquisition(**usual)


WIDER = Variation("some artefacts, now and then, beyond their usual ranges", _now_and_then)
"""What the volumes that bundles learn from are drawn with."""
