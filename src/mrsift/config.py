"""Every setting, on one page: one frozen dataclass per room.

The defaults of `PreprocessSettings` are those of Sun et al. 2024; settings that must not drift
between training and inference travel inside the model bundle, which brings its own.
"""

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """How planes are grouped into volumes.

    Attributes:
        orientation_tolerance: Largest difference of a direction cosine within a volume.
        position_tolerance_mm: Planes closer than this are at one position.
        spacing_tolerance_mm: Largest deviation of one slice gap from the median gap.
        max_voxels: A volume that claims more is refused before memory is taken.
        max_member_bytes: Largest file read out of an archive.
        max_ratio: Largest accepted compression ratio of an archive member.
    """

    orientation_tolerance: float = 1e-3
    position_tolerance_mm: float = 1e-2
    spacing_tolerance_mm: float = 0.1
    max_voxels: int = 1_000_000_000
    max_member_bytes: int = 4_000_000_000
    max_ratio: float = 1000.0


@dataclass(frozen=True, slots=True)
class PreprocessSettings:
    """From a volume to the network's input; the same function in training and inference.

    Attributes:
        input_shape: (slices, rows, columns) of the network's input.
        source_shape: Volumes are brought to this size first, which is what training keeps and
            augments, and cut down to the input then; None goes there in one step.
        intensity: `histogram` equalises over the foreground (Sun et al. 2024); `zscore`
            clips at percentiles, then subtracts the mean and divides by the deviation.
        clip_percentiles: Lower and upper percentile of the clip, for `zscore`.
        crop_background: Cut away the empty border before resizing.
        background_fraction: A border voxel is empty below this share of the 99th percentile.
    """

    input_shape: tuple[int, int, int] = (64, 128, 128)
    source_shape: tuple[int, int, int] | None = None
    intensity: Literal["histogram", "zscore"] = "histogram"
    clip_percentiles: tuple[float, float] = (0.5, 99.5)
    crop_background: bool = True
    background_fraction: float = 0.03

    def at_source(self) -> "PreprocessSettings":
        """Settings of the first step alone; what is clipped is clipped in the second."""
        shape = self.source_shape or self.input_shape
        return replace(self, input_shape=shape, source_shape=None, clip_percentiles=(0.0, 100.0))


@dataclass(frozen=True, slots=True)
class StudySettings:
    """How the sequences of a patient become one array, (roles, slices, rows, columns).

    Attributes:
        roles: Sequences that are read, in the order of the channels.
        reference_role: Whose slices the others are brought to; where a patient lacks it, the
            first role that is there.
        orientation: Slices stacked to the head (`axial`), whatever plane was acquired; or in
            the plane of the reference (`acquired`), each slice as it was measured.
        slices: Of the array; None keeps those of the reference.
        plane_shape: (rows, columns) of the array.
        missing: A patient without one of the roles is left out (`exclude`), gets a channel of
            zeros (`zeros`), or stops the run (`error`).
        register: `none` trusts the positions in the headers; `rigid` moves each sequence
            onto the reference.
        crop_background: Cut away the empty border of the reference first.
        intensity: As in `PreprocessSettings`, for each channel alone.
        clip_percentiles: As in `PreprocessSettings`.
        background_fraction: As in `PreprocessSettings`.
        blank_slice_threshold: Where `slices` is None: a slice with less than this share of
            foreground, in every channel, is left out; 0 keeps all.
        span: Part of the stack that is used, from its first slice, 0, to its last, 1; axial
            stacks begin below. Slices that no tumour reaches have its patient's label as well.
    """

    roles: tuple[str, ...] = ("flair", "t1w", "t1w_ce", "t2w")
    reference_role: str = "t1w_ce"
    orientation: Literal["axial", "acquired"] = "axial"
    slices: int | None = None
    plane_shape: tuple[int, int] = (128, 128)
    missing: Literal["exclude", "zeros", "error"] = "exclude"
    register: Literal["none", "rigid"] = "none"
    crop_background: bool = True
    intensity: Literal["histogram", "zscore"] = "zscore"
    clip_percentiles: tuple[float, float] = (0.5, 99.5)
    background_fraction: float = 0.03
    blank_slice_threshold: float = 0.01
    span: tuple[float, float] = (0.0, 1.0)


Aggregate = Literal["vote_share", "mean", "median", "top_k", "noisy_or", "attention"]


