"""Every stage is told of, the last one as the network itself has it."""

import torch

from mrsift.config import NetworkSettings
from mrsift.models.catalogue import build
from mrsift.models.layers import with_every_stage


def test_the_last_channels_are_the_features_of_the_network() -> None:
    for dimensions, looks in ((2, (1.0,)), (3, (1.0,)), (2, (1.0, 0.6)), (3, (1.0, 0.6))):
        torch.manual_seed(0)
        settings = NetworkSettings(dimensions=dimensions, depth=10, width=4, looks=looks)
        network = build(settings, 5).eval()
        volumes = torch.randn(3, 1, 8, 32, 32)
        with torch.inference_mode():
            plain, found = network(volumes), with_every_stage(network, volumes)
        assert found.features.shape == (3, 4 + 8 + 16 + 32)
        torch.testing.assert_close(found.features[:, -32:], plain.features)
        torch.testing.assert_close(found.logits, plain.logits)


def test_nothing_stays_on_the_network() -> None:
    network = build(NetworkSettings(depth=10, width=4), 5).eval()
    with_every_stage(network, torch.randn(1, 1, 8, 32, 32))
    assert not any(stage._forward_hooks for stage in network.stages)
