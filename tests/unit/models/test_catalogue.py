"""Sizes of the networks against what is printed elsewhere."""

from pathlib import Path

import pytest

from mrsift.config import Depth, NetworkSettings
from mrsift.models.catalogue import main, measure, parameter_and_flop_table


def image_network(depth: Depth, **more: object) -> NetworkSettings:
    return NetworkSettings(dimensions=2, depth=depth, channels=3, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("depth", "parameters"),
    [(18, 11_689_512), (34, 21_797_672), (50, 25_557_032), (101, 44_549_160)],
)
def test_parameters_are_those_of_the_published_image_networks(
    depth: Depth, parameters: int
) -> None:
    """As torchvision documents them for 1000 classes."""
    assert measure("", image_network(depth), (224, 224), 1000).parameters == parameters


@pytest.mark.parametrize(("depth", "printed"), [(34, 3.6e9), (50, 3.8e9), (101, 7.6e9)])
def test_multiply_adds_are_those_of_the_paper(depth: Depth, printed: float) -> None:
    """Su et al. 2022 and He et al. 2016, table 1: the stride on the first 1x1 of a bottleneck."""
    row = measure("", image_network(depth, bottleneck_stride="1x1"), (224, 224), 1000)
    assert row.multiply_adds == pytest.approx(printed, abs=0.07e9)


def test_the_stride_on_the_3x3_costs_more() -> None:
    row = measure("", image_network(50), (224, 224), 1000)
    assert row.multiply_adds == pytest.approx(4.09e9, abs=0.01e9)


def test_3d_counts_follow_by_hand() -> None:
    """One voxel in: every layer with a stride sees one voxel, so weights are multiply-adds."""
    row = measure("", NetworkSettings(depth=10, width=4), (1, 1, 1), 3)
    weights = 343 * 4 + 27 * 2 * 16  # stem, first stage
    for narrow, wide in ((4, 8), (8, 16), (16, 32)):
        weights += 27 * (narrow * wide + wide * wide) + narrow * wide
    assert row.multiply_adds == weights + 32 * 3
    normalisations = 4 + 2 * 4 + 3 * (8 + 16 + 32)
    assert row.parameters == row.multiply_adds + 2 * normalisations + 3


def test_the_command_prints_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    printed = capsys.readouterr().out
    assert all(f"| {row.name} |" in printed for row in parameter_and_flop_table())
    page = (Path(__file__).parents[3] / "docs/reference/networks.md").read_text("utf-8")
    assert printed in page
