"""Load, decide, append, in one transaction: what people and processes do to cases."""

from __future__ import annotations

from dataclasses import replace

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from cases import record, store
from cases.deadlines import Deadlines
from cases.intake import NewCase, citizen_of, classified, tier_of, title_of
from cases.lifecycle import Rules, apply, checked_text, decide
from cases.loader import calendar
from cases.lookup import CaseStatus, case_number, lookup
from cases.model import (
    Accept,
    AnswerDirectly,
    Case,
    Close,
    Command,
    Dispatch,
    Reply,
    Review,
    Sign,
)
from cases.page import CasePage, case_page
from cases.security import reading_as
from directory import queries as directory
from rexian.kernel import events
from rexian.kernel.access import Permission, require
from rexian.kernel.actor import Actor, Role
from rexian.kernel.clock import Clock
from rexian.kernel.db import Database
from rexian.kernel.errors import BadInput, NotAllowed, NotFound
from rexian.kernel.ids import new_id

__all__ = ["NEEDS", "CaseService", "NewCase", "standard_rules"]

log = structlog.get_logger()

LONGEST_ADDRESS = 200
LONGEST_TOKEN = 100

#: Which permission each command needs.
NEEDS: dict[type, Permission] = {
    AnswerDirectly: Permission.ACCEPT_CASES,
    Dispatch: Permission.ACCEPT_CASES,
    Sign: Permission.HANDLE_CASES,
    Reply: Permission.HANDLE_CASES,
    Review: Permission.REVIEW_CASES,
    Close: Permission.REVIEW_CASES,
}


def standard_rules() -> Rules:
    """Give the centre's rules with the city's calendar."""
    return Rules(Deadlines(calendar()))


