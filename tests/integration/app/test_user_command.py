"""`rexian user password LOGIN`: how the first administrator gets in."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from directory.service import sign_in
from rexian.app.commands.user import checked
from rexian.app.seed import DEVELOPMENT_PASSWORD
from rexian.kernel.actor import Role
from rexian.kernel.errors import BadInput
from rexian.kernel.settings import ROOT


async def test_the_command_sets_the_password_of_a_login(
    cluster, database_name, db, clock, tmp_path
):
    def run(login: str, typed: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "rexian.app.cli", "user", "password", login],
            env={
                **os.environ,
                "REXIAN_DATABASE_URL": cluster.url("rexian_app", database_name),
                "REXIAN_HOME": str(tmp_path),
            },
            input=typed, capture_output=True, text=True, check=False, cwd=ROOT,
        )  # fmt: skip

    done = run("Admin", "a-longer-password\n")
    assert done.returncode == 0, done.stderr
    assert "a-longer-password" not in done.stdout + done.stderr
    assert (await sign_in(db, "admin", "a-longer-password", clock=clock)).role is Role.ADMIN
    missing = run("nobody-here", "a-longer-password\n")
    assert (missing.returncode, "nobody-here" in missing.stderr) == (1, True)
    short = run("admin", "short\n")
    assert (short.returncode, "Traceback" in short.stderr) == (1, False)


@pytest.mark.parametrize("password", ["", "ninechars", "x" * 257, DEVELOPMENT_PASSWORD])
def test_a_password_that_anybody_could_guess_is_refused(password):
    with pytest.raises(BadInput):
        checked(password)
