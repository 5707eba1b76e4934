"""Sequence equations against extended phase graphs, written apart from them."""

from collections.abc import Iterable

import numpy as np
import pytest

from mrsift.simulate import signal


class PhaseGraph:
    """Magnetisation as configuration states F+, F-, Z of growing order.

    Source:
        Weigel, J Magn Reson Imaging 2015;41:266.
    """

    def __init__(self, t1: float, t2: float, orders: int = 64) -> None:
        self.t1, self.t2 = t1, t2
        self.states = np.zeros((3, orders), dtype=complex)
        self.states[2, 0] = 1.0

    def pulse(self, flip_deg: float, phase_deg: float = 0.0) -> None:
        a, p = np.deg2rad([flip_deg, phase_deg])
        c, s, half = np.cos(a), np.sin(a), np.cos(a / 2) ** 2
        mix = np.sin(a / 2) ** 2
        turn = np.array(
            [
                [half, np.exp(2j * p) * mix, -1j * np.exp(1j * p) * s],
                [np.exp(-2j * p) * mix, half, 1j * np.exp(-1j * p) * s],
                [-0.5j * np.exp(-1j * p) * s, 0.5j * np.exp(1j * p) * s, c],
            ]
        )
        self.states = turn @ self.states

    def relax(self, ms: float) -> None:
        e1, e2 = np.exp(-ms / self.t1), np.exp(-ms / self.t2)
        self.states *= np.array([[e2], [e2], [e1]])
        self.states[2, 0] += 1 - e1

    def dephase(self) -> None:
        plus, minus = self.states[0].copy(), self.states[1].copy()
        self.states[0, 1:] = plus[:-1]
        self.states[1, :-1] = minus[1:]
        self.states[1, -1] = 0
        self.states[0, 0] = np.conj(self.states[1, 0])

    def spoil(self) -> None:
        self.states[:2] = 0
        self.states[2, 1:] = 0


def one(value: float) -> np.ndarray:
    return np.array([value], dtype=np.float32)


def echo_train(graph: PhaseGraph, spacing: float, flips: Iterable[float]) -> list[float]:
    """Excite at 90 degrees, then the amplitude of every echo."""
    graph.pulse(90, 90)
    echoes = []
    for flip in flips:
        graph.relax(spacing / 2)
        graph.dephase()
        graph.pulse(flip, 0)
        graph.relax(spacing / 2)
        graph.dephase()
        echoes.append(abs(complex(graph.states[0, 0])))
    return echoes


TISSUES = [(1200.0, 35.0), (900.0, 70.0), (1700.0, 140.0), (4000.0, 1000.0)]


@pytest.mark.parametrize(("t1", "t2"), TISSUES)
@pytest.mark.parametrize(
    ("flip", "tolerance"), [(180.0, 1e-5), (160.0, 0.06), (140.0, 0.06), (110.0, 0.06)]
)
def test_turbo_spin_echo_is_the_echo_at_the_effective_time(
    t1: float, t2: float, flip: float, tolerance: float
) -> None:
    """Exact at 180 degrees; below, stimulated echoes hold up what decays fast."""
    tr, spacing, echoes = 6000.0, 10.0, 15
    graph = PhaseGraph(t1, t2)
    for _ in range(6):
        train = echo_train(graph, spacing, [flip] * echoes)
        graph.spoil()
        graph.relax(tr - spacing * echoes)
    te = 10 * spacing
    # recovery starts when the train has ended, which the equation leaves out
    found = float(signal.spin_echo(one(t1), one(t2), tr - spacing * echoes, te, flip)[0])
    found *= np.sin(np.deg2rad(flip / 2))
    assert found == pytest.approx(train[9], rel=tolerance, abs=0.003)


@pytest.mark.parametrize(("t1", "t2"), TISSUES)
def test_a_train_that_ends_with_a_restoring_pulse(t1: float, t2: float) -> None:
    tr, spacing, echoes = 1500.0, 10.0, 30
    graph = PhaseGraph(t1, t2)
    for _ in range(40):
        train = echo_train(graph, spacing, [180.0] * echoes)
        graph.pulse(-90, 90)
        graph.spoil()
        graph.relax(tr - spacing * echoes)
    found = signal.spin_echo(one(t1), one(t2), tr, 10 * spacing)
    found = found * signal.restored(one(t1), one(t2), tr, spacing * echoes)
    assert float(found[0]) == pytest.approx(train[9], rel=1e-4)


@pytest.mark.parametrize(("t1", "t2"), TISSUES)
def test_balanced_steady_state_is_what_the_pulses_build_up(t1: float, t2: float) -> None:
    tr, flip = 5.0, 50.0
    graph = PhaseGraph(t1, t2, orders=1)  # balanced: nothing is ever dephased
    graph.pulse(flip / 2, 0)
    for count in range(4000):
        graph.relax(tr)
        graph.pulse(flip, 180.0 * ((count + 1) % 2))
    graph.relax(tr / 2)
    found = signal.balanced_steady_state(one(t1), one(t2), tr, tr / 2, flip)
    assert float(found[0]) == pytest.approx(abs(complex(graph.states[0, 0])), rel=1e-3)


@pytest.mark.parametrize(("t1", "t2"), TISSUES[:3])
def test_spoiled_gradient_echo_with_quadratic_phase(t1: float, t2: float) -> None:
    """Spoiled by the phase of the pulses, as scanners do it, not by a wish."""
    tr, flip, increment = 12.0, 14.0, 117.0
    graph = PhaseGraph(t1, t2, orders=160)
    phase, amplitudes = 0.0, []
    for count in range(900):
        phase = (phase + increment * count) % 360
        graph.pulse(flip, phase)
        amplitudes.append(abs(complex(graph.states[0, 0])))
        graph.relax(tr)
        graph.dephase()
    found = signal.spoiled_gradient_echo(one(t1), one(30.0), tr, 0.0, flip)
    assert float(found[0]) == pytest.approx(float(np.mean(amplitudes[-50:])), rel=0.12)


@pytest.mark.parametrize("t1", [260.0, 365.0, 4200.0])
def test_an_inversion_train_is_dark_at_the_null(t1: float) -> None:
    """STIR for fat, FLAIR for fluid: the null holds for repeated trains."""
    tr = 9000.0 if t1 > 1000 else 4000.0
    ti = float(signal.null_inversion_time(t1, tr))
    graph = PhaseGraph(t1, 80.0)
    for _ in range(6):
        graph.pulse(180)
        graph.spoil()
        graph.relax(ti)
        left = abs(complex(graph.states[2, 0]))
        graph.pulse(90)
        graph.spoil()
        graph.relax(tr - ti)
    assert left < 0.005
