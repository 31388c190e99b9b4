"""Checks on the rendered configuration: the security list of docs/reference/telephony.md.

Each rule reads text and returns faults; none of them asks a running Asterisk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from calls.asterisk_modules import FORBIDDEN

_SECTION = re.compile(r"^\[([^\]]+)\](?:\(([^)]*)\))?")
_EXTEN = re.compile(r"^exten\s*=>\s*([^,]+),")
_STEP = re.compile(r"^(?:exten\s*=>\s*[^,]+,1|\s*same\s*=>\s*n(?:\([a-z]+\))?),(\w+)\((.*)\)\s*$")
_JUMP = re.compile(r"^([a-z][a-z-]*),(\$\{REXIAN_LINE\}|[0-9a-z]+),1$")
_FILTERED = re.compile(
    r"\$\{FILTER\([^,]+,\$\{(?:CALLERID\((?:num|name)\)|REMOTESTATIONID|FAXERROR|PJSIP_HEADER\(read)"
)
_TAINTED = re.compile(
    r"\$\{(?:CALLERID\([^)]*\)|REMOTESTATIONID|FAXERROR|PJSIP_HEADER|CHANNEL\([^)]*\)|EXTEN)"
)
_DANGEROUS = re.compile(
    r"\b(?:System|TrySystem|SHELL|EVAL|ENV|CURL|FILE|ExecIf|Exec|TryExec|Macro|EAGI|DeadAGI"
    r"|MixMonitor\([^)]*,[^)]*,[^)]+\))\b"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken rule and where."""

    file: str
    line: int
    rule: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.rule}"


def lint(files: Mapping[str, str]) -> list[Fault]:
    """Return every broken rule in `files` (text by file name); an empty list is a pass."""
    faults: list[Fault] = []
    for name, check in _CHECKS.items():
        if name not in files:
            faults.append(Fault(name, 0, "the file is missing"))
        else:
            faults += [Fault(name, line, rule) for line, rule in check(files[name])]
    for name, words in files.items():
        faults += [
            Fault(name, number, "binds to more than loopback")
            for number, line in _lines(words)
            if re.match(r"^bind(?:addr)?\s*=(?!\s*127\.0\.0\.1)", line)
        ]
    return faults


def _lines(words: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(words.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith(";"):
            yield number, line


def _must(words: str, *wanted: str) -> Iterator[tuple[int, str]]:
    present = {re.sub(r"\s+", " ", line.strip()) for _, line in _lines(words)}
    for want in wanted:
        if want not in present:
            yield 0, f"lacks `{want}`"


def _asterisk(words: str) -> Iterator[tuple[int, str]]:
    yield from _must(words, "live_dangerously = no", "execincludes = no")
    if not re.search(r"^maxcalls = [1-9]\d*$", words, re.MULTILINE):
        yield 0, "maxcalls is not bounded"


def _modules(words: str) -> Iterator[tuple[int, str]]:
    yield from _must(words, "autoload = no")
    for number, line in _lines(words):
        found = re.match(r"^(?:pre)?load\s*=\s*(\w+)\.so", line)
        if found and found[1] in FORBIDDEN:
            yield number, f"{found[1]} must not be loaded"


def _manager(words: str) -> Iterator[tuple[int, str]]:
    yield from _must(words, "webenabled = no")
    users = re.split(r"^(?=\[)", words, flags=re.MULTILINE)[1:]
    for user in users:
        name = user[1 : user.index("]")]
        if name == "general":
            continue
        if "deny = 0.0.0.0/0.0.0.0" not in user or "permit = 127.0.0.1/" not in user:
            yield 0, f"manager user {name} is not limited to loopback"
        rights = re.search(r"^write = (.*)$", user, re.MULTILINE)
        granted = set(rights[1].replace(" ", "").split(",")) if rights else set()
        if granted & {"all", "system", "command", "config"}:
            yield 0, f"manager user {name} has more rights than it needs"
        if "originate" in granted and granted != {"originate"}:
            yield 0, f"manager user {name} may originate and more"


def _pjsip(words: str) -> Iterator[tuple[int, str]]:
    yield from _must(words, "media_address = 127.0.0.1", "bind_rtp_to_media_address = yes")
    if "anonymous" in words.replace("No anonymous", ""):
        yield 0, "an anonymous endpoint is named"
    secured = set(re.findall(r"^\[([\w-]+)\]\(secret\)", words, re.MULTILINE))
    for number, line in _lines(words):
        section = _SECTION.match(line)
        if section is None or section[2] != "phone":
            continue
        name = section[1]
        if name.isdigit():
            yield number, f"endpoint {name} is numeric"
        if name not in secured and f"[{name}](phone)\ncontext = nowhere" not in words:
            yield number, f"endpoint {name} has no password"
    for number, line in _lines(words):
        found = re.match(r"^password = (.*)$", line)
        if found and len(found[1]) < 16:  # noqa: PLR2004 - 96 bits of URL-safe characters
            yield number, "a password is shorter than 16 characters"


def _extensions(words: str) -> Iterator[tuple[int, str]]:
    contexts = set(re.findall(r"^\[([\w-]+)\]", words, re.MULTILINE))
    before: list[str] = []
    for number, line in _lines(words):
        exten = _EXTEN.match(line)
        if exten:
            before = []
            if exten[1].startswith("_") and re.search(r"[.!]", exten[1]):
                yield number, "a pattern without fixed length"
        if _DANGEROUS.search(line):
            yield number, "a function or application that runs commands or reads files"
        if _TAINTED.search(_FILTERED.sub("", line)):
            yield number, "what the caller sent is used without FILTER()"
        step = _STEP.match(line)
        if step:
            yield from ((number, rule) for rule in _step(step[1], step[2], before, contexts))
            before.append(f"{step[1]}({step[2]})")


def _step(name: str, arguments: str, before: list[str], contexts: set[str]) -> Iterator[str]:
    if name == "AGI" and not any(step.startswith("Set(TIMEOUT(absolute)=${") for step in before):
        yield "AGI() without a budget: a frozen server would hold the caller"
    if name == "Queue" and "Set(TIMEOUT(absolute)=${" in "".join(before):
        yield "Queue() under the menu's budget"
    target = arguments.rpartition("?")[2] if name == "GotoIf" else arguments
    if name in {"Goto", "GotoIf"}:
        jump = _JUMP.match(target)
        if jump and jump[1] not in contexts:
            yield f"jumps to [{jump[1]}], which is not there"


def _rtp(words: str) -> Iterator[tuple[int, str]]:
    yield from _must(words, "strictrtp = yes")


def _http(words: str) -> Iterator[tuple[int, str]]:
    yield from _must(words, "servername =", "enable_static = no", "enable_status = no")


_CHECKS = {
    "asterisk.conf": _asterisk,
    "modules.conf": _modules,
    "manager.conf": _manager,
    "pjsip.conf": _pjsip,
    "extensions.conf": _extensions,
    "rtp.conf": _rtp,
    "http.conf": _http,
}
