"""Secrets are made once, kept with mode 0600, and the same for everybody who asks."""

import stat

from rexian.app.services.secrets import SecretStore
from rexian.app.services.sockets import PATH_BYTES, folder_for


def test_a_secret_is_made_once_and_readable_by_the_owner_only(tmp_path):
    file = tmp_path / "secrets.toml"
    first = SecretStore(file).get("postgres", "rexian_app")
    other = SecretStore(file).get("asterisk", "seat-1001")
    assert SecretStore(file).get("postgres", "rexian_app") == first
    assert first != other
    assert len(first) >= 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_socket_folder_too_deep_is_replaced_by_a_short_private_one(tmp_path):
    near = tmp_path / "run"
    assert folder_for(near, "x.sock") == near
    deep = tmp_path / ("d" * 120)
    short = folder_for(deep, "x.sock")
    assert short != deep
    assert len(bytes(short / "x.sock")) <= PATH_BYTES
    assert folder_for(deep, "x.sock") == short
