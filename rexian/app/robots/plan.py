"""The tour as data: who calls, what the case is, what comes back. `tests/scenarios/first_call.yaml`."""

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rexian.app.robots.scenario import BadScenario, Caller, Step, parse_steps
from rexian.kernel.settings import ROOT

FIRST_CALL = ROOT / "tests" / "scenarios" / "first_call.yaml"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SeatPlan(_Part):
    """The robot at the seat: its telephone, its login, what it says."""

    number: str
    login: str
    answers_after_ms: int = 2500
    greets: str
    closes: str


class Silent(_Part):
    """A second caller who says nothing."""

    caller: Caller
    steps: tuple[Step, ...]


class CasePlan(_Part):
    """What the agent takes down. `category` must be among the desk's suggestions."""

    kind: str
    category: str
    text: str
    township: str
    place: str
    address: str
    citizen_name: str
    department: str


class DepartmentPlan(_Part):
    """Who signs, and the reply."""

    login: str
    reply: str
    internal: str = ""


class LoginPlan(_Part):
    """Somebody who signs in."""

    login: str
    reason: str = ""


class ApprovalPlan(_Part):
    """A result of the one-stop approval system."""

    system: str
    matter: str
    result: str
    department: str
    applicant: str
    phone: str
    fax: str
    note: str = ""


class Plan(_Part):
    """The whole tour."""

    format: Literal[1]
    title: str
    line: str
    citizen: Caller
    seat: SeatPlan
    call: tuple[Step, ...] = Field(min_length=1)
    silent: Silent
    case: CasePlan
    department: DepartmentPlan
    centre: LoginPlan
    look_up: tuple[Step, ...] = Field(min_length=1)
    approval: ApprovalPlan
    listener: LoginPlan


def load_plan(file: Path = FIRST_CALL) -> Plan:
    """Read the tour. Raises `BadScenario` naming the place and the fault."""
    try:
        content: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadScenario(f"演示脚本 {file} 无法读取：{error}", file=str(file)) from error
    if not isinstance(content, dict):
        raise BadScenario(f"演示脚本 {file.name} 应是一个 YAML 对象。", file=file.name)
    for name in ("call", "look_up"):
        content[name] = parse_steps(content.get(name), f"{file.name} 的 {name}")
    silent = content.get("silent")
    if isinstance(silent, dict):
        silent["steps"] = parse_steps(silent.get("steps"), f"{file.name} 的 silent")
    try:
        return Plan.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = " → ".join(str(part) for part in first["loc"])
        raise BadScenario(f"演示脚本 {file.name} 的 {place} 有误：{first['msg']}。") from error
