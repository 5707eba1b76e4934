"""Sequence equations against closed forms and against integration written apart."""

from dataclasses import replace

import numpy as np
import pytest

from mrsift.simulate import signal
from mrsift.simulate.anatomy import Maps
from mrsift.simulate.computed import fit_adc
from mrsift.simulate.grid import Grid
from mrsift.simulate.protocol import Protocol, null_time
from mrsift.simulate.protocol_draw import draw_protocol
from mrsift.simulate.tissue import codes, draw, table

TSE = Protocol("T2W", "tse", "se", 3.0, 5000.0, 100.0)
EPI = Protocol("DWI_LOW", "dwi", "epi", 3.0, 5000.0, 60.0, fat_suppression="fatsat")


def one_tissue_each(field_t: float = 3.0, seed: int = 3) -> Maps:
    """Maps in which column i holds tissue i, without texture."""
    values = draw(np.random.default_rng(seed), field_t)
    count = len(table())
    tissue = np.arange(count, dtype=np.uint8)[None, None, :]
    grid = Grid("axial", (0, 0, 0), (1, 1, count), (3, 1, 1), 3.0)
    flat = np.zeros(tissue.shape, dtype=np.float32)
    return Maps(
        grid=grid,
        parts=1,
        tissue=tissue,
        pd=values.pd[tissue],
        t1_ms=np.maximum(values.t1_ms[tissue], 80),
        t2_ms=np.maximum(values.t2_ms[tissue], 1),
        t2star_ms=np.maximum(values.t2star_ms[tissue], 1),
        adc=values.adc[tissue],
        fat=values.fat[tissue],
        fibre=np.ones_like(flat),
        off_resonance=flat,
        across_ppm=flat,
        shade=flat,
        soft=flat,
        soft_px=1.0,
        draw=values,
    )


def column(name: str) -> int:
    return codes()[name]


@pytest.fixture(scope="module")
def maps() -> Maps:
    return one_tissue_each()


def recovered(start: float, t1: float, duration: float, steps: int = 20000) -> float:
    """Longitudinal magnetisation after a delay: the Bloch equation in small steps."""
    m, dt = start, duration / steps
    for _ in range(steps):
        m += dt * (1 - m) / t1
    return m


def test_inversion_recovery_equals_the_integrated_bloch_equation() -> None:
    t1, tr, ti = 900.0, 3000.0, 400.0
    m = 1.0
    for _ in range(4):  # invert, wait, read with 90 degrees, wait: until it repeats
        before_read = recovered(-m, t1, ti)
        m = recovered(0.0, t1, tr - ti)
    # with a 90 degree read-out the next inversion starts from what has regrown since
    expected = before_read
    found = float(signal.inversion_recovery(np.array([t1], np.float32), tr, ti)[0])
    assert found == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("t1", [350.0, 850.0, 1400.0, 4200.0])
def test_mprage_equals_its_train_of_pulses(t1: float) -> None:
    """Every pulse of several cycles, one after the other, until a cycle is like the one before."""
    tr, ti, flip, pulses, step = 2300.0, 900.0, np.deg2rad(9.0), 176, 7.0
    z, middle = 1.0, 0.0

    def relaxed(z: float, ms: float) -> float:
        return 1 + (z - 1) * float(np.exp(-ms / t1))

    for _ in range(20):
        z = relaxed(-z, ti - pulses / 2 * step)
        for pulse in range(pulses):
            if pulse == pulses // 2:
                middle = abs(z)
            z = relaxed(z * float(np.cos(flip)), step)
        z = relaxed(z, tr - ti - pulses / 2 * step)
    values = np.array([t1], np.float32), np.array([1e9], np.float32)
    found = signal.inversion_prepared_gradient_echo(*values, tr, ti, 0.0, 9.0)
    assert float(found[0]) == pytest.approx(middle * np.sin(flip), rel=1e-3)


def test_mprage_shows_white_matter_about_half_brighter_than_grey() -> None:
    """As it is at 3 T, fluid far darker (T1 and proton density of the tissue table)."""
    t1, density = np.array([880, 1450, 4200], np.float32), np.array([0.70, 0.83, 1.0])
    long = np.full(3, 1e9, np.float32)
    white, grey, fluid = density * signal.inversion_prepared_gradient_echo(
        t1, long, 2300.0, 900.0, 0.0, 9.0
    )
    assert 1.3 < white / grey < 1.8
    assert fluid < 0.35 * grey


def test_spoiled_gradient_echo_equals_its_train_of_pulses() -> None:
    t1, t2star, tr, te, flip = 800.0, 30.0, 12.0, 3.0, 20.0
    m, angle = 1.0, np.deg2rad(flip)
    for _ in range(2000):
        m = 1 - (1 - m * np.cos(angle)) * np.exp(-tr / t1)
    expected = m * np.sin(angle) * np.exp(-te / t2star)
    values = np.array([t1], np.float32), np.array([t2star], np.float32)
    found = float(signal.spoiled_gradient_echo(*values, tr, te, flip)[0])
    assert found == pytest.approx(expected, rel=1e-4)


