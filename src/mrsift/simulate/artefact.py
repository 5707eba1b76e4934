"""From signal to a picture: coils, k-space, noise, distortion, and what vendors do after."""

from dataclasses import dataclass

import numpy as np
import scipy.fft
import scipy.ndimage
import scipy.special

from mrsift.simulate.anatomy import Maps
from mrsift.simulate.grid import Grid
from mrsift.types import Float32Array


@dataclass(frozen=True, slots=True)
class Acquisition:
    """How a volume is measured and finished; everything is drawn before anything is done.

    Attributes:
        seed: Of the noise.
        snr: Mean tissue signal over the deviation of the noise.
        coil: Strength of the surface-coil shading.
        coil_rows: Where the coils sit: front (-1) to back (1).
        coil_reach_mm: How far above and below their middle the coils see half.
        coil_offset_mm: How far above the middle of the slices that lies.
        endorectal: Flare of an endorectal coil, 0 for none.
        normalise: How much of the shading the scanner takes out again, 0 to 1.
        resolution: Measured share of k-space along rows and columns.
        window: 0 rings (Gibbs), 1 is smooth.
        ghost: Strength of the half-field ghost.
        distortion_px: Shift by a field offset of 1, pixels.
        phase_axis: 1 rows, 2 columns.
        partial: Measured share of k-space along the phase direction, from one end on (partial
            Fourier); the other end stays empty.
        wrap: Share of the field of view that folds over.
        motion: Breathing ghosts.
        sharpen: Unsharp mask, negative smooths.
        parallel: How much more noise parallel imaging leaves in the middle (g - 1).
        mask_background: Pixels below this share of the mean become zero.
        saturated: Share of the signal that a saturation band in front takes.
        band_mm: Where the band ends, y at z = 0, mm.
        band_slope: How much farther back it ends for every mm up.
    """

    seed: int
    snr: float
    coil: float = 0.3
    coil_rows: float = 0.0
    coil_reach_mm: float = 170.0
    coil_offset_mm: float = 0.0
    endorectal: float = 0.0
    normalise: float = 0.7
    resolution: tuple[float, float] = (0.9, 0.9)
    window: float = 0.4
    ghost: float = 0.0
    distortion_px: float = 0.0
    phase_axis: int = 1
    partial: float = 1.0
    wrap: float = 0.0
    motion: float = 0.0
    sharpen: float = 0.0
    parallel: float = 0.0
    mask_background: float = 0.0
    saturated: float = 0.0
    band_mm: float = -70.0
    band_slope: float = 0.0


_BAND_EDGE_MM = 3.0  # over which the profile of the pulse falls


def _positions_mm(grid: Grid) -> tuple[Float32Array, Float32Array, Float32Array]:
    """Along x, y and z, each of the shape of the grid."""
    slices = grid.offsets_mm(0)[:, None, None]
    rows = grid.offsets_mm(1)[None, :, None]
    columns = grid.offsets_mm(2)[None, None, :]
    x, y, z = (
        grid.centre_mm[i]
        + grid.directions[0, i] * slices
        + grid.directions[1, i] * rows
        + grid.directions[2, i] * columns
        for i in range(3)
    )
    return x, y, z


def left_by_band(grid: Grid, a: Acquisition) -> Float32Array:
    """Share of the signal that is left by a band of saturated tissue in front of the organs.

    The belly moves with every breath, and fat near the coils is bright: what it would ghost
    over the organs is saturated before every excitation.

    Args:
        grid: Where.
        a: The acquisition.

    Returns:
        Shape of the grid, 1 behind the band.
    """
    _, y, z = _positions_mm(grid)
    within = scipy.special.expit((a.band_mm + a.band_slope * z - y) / _BAND_EDGE_MM)
    return np.asarray(1 - a.saturated * within, dtype=np.float32)


def shading(maps: Maps, a: Acquisition) -> Float32Array:
    """Sensitivity of the coils, shape of the grid, mean about 1."""
    x, y, z = _positions_mm(maps.grid)
    front = np.exp(-(y + 110) / 70) * (1 - a.coil_rows)
    back = np.exp((y - 100) / 70) * (1 + a.coil_rows)
    ring = ((x / 90) ** 2 + (y / 110) ** 2) * 0.5
    field = 1 + a.coil * (front + back + ring)
    squared = ((z - maps.grid.centre_mm[2] - a.coil_offset_mm) / a.coil_reach_mm) ** 2
    field = field / (1 + squared * squared)
    if a.endorectal > 0:
        gap = x**2 + (y - 32) ** 2 + (np.maximum(np.abs(z) - 20, 0)) ** 2
        field = field + a.endorectal / (0.06 + gap / 900)
    field = field * np.exp(0.15 * a.coil * maps.shade)
    return np.asarray(field / field.mean(), dtype=np.float32)


