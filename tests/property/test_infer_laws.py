"""Laws of evidence and fusion, for any header and any opinion."""

import dataclasses
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mrsift.config import IdentifySettings
from mrsift.infer.evidence import description_claim, header_opinion
from mrsift.infer.fuse import answer, apply_profile, decide_low_or_high, fuse
from mrsift.infer.witness import FAIR
from mrsift.infer.witness_text import description
from mrsift.labels import LABEL_NAMES, PROFILES, UNKNOWN
from mrsift.types import BValue, HeaderFacts, Opinion, VolumeInfo

SETTINGS = IdentifySettings()

times = st.none() | st.floats(min_value=-1.0, max_value=20000.0)
words = st.sampled_from(
    ["t1", "t2", "fs", "flair", "adc", "dwi", "b800", "post", "sub", "T2*", "stir", "loc", "_", " "]
)
texts = st.none() | st.text(max_size=30) | st.lists(words, max_size=5).map("_".join)


def tokens(*choices: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(choices), max_size=4, unique=True).map(tuple)


@st.composite
def volume_infos(draw: st.DrawFn) -> VolumeInfo:
    header = HeaderFacts(
        magnetic_field_strength_t=draw(st.none() | st.floats(0.0, 10.0)),
        body_part_examined=draw(texts),
        protocol_name=draw(texts),
        sequence_name=draw(st.none() | st.sampled_from(["*tse2d1_25", "*ep_b50t", "*fl3d1", "x"])),
        image_type=draw(tokens("ORIGINAL", "PRIMARY", "DIFFUSION", "ADC", "TRACEW", "FA", "M")),
        scanning_sequence=draw(tokens("SE", "GR", "IR", "EP", "RM")),
        sequence_variant=draw(tokens("SK", "SP", "SS")),
        scan_options=draw(tokens("FS", "SAT1", "PFP", "SP")),
        acquisition_contrast=draw(st.none() | st.sampled_from(["T1", "T2", "DIFFUSION", "X"])),
        spectrally_selected_suppression=draw(st.none() | st.sampled_from(["FAT", "NONE"])),
        repetition_time_ms=draw(times),
        echo_time_ms=draw(times),
        inversion_time_ms=draw(times),
        flip_angle_deg=draw(times),
        contrast_agent=draw(st.none() | st.booleans()),
        diffusion_directionality=draw(st.none() | st.sampled_from(["NONE", "ISOTROPIC"])),
        quantity_code=draw(st.none() | st.sampled_from(["113041", "1"])),
        number_of_temporal_positions=draw(st.none() | st.integers(0, 300)),
    )
    b = draw(st.none() | st.floats(0.0, 5000.0))
    return VolumeInfo(
        volume_id="0" * 16,
        study_instance_uid=None,
        series_instance_uid=None,
        series_number=None,
        series_description=draw(texts),
        modality="MR",
        files=("a",),
        frames=None,
        index=None,
        shape=(1, 2, 2),
        affine_lps_mm=np.eye(4),
        frame_of_reference_uid=None,
        plane="axial",
        obliquity_deg=0.0,
        image_component=draw(st.sampled_from(["magnitude", "water", "phase", "in_phase", "new"])),
        b_value=None if b is None else BValue(b, "(0018,9087)", str(b)),
        derived_kind=draw(st.none() | st.sampled_from(["ADC", "TRACE", "FA"])),
        temporal_position=draw(st.none() | st.integers(0, 300)),
        header=header,
    )


@st.composite
def opinions(draw: st.DrawFn) -> Opinion:
    weights = draw(st.lists(st.floats(1e-9, 1.0), min_size=9, max_size=9))
    total = math.fsum(weights)
    return Opinion({name: w / total for name, w in zip(LABEL_NAMES, weights, strict=True)})


def is_distribution(probabilities) -> bool:
    total = math.fsum(probabilities.values())
    return (
        tuple(probabilities) == LABEL_NAMES
        and math.isclose(total, 1.0, abs_tol=1e-9)
        and min(probabilities.values()) >= 0.0
    )


@given(volume_infos())
def test_any_header_gives_probabilities_or_nothing(info):
    opinion = header_opinion(info)
    if opinion is None:
        return
    assert is_distribution(opinion.probabilities)
    assert all(set(witness.favours) <= set(LABEL_NAMES) for witness in opinion.witnesses)


@given(volume_infos(), opinions(), st.sampled_from(sorted(PROFILES)))
def test_any_answer_is_a_known_label_with_its_probability(info, pixels, name):
    profile = PROFILES[name]
    found = answer(info, pixels, header_opinion(info), profile, SETTINGS)
    assert is_distribution(found.probabilities)
    assert found.label in (*profile.known, UNKNOWN)
    assert found.probability == found.probabilities[found.label]


@given(opinions(), opinions(), opinions())
def test_fusing_keeps_probabilities_and_swaps_nothing(one, two, three):
    equal = IdentifySettings(pixel_reliability=0.9, header_reliability=0.9)
    forth, back = fuse(one, two, equal), fuse(two, one, equal)
    assert is_distribution(forth)
    assert all(math.isclose(forth[label], back[label], abs_tol=1e-12) for label in LABEL_NAMES)
    certain = fuse(one, Opinion(dict.fromkeys(LABEL_NAMES, 1 / 9)), equal)
    assert max(certain, key=certain.__getitem__) == one.label or math.isclose(
        certain[one.label], max(certain.values())
    )
    assert is_distribution(fuse(three, None, equal))


@given(opinions(), st.sampled_from(sorted(PROFILES)), st.floats(0.0, 3000.0))
def test_moving_probability_loses_none(opinion, name, b):
    assert is_distribution(decide_low_or_high(opinion.probabilities, b))
    assert is_distribution(apply_profile(opinion.probabilities, PROFILES[name]))


@given(texts)
def test_no_text_is_louder_than_fair(text):
    info = VolumeInfo(
        *("0" * 16, None, None, None, text, "MR", ("a",), None, None, (1, 2, 2), np.eye(4)),
        *(None, "axial", 0.0),
    )
    finding = description(info)
    if finding is not None:
        assert max(abs(value) for value in finding.log_odds.values()) <= FAIR
        assert description_claim(info).favours


@given(volume_infos(), texts)
def test_a_description_moves_odds_by_its_cap_at_most(info, text):
    silent = dataclasses.replace(
        info,
        series_description=None,
        header=dataclasses.replace(info.header, protocol_name=None),
    )
    before, after = (
        header_opinion(silent),
        header_opinion(dataclasses.replace(silent, series_description=text)),
    )
    if before is None or after is None:
        return
    for label in LABEL_NAMES:
        for other in LABEL_NAMES:
            odds = [
                math.log(opinion.probabilities[label]) - math.log(opinion.probabilities[other])
                for opinion in (before, after)
            ]
            assert abs(odds[1] - odds[0]) <= FAIR + 1e-6