@dataclass(frozen=True, slots=True)
class StudyTrainingSettings(StudySettings):
    """How one label for a patient is learnt; the section `[study]` of a recipe.

    Attributes:
        unit: What the network sees at once: a `slice`, which has its patient's label; the
            `volume`; or a `bag` of slices, of which only the whole has a label.
        slices_seen: Slices in a bag; of `slice`, those of a patient in an epoch, evenly spread.
            0 takes all.
        aggregate: How slices make a patient's value, see `classify.aggregate`.
        top_k: Slices that `top_k` counts.
        sides: Who trains and who is tested: drawn by the `recipe`, or as the `data` were split.
        folds: Of cross-validation; 0 for one hold-out.
        repeats: Of all folds, each drawn anew.
        test_share: Of the patients, where there are no folds.
        inner_share: Of the patients that are not tested: on them epochs are watched and
            probabilities calibrated.
        weights: Which are kept: of the `last` epoch, so that nothing is chosen; or those that
            did `best` on the inner patients.
        epochs_reported: Epochs whose weights are kept, and asked about every patient.
        mc_dropout: Passes with dropout in the head, of which the spread is told; 0 for none.
        tta: Each patient is seen mirrored as well, left for right, and the two are averaged.
    """

    unit: Literal["slice", "volume", "bag"] = "slice"
    slices_seen: int = 0
    aggregate: Aggregate = "mean"
    top_k: int = 5
    sides: Literal["recipe", "data"] = "recipe"
    folds: int = 5
    repeats: int = 1
    test_share: float = 0.05
    inner_share: float = 0.2
    weights: Literal["last", "best"] = "last"
    epochs_reported: tuple[int, ...] = ()
    mc_dropout: int = 0
    tta: bool = False


@dataclass(frozen=True, slots=True)
class IdentifySettings:
    """How an answer is made from the evidence.

    Attributes:
        min_probability: Below it the answer is `UNKNOWN`.
        min_in_distribution: Below it the pixels are not listened to.
        conflict_probability: Pixels and header conflict when each gives its own label at
            least this probability; against pixels that are not listened to, a header that
            gives its label less is not believed either.
        pixel_reliability: How often the pixels' opinion is about the image at all; the
            rest is spread over all labels, which bounds what the pixels can outvote.
        header_reliability: Same for the header.
    """

    min_probability: float = 0.5
    min_in_distribution: float = 0.005
    conflict_probability: float = 0.8
    pixel_reliability: float = 0.9
    header_reliability: float = 0.99


Depth = Literal[10, 14, 18, 34, 50, 101]


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """What a network looks like; the defaults are the textbook's 3D ResNet-18.

    Kernels, strides and shapes are (slices, rows, columns); a 2D network takes the last two.

    Attributes:
        dimensions: 3, or 2 for a network that sees each slice alone.
        depth: Layers with weights: 10, 14, 18 and 34 of basic blocks, 50 and 101 of bottlenecks.
        channels: Of the input.
        width: Channels of the first stage; each stage has twice those of the one before.
        stem_kernel: Of the first convolution.
        stem_stride: Its stride.
        stem_pool: A 3 x 3 x 3 maximum with stride 2 follows the first convolution.
        slice_strides: What each stage divides the slices by. In plane, every stage but the
            first divides by 2.
        bottleneck_stride: Which convolution of a bottleneck has the stride: `1x1` as He et al.
            printed it, `3x3` as is usual since.
        dropout: Share of the pooled features that is dropped in training, before the heads.
        slice_pooling: How a 2D network makes one answer of several slices: from the `mean` of
            their features, or from the mean weighted by gated `attention`.
        looks: Sizes in plane, as shares of the input, that the network sees each volume at; its
            features are the mean over them.
    """

    dimensions: Literal[2, 3] = 3
    depth: Depth = 18
    channels: int = 1
    width: int = 64
    stem_kernel: tuple[int, int, int] = (7, 7, 7)
    stem_stride: tuple[int, int, int] = (2, 2, 2)
    stem_pool: bool = True
    slice_strides: tuple[int, int, int, int] = (1, 2, 2, 2)
    bottleneck_stride: Literal["1x1", "3x3"] = "3x3"
    dropout: float = 0.0
    slice_pooling: Literal["mean", "attention"] = "mean"
    looks: tuple[float, ...] = (1.0,)


