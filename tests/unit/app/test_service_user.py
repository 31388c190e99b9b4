"""The services' account: never root, and able to reach what it needs."""

import os

import pytest

from rexian.app.bootstrap import service_user
from rexian.app.bootstrap.service_user import ServiceUser, ServiceUserError

STRANGER = ServiceUser("stranger", 54321, 54321)


def test_a_folder_closed_to_others_is_named(tmp_path):
    closed = tmp_path / "closed"
    inner = closed / "clone"
    inner.mkdir(parents=True)
    inner.chmod(0o755)
    closed.chmod(0o700)
    tmp_path.chmod(0o755)
    blocked = service_user.unreachable_folder(inner, STRANGER)
    assert blocked is not None
    assert blocked in (closed, *closed.parents)
    me = ServiceUser("me", os.geteuid(), os.getegid())
    assert service_user.unreachable_folder(inner, me) is None


def test_the_found_account_is_never_root(tmp_path):
    found = service_user.find(tmp_path)
    assert found is None or found.uid != 0


def test_a_setting_that_names_root_or_nobody_is_refused():
    with pytest.raises(ServiceUserError, match="ordinary user"):
        service_user.by_setting("root")
    with pytest.raises(ServiceUserError, match="no such user"):
        service_user.by_setting("no-such-user-here")
