"""Weights of our own networks: to safetensors and back. Nothing is ever unpickled."""

import os

import safetensors
import safetensors.torch
from torch import Tensor

from mrsift.bundle import Manifest, read_weights
from mrsift.errors import BundleError
from mrsift.models.catalogue import build
from mrsift.models.resnet import ResNet


def to_safetensors(network: ResNet) -> bytes:
    """A network's weights and running statistics, for `model.safetensors` of a bundle."""
    return safetensors.torch.save(
        {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    )


def from_safetensors(data: bytes, source: str | os.PathLike[str]) -> dict[str, Tensor]:
    """The weights in a safetensors file.

    Args:
        data: Content of the file.
        source: For messages.

    Raises:
        BundleError: It is damaged, or no safetensors file.
    """
    try:
        return safetensors.torch.load(data)
    except (safetensors.SafetensorError, KeyError, ValueError) as error:
        raise BundleError(
            f"{source}: the weights are damaged or not safetensors ({error}). Copy the file again."
        ) from error


def network_of_bundle(path: str | os.PathLike[str]) -> tuple[ResNet, Manifest]:
    """The network of a bundle, to go on training from.

    Args:
        path: A bundle with weights, a folder or a `.mrsift` zip.

    Returns:
        The network with its weights, in evaluation mode, and the bundle's manifest.

    Raises:
        BundleError: The bundle is damaged, has no weights, or they do not fit its manifest.
        ConfigError: Its manifest asks for a network that there is not.
    """
    manifest, data = read_weights(path)
    weights = from_safetensors(data, path)
    if manifest.network is None:  # `read_weights` refuses it; for the type checker
        raise BundleError(f"{path}: does not say how its network is built.")
    try:
        network = build(manifest.network, len(manifest.labels), len(manifest.regions))
        network.load_state_dict(weights)
    except (RuntimeError, TypeError, ValueError) as error:
        first = str(error).splitlines()[-1].strip()
        raise BundleError(
            f"{path}: the weights do not fit the network in the manifest ({first}). Export the "
            "bundle again from its run."
        ) from error
    return network.eval(), manifest
