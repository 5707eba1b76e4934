"""What a bundle answers for real volumes that are changed one thing at a time, from pixels alone.

    python -m bench.changed_images PATH... [--model BUNDLE]

Tells which look of a scan its answer hangs on, so what the simulator draws otherwise: where noise
of 2 % or a dimmer surrounding turns a wrong answer into the right one, simulated volumes of that
label are noisier or dimmer. Ask about volumes that were looked at, never about locked ones: a
simulator mended by what this prints is tuned on them.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy import ndimage
from scipy.special import softmax

from mrsift.bundle import shipped_bundle_path
from mrsift.cli.arguments import bundle_path
from mrsift.infer import runtime
from mrsift.infer.runtime import Network
from mrsift.ingest import load_volumes
from mrsift.preprocess import prepare
from mrsift.types import Float32Array, Float64Array

SEED = 0
SHOWN = 0.05
"""Labels of less probability are not printed."""

Changed = tuple[str, Float32Array, Float64Array]
"""What was changed, the voxels (slices, rows, columns) and the affine that belongs to them."""


def main() -> None:
    """Prints one line for each change to each volume."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--model", type=bundle_path, default=shipped_bundle_path("sim"))
    given = parser.parse_args()
    network = runtime.start(given.model, 1).result()
    for path in given.paths:
        for number, volume in enumerate(load_volumes(path)):
            b_value = volume.info.b_value
            named = "" if b_value is None else f", b {b_value.s_per_mm2:g} s/mm2"
            print(f"\n## {path.name}, volume {number}{named}\n")
            print("| change | answers |")
            print("|---|---|")
            voxels = np.nan_to_num(volume.voxels).astype(np.float32)
            for name, changed, affine in changes(voxels, volume.affine_lps_mm):
                print(f"| {name} | {answers(network, changed, affine)} |", flush=True)


def answers(network: Network, voxels: Float32Array, affine_lps_mm: Float64Array) -> str:
    """Calibrated probabilities of the labels that matter, the greatest first."""
    manifest = network.bundle.manifest
    ready = prepare(voxels, affine_lps_mm, manifest.preprocess)[None, None]
    probabilities = softmax(network.predict(ready).logits[0] / manifest.temperature)
    order = np.argsort(-probabilities)
    return ", ".join(
        f"{manifest.labels[index]} {probabilities[index]:.2f}"
        for index in order
        if probabilities[index] >= SHOWN
    )


def changes(voxels: Float32Array, affine_lps_mm: Float64Array) -> Iterator[Changed]:
    """The volume as it is, then one change after another.

    Args:
        voxels: Shape (slices, rows, columns), finite.
        affine_lps_mm: Shape (4, 4), of `(slice, row, column, 1)`.
    """
    for name, changed in (*_intensities(voxels), *_places(voxels)):
        yield name, changed, affine_lps_mm
    yield from _parts(voxels, affine_lps_mm)


def _intensities(voxels: Float32Array) -> Iterator[tuple[str, Float32Array]]:
    """Everywhere the same: noise, tone, blur and sharpness in the plane."""
    yield "as it is", voxels
    random = np.random.default_rng(SEED)
    bright = np.percentile(voxels, 98)
    for share in (0.02, 0.05, 0.1):
        real, imaginary = random.normal(0, share * bright, (2, *voxels.shape)).astype(np.float32)
        yield f"noise of {share:.0%}", np.hypot(voxels + real, imaginary)
    unit = np.clip(voxels / max(float(voxels.max()), np.finfo(np.float32).tiny), 0, None)
    for exponent in (0.5, 0.7, 1.4, 2.0):
        yield f"to the power of {exponent:g}", unit**exponent
    for percentile in (90, 99):
        yield (
            f"clipped at percentile {percentile}",
            np.minimum(voxels, np.percentile(voxels, percentile)),
        )
    for pixels in (0.7, 1.2, 2.0):
        yield f"blurred by {pixels:g} pixels", _blurred(voxels, pixels)
    for axis, along in ((1, "along the columns"), (2, "along the rows")):
        soft = ndimage.gaussian_filter1d(voxels, 1.0, axis=axis)
        yield f"blurred by 1 pixel {along}", np.asarray(soft, dtype=np.float32)
    yield "sharpened", np.maximum(2 * voxels - _blurred(voxels, 1.0), 0)


def _places(voxels: Float32Array) -> Iterator[tuple[str, Float32Array]]:
    """Some places brighter or darker: the rest beside the largest bright part, and its holes."""
    inside = largest_part(voxels)
    for factor in (0, 0.5, 2, 4):
        yield (
            f"outside the largest part times {factor:g}",
            np.where(inside, voxels, factor * voxels),
        )
    weight = _blurred(inside.astype(np.float32), 8)
    around = _blurred(voxels * inside, 8) / np.maximum(weight, 0.05)
    holes = inside & (voxels < 0.5 * around)
    yield "its dark places filled", np.where(holes, around, voxels)
    peaks = inside & (voxels > 1.5 * around)
    yield "its bright places levelled", np.where(peaks, around, voxels)


def _parts(voxels: Float32Array, affine_lps_mm: Float64Array) -> Iterator[Changed]:
    """Half of the slices, a square of the plane, and less of it."""
    slices, rows, columns = voxels.shape
    half = slices // 2
    if half:
        yield "first half of the slices", voxels[:half], affine_lps_mm
        yield "last half of the slices", voxels[half:], _moved(affine_lps_mm, (half, 0, 0))
    if rows != columns:
        side = min(rows, columns)
        row, column = (rows - side) // 2, (columns - side) // 2
        cut = voxels[:, row : row + side, column : column + side]
        yield "cut to a square", cut, _moved(affine_lps_mm, (0, row, column))
    for share in (0.1, 0.2, 0.3):
        row, column = round(rows * share / 2), round(columns * share / 2)
        cut = voxels[:, row : rows - row, column : columns - column]
        yield f"{share:.0%} less of the plane", cut, _moved(affine_lps_mm, (0, row, column))


def largest_part(voxels: Float32Array) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """The largest connected bright part, holes filled: the brain of a head whose fat is dark.

    Args:
        voxels: Shape (slices, rows, columns).

    Returns:
        Same shape.
    """
    smooth = ndimage.gaussian_filter(voxels, 1)
    bright = smooth > 0.22 * np.percentile(voxels, 99)
    opened = ndimage.binary_opening(bright, ndimage.generate_binary_structure(3, 1), iterations=2)
    parts, count = ndimage.label(opened)
    if not count:
        return np.ones(voxels.shape, dtype=bool)
    sizes = np.bincount(parts.ravel())[1:]
    part = parts == 1 + np.argmax(sizes)
    return np.asarray(ndimage.binary_fill_holes(ndimage.binary_dilation(part, iterations=2)))


def _blurred(voxels: Float32Array, pixels: float) -> Float32Array:
    return np.asarray(ndimage.gaussian_filter(voxels, (0, pixels, pixels)), dtype=np.float32)


def _moved(affine_lps_mm: Float64Array, first: tuple[int, int, int]) -> Float64Array:
    """The affine of a part whose first voxel is the given one."""
    moved = affine_lps_mm.copy()
    moved[:3, 3] = affine_lps_mm[:3, :3] @ first + affine_lps_mm[:3, 3]
    return moved


if __name__ == "__main__":
    main()
