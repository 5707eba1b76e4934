"""A glioma with a planted sign: a difference between two classes of patients, known exactly.

Every patient has a class y, 0 or 1, and a score s = d y + n with n of unit normal
distribution. Only s reaches the image: the larger it is, the more of the tumour is necrotic.
Nothing else depends on y, so no observer of the image knows more about y than s itself, and
the best possible AUC is the one of s, P(s1 > s0) = Phi(d / sqrt(2)). For a wanted AUC,
d = sqrt(2) Phi^-1(AUC): 0.99 gives 3.29, 0.75 gives 0.95, 0.5 gives 0.

Source:
    Green, Swets: Signal Detection Theory and Psychophysics (1966), equal variances.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from mrsift.simulate.painting import Painting
from mrsift.simulate.shapes import Ellipsoid

_SOLID = ("white_matter", "grey_matter", "deep_grey", "pallidum", "csf", "oedema", "lesion")


@dataclass(frozen=True, slots=True)
class Patient:
    """What is drawn for one patient.

    Attributes:
        positive: The class.
        score: What the image shows of it.
        necrotic_share: Radius of the necrosis over radius of the tumour, 0.15 to 0.9.
    """

    positive: bool
    score: float
    necrotic_share: float


def separation(auc: float) -> float:
    """Distance d of the two classes, in deviations of the score."""
    return float(np.sqrt(2) * NormalDist().inv_cdf(auc))


def draw_patient(rng: np.random.Generator, auc: float, prevalence: float) -> Patient:
    """Draw class and sign of one patient.

    Args:
        rng: Source of chance.
        auc: Of the ideal observer.
        prevalence: Chance of the positive class.

    Returns:
        The patient; the necrotic share rises with the score and with nothing else.
    """
    d = separation(auc)
    positive = bool(rng.random() < prevalence)
    score = float(d * positive + rng.standard_normal())
    # Steepest where the classes meet, so that there a small error of the eye costs least.
    rank = NormalDist(d / 2).cdf(score)
    return Patient(positive, score, 0.15 + 0.75 * rank)


def paint_glioma(painting: Painting, rng: np.random.Generator, necrotic_share: float) -> None:
    """A tumour in one hemisphere: oedema, enhancing rim, necrosis.

    Args:
        painting: Of the lesions.
        rng: Source of size and place, which tell nothing of the class.
        necrotic_share: Of the radius.
    """
    side = float(rng.choice([-1, 1]))
    spot = (
        side * float(rng.uniform(28, 36)),
        float(rng.uniform(-32, 32)),
        float(rng.uniform(6, 24)),
    )
    size = rng.uniform(20, 27) * rng.uniform(0.9, 1.1, 3)
    a, b, c = (float(v) for v in size)
    spread = float(rng.uniform(1.3, 1.8))
    wide = Ellipsoid(spot, (a * spread, b * spread, c * spread))
    painting.add(wide, "oedema", over=("white_matter", "lesion"), rough=2.5)
    painting.add(Ellipsoid(spot, (a, b, c)), "enhancing_rim", over=_SOLID, rough=1.2)
    inner = (a * necrotic_share, b * necrotic_share, c * necrotic_share)
    painting.add(Ellipsoid(spot, inner), "necrosis", over=("enhancing_rim",), rough=0.6)
