"""Recipes of `mrsift simulate`: TOML, checked before anything is drawn."""

import difflib
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from mrsift.errors import ConfigError
from mrsift.simulate.site_naming import Style
from mrsift.simulate.vendor import Vendor

Region = Literal["pelvis", "head", "abdomen"]
SeriesKind = Literal[
    "LOCALIZER",
    "T2W",
    "T2W_FS",
    "DWI",
    "ADC",
    "CALCULATED",
    "T1W",
    "T1W_CE",
    "FLAIR",
    "UNKNOWN",
]


def _ordered(span: tuple[int, int]) -> tuple[int, int]:
    if not span[0] <= span[1]:
        raise ValueError(f"the first of {list(span)} must not be the larger one")
    return span


def _simulated_field(tesla: float) -> float:
    if tesla not in (1.5, 3.0):
        raise ValueError("only 1.5 and 3.0 tesla are simulated")
    return tesla


Count = Annotated[int, Field(ge=1, le=1024)]
Span = Annotated[tuple[Count, Count], AfterValidator(_ordered)]
Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Size(_Strict):
    """How large volumes are.

    Attributes:
        pixels: Longer side of a slice, smallest and largest.
        echo_planar_pixels: The same of diffusion-weighted volumes and their maps.
        slices: Slices of a volume.
    """

    pixels: Span = (96, 160)
    echo_planar_pixels: Span = (80, 128)
    slices: Span = (14, 24)


class Descriptions(_Strict):
    """What SeriesDescription says, as weights.

    Attributes:
        right: What the series is.
        missing: Nothing: the attribute is absent or empty.
        lying: What another series of the study is.
    """

    right: Weight = 1.0
    missing: Weight = 0.0
    lying: Weight = 0.0

    @model_validator(mode="after")
    def _some(self) -> "Descriptions":
        if self.right + self.missing + self.lying <= 0:
            raise ValueError("right, missing and lying are all 0; raise one of them")
        return self


class Scanner(_Strict):
    """One machine.

    Attributes:
        model: ManufacturerModelName.
        field_strength_t: 1.5 or 3.0.
    """

    model: str
    field_strength_t: Annotated[float, AfterValidator(_simulated_field)]


