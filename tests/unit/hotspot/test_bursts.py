import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspot.bursts import cusum, discoveries, poisson_tail, predictive_tail


def test_poisson_tail_is_the_text_books():
    assert poisson_tail(0, 3) == 1
    assert poisson_tail(1, 2) == pytest.approx(1 - math.exp(-2))
    assert poisson_tail(3, 2) == pytest.approx(1 - math.exp(-2) * (1 + 2 + 2))
    assert poisson_tail(3, 0) == 0
    assert 0 < poisson_tail(60, 2) < 1e-50


def test_the_predictive_tail_nears_poisson_when_the_past_is_long():
    assert predictive_tail(3, 2e6, 7e6, 7) == pytest.approx(poisson_tail(3, 2), rel=1e-4)
    assert predictive_tail(8, 2, 7, 7) > poisson_tail(8, 2)


@given(st.integers(0, 60), st.floats(0.1, 50), st.floats(1, 100))
def test_tails_are_probabilities_that_fall_with_the_count(count, seen, exposure):
    here = predictive_tail(count, seen, exposure, 7)
    assert 0 <= predictive_tail(count + 1, seen, exposure, 7) <= here <= 1


def test_cusum_rises_in_a_burst_and_sinks_after_it():
    quiet = cusum([0, 0, 1, 0, 0, 0, 0], 0.25, 4)
    burst = cusum([0, 0, 0, 1, 2, 3, 4], 0.25, 4)
    over = cusum([1, 2, 3, 4, *[0] * 30], 0.25, 4)
    assert quiet < 1
    assert burst > 3
    assert over == 0


def test_false_discoveries_are_held_over_all_series():
    assert discoveries([], 0.05) == []
    assert discoveries([0.001, 0.2, 0.9], 0.05) == [True, False, False]
    assert discoveries([0.04] * 3, 0.05) == [True] * 3
    assert discoveries([0.04, *[0.9] * 99], 0.05) == [False] * 100
    assert discoveries([0.015, 0.02, 0.9, 0.9], 0.05) == [True, True, False, False]