class CaseService:
    """Commands on cases; one transaction each."""

    def __init__(self, db: Database, clock: Clock, rules: Rules | None = None) -> None:
        self.db = db
        self.clock = clock
        self.rules = rules or standard_rules()

    async def accept(self, tx: AsyncConnection, new: NewCase, actor: Actor) -> Case:
        """Register a case and give it its number; a form sent twice gives the first one's case.

        Raises `BadInput` at the field, `Forbidden`.
        """
        require(actor, Permission.ACCEPT_CASES)
        words = checked_text(new.text, "text", "诉求内容", self.rules)
        await self._hold_token(tx, new.form_token)
        before = await self._by_token(tx, new.form_token, actor)
        if before is not None:
            return before
        if new.line not in self.rules.lines:
            raise BadInput("没有这条热线。", field="line")
        kind, category = await classified(tx, new)
        address = new.address.strip()
        if len(address) > LONGEST_ADDRESS:
            raise BadInput(f"事发地点最多 {LONGEST_ADDRESS} 个字。", field="address")
        if new.township:
            await directory.require_township(tx, new.township)
        at = self.clock.now()
        citizen = await citizen_of(tx, new, actor, at)
        tier = tier_of(new, kind, category)
        number = await store.next_number(tx, new.line, at)
        blank = Case(id=new_id())
        decided = decide(blank, Accept(number, tier), at, self.rules)
        case = apply(blank, decided[0])
        intake = {
            "line": new.line,
            "kind": kind.value,
            "category": category.code,
            "township": new.township or None,
            "confidential": new.confidential,
        }
        columns = {
            **intake,
            "title": await title_of(tx, words, new, citizen),
            "citizen_id": citizen,
            "contact_id": new.contact_id,
            "form_token": new.form_token,
            "accepted_at": at,
            "accepted_by": actor.id,
            "accepted_seat": actor.seat,
        }
        await store.insert(tx, case, columns)
        facts = {
            **intake,
            "citizen": citizen,
            "contact": new.contact_id,
            "seat": actor.seat,
            "texts": {"request": words, "address": address},
        }
        await record.write(tx, case, decided, actor, facts)
        return case

    async def handle(self, case_id: str, command: Command, actor: Actor) -> Case:
        """Do `command` to the case (id or number) in a transaction of its own.

        Raises `NotAllowed` with the rule, `BadInput` with the field, `Forbidden`, `NotFound`:
        the same for a case that does not exist and one that is another department's.
        """
        permission = NEEDS.get(type(command))
        if permission is None:
            raise NotAllowed(command=type(command).__name__)
        require(actor, permission)
        found = await self._visible(case_id, actor)
        async with self.db.begin() as tx:
            return await self.handle_in(tx, found, command, actor)

    async def handle_in(
        self, tx: AsyncConnection, case_id: str, command: Command, actor: Actor
    ) -> Case:
        """Do `command` inside the caller's transaction (role rexian_app); permission is checked."""
        require(actor, NEEDS[type(command)])
        case = await store.for_update(tx, case_id)
        if case is None:
            raise NotFound
        _own_department(command, case, actor)
        rules = self.rules
        if isinstance(command, Dispatch):
            for code in (command.lead, *command.supports):
                if code:
                    await directory.department(tx, code)
            rules = replace(rules, deadlines=await store.city_deadlines(tx, rules.deadlines))
        decided = decide(case, command, self.clock.now(), rules)
        for event in decided:
            case = apply(case, event)
        await store.save(tx, case, decided)
        await record.write(tx, case, decided, actor, {})
        return case

    async def page(self, case_id: str, actor: Actor) -> CasePage:
        """Give the case page (id or number); a department's guess is logged. Raises `NotFound`."""
        found = await self._visible(case_id, actor)
        async with self.db.begin() as tx:
            return await case_page(tx, found, actor, rules=self.rules, at=self.clock.now())

    async def lookup(self, number: str, code: str) -> CaseStatus | None:
        """Give a case's status to a citizen who has number and code; see `cases.lookup`."""
        async with self.db.begin() as tx:
            return await lookup(tx, number, code, at=self.clock.now())

    async def _visible(self, asked: str, actor: Actor) -> str:
        """Give the id of a case the actor may know of, or raise the one `NotFound`."""
        require(actor, Permission.READ_CASES)
        async with self.db.begin() as tx:
            async with reading_as(tx, actor):
                found = await _resolve(tx, asked)
            if found is not None:
                return found
            if actor.role is Role.DEPARTMENT:
                await self._log_guess(tx, asked, actor)
        raise NotFound

    async def _log_guess(self, tx: AsyncConnection, asked: str, actor: Actor) -> None:
        exists = await _resolve(tx, asked)
        log.warning(
            "case.refused", department=actor.department, user=actor.id, case=exists or "none"
        )
        payload = {"department": actor.department, "case": exists}
        await events.append(
            tx,
            events.Subject("user", actor.id),
            [events.NewEvent("case.refused", payload)],
            actor=actor,
            at=self.clock.now(),
        )

    async def _hold_token(self, tx: AsyncConnection, token: str) -> None:
        if not 0 < len(token) <= LONGEST_TOKEN or "\x00" in token:
            raise BadInput("表单缺少编号，请刷新页面后重新提交，已填内容仍在。", field="form_token")
        await tx.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended('form ' || :token, 0))"),
            {"token": token},
        )

    async def _by_token(self, tx: AsyncConnection, token: str, actor: Actor) -> Case | None:
        found = await tx.execute(
            text("SELECT id, accepted_by FROM cases WHERE form_token = :token"), {"token": token}
        )
        before = found.one_or_none()
        if before is None:
            return None
        if before.accepted_by != actor.id:
            raise BadInput("这张表单已由他人提交，请刷新页面。", field="form_token")
        return await store.for_update(tx, before.id)


def _own_department(command: Command, case: Case, actor: Actor) -> None:
    """A department acts in its own name only, and only on what was dispatched to it."""
    if actor.role is not Role.DEPARTMENT:
        return
    if actor.department not in {case.lead, *case.supports}:
        raise NotFound
    if isinstance(command, Sign | Reply) and command.department != actor.department:
        raise NotAllowed("只能以本单位的名义办理。", rule="own_department")


async def _resolve(tx: AsyncConnection, asked: str) -> str | None:
    """Give the id of the case that `asked` (an id or a number) names, as far as is visible."""
    if "\x00" in asked:
        return None
    number = case_number(asked)
    column = "number" if number else "id"
    found = await tx.execute(
        text(f"SELECT id FROM cases WHERE {column} = :asked"),  # noqa: S608 - one of two constants
        {"asked": number or asked},
    )
    identifier = found.scalar_one_or_none()
    return None if identifier is None else str(identifier)