class Site(_Strict):
    """A hospital with its own habits; protocols follow from its name and the seed.

    Attributes:
        name: In labels.csv, and InstitutionName.
        vendor: Whose headers are imitated.
        scanners: A study is made on one of them.
        weight: Share of the studies, relative to the other sites.
        naming: How series are named.
        b_values_s_per_mm2: Of one diffusion-weighted examination.
        b_values_in_one_series: All b-values in one series, or one series each.
        enhanced: Enhanced multi-frame objects instead of one file a slice.
        strays: Share of series whose protocol is not the habit of the site.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=40)]
    vendor: Vendor
    scanners: Annotated[tuple[Scanner, ...], Field(min_length=1)]
    weight: Annotated[float, Field(gt=0)] = 1.0
    naming: Style = "siemens"
    b_values_s_per_mm2: Annotated[
        tuple[Annotated[float, Field(ge=0, le=5000)], ...], Field(min_length=2)
    ] = (0, 800)
    b_values_in_one_series: bool = True
    enhanced: bool = False
    strays: Share = 0.1

    @model_validator(mode="after")
    def _rising(self) -> "Site":
        if list(self.b_values_s_per_mm2) != sorted(set(self.b_values_s_per_mm2)):
            raise ValueError(f"site {self.name}: b_values_s_per_mm2 must rise")
        return self


class Sign(_Strict):
    """A glioma in every head, and a sign in it that tells two classes of patients apart.

    Attributes:
        auc: What an ideal observer of the sign reaches, 0.5 to 0.999.
        prevalence: Share of patients of class 1.
        blank: Share of series that hold no signal.
    """

    auc: Annotated[float, Field(ge=0.5, le=0.999)] = 0.75
    prevalence: Annotated[float, Field(gt=0, lt=1)] = 0.5
    blank: Share = 0.0


class Recipe(_Strict):
    """What a data set shall hold.

    Attributes:
        about: In words.
        regions: Weights.
        contents: For each region, how many series of each kind a study holds on average.
        follow_up: Chance that a study is of the same patient as the one before.
        size: Of volumes.
        descriptions: Right, missing or lying.
        sign: Glioma and planted sign, or None.
        sites: At least one.
    """

    about: str = ""
    regions: dict[Region, Weight]
    contents: dict[Region, dict[SeriesKind, Annotated[float, Field(ge=0, le=20)]]]
    follow_up: Share = 0.0
    size: Size = Size()
    descriptions: Descriptions = Descriptions()
    sign: Sign | None = None
    sites: Annotated[tuple[Site, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _whole(self) -> "Recipe":
        wanted = [region for region, weight in self.regions.items() if weight > 0]
        if not wanted:
            raise ValueError("regions: no weight above 0")
        for region in wanted:
            if not any(self.contents.get(region, {}).values()):
                raise ValueError(f"contents.{region}: says no series, but regions asks for it")
        names = [site.name for site in self.sites]
        if len(set(names)) < len(names):
            raise ValueError("sites: two have the same name")
        if self.sign and set(wanted) != {"head"}:
            raise ValueError("sign: needs regions = {head = 1}")
        return self


def shipped() -> tuple[str, ...]:
    """Names of the recipes that come with mrsift."""
    folder = files("mrsift") / "assets" / "recipes" / "simulate"
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir()))


def load_recipe(name: str, settings: Sequence[str] = ()) -> Recipe:
    """Read and check a recipe.

    Args:
        name: Path of a TOML file, or the name of a shipped recipe.
        settings: `key.key=value` each, laid over the file; values as in TOML, quotes optional.

    Returns:
        The checked recipe.

    Raises:
        ConfigError: No such recipe, not TOML, an unknown key, or a value out of range.
    """
    path = Path(name)
    if not path.is_file():
        if path.stem not in shipped():
            raise ConfigError(
                f"{name}: no such file, and no recipe of that name; shipped are "
                f"{', '.join(shipped())}"
            )
        shelf = files("mrsift") / "assets" / "recipes" / "simulate"
        text = (shelf / f"{path.stem}.toml").read_text(encoding="utf-8")
    else:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{name}: cannot be read as text: {error}") from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: is not TOML: {error}") from error
    for setting in settings:
        _lay_over(table, setting)
    try:
        return Recipe.model_validate(table)
    except ValidationError as error:
        raise ConfigError(f"{name}: {_in_words(error)}") from error


def _lay_over(table: dict[str, Any], setting: str) -> None:
    """Set one `key.key=value`."""
    key, equals, text = setting.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set {setting}: expected KEY=VALUE, e.g. size.pixels=[64,96]")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    *outer, last = key.strip().split(".")
    for name in outer:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise ConfigError(f"--set {setting}: {name} is no table of settings")
    table[last] = value


def _in_words(error: ValidationError) -> str:
    """The first thing that is wrong, in one line."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"unknown setting {place}{_suggestion(first['loc'])}"
    if first["loc"] and first["loc"][-1] == "[key]":
        return f"unknown name {place.removesuffix('.[key]')}{_suggestion(first['loc'][:-1])}"
    if first["type"] == "missing":
        return f"{place} is missing"
    reason = str(first["msg"]).removeprefix("Value error, ")
    return f"{place}: {reason}" if place else reason


def _suggestion(place: tuple[int | str, ...]) -> str:
    """`; did you mean ...?` from the names that are allowed anywhere in a recipe."""
    models = (Recipe, Site, Scanner, Size, Descriptions, Sign)
    names = {name for model in models for name in model.model_fields}
    known = sorted(names | set(get_args(Region)) | set(get_args(SeriesKind)))
    near = difflib.get_close_matches(str(place[-1]), known, 1)
    return f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"
