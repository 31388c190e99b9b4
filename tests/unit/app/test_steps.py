"""Set-up steps are done once, done again when their input changes, and stop with a sentence."""

import io

import pytest

from rexian.app.bootstrap import machine, steps
from rexian.app.bootstrap.errors import SetupError
from rexian.app.bootstrap.screen import Screen
from rexian.app.bootstrap.steps import Step


def _step(folder, key, done):
    def work(_view):
        done.append(key)
        return f"made {key}"

    return Step("Thing", folder / ".stamp", key, work)


def test_a_step_is_skipped_while_its_input_is_the_same(tmp_path):
    done: list[str] = []
    screen = Screen(io.StringIO())
    _step(tmp_path, "a", done).run(screen)
    _step(tmp_path, "a", done).run(screen)
    _step(tmp_path, "b", done).run(screen)
    assert done == ["a", "b"]


def test_removing_the_product_voids_the_step(tmp_path):
    done: list[str] = []
    product = tmp_path / "product"
    _step(product, "a", done).run(Screen(io.StringIO()))
    (product / ".stamp").unlink()
    _step(product, "a", done).run(Screen(io.StringIO()))
    assert done == ["a", "a"]


def test_a_stopped_lane_leaves_the_other_lane_to_finish_and_goes_on_next_time(tmp_path):
    done: list[str] = []

    def fail(_view):
        raise SetupError("the mirror cannot be reached", "软件源无法访问")

    bad = Step("Mirror", tmp_path / "bad" / ".stamp", "k", fail)
    after = _step(tmp_path / "after", "after", done)
    other = _step(tmp_path / "other", "other", done)
    out = io.StringIO()
    faults = steps.run_lanes(Screen(out), [[bad, after], [other]])
    assert [str(fault) for fault in faults] == ["the mirror cannot be reached\n软件源无法访问"]
    assert done == ["other"]
    assert "✗ Mirror" in out.getvalue()
    steps.run_lanes(Screen(out), [[after], [other]])
    assert done == ["other", "after"]


def test_a_full_disk_stops_the_step_with_what_helps(tmp_path):
    def fail(_view):
        raise OSError(28, "No space left on device")

    with pytest.raises(SetupError, match="Free space"):
        Step("Big", tmp_path / ".stamp", "k", fail).run(Screen(io.StringIO()))


def test_too_little_space_and_a_bad_path_are_both_named(tmp_path):
    crooked = tmp_path / "a:b"
    with pytest.raises(SetupError) as stopped:
        machine.check(crooked, tmp_path, "run", complete=True)
    assert "Move the clone" in stopped.value.english
    assert "移动" in stopped.value.chinese


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_lane_that_broke_off_unforeseen_is_no_success(tmp_path):
    def breaks(_view):
        raise ValueError("a line nobody can read")

    odd = Step("Odd", tmp_path / "odd" / ".stamp", "k", breaks)
    faults = steps.run_lanes(Screen(io.StringIO()), [[odd], [_step(tmp_path / "well", "k", [])]])
    assert len(faults) == 1
    assert "broke off" in faults[0].english
