"""What a process does not use it does not import: a start is cheap, a restart is quick."""

import subprocess
import sys

import pytest

from rexian.kernel.settings import ROOT

HEAVY = ("alembic", "litestar", "numpy", "phonenumbers.geocoder", "PIL", "sqlalchemy", "typst")
USED = {
    "agi": set(),
    "calls": {"sqlalchemy"},
    "desk": {"litestar", "sqlalchemy"},
    "worker": {"sqlalchemy"},
    "scheduler": {"sqlalchemy"},
    "carrier": {"litestar"},
    "mail_sink": set(),
}


@pytest.mark.parametrize("name", USED)
def test_a_process_imports_only_what_it_uses(name):
    program = (
        f"import sys, rexian.app.commands.run, rexian.app.processes.{name};"
        f"print(*(module for module in {HEAVY} if module in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) <= USED[name]


def test_the_supervisor_and_a_start_with_nothing_new_stay_light():
    program = (
        "import sys, rexian.app.supervisor.up, rexian.app.commands.migrate;"
        f"print(*(module for module in {HEAVY} if module in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) <= {"sqlalchemy"}
