"""Settings: typed, layered, documented; unknown keys are refused.

Layers, later wins: defaults here, `var/rexian.toml` (or the file named by `REXIAN_CONFIG`),
environment variables `REXIAN_…` with `__` between a group and its key
(`REXIAN_PORTS__DESK=8080`). Lists and tables are written as JSON in the environment.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rexian.kernel.errors import BadSetting

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "REXIAN_"
#: Environment variables of that prefix that belong to tools around the programs, not to Settings.
OUTSIDE = frozenset({"REXIAN_CONFIG", "REXIAN_CHROMIUM"})


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Ports(_Group):
    """TCP and UDP ports; everything listens on 127.0.0.1 only."""

    desk: int = Field(8345, description="web desk (HTTP)")
    postgres: int = Field(25432, description="our own PostgreSQL")
    fastagi: int = Field(4573, description="FastAGI server")
    ami: int = Field(5039, description="Asterisk manager interface")
    sip: int = Field(5070, description="SIP over UDP")
    asterisk_http: int = Field(8346, description="Asterisk's HTTP and WebSocket server")
    rtp_start: int = Field(14000, description="first UDP port for audio")
    rtp_end: int = Field(14999, description="last UDP port for audio")
    udptl_start: int = Field(15000, description="first UDP port for T.38 fax")
    udptl_end: int = Field(15199, description="last UDP port for T.38 fax")
    smpp: int = Field(2785, description="development carrier simulator (SMPP 3.4)")
    carrier_http: int = Field(2786, description="development carrier simulator, list and control")
    mail: int = Field(2526, description="development mail sink (SMTP)")
    metrics_base: int = Field(9345, description="first port of the processes' Prometheus metrics")


class Telephony(_Group):
    """How calls are treated."""

    area_code: str = Field("0851", description="area code of numbers dialled without one")
    menu_budget_s: int = Field(
        120, description="seconds a menu may hold a caller before Asterisk frees the caller"
    )
    duty_after_s: int = Field(
        30, description="seconds of waiting after which the duty phone rings too"
    )
    system_name: str = Field("hotline-1", description="Asterisk's systemname, part of call ids")
    max_calls: int = Field(300, description="calls Asterisk takes at most at once")
    wrap_up_s: int = Field(
        5, description="seconds a seat is left alone after a call before the next one is offered"
    )
    fax_t38: bool = Field(False, description="send fax by T.38 instead of as sound (ITU-T T.38)")


class Sms(_Group):
    """The SMS gateway (SMPP 3.4 §4.1)."""

    host: str = Field("127.0.0.1", description="the carrier's SMSC")
    port: int | None = Field(None, description="its port; empty: the development simulator's")
    system_id: str = Field("rexian", description="bind system_id")
    source_addr: str = Field("10612345", description="number that SMS come from")
    signature: str = Field("贵阳12345", description="shown as 【…】 at the start of every SMS")
    window: int = Field(20, description="submits under way at once")


class Notices(_Group):
    """When notices may go out (domain.md: quiet hours)."""

    quiet_from: str = Field("21:30", description="start of quiet hours, Asia/Shanghai, HH:MM")
    quiet_to: str = Field("08:00", description="end of quiet hours, Asia/Shanghai, HH:MM")
    contact_grace_min: int = Field(
        60, description="minutes after a citizen's own contact in which a reply may go out at night"
    )
    quiet_in_development: bool = Field(
        False, description="keep quiet hours towards the simulated carrier too (ADR 8)"
    )
    mail_host: str = Field("127.0.0.1", description="SMTP server for notices by mail")
    mail_port: int | None = Field(None, description="its port; empty: the development mail sink's")
    mail_from: str = Field("12345@hotline.example", description="sender of notices by mail")
    mail_starttls: bool = Field(
        False, description="speak TLS with the mail server (STARTTLS, RFC 3207), or not at all"
    )
    mail_ca: Path | None = Field(
        None, description="certificates trusted for it (PEM); empty: the system's"
    )
    mail_user: str = Field(
        "",
        description="login at the mail server, only with mail_starttls; the password is `password`"
        " in the group `mail` of var/secrets.toml",
    )


class Kept(_Group):
    """How long what is settled is kept; what is not settled is never deleted."""

    work_days: int = Field(30, ge=1, description="done rows of work, days")
    receipts_days: int = Field(
        180, ge=1, description="carriers' receipts, whose content is in the notice's proof, days"
    )
    inbound_days: int = Field(
        30, ge=1, description="parts of SMS that came in and became contacts, days"
    )
    lookup_failures_days: int = Field(1, ge=1, description="wrong codes keyed at look-up, days")


class Settings(_Group):
    """All settings of the hotline. `home` holds everything the running system writes."""

    home: Path = Field(ROOT / "var", description="folder of everything written at run time")
    root: Path = Field(ROOT, description="folder of the source tree")
    database_url: str | None = Field(
        None, description="PostgreSQL to use instead of our own; the owner role's URL"
    )
    city: str = Field("guiyang", description="which seed data and calendar overlay to load")
    development: bool = Field(
        True,
        description="start the carrier simulator and the mail sink, give seeded logins a known"
        " password; refused with a database, carrier or mail server on another machine."
        " In production: false",
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    locale: str = Field("zh", description="first language of the screens: zh or en")
    service_user: str = Field("rexian", description="user the services run as when started as root")
    min_free_mb: int = Field(300, description="free space in MB below which start-up is refused")
    ports: Ports = Field(default_factory=Ports)  # type: ignore[arg-type]
    telephony: Telephony = Field(default_factory=Telephony)  # type: ignore[arg-type]
    sms: Sms = Field(default_factory=Sms)  # type: ignore[arg-type]
    notices: Notices = Field(default_factory=Notices)  # type: ignore[arg-type]
    kept: Kept = Field(default_factory=Kept)  # type: ignore[arg-type]
    work_tries: int = Field(
        12, ge=1, description="tries that may fail before work is given up and shown on /notices"
    )

    def path(self, *parts: str) -> Path:
        """A folder under `home`, created with mode 0700 when missing."""
        folder = self.home.joinpath(*parts)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def file(self, *parts: str) -> Path:
        """A file's path under `home`; its folder is created with mode 0700 when missing."""
        return self.path(*parts[:-1]) / parts[-1]


