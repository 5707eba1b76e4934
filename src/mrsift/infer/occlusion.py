"""Where in a volume the network looks: it is asked again and again with a block greyed out.

No gradients are needed, so the compiled network is enough. A block is two cells wide along each
axis and moves by one cell, so every cell is covered by several blocks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from mrsift.evaluate.calibration import softmax
from mrsift.infer.runtime import Network
from mrsift.preprocess import canonical_view, foreground, prepare
from mrsift.types import Float32Array, Float64Array, Volume

CELLS = (4, 8, 8)
"""Along slices, rows and columns. The network is asked once per block, here 405 times."""

BLOCK = 2
"""Cells that a block is wide."""


@dataclass(frozen=True, slots=True, eq=False)
class Occlusion:
    """How much each part of a volume matters for one label.

    Attributes:
        label: Whose odds were watched.
        probability: Of `label` from the pixels alone, with nothing greyed out.
        change: Shape (slices, rows, columns) in cells; the mean fall of the natural log-odds of
            `label` over the blocks that cover the cell. Above 0 it speaks for the label.
        affine_lps_mm: Shape (4, 4), cell (slice, row, column, 1) to LPS, mm.
        block_mm: Edges of a block along slices, rows and columns, mm.
        questions: How often the network was asked.
    """

    label: str
    probability: float
    change: Float32Array
    affine_lps_mm: Float64Array
    block_mm: tuple[float, float, float]
    questions: int


def occlude(
    volume: Volume,
    network: Network,
    stop: Callable[[], bool] = lambda: False,
) -> Occlusion | None:
    """Grey out block after block and watch the odds of what the pixels alone answer.

    Args:
        volume: Prepared as for identifying it; grey is its mean.
        network: Asked from this thread.
        stop: Asked between questions; True ends the work.

    Returns:
        The map, or None where `stop` ended it.

    Source:
        Zeiler and Fergus 2014, Visualizing and Understanding Convolutional Networks, 4.2.
    """
    manifest = network.bundle.manifest
    settings = manifest.preprocess
    ready = prepare(volume.voxels, volume.affine_lps_mm, settings)
    cells = tuple(min(wanted, size) for wanted, size in zip(CELLS, ready.shape, strict=True))

    def logits(seen: Float32Array) -> Float64Array:
        said = network.predict(seen[np.newaxis, np.newaxis]).logits[0]
        scaled: Float64Array = said.astype(np.float64) / manifest.temperature
        return scaled

    whole = logits(ready)
    watched = int(whole.argmax())
    before = _log_odds(whole, watched)
    change, covered = np.zeros(cells), np.zeros(cells)
    questions = 0
    for block, voxels in _blocks(cells, ready.shape):
        if stop():
            return None
        greyed = ready.copy()
        greyed[voxels] = 0.0
        change[block] += before - _log_odds(logits(greyed), watched)
        covered[block] += 1
        questions += 1
    affine = _affine_of_cells(volume, cells, settings.crop_background, settings.background_fraction)
    edges = BLOCK * np.linalg.norm(affine[:3, :3], axis=0)
    return Occlusion(
        manifest.labels[watched],
        float(softmax(whole[np.newaxis])[0, watched]),
        (change / covered).astype(np.float32),
        affine,
        (float(edges[0]), float(edges[1]), float(edges[2])),
        questions,
    )


def _log_odds(logits: Float64Array, label: int) -> float:
    """Natural log-odds of a label against all others; finite however sure the network is."""
    return float(logits[label] - np.logaddexp.reduce(np.delete(logits, label)))


def _blocks(
    cells: tuple[int, ...], shape: tuple[int, ...]
) -> Iterator[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    """Every block in cells and in voxels of the input; those at the border stand out of it."""
    edges = [
        np.round(np.linspace(0, size, n + 1)).astype(int)
        for n, size in zip(cells, shape, strict=True)
    ]
    for first in product(*(range(1 - BLOCK, n) for n in cells)):
        block = tuple(
            slice(max(0, start), min(n, start + BLOCK))
            for start, n in zip(first, cells, strict=True)
        )
        yield (
            block,
            tuple(
                slice(int(edge[one.start]), int(edge[one.stop]))
                for edge, one in zip(edges, block, strict=True)
            ),
        )


def _affine_of_cells(
    volume: Volume, cells: tuple[int, ...], crops: bool, background_fraction: float
) -> Float64Array:
    """Cell (slice, row, column, 1) to LPS, mm, through what `preprocess.prepare` does."""
    view = canonical_view(volume.voxels, volume.affine_lps_mm)
    box = foreground(view, background_fraction) if crops else (slice(None),) * 3
    to_view = np.eye(4)
    for axis, (part, n) in enumerate(zip(box, cells, strict=True)):
        start, stop, _ = part.indices(view.shape[axis])
        to_view[axis, axis] = (stop - start) / n
        to_view[axis, 3] = start + 0.5 * (stop - start) / n - 0.5
    affine: Float64Array = volume.affine_lps_mm @ _view_to_storage(volume) @ to_view
    return affine


def _view_to_storage(volume: Volume) -> Float64Array:
    """Index in the canonical view to index as stored: the storage indices, seen the same way."""
    shape = volume.voxels.shape
    matrix = np.eye(4)
    matrix[:3, :3] = 0.0
    for axis, size in enumerate(shape):
        along = [size if other == axis else 1 for other in range(3)]
        index = np.broadcast_to(np.arange(size, dtype=np.float32).reshape(along), shape)
        seen = canonical_view(index, volume.affine_lps_mm)
        matrix[axis, 3] = seen[0, 0, 0]
        for step in range(3):
            matrix[axis, step] = np.diff(np.moveaxis(seen, step, 0)[:2, 0, 0]).sum()
    # An axis of one plane shows no step; it is the one that is left.
    flat = [axis for axis in range(3) if not matrix[axis, :3].any()]
    left = [step for step in range(3) if not matrix[:3, step].any()]
    matrix[flat, left] = 1.0
    return matrix
