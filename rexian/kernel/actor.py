"""Who does something: every event names its actor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Self


class Role(StrEnum):
    """Roles of people who sign in; `SYSTEM` and `CITIZEN` never sign in at a desk."""

    AGENT = "agent"
    TEAM_LEADER = "team_leader"
    DEPARTMENT = "department"
    CENTRE = "centre"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    SYSTEM = "system"
    CITIZEN = "citizen"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or process that acts; `department` and `seat` are codes such as D-WATER, 1012."""

    kind: Literal["user", "system", "citizen"]
    id: str
    role: Role
    name: str = ""
    department: str | None = None
    seat: str | None = None

    @classmethod
    def system(cls, process: str) -> Self:
        """A process of ours, for example `Actor.system("worker")`."""
        return cls(kind="system", id=process, role=Role.SYSTEM, name=process)

    @classmethod
    def citizen(cls, citizen_id: str) -> Self:
        """A citizen acting through a menu, an SMS or the web."""
        return cls(kind="citizen", id=citizen_id, role=Role.CITIZEN)

    def __str__(self) -> str:
        """`kind:id`, the form kept in events; never a name."""
        return f"{self.kind}:{self.id}"
