"""A whole study before it is made: patient, scanner, series, and the volumes in each."""

from dataclasses import dataclass, replace

import numpy as np

from mrsift.simulate.glioma import Patient, draw_patient
from mrsift.simulate.plan import SubjectPlan, VolumePlan
from mrsift.simulate.protocol import Protocol
from mrsift.simulate.recipe import Recipe, Scanner, Site
from mrsift.simulate.site import Habits, is_planar
from mrsift.simulate.site_naming import series_name


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """One series.

    Attributes:
        number: SeriesNumber.
        kind: Of `recipe.SeriesKind`.
        description: SeriesDescription; None leaves it out.
        description_is: `right`, `missing` or `lying`.
        volumes: In the order in which they are written.
    """

    number: int
    kind: str
    description: str | None
    description_is: str
    volumes: tuple[VolumePlan, ...]


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """One study.

    Attributes:
        index: In the data set, from 0.
        patient: Number of the patient, the index of the first study of that patient.
        site: Where.
        scanner: On which machine.
        region: What is shown.
        sign: Class and planted sign, or None.
        series: In the order of their numbers.
    """

    index: int
    patient: int
    site: Site
    scanner: Scanner
    region: str
    sign: Patient | None
    series: tuple[SeriesPlan, ...]


def patient_of(recipe: Recipe, seed: int, index: int) -> int:
    """Number of the patient of a study: its own, or that of the study before."""
    while index > 0 and np.random.default_rng([seed, index, 11]).random() < recipe.follow_up:
        index -= 1
    return index


def plan_study(recipe: Recipe, seed: int, index: int) -> StudyPlan:
    """Draw everything about a study.

    Args:
        recipe: What the data set shall hold.
        seed: Of the data set.
        index: Of the study, from 0.

    Returns:
        The same plan for the same arguments, whatever the number of studies.
    """
    patient = patient_of(recipe, seed, index)
    person = np.random.default_rng([seed, patient, 12])
    region = _weighted(person, {str(k): v for k, v in recipe.regions.items()})
    sign = draw_patient(person, recipe.sign.auc, recipe.sign.prevalence) if recipe.sign else None
    rng = np.random.default_rng([seed, index, 13])
    site = recipe.sites[_pick(rng, [site.weight for site in recipe.sites])]
    scanner = site.scanners[int(rng.integers(len(site.scanners)))]
    share = sign.necrotic_share if sign else None
    subject = SubjectPlan((seed, patient, 14), region, scanner.field_strength_t, share)
    drawing = _Drawing(recipe, seed, site, subject, rng)
    series = _numbered(recipe, drawing.series(), site, rng)
    return StudyPlan(index, patient, site, scanner, region, sign, series)


