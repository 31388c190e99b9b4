"""A call as data: what a robot citizen does and must hear. Format of `tests/scenarios/*.yaml`.

A scenario is a caller and a list of steps, each a mapping of one verb to its arguments; the
verbs are the classes below, described in docs/reference/robots.md. `{name}` in a value is
filled in from the facts of the run: a case number that did not exist when the file was written.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rexian.kernel.errors import RexianError

FORMAT = 1


class BadScenario(RexianError):
    """A scenario file cannot be used."""

    code = "bad_scenario"
    status = 422
    default_sentence = "呼叫脚本有误。"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Seconds = Annotated[float, Field(gt=0, le=300)]


class Caller(_Part):
    """Who calls."""

    number: str = Field(
        default="13900000001", description="caller's number, as the carrier shows it"
    )
    name: str = Field(default="", description="display name, sent as it is")


class Dial(_Part):
    """Dial and wait for the answer; without a number, the line given on the command line."""

    dial: str | None = None


class PromptWanted(_Part):
    """Which prompt must be heard, and how soon."""

    prompt: str
    within_s: Seconds = 20
    first_s: Seconds | None = Field(
        default=None, description="compare only the first seconds of it"
    )


class ExpectPrompt(_Part):
    """Hear a prompt: its file is matched against what the phone received since the last one."""

    expect_prompt: PromptWanted | str


class DigitsWanted(_Part):
    """Which digits must be heard."""

    digits: str
    within_s: Seconds = 20


class ExpectDigits(_Part):
    """Hear digits one by one, directly after the prompt heard last."""

    expect_digits: DigitsWanted | str


class VoiceWanted(_Part):
    """Which sentence must be heard from a robot seat."""

    text: str
    within_s: Seconds = 60


class ExpectVoice(_Part):
    """Hear a robot at the other end say a sentence."""

    expect_voice: VoiceWanted | str


class ExpectMusic(_Part):
    """Hear the music of the queue; the value is how many seconds to wait for it at most."""

    expect_music: Seconds


class Press(_Part):
    """Press keys (RFC 4733)."""

    press: Annotated[str, Field(pattern=r"^([0-9*#]|\{[a-z_]+\})+$")]


class Say(_Part):
    """Say a sentence into the call."""

    say: str


class Wait(_Part):
    """Keep the line open for a while."""

    wait: Seconds


class WaitHangUp(_Part):
    """Wait for the other side to end the call, so many seconds at most."""

    wait_hang_up: Seconds


class HangUp(_Part):
    """Hang up."""

    hang_up: Literal[True]


Step = (
    Dial
    | ExpectPrompt
    | ExpectDigits
    | ExpectVoice
    | ExpectMusic
    | Press
    | Say
    | Wait
    | WaitHangUp
    | HangUp
)

VERBS: Mapping[str, type[_Part]] = {
    "dial": Dial,
    "expect_prompt": ExpectPrompt,
    "expect_digits": ExpectDigits,
    "expect_voice": ExpectVoice,
    "expect_music": ExpectMusic,
    "press": Press,
    "say": Say,
    "wait": Wait,
    "wait_hang_up": WaitHangUp,
    "hang_up": HangUp,
}


class Script(_Part):
    """One call."""

    format: Literal[1]
    title: str
    line: str = Field(default="12345", description="the number dialled when a step names none")
    caller: Caller = Caller()
    steps: tuple[Step, ...] = Field(min_length=1)


def load_script(file: Path) -> Script:
    """Read a scenario. Raises `BadScenario` naming the file, the step and the fault."""
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadScenario(f"呼叫脚本 {file} 无法读取：{error}", file=str(file)) from error
    return parse_script(content, file.name)


def parse_script(content: Any, where: str) -> Script:
    """Validate what a scenario holds. Raises `BadScenario`."""
    if not isinstance(content, dict):
        raise BadScenario(f"呼叫脚本 {where} 应是一个 YAML 对象。", file=where)
    steps = parse_steps(content.get("steps"), where)
    try:
        return Script.model_validate({**content, "steps": steps})
    except ValidationError as error:
        raise _explained(error, where) from error


def parse_steps(content: Any, where: str) -> list[Any]:
    """Validate a list of steps. Raises `BadScenario` naming the step."""
    steps = content if isinstance(content, list) else []
    return [_step(step, number, where) for number, step in enumerate(steps, 1)]


def _step(step: Any, number: int, where: str) -> Any:
    """One step; a word alone (`hang_up`) is a step without arguments."""
    if step in ("dial", "hang_up"):
        step = {step: None if step == "dial" else True}
    if not isinstance(step, dict) or len(step) != 1:
        raise BadScenario(
            f"呼叫脚本 {where} 第 {number} 步应只写一个动作。", file=where, step=number
        )
    verb = str(next(iter(step)))
    kind = VERBS.get(verb)
    if kind is None:
        raise BadScenario(
            f"呼叫脚本 {where} 第 {number} 步的动作“{verb}”不认识；可用：{'、'.join(VERBS)}。",
            file=where,
            step=number,
        )
    try:
        return kind.model_validate(step)
    except ValidationError as error:
        raise _explained(error, f"{where} 第 {number} 步") from error


def filled(text: str, facts: Mapping[str, str]) -> str:
    """`text` with `{name}` filled in. Raises `BadScenario` for a fact nobody knows."""
    try:
        return text.format_map(facts)
    except (KeyError, ValueError, IndexError) as error:
        raise BadScenario(f"呼叫脚本里的“{text}”无法填写：{error}。", text=text) from error


def _explained(error: ValidationError, where: str) -> BadScenario:
    first = error.errors()[0]
    place = " → ".join(str(part) for part in first["loc"])
    return BadScenario(
        f"呼叫脚本 {where} 的 {place} 有误：{first['msg']}。", file=where, place=place
    )
