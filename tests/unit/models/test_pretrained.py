"""Files that are refused, and what is said of those that are taken."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from mrsift.config import Depth, NetworkSettings
from mrsift.errors import BundleError
from mrsift.models.catalogue import build
from mrsift.models.pretrained import load_pretrained, read_weights_only
from mrsift.models.resnet import ResNet


def network(depth: Depth = 10, **more: Any) -> ResNet:
    return build(NetworkSettings(depth=depth, width=8, **more), labels=3)


def saved(path: Path, value: object) -> Path:
    torch.save(value, path)
    return path


class Dangerous:
    """Fails the test when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return pytest.fail, ("it was unpickled",)


def test_a_deeper_file_does_not_pass_for_a_shallower_network(tmp_path: Path) -> None:
    """Every layer of 18 is in 34 by name and shape, and still it is another network."""
    path = saved(tmp_path / "a.pt", network(34).state_dict())
    with pytest.raises(BundleError, match=r"100 % of the network's.*another network"):
        load_pretrained(network(18), path)


def test_a_shallower_file_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.pt", network(18).state_dict())
    changed = network(34)
    before = {name: value.clone() for name, value in changed.state_dict().items()}
    with pytest.raises(BundleError, match="depth, width and stem_kernel"):
        load_pretrained(changed, path)
    assert all(torch.equal(before[name], value) for name, value in changed.state_dict().items())


def test_another_stem_is_said(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.pt", network().state_dict())
    report = load_pretrained(network(stem_kernel=(3, 5, 5)), path)
    assert report.missing == ("stem.0.weight",)
    assert report.unused == ("label_head.bias", "label_head.weight", "stem.0.weight")
    assert 0.9 < report.share < 1.0
    assert "fresh: stem.0.weight" in str(report)
    assert f"{100 * report.share:.1f} % of the parameters are from" in str(report)


@pytest.mark.parametrize("wrapper", ["state_dict", "model", "network"])
@pytest.mark.parametrize("prefix", ["", "module.", "network.encoder."])
def test_wrapped_and_prefixed_names_are_found(tmp_path: Path, wrapper: str, prefix: str) -> None:
    weights = {f"{prefix}{name}": value for name, value in network().state_dict().items()}
    path = saved(tmp_path / "a.ckpt", {wrapper: weights, "epoch": 4})
    assert load_pretrained(network(), path).share == 1.0


@pytest.mark.parametrize("name", ["a.pt", "a.safetensors"])
def test_damaged_files_are_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    for data in (
        b"",
        b"nothing of use",
        saved(tmp_path / "x", {"a": torch.zeros(9)}).read_bytes()[:-50],
    ):
        path.write_bytes(data)
        with pytest.raises(BundleError, match="damaged"):
            read_weights_only(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for name in ("a.pt", "a.safetensors"):
        with pytest.raises(BundleError, match=r"cannot be read .*check the path"):
            read_weights_only(tmp_path / name)


def test_what_would_run_code_is_not_unpickled(tmp_path: Path) -> None:
    whole = saved(tmp_path / "whole.pt", {"state_dict": Dangerous()})
    plain = tmp_path / "plain.pkl"
    plain.write_bytes(pickle.dumps(Dangerous()))
    for path in (whole, plain):
        with pytest.raises(BundleError, match="nothing was unpickled"):
            load_pretrained(network(), path)


def test_a_file_without_names_is_refused(tmp_path: Path) -> None:
    for value in (torch.zeros(3), {"epoch": 3}, [1, 2]):
        with pytest.raises(BundleError, match="no weights by name"):
            read_weights_only(saved(tmp_path / "a.pt", value))
