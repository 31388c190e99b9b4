"""Restarts are fast at first, slower in a row, fast again after a healthy life."""

from rexian.app.supervisor.restarts import HEALTHY_SECONDS, MOST_WHEN_UP, PAUSES, Restarts


def test_first_restart_is_almost_at_once_and_then_slower():
    restarts = Restarts()
    pauses = [restarts.pause_after(0.5) for _ in range(len(PAUSES) + 2)]
    assert pauses[0] <= 0.2
    assert pauses == sorted(pauses)
    assert pauses[-1] == PAUSES[-1]
    assert restarts.count == len(PAUSES) + 2


def test_a_healthy_life_makes_the_next_restart_fast_again():
    restarts = Restarts()
    for _ in range(5):
        restarts.pause_after(0.5)
    assert restarts.pause_after(HEALTHY_SECONDS) == PAUSES[0]


def test_a_process_that_had_been_ready_never_waits_long():
    restarts = Restarts()
    pauses = [restarts.pause_after(5.0, was_up=True) for _ in range(len(PAUSES) + 2)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == MOST_WHEN_UP