class _Drawing:
    """The series of one study, drawn one after the other."""

    def __init__(
        self, recipe: Recipe, seed: int, site: Site, subject: SubjectPlan, rng: np.random.Generator
    ) -> None:
        self.recipe = recipe
        self.subject = subject
        self.habits = Habits(seed, site, subject.region, subject.field_t)
        self.rng = rng
        self.shift_mm = rng.normal(0, 4, 3)
        self.tilt_deg = rng.normal(0, 2, 2)

    def series(self) -> list[tuple[str, tuple[VolumePlan, ...]]]:
        """Kind and volumes of every series."""
        contents = self.recipe.contents[self.subject.region]  # type: ignore[index]
        result: list[tuple[str, tuple[VolumePlan, ...]]] = []
        weighted: list[VolumePlan] = []
        for kind, mean in sorted(contents.items(), key=lambda item: _ORDER.index(item[0])):
            count = int(mean) + int(self.rng.random() < mean % 1)
            for copy in range(count):
                if kind in ("ADC", "CALCULATED"):
                    if weighted:
                        result.append((kind, (self._map(kind, weighted[0]),)))
                elif kind == "DWI":
                    weighted = self._diffusion(copy)
                    together = self.habits.site.b_values_in_one_series
                    groups = [weighted] if together else [[v] for v in weighted]
                    result += [(kind, tuple(group)) for group in groups]
                elif kind == "LOCALIZER":
                    views = tuple(self._volume(kind, view) for view in range(3))
                    result.append((kind, views))
                else:
                    result.append((kind, (self._volume(kind, copy),)))
        return result

    def _volume(self, kind: str, copy: int) -> VolumePlan:
        """One acquired volume, by habit or astray."""
        stray = self.rng.random() < self.habits.site.strays
        own = np.random.default_rng(self.rng.integers(2**63))
        unknown = kind == "UNKNOWN"
        p = self.habits.protocol(
            own if stray or unknown else self.habits.stream(f"{kind}/{copy}"), kind
        )
        planar = unknown and is_planar(p)
        place = "DWI" if kind == "DWI" or planar else kind
        turn = copy if kind in ("T2W", "LOCALIZER", "DWI") else copy + 3
        where = self.habits.stream(f"grid/{place}/{turn}")
        grid, geometry_kind = self.habits.grid(where, place, turn, self.recipe.size)
        centre = tuple(float(c + s) for c, s in zip(grid.centre_mm, self.shift_mm, strict=True))
        tilt = tuple(float(t + s) for t, s in zip(grid.tilt_deg, self.tilt_deg, strict=True))
        grid = replace(
            grid, centre_mm=(centre[0], centre[1], centre[2]), tilt_deg=(tilt[0], tilt[1])
        )
        a = self.habits.acquisition(self.habits.stream(f"acquire/{place}"), geometry_kind, grid)
        if unknown:
            a = replace(a, mask_background=0.0)
        snr = max(a.snr * float(np.exp(self.rng.normal(0, 0.15))), 6.0)
        a = replace(a, seed=int(self.rng.integers(2**31)), snr=snr)
        peak = float(self.habits.stream(f"peak/{kind}/{copy}").uniform(300, 3000))
        chance = int(self.habits.stream("map").integers(2**31))
        if unknown:
            chance = int(self.rng.integers(2**31))
        blank = bool(self.recipe.sign and self.rng.random() < self.recipe.sign.blank)
        return VolumePlan(self.subject, grid, p, a, chance, peak, blank)

    def _diffusion(self, copy: int) -> list[VolumePlan]:
        """All b-values of one diffusion-weighted examination."""
        first = self._volume("DWI", copy)
        return [
            replace(first, protocol=_at(first.protocol, b))
            for b in self.habits.site.b_values_s_per_mm2
        ]

    def _map(self, kind: str, first: VolumePlan) -> VolumePlan:
        """The map of an examination, or the image calculated from it."""
        p = first.protocol
        if kind == "ADC":
            return replace(first, protocol=replace(p, label="ADC", family="adc"))
        b = float(self.habits.stream("calculated").choice([1000, 1400, 1500, 2000]))
        return replace(
            first, protocol=replace(p, label="DWI_HIGH", family="calculated", b=max(b, p.high_b))
        )


_ORDER = (
    "LOCALIZER",
    "T2W",
    "T2W_FS",
    "FLAIR",
    "DWI",
    "ADC",
    "CALCULATED",
    "T1W",
    "UNKNOWN",
    "T1W_CE",
)


def _at(p: Protocol, b: float) -> Protocol:
    return replace(p, b=b, label="DWI_HIGH" if b >= 500 else "DWI_LOW")


def _numbered(
    recipe: Recipe,
    drawn: list[tuple[str, tuple[VolumePlan, ...]]],
    site: Site,
    rng: np.random.Generator,
) -> tuple[SeriesPlan, ...]:
    """Number and describe the series."""
    names = [_right_name(site, volumes) for _, volumes in drawn]
    labels = [volumes[0].protocol.label for _, volumes in drawn]
    shares = recipe.descriptions
    weights = {"right": shares.right, "missing": shares.missing, "lying": shares.lying}
    result = []
    for i, (kind, volumes) in enumerate(drawn):
        how = _weighted(rng, weights)
        others = [name for name, label in zip(names, labels, strict=True) if label != labels[i]]
        description: str | None = names[i]
        if how == "missing":
            description = "" if rng.random() < 0.5 else None
        elif how == "lying" and others:
            description = others[int(rng.integers(len(others)))]
        elif how == "lying":
            how = "right"
        result.append(SeriesPlan(i + 1, kind, description, how, volumes))
    return tuple(result)


def _right_name(site: Site, volumes: tuple[VolumePlan, ...]) -> str:
    p = volumes[0].protocol
    values = tuple(v.protocol.b for v in volumes)
    if p.family == "adc":
        values = (p.low_b, p.high_b)
    return series_name(site.naming, p, volumes[0].grid.plane, values)


def _pick(rng: np.random.Generator, weights: list[float]) -> int:
    odds = np.array(weights, dtype=np.float64)
    return int(rng.choice(len(odds), p=odds / odds.sum()))


def _weighted(rng: np.random.Generator, weights: dict[str, float]) -> str:
    return list(weights)[_pick(rng, list(weights.values()))]
