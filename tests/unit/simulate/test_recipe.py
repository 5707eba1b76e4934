"""Recipes: the shipped ones are valid, and what is wrong is said in one line."""

from pathlib import Path

import pytest

from mrsift.errors import ConfigError
from mrsift.simulate.recipe import load_recipe, shipped

SMALLEST = """
regions = { head = 1 }
contents.head = { T1W = 1 }
[[sites]]
name = "a"
vendor = "ge"
scanners = [{ model = "M", field_strength_t = 3.0 }]
"""


@pytest.mark.parametrize("name", shipped())
def test_shipped_recipes_are_valid_and_say_what_they_are(name: str) -> None:
    assert load_recipe(name).about


def test_several_sites_of_at_least_five_makers() -> None:
    recipe = load_recipe("multi-site")
    assert {site.vendor for site in recipe.sites} == {"siemens", "ge", "philips", "canon", "uih"}
    assert {s.field_strength_t for site in recipe.sites for s in site.scanners} == {1.5, 3.0}


def test_a_file_and_settings_laid_over_it(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(SMALLEST)
    recipe = load_recipe(str(path), ["size.pixels=[32,40]", "about=in words", "follow_up=0.5"])
    assert (recipe.size.pixels, recipe.about, recipe.follow_up) == ((32, 40), "in words", 0.5)
    assert recipe.size.slices == load_recipe(str(path)).size.slices


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("folow_up = 0.1", "unknown setting folow_up; did you mean follow_up"),
        ("[size]\npixel = [1, 2]", "unknown setting size.pixel; did you mean pixels"),
        ("[size]\npixels = [9, 2]", "must not be the larger"),
        ("[descriptions]\nright = 0", "raise one of them"),
        ("[sign]\nauc = 0.4", "sign.auc"),
        ("follow_up = 'often'", "follow_up"),
        ("[contents.pelvis]\nT2 = 1", "unknown name contents.pelvis.T2; did you mean T2W"),
        ("[regions]\nhead = 0", "regions"),
        ("regions = ", "is not TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, extra: str, message: str) -> None:
    path = tmp_path / "own.toml"
    lines = SMALLEST.strip().splitlines()
    if extra.startswith("[regions]"):
        lines = lines[1:]
    path.write_text("\n".join([*lines[:2], extra, *lines[2:]]).replace("\n[", "\n\n["))
    with pytest.raises(ConfigError) as caught:
        load_recipe(str(path))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("size.pixels", "KEY=VALUE"),
        ("about.deeper=1", "is no table"),
        ("sites=[]", "sites"),
        ("sign.auc=0.7", "sign: needs"),
    ],
)
def test_wrong_settings_are_named(setting: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_recipe("multi-site", [setting])


def test_an_unknown_name_lists_the_shipped_ones() -> None:
    with pytest.raises(ConfigError, match="multi-site"):
        load_recipe("multisite")