@dataclass(frozen=True, slots=True)
class LabelSettings:
    """Which classes a recipe learns, and how a volume's class follows from its row of the data.

    Attributes:
        names: The classes, in the order of the network's outputs.
        unknown: Class of every labelled volume that is none of them; None leaves those out.
        columns: Columns of the data that make the class, joined by `_`.
        same_as: (value, class it counts as), applied to each column first.
        complete: Every class must have a training volume; `mrsift adapt` does without.
    """

    names: tuple[str, ...] = ()
    unknown: str | None = None
    columns: tuple[str, ...] = ("label",)
    same_as: tuple[tuple[str, str], ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class AugmentationSettings:
    """What training varies; everything is off by default. Pairs are (share of volumes, size).

    Attributes:
        plane: Share of volumes whose plane is changed, by the six settings that follow.
        rotation_deg: Deviation of the angle.
        translation: Largest shift, in halves of the field of view.
        scale: Smallest and largest field of view, in those of the volume.
        anisotropy: Deviation of the logarithm of the size of each axis.
        shear: Deviation of each entry of the in-plane matrix.
        perspective: Deviation of the two perspective terms.
        crop_slices: Size: largest share of the stack cut off at each end.
        drop_slices: Size: most slices that show their neighbour instead.
        mirror: Share of volumes whose columns are turned round: left and right, but of sagittal
            slices front and back.
        upside_down: Share of volumes whose rows are turned round.
        shading: Size: deviation of the logarithm of a smooth gain.
        sharpness: (share of volumes, least, most) that is added of what a blur takes away.
        coarseness: Size: smallest share of rows and columns that the volume is reduced to.
        texture: Size: largest deviation of a fine multiplicative pattern.
        noise: Size: mean deviation of the noise, in deviations of the volume.
        clip: Size: lowest upper percentile of the clip, for `zscore`.
        mask: Size: largest share of voxels that become empty.
    """

    plane: float = 0.0
    rotation_deg: float = 0.0
    translation: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)
    anisotropy: float = 0.0
    shear: float = 0.0
    perspective: float = 0.0
    crop_slices: tuple[float, float] = (0.0, 0.0)
    drop_slices: tuple[float, int] = (0.0, 0)
    mirror: float = 0.0
    upside_down: float = 0.0
    shading: tuple[float, float] = (0.0, 0.0)
    sharpness: tuple[float, float, float] = (0.0, 0.0, 0.0)
    coarseness: tuple[float, float] = (0.0, 1.0)
    texture: tuple[float, float] = (0.0, 0.0)
    noise: tuple[float, float] = (0.0, 0.0)
    clip: tuple[float, float] = (0.0, 99.5)
    mask: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class OptimiserSettings:
    """How weights follow from gradients.

    Attributes:
        name: `adam`, or `adamw` with decay that is not scaled by the gradient.
        learning_rate: At its highest.
        weight_decay: Of the optimiser.
        schedule: `constant`, or `cosine` to 0 at the last step.
        warmup: Share of all steps over which the learning rate rises from 0.
        clip_norm: Gradients are scaled down to this norm; 0 leaves them.
    """

    name: Literal["adam", "adamw"] = "adam"
    learning_rate: float = 1e-4
    weight_decay: float = 0.0
    schedule: Literal["constant", "cosine"] = "constant"
    warmup: float = 0.0
    clip_norm: float = 0.0


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """One training run.

    Attributes:
        batch: Volumes a step and process.
        max_epochs: Most passes over the training volumes.
        max_steps: Stop after so many steps and say how long the whole would take.
        patience: Epochs without improvement on validation before training stops.
        monitor: What improves: `loss` falls, `balanced_accuracy` rises.
        balance: Against rare classes: `none`; `sqrt` draws a class as often as the square root
            of its count; `equal` draws all alike; `loss` weights the loss instead.
        label_smoothing: Of the cross-entropy.
        averaging: Share of the running mean of the weights that a step leaves as it was, less in
            the first steps; the mean is validated and kept. 0 keeps the last weights instead.
        region_weight: Of the loss of the body region, where the data name one.
        precision: `32`, or mixed with `bf16` or `16` bits.
        start_from: Weights to begin with, of mrsift, MONAI or MedicalNet.
        seed: Of weights, order, augmentation and dropout.
        workers: Processes that augment; they do not change the result.
        save_every: Steps between checkpoints within an epoch.
        loggers: `tensorboard`, `mlflow`.
        fold: Fold of the data that validates; None takes the column `split`.
        max_unreadable: Largest share of volumes that may be left out as unreadable.
    """

    batch: int = 4
    max_epochs: int = 400
    max_steps: int | None = None
    patience: int = 20
    monitor: Literal["loss", "balanced_accuracy"] = "loss"
    balance: Literal["none", "sqrt", "equal", "loss"] = "none"
    label_smoothing: float = 0.0
    averaging: float = 0.0
    region_weight: float = 0.0
    precision: Literal["32", "bf16", "16"] = "32"
    start_from: str | None = None
    seed: int = 7
    workers: int = 1
    save_every: int = 250
    loggers: tuple[Literal["tensorboard", "mlflow"], ...] = ("tensorboard",)
    fold: int | None = None
    max_unreadable: float = 0.05


@dataclass(frozen=True, slots=True)
class CalibrationSettings:
    """What is measured on validation volumes when training has ended.

    Attributes:
        coverage: Share of each class whose prediction set shall hold it.
        components: Principal components in which the outlier distance is measured.
        reference_volumes: Most training volumes that the outlier reference is made from.
    """

    coverage: float = 0.95
    components: int = 24
    reference_volumes: int = 3000


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """One setting that `mrsift tune` varies.

    Attributes:
        setting: Its path in the recipe, e.g. `optimiser.learning_rate`.
        low: Smallest value.
        high: Largest value.
        log: Drawn evenly on a logarithmic scale.
        choices: Values to choose from, instead of a range.
    """

    setting: str = ""
    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple[float | str, ...] = ()