def test_spin_echo_equals_relaxation_over_one_cycle() -> None:
    expected = recovered(0.0, 700.0, 600.0) * np.exp(-20 / 50)
    found = signal.spin_echo(np.array([700.0], np.float32), np.array([50.0], np.float32), 600, 20)
    assert float(found[0]) == pytest.approx(expected, abs=1e-3)


def test_short_inversion_time_nulls_fat(maps: Maps) -> None:
    stir = replace(TSE, ti_ms=null_time(350.0, 5000.0), fat_suppression="stir")
    _, fat = signal.water_and_fat(maps, stir)
    assert float(fat.max()) < 1e-5
    _, kept = signal.water_and_fat(maps, replace(stir, ti_ms=0.0))
    assert float(kept.max()) > 0.3


def test_flair_nulls_csf_and_keeps_the_brain(maps: Maps) -> None:
    csf_t1 = float(maps.t1_ms[0, 0, column("csf")])
    flair = replace(TSE, tr_ms=9000.0, te_ms=120.0, ti_ms=null_time(csf_t1, 9000.0))
    image = signal.render(maps, flair)[0, 0]
    assert image[column("csf")] < 1e-4
    assert image[column("grey_matter")] > 0.1
    for plain in ("grey_matter", "white_matter", "deep_grey"):
        assert image[column("lesion")] > 1.1 * image[column(plain)]


def test_fat_is_bright_on_turbo_spin_echo_and_dark_when_saturated(maps: Maps) -> None:
    bright = signal.render(maps, TSE)[0, 0]
    dark = signal.render(maps, replace(TSE, fat_suppression="fatsat", fat_residual=0.02))[0, 0]
    fat, muscle = column("fat"), column("muscle")
    assert bright[fat] > 4 * bright[muscle]
    assert dark[fat] < dark[muscle]


def test_fat_returns_where_the_field_is_off(maps: Maps) -> None:
    off = replace(maps, off_resonance=np.ones_like(maps.off_resonance))
    failing = replace(TSE, fat_suppression="fatsat", off_resonance=2.0, fat_failure=1.0)
    kept = signal.render(off, failing)[0, 0, column("fat")]
    gone = signal.render(maps, failing)[0, 0, column("fat")]
    assert kept > 5 * gone


def test_t2_contrast_of_the_prostate(maps: Maps) -> None:
    image = signal.render(maps, TSE)[0, 0]
    order = ["urine", "peripheral_zone", "transition_zone", "tumour", "muscle", "cortical_bone"]
    levels = [float(image[column(name)]) for name in order]
    assert levels == sorted(levels, reverse=True)


def test_t1_contrast_of_the_brain(maps: Maps) -> None:
    image = signal.render(maps, Protocol("T1W", "se", "se", 3.0, 500.0, 10.0))[0, 0]
    order = ["fat", "white_matter", "grey_matter", "csf"]
    levels = [float(image[column(name)]) for name in order]
    assert levels == sorted(levels, reverse=True)


@pytest.mark.parametrize("sequence", ["se", "gre"])
def test_agent_never_darkens_t1w(maps: Maps, sequence: str) -> None:
    before = Protocol("T1W", sequence, sequence, 3.0, 500.0 if sequence == "se" else 5.0, 2.0)
    before = replace(before, flip_deg=90.0 if sequence == "se" else 12.0)
    after = replace(before, agent_late=1.0)
    plain, enhanced = signal.render(maps, before)[0, 0], signal.render(maps, after)[0, 0]
    assert (enhanced >= plain - 1e-6).all()
    for name in ("enhancing_rim", "mucosa", "tumour", "venous_sinus"):
        assert enhanced[column(name)] > 1.2 * plain[column(name)]
    assert enhanced[column("csf")] == pytest.approx(plain[column("csf")], rel=1e-6)


def test_fitted_adc_is_the_truth_without_perfusion_and_kurtosis(maps: Maps) -> None:
    low = signal.water_and_fat(maps, replace(EPI, b=100.0))[0]
    high = signal.water_and_fat(maps, replace(EPI, b=900.0))[0]
    # blood flows out of the slice on both; only tissue that stays is compared
    long = (maps.draw.pd > 0.02) & (maps.draw.t2_ms > 12)
    plain = long & (maps.draw.ivim == 0) & (maps.draw.flow == 0)
    fitted = fit_adc(low, high, 800.0)[0, 0][plain] * 1e-3
    assert fitted == pytest.approx(maps.draw.adc[plain], rel=2e-3, abs=2e-3)


def test_fluid_is_darker_than_tissue_at_high_b(maps: Maps) -> None:
    p = replace(EPI, b=1000.0, kurtosis=1.4)
    image = signal.water_and_fat(maps, p)[0][0, 0]
    assert image[column("csf")] < 0.5 * image[column("grey_matter")]
    assert image[column("urine")] < 0.6 * image[column("peripheral_zone")]


