"""How often do the intervals of `mrsift evaluate` hold the true rate?

    python bench/interval_coverage.py [--areas]

Draws studies of known truth: patients with three to six volumes each, a rate of errors, and a
share of patients whose volumes all go wrong together. Prints, per setting, the share of studies
whose interval holds the rate, for the interval as it is and for two that were not chosen: draws
of patients and Wilson alone, and the bound without errors counted in volumes. With --areas:
patients of two labels with scores of a known AUC, and the share of cohorts whose DeLong interval
holds it.
"""

import argparse
from itertools import product
from statistics import NormalDist

import numpy as np

from mrsift.evaluate.bootstrap import draw_patients
from mrsift.evaluate.delong import area
from mrsift.evaluate.intervals import estimate_rate, largest_rate_unseen, wilson_interval

STUDIES = 1000
DRAWS = 500
PATIENTS = (30, 108)
ERROR_RATES = (0.005, 0.02, 0.06)
TOGETHER = (0.0, 0.3, 1.0)

AREA_PATIENTS = (30, 60, 117, 582)
AREAS = (0.5, 0.75, 0.95)

Interval = tuple[float, float]


def study(
    patients: int, rate: float, together: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Right volumes and volumes of each patient."""
    volumes = rng.integers(3, 7, patients)
    whole = np.where(rng.random(patients) < rate, volumes, 0)
    wrong = np.where(rng.random(patients) < together, whole, rng.binomial(volumes, rate))
    return (volumes - wrong).astype(float), volumes.astype(float)


def three_intervals(right: np.ndarray, volumes: np.ndarray, draws) -> tuple[Interval, ...]:
    """As it is; draws and Wilson alone; the same with the bound counted in volumes."""
    found = estimate_rate(right, volumes, draws)
    chosen = (found.low, found.high)
    if found.method == "bound":
        return chosen, chosen, (1 - largest_rate_unseen(found.total), 1.0)
    drawn = draws.resample(right) / draws.resample(volumes)
    wilson = wilson_interval(int(right.sum()), int(volumes.sum()))
    low, high = np.quantile(drawn, [0.025, 0.975])
    plain = (min(float(low), wilson[0]), max(float(high), wilson[1]))
    return chosen, plain, plain


def main() -> None:
    """Print one line per setting."""
    print("| patients | error rate | wrong together | no error | chosen | plain | by volumes |")
    print("|---" * 7 + "|")
    rng = np.random.default_rng(1)
    for patients in PATIENTS:
        draws = draw_patients(np.array([f"{i:04}" for i in range(patients)], object), draws=DRAWS)
        for rate, together in product(ERROR_RATES, TOGETHER):
            held, perfect = np.zeros(3), 0
            for _ in range(STUDIES):
                right, volumes = study(patients, rate, together, rng)
                ends = three_intervals(right, volumes, draws)
                held += [low <= 1 - rate <= high for low, high in ends]
                perfect += int(right.sum() == volumes.sum())
            shares = " | ".join(f"{share:.3f}" for share in held / STUDIES)
            print(f"| {patients} | {rate} | {together} | {perfect / STUDIES:.2f} | {shares} |")


def areas() -> None:
    """Print one line per number of patients, half of them of each label."""
    print("| patients | " + " | ".join(f"AUC {value}" for value in AREAS) + " |")
    print("|---" * (1 + len(AREAS)) + "|")
    rng = np.random.default_rng(0)
    for patients in AREA_PATIENTS:
        positive, shares = np.arange(patients) % 2 == 0, []
        for value in AREAS:
            distance = np.sqrt(2) * NormalDist().inv_cdf(value)
            drawn = [
                area(rng.normal(distance * positive), positive).estimate() for _ in range(STUDIES)
            ]
            shares.append(np.mean([one.low <= value <= one.high for one in drawn]))
        print(f"| {patients} | " + " | ".join(f"{share:.3f}" for share in shares) + " |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--areas", action="store_true", help="of the AUC of patients")
    areas() if parser.parse_args().areas else main()