def load_settings(
    environ: Mapping[str, str] | None = None, *, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Read all layers. Raises `BadSetting` naming the key, its source and what is expected."""
    env = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    home = Path(env.get("REXIAN_HOME", ROOT / "var"))
    file = Path(env.get("REXIAN_CONFIG", home / "rexian.toml"))
    if file.exists():
        _merge(values, _read_file(file))
    elif "REXIAN_CONFIG" in env:
        raise BadSetting(f"配置文件 {file} 不存在。", setting="REXIAN_CONFIG")
    for key, text in env.items():
        if key.startswith(PREFIX) and key not in OUTSIDE:
            _put(values, key.removeprefix(PREFIX).lower().split("__"), text)
    _merge(values, dict(overrides or {}))
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise _explain(error) from error
    _refuse_open_development(settings)
    return settings


def _refuse_open_development(settings: Settings) -> None:
    """Refuse development, whose passwords everybody knows, together with anything real."""
    if not settings.development:
        return
    reached = (
        ("database_url", _hosts(settings.database_url or "")),
        ("sms.host", [settings.sms.host]),
        ("notices.mail_host", [settings.notices.mail_host]),
    )
    for key, hosts in reached:
        for host in hosts:
            if not _is_local(host):
                raise BadSetting(
                    f"正处于开发模式（development），登录密码是公开的，而设置 {key} 指向别的机器"
                    f" {host}，已拒绝启动。正式运行请设 REXIAN_DEVELOPMENT=false，再用"
                    " rexian user password admin 设置管理员密码；开发时请改用本机地址。",
                    setting=key,
                    host=host,
                )


def _hosts(url: str) -> list[str]:
    """The hosts a PostgreSQL URL leads to; libpq takes several, and some from the query."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    listed = [parts.netloc.rpartition("@")[2], *query.get("host", []), *query.get("hostaddr", [])]
    names = [unquote(one) for entry in listed for one in entry.split(",")]
    return [_without_port(name) for name in names]


def _without_port(name: str) -> str:
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name if name.startswith("/") else name.partition(":")[0]


def _is_local(host: str) -> bool:
    """Whether it is this machine: a socket's folder, nothing, localhost or a loopback address."""
    if not host or host.startswith("/") or host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _read_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSetting(f"配置文件 {file} 无法读取：{error}", setting=str(file)) from error


def _put(values: dict[str, Any], keys: list[str], text: str) -> None:
    for key in keys[:-1]:
        values = values.setdefault(key, {})
    values[keys[-1]] = text


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = dict(value) if isinstance(value, Mapping) else value


def _explain(error: ValidationError) -> BadSetting:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    env = PREFIX + "__".join(str(part) for part in first["loc"]).upper()
    if first["type"] == "extra_forbidden":
        sentence = f"没有名为 {key}（{env}）的设置。全部设置见 docs/reference/settings.md。"
    else:
        sentence = f"设置 {key}（{env}）的值不对：{first['msg']}。"
    return BadSetting(sentence, setting=key, problem=first["msg"])
