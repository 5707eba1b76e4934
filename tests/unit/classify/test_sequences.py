"""Sequences as pictures."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from mrsift.classify.block_figure import block_figure
from mrsift.classify.sequences import grey, sequences_figure, spread_slices, titles_of
from mrsift.config import NetworkSettings
from mrsift.export.evaluation_figures import png_bytes, svg_text
from mrsift.models.catalogue import build
from mrsift.models.layer_table import network_settings


def test_one_window_serves_all_slices() -> None:
    volume = np.zeros((2, 10, 10), np.float32)
    volume[0], volume[1] = 1.0, 2.0
    volume[0, 0, 0] = 0.0
    shown = grey(volume)
    assert shown[0, 5, 5] < shown[1, 5, 5] == 255


def test_a_missing_sequence_is_black() -> None:
    assert not grey(np.zeros((2, 4, 4), np.float32)).any()


@pytest.mark.parametrize("slices", [1, 3, 24, 155])
def test_slices_are_spread_and_the_one_that_matters_is_among_them(slices: int) -> None:
    for keep in range(0, slices, 7):
        places = spread_slices(slices, 8, keep)
        assert keep in places
        assert len(set(places)) == min(8, slices)
        assert list(places) == sorted(places)


def test_every_sequence_has_its_title_once() -> None:
    roles = ("flair", "t1w", "t1w_ce", "t2w")
    voxels = np.random.default_rng(0).normal(size=(4, 6, 32, 32)).astype(np.float32)
    figure = sequences_figure(voxels, roles, (1, 4))
    titles = [axis.get_title() for axis in figure.axes]
    assert titles[:4] == list(titles_of(roles))
    assert set(titles[4:]) == {""}
    with Image.open(io.BytesIO(png_bytes(figure))) as image:
        assert image.width > image.height > 400


@pytest.mark.parametrize(
    ("depth", "says"),
    [
        (50, ["1×1, 256 → 128, stride 2", "1×1, 256 → 512, stride 2"]),
        (34, ["3×3, 64 → 128, stride 2"]),
    ],
)
def test_the_blocks_are_those_of_the_network(depth: int, says: list[str]) -> None:
    with torch.device("meta"):
        network = build(network_settings(depth), 2)  # type: ignore[arg-type]
    drawn = svg_text(block_figure(network))
    assert all(words in drawn for words in says)
    assert "identity" in drawn
    assert "projection" in drawn


def test_blocks_of_3d_networks_have_three_sizes() -> None:
    with torch.device("meta"):
        network = build(NetworkSettings(depth=18, slice_strides=(1, 1, 2, 2)), 2)
    assert "3×3×3, 64 → 128, stride 1×2×2" in svg_text(block_figure(network))
