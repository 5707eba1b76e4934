"""The network: shapes, shortcuts that carry gradient, determinism in evaluation."""

import pytest
import torch

from mrsift.models.catalogue import CATALOGUE
from mrsift.models.resnet3d import BasicBlock, ResNet3d, ResNet3dSettings

SMALL = ResNet3dSettings(widths=(4, 8), blocks=(2, 1), dropout=0.5)


def silence(block: BasicBlock) -> None:
    """Makes the residual branch give exactly zero, with no gradient through it."""
    for parameter in block.residual.parameters():
        parameter.data.zero_()
        parameter.requires_grad_(False)


def test_heads_and_features_have_their_shapes() -> None:
    output = ResNet3d(SMALL)(torch.randn(3, 1, 8, 16, 16))
    assert output.logits.shape == (3, 9)
    assert output.region.shape == (3, 2)
    assert output.features.shape == (3, 8)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_shortcut_carries_gradient(name: str) -> None:
    torch.manual_seed(0)
    settings = CATALOGUE[name]
    network = ResNet3d(
        ResNet3dSettings(
            widths=tuple(width // 4 for width in settings.widths), blocks=settings.blocks
        )
    ).train()
    blocks = [module for module in network.modules() if isinstance(module, BasicBlock)]
    for block in blocks:
        silence(block)
    reached: list[torch.Tensor] = []
    for block in blocks:
        block.register_full_backward_hook(
            lambda _block, grad_input, _grad_output: reached.append(grad_input[0])
        )
    volume = torch.randn(4, 1, 32, 32, 32, requires_grad=True)
    network(volume).logits.square().sum().backward()
    assert len(reached) == len(blocks) == sum(settings.blocks)
    assert all(gradient.abs().max() > 0 for gradient in reached)
    assert volume.grad is not None
    assert volume.grad.abs().max() > 0
    projections = [block for block in blocks if not isinstance(block.shortcut, torch.nn.Identity)]
    assert len(projections) == len(settings.widths) - 1
    assert all(
        weight.grad is not None and weight.grad.abs().max() > 0
        for block in projections
        for name, weight in block.shortcut.named_parameters()
        if name == "0.weight"
    )


def test_dropout_acts_in_training_only() -> None:
    torch.manual_seed(0)
    network = ResNet3d(SMALL)
    volume = torch.randn(2, 1, 8, 16, 16)
    network.train()(volume)
    network.train()
    assert not torch.equal(network(volume).logits, network(volume).logits)
    network.eval()
    assert torch.equal(network(volume).logits, network(volume).logits)
