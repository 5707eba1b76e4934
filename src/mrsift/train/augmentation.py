"""What a scanner or a scan may change without changing the label.

Parameters are drawn first and applied second, so that every draw can be seen and replayed.
Contrast stays true to the class: nothing inverts, and no tissue changes its order, because
telling contrasts apart is the task.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.nn.functional import grid_sample

from mrsift.config import AugmentationSettings, PreprocessSettings
from mrsift.preprocess import normalise, resize
from mrsift.types import Float32Array, Float64Array


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """One set of parameters.

    Attributes:
        homography: Output to input, in-plane, both from -1 to 1 (x to columns, y to rows),
            shape (3, 3): rotation, translation, size, aspect, shear, perspective. None
            resizes the whole field of view as inference does.
        slices: First and last share of the stack that is kept, 0 to 1.
        repeated: Slices that show their neighbour instead (dropped ones).
        mirrored: Columns run the other way: left and right, but of sagittal slices front and back.
        upside_down: A header lied about the orientation.
        shading: Coefficients of the logarithm of a smooth gain, shape (2, 3).
        sharpness: Share of the difference to the blurred image that is added, from -0.6.
        coarseness: In-plane size that the image is reduced to before its full size, 0 to 1.
        texture: Deviation of a fine multiplicative pattern.
        noise: Deviation of added noise, in deviations of the volume.
        upper_percentile: Of the clip before the z-score, None for that of the settings.
        empty_below: Voxels below this quantile become one value (a mask), None for none.
    """

    homography: Float64Array | None
    slices: tuple[float, float]
    repeated: tuple[int, ...]
    mirrored: bool
    upside_down: bool
    shading: Float64Array
    sharpness: float
    coarseness: float
    texture: float
    noise: float
    upper_percentile: float | None
    empty_below: float | None


def draw(rng: np.random.Generator, settings: AugmentationSettings, slices: int) -> Draw:
    """Draws the parameters for one volume.

    Args:
        rng: Source of every draw.
        settings: How often and how much.
        slices: Of the network's input.
    """
    chance = rng.random(12)
    ends = rng.uniform(0.0, 1.0, 2) * settings.crop_slices[1]
    most_lost = min(settings.drop_slices[1], slices - 1)
    lost = rng.integers(1, slices, rng.integers(1, most_lost + 1)) if most_lost > 0 else ()
    shaded = chance[5] < settings.shading[0]
    return Draw(
        homography=_draw_homography(rng, settings) if chance[2] < settings.plane else None,
        slices=(float(ends[0]), float(1.0 - ends[1]))
        if chance[0] < settings.crop_slices[0]
        else (0.0, 1.0),
        repeated=tuple(int(index) for index in lost) if chance[1] < settings.drop_slices[0] else (),
        mirrored=bool(chance[3] < settings.mirror),
        upside_down=bool(chance[4] < settings.upside_down),
        # Every coil shades a little, so the others get a fifth.
        shading=rng.normal(size=(2, 3)) * (settings.shading[1] * (1.0 if shaded else 0.2)),
        sharpness=float(rng.uniform(*settings.sharpness[1:]))
        if chance[6] < settings.sharpness[0]
        else 0.0,
        coarseness=float(rng.uniform(settings.coarseness[1], 1.0))
        if chance[7] < settings.coarseness[0]
        else 1.0,
        texture=float(rng.uniform(0.0, settings.texture[1]))
        if chance[8] < settings.texture[0]
        else 0.0,
        noise=float(rng.exponential(settings.noise[1])) if chance[9] < settings.noise[0] else 0.0,
        upper_percentile=float(rng.uniform(settings.clip[1], 99.9))
        if chance[10] < settings.clip[0]
        else None,
        empty_below=float(rng.uniform(0.25, 1.0)) * settings.mask[1]
        if chance[11] < settings.mask[0]
        else None,
    )


def _draw_homography(rng: np.random.Generator, settings: AugmentationSettings) -> Float64Array:
    """Output to input: a little of everything a plane can suffer."""
    angle = np.deg2rad(settings.rotation_deg) * rng.normal()
    size = np.exp(rng.uniform(*np.log(settings.scale)) + settings.anisotropy * rng.normal(size=2))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.eye(3)
    matrix[:2, :2] = rotation @ np.diag(size) + settings.shear * rng.normal(size=(2, 2))
    # A field of view that is smaller than the volume may lie anywhere in it.
    matrix[:2, 2] = rng.uniform(-1, 1, 2) * np.maximum(settings.translation, 0.9 * (1.0 - size))
    matrix[2, :2] = settings.perspective * rng.normal(size=2)
    return matrix


def apply(
    volume: Float32Array, drawn: Draw, settings: PreprocessSettings, rng: np.random.Generator
) -> Float32Array:
    """The network's input for a volume of the pool.

    Args:
        volume: Prepared, shape (slices, rows, columns), of the size of the input or larger.
        drawn: Of `draw`.
        settings: Of the network's input.
        rng: For noise and texture.

    Returns:
        Shape `settings.input_shape`.
    """
    bright, lowest = vary(volume, drawn, settings.input_shape, rng)
    if settings.intensity == "histogram":  # equalised already, from -0.5 to 0.5
        return np.ascontiguousarray(np.clip(bright + lowest, -0.5, 0.5))
    low, high = settings.clip_percentiles
    clip = (low, high if drawn.upper_percentile is None else drawn.upper_percentile)
    return normalise(np.ascontiguousarray(bright), replace(settings, clip_percentiles=clip))


def vary(
    volume: Float32Array, drawn: Draw, shape: tuple[int, int, int], rng: np.random.Generator
) -> tuple[Float32Array, np.float32]:
    """All of a draw but the clip, which belongs to the intensities.

    Args:
        volume: As in `apply`.
        drawn: Of `draw`.
        shape: Of the network's input.
        rng: For noise and texture.

    Returns:
        How much brighter than the darkest voxel each one is, of that shape; and the darkest.
    """
    first, last = (round(share * len(volume)) for share in drawn.slices)
    volume = volume[first : max(last, first + 1)]
    lowest = volume.min()
    if drawn.homography is None:
        volume = _resized(volume, shape)
    else:
        volume = _seen_through(volume, drawn.homography, shape)
    for index in drawn.repeated:
        volume[index] = volume[index - 1]
    if drawn.coarseness < 1.0:
        coarse = [max(8, round(size * drawn.coarseness)) for size in volume.shape[1:]]
        volume = resize(resize(volume, (len(volume), coarse[0], coarse[1])), shape)
    if drawn.sharpness:
        volume = volume + np.float32(drawn.sharpness) * (volume - _blurred(volume))
    bright = volume - lowest
    if drawn.shading.any() or drawn.texture:
        bright *= _gain(drawn, volume.shape, rng)
    if drawn.noise:
        noise = rng.standard_normal(volume.shape, dtype=np.float32)
        noise *= np.float32(drawn.noise)
        bright += noise
        np.abs(bright, out=bright)
    if drawn.empty_below is not None:
        bright = np.maximum(bright, np.quantile(bright[::3, ::3, ::3], drawn.empty_below))
    return bright[:, :: -1 if drawn.upside_down else 1, :: -1 if drawn.mirrored else 1], lowest


def _seen_through(
    volume: Float32Array, homography: Float64Array, shape: tuple[int, int, int]
) -> Float32Array:
    """The slices seen through a homography; what lies outside is empty.

    Before that, the volume is brought to about as many pixels as are seen of it, so that samples
    between them miss nothing and a part of a fine image stays as sharp as the whole.
    """
    size = float(np.sqrt(abs(np.linalg.det(homography[:2, :2]))))
    rows, columns = (
        min(had, max(round(shown / size), 1))
        for had, shown in zip(volume.shape[1:], shape[1:], strict=True)
    )
    volume = _resized(volume, (shape[0], rows, columns))
    down, across = np.meshgrid(
        (np.arange(shape[1]) + 0.5) * (2.0 / shape[1]) - 1.0,
        (np.arange(shape[2]) + 0.5) * (2.0 / shape[2]) - 1.0,
        indexing="ij",
    )
    seen = np.stack([across, down, np.ones_like(down)], axis=-1) @ homography.T
    grid = (seen[..., :2] / np.maximum(seen[..., 2:], 0.2)).astype(np.float32)
    lowest = volume.min()
    source = torch.from_numpy(volume - lowest)[None]  # (1, slices, rows, columns)
    warped = grid_sample(
        source,
        torch.from_numpy(grid)[None],
        mode="bicubic",
        padding_mode="zeros",
        align_corners=False,
    )
    seen_through: Float32Array = warped[0].numpy()
    np.maximum(seen_through, 0.0, out=seen_through)  # between samples a cubic swings below
    seen_through += lowest
    return seen_through


def _resized(volume: Float32Array, shape: tuple[int, int, int]) -> Float32Array:
    """A copy at another size, or at the same."""
    return volume.copy() if volume.shape == shape else resize(volume, shape)


def _blurred(volume: Float32Array) -> Float32Array:
    """In-plane mean with weights 1 2 1 in both directions."""
    rows = volume.copy()
    rows[:, 1:-1] = 0.25 * (volume[:, :-2] + 2 * volume[:, 1:-1] + volume[:, 2:])
    both = rows.copy()
    both[:, :, 1:-1] = 0.25 * (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:])
    return both


def _gain(drawn: Draw, shape: tuple[int, ...], rng: np.random.Generator) -> Float32Array:
    """Smooth shading times fine texture, shape (slices or 1, rows, columns)."""
    powers = [_powers(size) @ row for size, row in zip(shape[1:], drawn.shading, strict=True)]
    gain: Float32Array = np.exp(powers[0][:, None] + powers[1]).astype(np.float32)[None]
    if drawn.texture:
        pattern = rng.standard_normal(shape, dtype=np.float32)
        gain = gain * np.maximum(1.0 + np.float32(drawn.texture) * pattern, 0.1)
    return gain


def _powers(size: int) -> Float64Array:
    """First three powers of the position, from -1 to 1, shape (size, 3)."""
    powers: Float64Array = np.linspace(-1.0, 1.0, size)[:, None] ** np.arange(1, 4)
    return powers