def distort(image: Float32Array, off: Float32Array, axis: int) -> Float32Array:
    """Shift along the phase direction, with the pile-up that goes with it.

    Args:
        image: Shape (slices, rows, columns).
        off: Shift in pixels, same shape.
        axis: 1 or 2.

    Returns:
        Same shape; total signal is kept to first order.
    """
    moved = np.moveaxis(image, axis, -1)
    shift = np.moveaxis(off, axis, -1)
    n = moved.shape[-1]
    stretch = np.clip(1 - np.gradient(shift, axis=-1), 0.1, 4.0)
    place = np.clip(np.arange(n, dtype=np.float32) - shift, 0, n - 1.001)
    lower = place.astype(np.int32)
    weight = place - lower
    first = np.take_along_axis(moved, lower, -1)
    second = np.take_along_axis(moved, lower + 1, -1)
    return np.moveaxis((first * (1 - weight) + second * weight) * stretch, -1, axis)


def _filter(n: int, share: float, window: float) -> Float32Array:
    """Weights of one k-space axis: a Tukey window over the measured share."""
    frequency = np.abs(np.fft.fftfreq(n)) * 2 / max(share, 1e-3)
    start = 1 - 0.95 * window
    slope = np.clip((frequency - start) / max(1 - start, 1e-3), 0, 1)
    weight = 0.5 * (1 + np.cos(np.pi * slope))
    return np.where(frequency <= 1, weight, 0).astype(np.float32)


def measure(signal: Float32Array, maps: Maps, a: Acquisition) -> Float32Array:
    """Coils, distortion, limited k-space, ghosts and noise; then the magnitude.

    Args:
        signal: Shape of the grid, not negative.
        maps: For the field offsets and the tissue.
        a: The acquisition.

    Returns:
        Magnitude image, shape of the grid, Rician noise.
    """
    rng = np.random.default_rng([a.seed, 7])
    sensitivity = shading(maps, a)
    tissue = signal > 0.02 * np.percentile(signal, 99)
    level = float(signal[tissue].mean()) if tissue.any() else 1.0
    image = signal * sensitivity
    if a.saturated > 0:
        image = image * left_by_band(maps.grid, a)
    if a.distortion_px:
        image = distort(image, maps.average(maps.off_resonance) * a.distortion_px, a.phase_axis)
    if a.wrap > 0:
        image = _fold(image, a.wrap, a.phase_axis)
    noise = rng.standard_normal((2, *image.shape), dtype=np.float32) * np.float32(level / a.snr)
    if a.parallel > 0:
        noise *= _geometry_factor(image.shape, a.parallel)
    data = (image + noise[0]) + 1j * noise[1]
    spectrum = scipy.fft.fft2(data)
    rows = _filter(image.shape[1], a.resolution[0], a.window)
    columns = _filter(image.shape[2], a.resolution[1], a.window)
    spectrum *= rows[:, None] * columns
    lines = image.shape[a.phase_axis]
    along_phase = [1, 1, 1]
    along_phase[a.phase_axis] = lines
    if a.partial < 1:
        measured = np.fft.fftfreq(lines) * 2 <= 2 * a.partial - 1
        spectrum *= measured.astype(np.float32).reshape(along_phase)
    if a.motion > 0:
        period = rng.uniform(0.05, 0.35)
        wave = 1 + a.motion * np.sin(2 * np.pi * period * np.arange(lines) + rng.uniform(0, 6))
        spectrum *= wave.astype(np.float32).reshape(along_phase)
    data = scipy.fft.ifft2(spectrum)
    if a.ghost > 0:
        data = data + a.ghost * np.roll(data, image.shape[a.phase_axis] // 2, a.phase_axis)
    result = np.abs(data).astype(np.float32)
    return np.asarray(result / sensitivity ** np.float32(a.normalise))


def _geometry_factor(shape: tuple[int, ...], extra: float) -> Float32Array:
    """Noise of parallel imaging: most in the middle, where the coils see alike.

    Source:
        Pruessmann et al., Magn Reson Med 1999;42:952.
    """
    rows, columns = (np.linspace(-1, 1, n, dtype=np.float32) for n in shape[1:])
    squared = (rows[:, None] / 0.45) ** 2 + (columns / 0.45) ** 2
    return np.asarray(1 + np.float32(extra) * np.exp(-squared), dtype=np.float32)


def _fold(image: Float32Array, share: float, axis: int) -> Float32Array:
    """Tissue beyond one edge appears at the other; what is beyond is taken from what is near."""
    width = int(image.shape[axis] * share)
    if width == 0:
        return image
    moved = np.moveaxis(image, axis, 0)
    result = moved.copy()
    fade = np.linspace(1, 0, width, dtype=np.float32)[:, None, None]
    result[:width] += fade * moved[::-1][:width]
    result[-width:] += (fade * moved[:width])[::-1]
    return np.moveaxis(result, 0, axis)


def finish(image: Float32Array, a: Acquisition) -> Float32Array:
    """Sharpening or smoothing by the vendor, and the cut of the background."""
    if a.sharpen > 0:
        soft = scipy.ndimage.gaussian_filter(image, (0, 1.0, 1.0))
        image = np.maximum(image + a.sharpen * (image - soft), 0)
    elif a.sharpen < 0:
        image = scipy.ndimage.gaussian_filter(image, (0, -a.sharpen, -a.sharpen))
    if a.mask_background > 0:
        soft = scipy.ndimage.gaussian_filter(image, (0, 1.5, 1.5))
        image = np.where(soft < a.mask_background * image.mean(), 0, image)
    return image.astype(np.float32)
