"""The section `[study]`: what must not be said, and what follows from it."""

import tomllib

import pytest

from mrsift.errors import ConfigError
from mrsift.train.recipe import check_recipe, load_recipe, to_toml, with_settings

WRONG = [
    ("mgmt-volume", "study.unit='slice'", "network.dimensions"),
    ("mgmt-volume", "study.slices=none", "needs a number"),
    ("mgmt-volume", "study.aggregate='vote_share'", "unit 'volume' takes mean"),
    ("mgmt-mil", "network.slice_pooling='mean'", "needs 'attention'"),
    ("mgmt-2022", "network.looks=[1.0, 0.5]", "seen at one size"),
    ("mgmt-mil", "study.slices_seen=0", "needs 1 or more"),
    ("mgmt-mil", "study.aggregate='mean'", "unit 'bag' takes attention"),
    ("mgmt-honest", "study.folds=1", "expected 0 for one hold-out"),
    ("mgmt-honest", "study.folds=0", "only folds are repeated"),
    ("mgmt-honest", "study.sides='data'", "the data have one split"),
    ("mgmt-honest", "study.inner_share=0.0", "study.inner_share"),
    ("mgmt-honest", "study.roles=['flair','flair']", "one or more different"),
    ("mgmt-honest", "study.roles=['flair']", "study.reference_role"),
    ("mgmt-honest", "network.dropout=0.0", "study.mc_dropout: needs network.dropout"),
    ("mgmt-honest", "study.mc_dropout=1", "2 passes or more"),
    ("mgmt-honest", "labels.unknown='UNKNOWN'", "labels.unknown"),
    ("mgmt-2022", "study.epochs_reported=[20, 10]", "rising numbers"),
    ("mgmt-honest", "study.span=[0.8,0.4]", "two rising numbers"),
    ("mgmt-honest", "study.span=[0.0,1.5]", "two rising numbers"),
    ("mgmt-2022", "labels.names=['2', '3', '4']", None),
]


@pytest.mark.parametrize(("name", "override", "says"), WRONG, ids=str)
def test_what_does_not_fit_is_refused(name: str, override: str, says: str | None) -> None:
    if says is None:  # votes can be counted for any number of labels
        assert len(load_recipe(name, [override]).labels.names) == 3
        return
    with pytest.raises(ConfigError, match=says):
        load_recipe(name, [override])


def test_a_finding_is_one_of_two_labels() -> None:
    with pytest.raises(ConfigError, match="noisy_or needs two labels"):
        load_recipe("mgmt-2022", ["labels.names=['2', '3', '4']", "study.aggregate='noisy_or'"])


def test_channels_follow_from_the_roles() -> None:
    assert load_recipe("mgmt-2022").network.channels == 1
    four = load_recipe("mgmt-2022", ['study.roles=["flair", "t1w", "t1w_ce", "t2w"]'])
    assert four.network.channels == 4
    assert four.input_shape == (4, 1, 224, 224)


def test_the_network_s_input_follows_from_the_unit() -> None:
    assert load_recipe("mgmt-volume").input_shape == (4, 64, 128, 128)
    assert load_recipe("mgmt-mil").input_shape == (4, 24, 128, 128)
    assert load_recipe("brain-4").input_shape == (1, 32, 128, 128)


def test_slices_that_are_kept_stay_so_in_the_record_of_a_run() -> None:
    recipe = load_recipe("mgmt-2022")
    assert recipe.study is not None
    assert recipe.study.slices is None
    assert check_recipe(tomllib.loads(to_toml(recipe)), "again") == recipe


def test_a_network_s_own_seed_changes_nothing_else() -> None:
    recipe = load_recipe("mgmt-mil")
    again = with_settings(with_settings(recipe, {"training.seed": 99}), {"training.seed": 7})
    assert again == recipe


def test_a_misspelt_key_of_the_section_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"study\.fold; did you mean folds"):
        load_recipe("mgmt-honest", ["study.fold=3"])
