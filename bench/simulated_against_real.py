"""Simple statistics of simulated volumes beside real ones that may be looked at.

    python bench/simulated_against_real.py EXAM [--subjects N]

EXAM is a folder or archive, with what each series is in its description (PROSTATEx patient 0000).
Every volume is brought to 14 x 120 x 120, and values are over the deviation of
the volume; but `finest` is of the volume's own pixels. Printed are medians, and of simulated
volumes the 10th and 90th percentile too.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np

from mrsift.config import PreprocessSettings
from mrsift.ingest import scan
from mrsift.preprocess import prepare
from mrsift.simulate import draw_subject
from mrsift.types import Float32Array

SETTINGS = PreprocessSettings(input_shape=(14, 120, 120), intensity="zscore")
COLUMNS = (
    "finest",
    "gradient",
    "laplacian",
    "centre/outer",
    "at minimum",
    "p10",
    "p30",
    "p50",
    "p90",
    "p99",
)


def fine_detail(voxels: Float32Array) -> float:
    """Power near the finest detail that the pixels of an image hold, over that of coarse detail.

    Args:
        voxels: Shape (slices, rows, columns).

    Returns:
        Decimal logarithm of the mean power from 0.4 to 0.5 cycles a pixel over that from 0.03
        to 0.1, in the middle third of the slices, without the empty border.
    """
    middle = voxels[len(voxels) // 3 : 2 * len(voxels) // 3 + 1]
    low, high = np.percentile(middle, (1, 99))
    bright = middle > low + 0.1 * (high - low)
    rows, columns = (np.flatnonzero(bright.mean(axis=axes) > 0.01) for axes in ((0, 2), (0, 1)))
    part = middle[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    window = np.outer(np.hanning(part.shape[1]), np.hanning(part.shape[2]))
    swings = (part - part.mean(axis=(1, 2), keepdims=True)) * window
    power = (np.abs(np.fft.fft2(swings)) ** 2).mean(axis=0)
    frequency = np.hypot(np.fft.fftfreq(part.shape[1])[:, None], np.fft.fftfreq(part.shape[2]))
    fine, coarse = (
        power[(frequency >= least) & (frequency < most)].mean()
        for least, most in ((0.4, 0.5), (0.03, 0.1))
    )
    return float(np.log10(fine / coarse))


def statistics(voxels: Float32Array, volume: Float32Array) -> list[float]:
    """One value for each of `COLUMNS`, of a volume's own voxels and of those for training."""
    deviation = float(volume.std())
    rows, columns = np.diff(volume, axis=1)[:, :, :-1], np.diff(volume, axis=2)[:, :-1]
    inner = volume[:, 1:-1, 1:-1]
    around = volume[:, :-2, 1:-1] + volume[:, 2:, 1:-1] + volume[:, 1:-1, :-2] + volume[:, 1:-1, 2:]
    above = volume - volume.min()
    middle = np.zeros(volume.shape[1:], dtype=bool)
    middle[30:90, 30:90] = True
    scores = (volume - volume.mean()) / deviation
    return [
        fine_detail(voxels),
        float(np.hypot(rows, columns).mean() / deviation),
        float(np.abs(4 * inner - around).mean() / deviation),
        float(above[:, middle].mean() / max(float(above[:, ~middle].mean()), 1e-6)),
        float((above == 0).mean()),
        *(float(v) for v in np.percentile(scores, (10, 30, 50, 90, 99))),
    ]


def kind_of(description: str, b_value: float | None) -> str:
    """What a series of PROSTATEx is, by its description."""
    if "ADC" in description:
        return "ADC"
    if "diff" in description:
        return "DWI_LOW" if b_value is not None and b_value < 500 else "DWI_HIGH"
    return "UNKNOWN" if "PD" in description else "T2W"


def real(exam: Path) -> dict[str, list[list[float]]]:
    """Statistics of every volume of the exam, by label and description."""
    found = scan([exam])
    table: dict[str, list[list[float]]] = defaultdict(list)
    for study in found.studies:
        for info in study.volumes:
            b = info.b_value.s_per_mm2 if info.b_value else None
            volume = found.read(info)
            name = kind_of(info.series_description or "", b)
            ready = prepare(volume.voxels, volume.affine_lps_mm, SETTINGS)
            key = f"{name} {info.plane}{'' if b is None else f' b{b:g}'}"
            table[key].append(statistics(volume.voxels, ready))
    return table


def simulated(subjects: int) -> dict[str, list[list[float]]]:
    """Statistics of simulated pelves, by label."""
    table: dict[str, list[list[float]]] = defaultdict(list)
    for index in range(0, 2 * subjects, 2):
        for volume in draw_subject(2026, index):
            if volume.region == "pelvis" and volume.label in ("T2W", "DWI_LOW", "DWI_HIGH", "ADC"):
                ready = prepare(volume.voxels, volume.affine_lps_mm, SETTINGS)
                table[volume.label].append(statistics(volume.voxels, ready))
    return table


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description="Simulated volumes beside real ones.")
    parser.add_argument("exam", type=Path)
    parser.add_argument("--subjects", type=int, default=24)
    chosen = parser.parse_args()
    print(f"| | {' | '.join(COLUMNS)} |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for name, rows in sorted(simulated(chosen.subjects).items()):
        low, middle, high = np.percentile(np.array(rows), (10, 50, 90), axis=0)
        cells = [f"{m:.2f} ({a:.2f} to {z:.2f})" for a, m, z in zip(low, middle, high, strict=True)]
        print(f"| {name} simulated | {' | '.join(cells)} |")
    for name, rows in sorted(real(chosen.exam).items()):
        print(f"| {name} real | {' | '.join(f'{v:.2f}' for v in np.median(rows, axis=0))} |")


if __name__ == "__main__":
    main()