def test_fibres_speed_diffusion_along_them_and_slow_it_across(maps: Maps) -> None:
    trace, along, across = (
        signal.water_and_fat(maps, replace(EPI, b=1000.0, direction_factor=factor))[0][0, 0]
        for factor in (1.0, 1.001, 0.999)
    )
    white, fluid = column("white_matter"), column("csf")
    assert along[white] < 0.8 * trace[white] < 0.8 * 0.8 * across[white]
    assert along[fluid] == pytest.approx(trace[fluid], rel=0.01)


def test_perfusion_raises_the_adc_of_low_b(maps: Maps) -> None:
    images = [signal.water_and_fat(maps, replace(EPI, b=b))[0] for b in (0.0, 50.0, 500.0, 1000.0)]
    spot = column("peripheral_zone")
    low = fit_adc(images[0], images[1], 50.0)[0, 0, spot]
    high = fit_adc(images[2], images[3], 500.0)[0, 0, spot]
    assert low > 1.3 * high


def test_opposed_phase_darkens_mixed_voxels(maps: Maps) -> None:
    gre = Protocol("T1W", "dixon", "gre", 3.0, 6.0, 1.2, flip_deg=10.0)
    half = np.full_like(maps.fat, 0.5)
    mixed = replace(maps, fat=half)
    in_phase = signal.render(mixed, replace(gre, fat_suppression="in"))[0, 0, column("muscle")]
    opposed = signal.render(mixed, replace(gre, fat_suppression="opposed"))[0, 0, column("muscle")]
    assert opposed < 0.6 * in_phase


def test_a_fat_image_keeps_the_water_that_separation_misses_and_fatty_liver(maps: Maps) -> None:
    gre = Protocol("UNKNOWN", "fat_image", "gre", 3.0, 6.0, 1.3, flip_deg=10.0)
    kept = replace(gre, fat_suppression="fat_only", fat_residual=0.12)
    fat = signal.render(maps, kept)[0, 0]
    perfect = signal.render(maps, replace(kept, fat_residual=0.0))[0, 0]
    spleen, liver, deposit = column("spleen"), column("liver"), column("visceral_fat")
    assert perfect[spleen] == 0
    assert 0.02 < fat[spleen] / fat[deposit] < 0.2  # a real one: kidney and spleen 0.1, liver 0.2
    fattest = replace(maps, fat=np.full_like(maps.fat, table()[liver].fat[1]))
    assert 0.15 < signal.render(fattest, kept)[0, 0, liver] / fat[deposit] < 0.6


def test_null_time_is_near_what_scanners_use() -> None:
    assert 190 < null_time(365.0, 5000.0) < 260  # fat at 3 T
    assert 140 < null_time(260.0, 5000.0) < 185  # fat at 1.5 T


def test_an_oblique_surface_is_a_ramp_and_a_flat_one_an_edge() -> None:
    flat = one_tissue_each()
    step = np.zeros((2, 1, 40), dtype=np.float32)
    step[0, :, 15:], step[1, :, 25:] = 1, 1  # the surface moves by ten pixels through the slice
    grid = Grid("axial", (0, 0, 0), (1, 1, 40), (3, 1, 1), 3.0)
    oblique = np.full((1, 1, 40), 1, dtype=np.float32)
    sharp = replace(flat, grid=grid, parts=2, soft=0 * oblique, soft_px=1.2)
    steps = np.abs(np.diff(sharp.average(step)))
    ramp = np.abs(np.diff(replace(sharp, soft=oblique).average(step)))
    assert steps.max() == pytest.approx(0.5)
    assert ramp.max() < 0.5 * steps.max()
    assert ramp.sum() == pytest.approx(steps.sum(), abs=1e-5)


@pytest.mark.parametrize("field_t", [1.5, 3.0])
def test_t1_flair_nulls_fluid(field_t: float) -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_protocol(rng, "T1W", "head", field_t) for _ in range(400)]
    flairs = [p for p in drawn if p.family == "t1_flair"]
    assert len(flairs) > 10
    for p in flairs:
        fluid, white = (
            abs(float(signal.inversion_recovery(np.float32(t1), p.tr_ms, p.ti_ms)))
            for t1 in ((4100.0, 850.0) if field_t == 3.0 else (3280.0, 680.0))
        )
        assert fluid < 0.25 * white


def test_a_restoring_pulse_makes_fluid_bright_and_little_else(maps: Maps) -> None:
    short = replace(TSE, tr_ms=1800.0, transfer=0.0)
    spoilt = signal.render(maps, short)[0, 0]
    turned_back = signal.render(maps, replace(short, restore_ms=300.0))[0, 0]
    for name in ("urine", "csf"):
        assert turned_back[column(name)] > 1.4 * spoilt[column(name)]
    for name in ("fat", "muscle"):
        assert turned_back[column(name)] == pytest.approx(spoilt[column(name)], rel=0.12)
