"""Refuses what mixed precision cannot do here."""

import torch
from torch import Tensor, nn

from mrsift.errors import ConfigError
from mrsift.models.catalogue import build
from mrsift.train.recipe import Recipe

WRONG_DEPTH = 2
"""Slices at which bfloat16 gradients of a 3D convolution are wrong in torch 2.13 on the CPU."""


def check_precision(recipe: Recipe, labels: int) -> None:
    """Refuses a precision that would give wrong gradients or none.

    torch 2.13 reads memory that was never written when it differentiates a 3D convolution over
    two slices in bfloat16 on the CPU.

    Raises:
        ConfigError: What is wrong with `training.precision`.
    """
    if recipe.training.precision == "32" or torch.cuda.is_available():
        return
    if recipe.training.precision == "16":
        raise ConfigError("training.precision=16 needs a GPU; on a CPU use bf16 or 32")
    with torch.device("meta"):  # shapes only
        network = build(recipe.network, labels).eval()
        volume = torch.empty(1, *recipe.input_shape)
    depths: set[int] = set()

    def look(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if module.kernel_size[0] > 1:  # type: ignore[index]
            depths.update({inputs[0].shape[2], output.shape[2]})

    for module in network.modules():
        if isinstance(module, nn.Conv3d):
            module.register_forward_hook(look)
    network(volume)
    if WRONG_DEPTH in depths:
        raise ConfigError(
            f"training.precision=bf16: a convolution sees {WRONG_DEPTH} slices, where torch's "
            "bfloat16 gradients are wrong on the CPU. Use training.precision=32, or other "
            "network.slice_strides or preprocess.input_shape"
        )
