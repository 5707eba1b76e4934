"""Our Grad-CAM against MONAI's."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mrsift.config import NetworkSettings
from mrsift.models.catalogue import build
from mrsift.models.resnet import ResNet
from mrsift.models.saliency import grad_cam

visualize = pytest.importorskip("monai.visualize", reason="MONAI is not installed")


class Logits(nn.Module):
    """MONAI wants a network that gives one tensor."""

    def __init__(self, network: ResNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, volume: Tensor) -> Tensor:
        return self.network(volume).logits


@pytest.mark.parametrize("stage", [1, 3])
def test_the_map_is_monais(stage: int) -> None:
    torch.manual_seed(0)
    settings = NetworkSettings(depth=18, width=8, stem_pool=False)
    network = build(settings, labels=4).eval()
    for name, parameter in network.named_parameters():
        if name.endswith("residual.4.weight"):  # else every block is its shortcut
            parameter.data.fill_(1.0)
    volume = np.random.default_rng(0).normal(size=(16, 64, 64)).astype(np.float32)
    found = grad_cam(network, volume, 2, stage)
    theirs = visualize.GradCAM(
        Logits(network), f"network.stages.{stage}", postprocessing=lambda values: values
    )
    expected = theirs(torch.from_numpy(volume)[None, None], class_idx=2)[0, 0].detach().numpy()
    assert expected.max() > 0
    np.testing.assert_allclose(found.values, expected / expected.max(), atol=1e-5)
