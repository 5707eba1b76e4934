"""The networks by name."""

from mrsift.models.resnet3d import ResNet3dSettings

CATALOGUE: dict[str, ResNet3dSettings] = {
    # For the shipped bundle: 24 x 96 x 96, a few milliseconds a volume on two cores.
    "resnet14-narrow": ResNet3dSettings(),
    # The usual ResNet-18 with a stem that keeps slices, for 64 x 128 x 128.
    "resnet18": ResNet3dSettings(
        widths=(64, 128, 256, 512),
        blocks=(2, 2, 2, 2),
        slice_strides=(1, 2, 2, 2),
        stem_kernel=(7, 7, 7),
        stem_stride=(1, 2, 2),
        dropout=0.5,
    ),
}
"""Name -> settings of `ResNet3d`."""
