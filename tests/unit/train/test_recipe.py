"""Recipes: every one that ships is whole, and what is wrong in one is said with the cure."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrsift.errors import ConfigError
from mrsift.models.catalogue import measure
from mrsift.train.precision import check_precision
from mrsift.train.recipe import SHIPPED, check_recipe, load_recipe, to_toml, with_settings

NAMES = sorted(file.stem for file in SHIPPED.glob("*.toml"))


def test_the_experiments_are_there() -> None:
    papers = {"prostate-2024", "prostate-9", "prostate-7", "abdomen-phases"}
    studies = {"mgmt-2022", "mgmt-honest", "mgmt-volume", "mgmt-mil", "grade"}
    others = {"cardiac-views", "brain-4", "default", "multi-site", "quick", "adapt"}
    assert papers | studies | others == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_recipe_is_whole(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.about
    assert check_recipe(tomllib.loads(to_toml(recipe)), "again") == recipe
    labels = len(recipe.labels.names) + (recipe.labels.unknown is not None)
    row = measure(name, recipe.network, recipe.input_shape[1:], labels)
    assert row.multiply_adds > 0
    check_precision(recipe, labels)


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_names_every_recipe(name: str) -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "recipes.md"
    assert f"`{name}`" in page.read_text("utf-8")


def test_the_paper_to_the_letter() -> None:
    recipe = load_recipe("recipes/prostate-2024.toml")
    assert recipe.preprocess.input_shape == (64, 128, 128)
    assert recipe.preprocess.intensity == "histogram"
    assert recipe.preprocess.crop_background
    assert recipe.labels.names == ("T2W", "T2W_FS", "DWI_HIGH", "DWI_LOW", "ADC")
    assert recipe.labels.unknown == "UNKNOWN"
    assert (recipe.optimiser.name, recipe.optimiser.learning_rate) == ("adam", 1e-4)
    assert (recipe.training.batch, recipe.training.max_epochs) == (4, 400)
    augmentation = recipe.augmentation
    assert augmentation.rotation_deg > 0
    assert augmentation.perspective > 0
    assert augmentation.translation > 0
    assert augmentation.noise[1] > 0
    assert augmentation.scale == (1.0, 1.0)
    assert augmentation.mirror == 0


def test_the_plane_is_part_of_the_class() -> None:
    labels = load_recipe("prostate-7").labels
    assert labels.columns == ("plane", "label")
    assert "sagittal_T2W" in labels.names


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("optimiser.learning_rat=1", "optimiser.learning_rat; did you mean learning_rate"),
        ("optimizer.learning_rate=1", "optimizer; did you mean optimiser"),
        ("training.learning_rate=1", "did you mean optimiser.learning_rate"),
        ("training.batch=0", "training.batch: expected 1 or more"),
        ("training.batch=many", "training.batch: input should be a valid integer"),
        ("training.batch=1.5", "training.batch"),
        ("preprocess.input_shape=[1,2]", "preprocess.input_shape.2: field required"),
        ("preprocess.input_shape=[1,2,0]", "expected 1 or more, found 0"),
        ("network.depth=15", "network.depth: input should be 10, 14, 18"),
        ("network.channels=4", "one volume at a time"),
        ("network.dropout=1.5", "expected 0 to 1, found 1.5"),
        ("network.looks=[]", "network.looks: expected one or more"),
        ("network.looks=[1.0, 0.0]", "each above 0 and at most 1"),
        ("network.looks=[1.2]", "each above 0 and at most 1"),
        ("labels.names=['A']", "two or more"),
        ("labels.names=['A', 'A']", "two or more different"),
        ("labels.names=['A', 'B C']", "one word"),
        ("labels.columns=[]", "one or more"),
        ("optimiser.learning_rate=0", "more than 0"),
        ("training.workers=-1", "0 or more"),
        ("training=3", "training"),
        ("batch", "expected section.key=value"),
        ("a.b.c=1", "expected section.key=value"),
        ("name.x=1", "name is no section"),
        ("labels.names=['A'", "not a value of TOML"),
    ],
)
def test_what_is_wrong_is_said(override: str, says: str) -> None:
    overrides = [override]
    if override.startswith("labels.names"):
        overrides.append("labels.unknown=none")
    with pytest.raises(ConfigError) as error:
        load_recipe("prostate-2024", overrides)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_overrides_speak_toml() -> None:
    overrides = [
        *("optimiser.learning_rate=3e-4", "training.precision=bf16", "labels.unknown=none"),
        *("augmentation.noise=[1.0, 0.2]", "training.loggers=[]", "name=mine"),
    ]
    recipe = load_recipe("prostate-2024", overrides)
    assert recipe.optimiser.learning_rate == 3e-4
    assert recipe.training.precision == "bf16"
    assert recipe.labels.unknown is None
    assert recipe.augmentation.noise == (1.0, 0.2)
    assert recipe.training.loggers == ()
    assert recipe.name == "mine"


@pytest.mark.parametrize("written", ["32", '"32"', "16"])
def test_bits_may_be_written_as_a_number(written: str) -> None:
    recipe = load_recipe("default", [f"training.precision={written}"])
    assert recipe.training.precision == written.strip('"')


def test_a_recipe_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such recipe; did you mean prostate-2024\?"):
        load_recipe("recipes/prostate-2042.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[labels\n")
    with pytest.raises(ConfigError, match=r"broken\.toml: is not valid TOML"):
        load_recipe(broken)
    broken.write_bytes(b"name = '\xff'")
    with pytest.raises(ConfigError, match="is not valid TOML"):
        load_recipe(broken)


@given(st.text(max_size=30), st.floats(1e-12, 1e3), st.integers(1, 10**6))
def test_what_is_written_is_read_again(about: str, rate: float, epochs: int) -> None:
    values = {"optimiser.learning_rate": rate, "training.max_epochs": epochs}
    recipe = with_settings(load_recipe("quick"), values)
    recipe = check_recipe(tomllib.loads(to_toml(recipe)) | {"about": about}, "x")
    assert check_recipe(tomllib.loads(to_toml(recipe)), "y") == recipe
