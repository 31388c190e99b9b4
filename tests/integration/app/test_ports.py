"""A taken port is named together with who has it, before anything is started."""

import os
import socket

import pytest

from rexian.app.services import ports
from rexian.app.services.postgres import free_port
from rexian.app.supervisor.up import CannotStart, look, up
from rexian.kernel.settings import load_settings


@pytest.fixture
def listening():
    with socket.socket() as tcp:
        tcp.bind(("127.0.0.1", 0))
        tcp.listen(1)
        yield tcp.getsockname()[1]


def _settings(folder, **chosen):
    keys = ("desk", "postgres", "fastagi", "ami", "sip", "asterisk_http", "smpp", "carrier_http",
            "mail")  # fmt: skip
    free = {key: free_port() for key in keys}
    home = folder / "var"
    home.mkdir(exist_ok=True)
    return load_settings({}, overrides={"home": str(home), "ports": {**free, **chosen}})


def test_the_owner_of_a_tcp_port_is_this_process(listening):
    owner = ports.owner_of(listening, "tcp")
    assert f"process {os.getpid()} " in owner
    assert "pytest" in owner


def test_the_owner_of_a_udp_port_is_found_too():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        assert f"process {os.getpid()} " in ports.owner_of(udp.getsockname()[1], "udp")


def test_an_unknown_owner_is_said_to_be_unknown():
    assert "does not show" in ports.owner_of(free_port(), "tcp")


def test_a_port_on_all_addresses_counts_as_taken(tmp_path):
    with socket.socket() as tcp:
        tcp.bind(("", 0))
        tcp.listen(1)
        settings = _settings(tmp_path, desk=tcp.getsockname()[1])
        taken = ports.taken(ports.wanted(settings))
    assert [one.wanted.setting for one in taken] == ["desk"]


def test_starting_names_the_port_its_owner_and_the_way_out(tmp_path, listening):
    settings = _settings(tmp_path, desk=listening)
    with pytest.raises(CannotStart) as refused:
        look(settings)
    sentence = str(refused.value)
    assert f"TCP port {listening} (web desk" in sentence
    assert f"process {os.getpid()} " in sentence
    assert "REXIAN_PORTS__DESK=" in sentence


def test_nothing_is_started_when_a_port_is_taken(tmp_path, listening):
    settings = _settings(tmp_path, sip=free_port(), mail=listening)
    with pytest.raises(CannotStart):
        up(settings, "0")
    assert not (settings.home / "postgres").exists()
    assert not (settings.home / "run" / "supervisor.json").exists()


def test_all_ports_free_is_no_obstacle(tmp_path):
    look(_settings(tmp_path))
