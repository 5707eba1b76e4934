"""The network: shapes, shortcuts that carry gradient, determinism in evaluation."""

from dataclasses import replace

import torch

from mrsift.models.resnet3d import BasicBlock, ResNet3d, ResNet3dSettings

SMALL = ResNet3dSettings(widths=(4, 8), blocks=(2, 1), slice_strides=(1, 2), dropout=0.5)


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


def test_every_shortcut_carries_gradient() -> None:
    torch.manual_seed(0)
    settings = ResNet3dSettings()
    network = ResNet3d(
        replace(settings, widths=tuple(width // 4 for width in settings.widths))
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


def test_bfloat16_gradients_of_the_shipped_network_are_right() -> None:
    """torch 2.13 leaves weight gradients unwritten for some shapes; ours must not be among them."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    network = ResNet3d(ResNet3dSettings()).train()
    network.to(memory_format=torch.channels_last_3d)
    for block in network.modules():
        if isinstance(block, BasicBlock):
            torch.nn.init.ones_(block.residual[-1].weight)
    volume = torch.randn(8, 1, 24, 96, 96)
    for size in range(20):  # freed memory that is reused must not show
        dirt = [torch.full((50_000 * (1 + size % 7),), torch.nan) for _ in range(8)]
        del dirt
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = network(volume).logits.float().square().sum()
    loss.backward()
    for name, weight in network.named_parameters():
        if weight.grad is not None:
            assert torch.isfinite(weight.grad).all(), name
