"""The classic one-call-one-process script: the same menu over pyst2, when FastAGI is not there.

Asterisk starts `var/asterisk/agi/classic <line>` and talks on its standard streams. It needs no
server and no database: look-ups fail at once, so whoever asks for one reaches a person. Any
fault ends the script without a decision, and the dialplan goes on to the bare queue.

pyst2 0.5.1 is used through a hardened subclass. As it comes, it escapes nothing when quoting
(a `"` or newline from a caller becomes a command), decodes strictly (a GBK name raises), reports
a hang-up as ValueError, raises on `100 Trying`, and traces every line to standard error.
"""

from __future__ import annotations

import io
import signal
import sys
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from asterisk.agi import AGI

from agi import walk as walking
from agi.session import DEAD_CHANNEL, TRYING, CallerGone
from agi.wire import (
    MAX_HEADERS,
    MAX_LINE_BYTES,
    Answer,
    BadAnswer,
    answer,
    command,
    header,
    is_open,
    quote,
)
from ivr.loader import load_menus
from ivr.machine import Decision, Facts, HangUp, LookupDone
from rexian.kernel.errors import RexianError
from rexian.kernel.settings import load_settings

if TYPE_CHECKING:
    from ivr.machine import MenuSet


class HardenedAGI(AGI):  # type: ignore[misc]  # pyst2 has no types
    """pyst2's AGI with strict quoting, one typed end, bounded lines and silence on stderr."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        """Read the headers from `source`. Raises `BadAnswer` when they are no AGI."""
        self.stdin: Any = source
        self.stdout: Any = sink
        self.stderr = io.StringIO()
        self._got_sighup = False
        self.env: dict[str, str] = {}
        self._get_agi_env()

    def _get_agi_env(self) -> None:
        for _ in range(MAX_HEADERS):
            line = self._line()
            if not line:
                return
            found = header(line)
            if found is not None:
                self.env[found[0]] = found[1]
        raise BadAnswer(headers=MAX_HEADERS)

    def _line(self) -> bytes:
        """One line without its end. Raises `CallerGone` at the end of file."""
        line: bytes = self.stdin.readline(MAX_LINE_BYTES + 1)
        if not line.endswith(b"\n"):
            if len(line) > MAX_LINE_BYTES:
                raise BadAnswer(length=len(line))
            raise CallerGone
        line = line.rstrip(b"\r\n")
        if line == b"HANGUP":
            raise CallerGone
        return line

    def _quote(self, string: object) -> str:
        return quote(str(string))

    def send_command(self, command: str, *args: object) -> None:
        """Send one line; the words of `args` are quoted by the caller."""
        words = " ".join([command.strip(), *(str(arg) for arg in args)])
        if any(end in words for end in "\r\n\0"):
            raise BadAnswer(length=len(words))
        self._write(words.encode("utf-8", "surrogateescape") + b"\n")

    def send_line(self, line: bytes) -> Answer:
        """Send a line made by `agi.wire.command` and return its answer."""
        self._write(line)
        return self.read_answer()

    def _write(self, line: bytes) -> None:
        try:
            self.stdout.write(line)
            self.stdout.flush()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise CallerGone from error

    def read_answer(self) -> Answer:
        """Read the answer to the command under way. Raises `CallerGone` or `BadAnswer`."""
        usage = False
        while True:
            line = self._line()
            usage = line.startswith(b"520-") or (usage and not line.startswith(b"520 "))
            if usage:
                continue
            while is_open(line):
                line += b"\n" + self._line()
                if len(line) > MAX_LINE_BYTES:
                    raise BadAnswer(length=len(line))
            found = answer(line)
            if found.code == DEAD_CHANNEL:
                raise CallerGone
            if found.code != TRYING:
                return found

    def get_result(self, stdin: object = None) -> dict[str, tuple[str, str]]:  # noqa: ARG002
        """Answer in pyst2's form, for its own command methods."""
        found = self.read_answer()
        if found.result < 0:
            raise CallerGone
        return {"result": (str(found.result), found.value or "")}

    def stream_file(self, filename: str, escape_digits: str = "", sample_offset: int = 0) -> str:
        """Play `filename` (no extension); returns the key that stopped it, or ""."""
        found = self.send_line(command("STREAM FILE", filename, escape_digits, sample_offset))
        if found.result < 0:
            raise CallerGone
        return found.digit


def carry(agi: HardenedAGI, menus: MenuSet, line: str, prompts: str) -> Decision:
    """Walk the caller through the menu of `line` and set the decision variables."""
    steps = walking.walk(menus, line, Facts())
    response: walking.Response | None = None
    gone: CallerGone | None = None
    while True:
        try:
            if gone is not None:
                request = steps.throw(gone)
            else:
                request = next(steps) if response is None else steps.send(response)
        except StopIteration as done:
            decision: Decision = done.value
            break
        try:
            response = _do(agi, request, prompts)
        except CallerGone as error:
            gone = error
    if decision != HangUp("caller"):
        for name, value in walking.variables(decision).items():
            agi.set_variable(name, value)
    return decision


def _do(agi: HardenedAGI, request: walking.Request, prompts: str) -> walking.Response:
    match request:
        case walking.StreamPrompt(prompt, interrupt):
            return agi.stream_file(f"{prompts}/{prompt}", interrupt)
        case walking.WaitForKey(timeout_ms):
            return str(agi.wait_for_digit(timeout_ms))
        case walking.LookUp():
            return LookupDone(None, failed=True)


def _hung_up(_signal: int, _frame: object) -> NoReturn:
    raise CallerGone


def main() -> int:
    """Run for one call; the exit status only tells the log how it ended."""
    signal.signal(signal.SIGHUP, _hung_up)
    line = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        agi = HardenedAGI(sys.stdin.buffer, sys.stdout.buffer)
        prompts = load_settings().home / "prompts" / "zh"
        carry(agi, load_menus(), line, str(prompts))
    except CallerGone:
        return 0
    except RexianError as error:
        sys.stderr.write(f"classic menu given up: {error.code}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
