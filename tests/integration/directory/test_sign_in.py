"""Signing in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from directory.loader import user_id
from directory.queries import departments, government_of, places, queues_of, seats, user_at_seat
from directory.service import (
    LockOut,
    SignInFailed,
    _count_failure,
    actor_of,
    set_password,
    sign_in,
)
from rexian.app.seed import DEVELOPMENT_PASSWORD, load_seed
from rexian.kernel.actor import Role
from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database
from rexian.kernel.errors import BadSetting, TooMany
from rexian.kernel.events import Subject, history
from rexian.kernel.settings import load_settings


async def test_a_department_login_signs_in_as_its_department(
    db: Database, clock: FixedClock
) -> None:
    actor = await sign_in(db, " Water ", DEVELOPMENT_PASSWORD, clock=clock)
    assert (actor.role, actor.department, actor.seat) == (Role.DEPARTMENT, "D-WATER", None)
    async with db.begin() as tx:
        assert await actor_of(tx, actor.id) == actor
        assert [e.type for e in await history(tx, Subject("user", actor.id))] == ["user.signed_in"]


async def test_a_wrong_password_and_a_login_that_does_not_exist_answer_alike_until_both_lock(
    db: Database, clock: FixedClock
) -> None:
    for login in ("centre", "nobody-here"):
        for _ in range(5):
            with pytest.raises(SignInFailed):
                await sign_in(db, login, "wrong", clock=clock)
        with pytest.raises(TooMany):
            await sign_in(db, login, DEVELOPMENT_PASSWORD, clock=clock)
    clock.advance(timedelta(minutes=16))
    assert (await sign_in(db, "centre", DEVELOPMENT_PASSWORD, clock=clock)).role is Role.CENTRE
    async with db.begin() as tx:
        log = [e.type for e in await history(tx, Subject("user", user_id("centre")))]
    assert log == ["user.sign_in_failed"] * 4 + ["user.locked", "user.signed_in"]


async def test_tries_side_by_side_do_not_tell_which_password_was_right(
    db: Database, clock: FixedClock
) -> None:
    wrong = [sign_in(db, "centre", f"wrong-{n}", clock=clock) for n in range(5)]
    for one in wrong:
        with pytest.raises(SignInFailed):
            await one
    now = clock.now()
    with pytest.raises(TooMany):
        await _count_failure(db, "centre", None, now, LockOut())
    clock.advance(timedelta(minutes=16))
    assert (await sign_in(db, "centre", DEVELOPMENT_PASSWORD, clock=clock)).role is Role.CENTRE


async def test_failures_far_apart_do_not_lock(db: Database, clock: FixedClock) -> None:
    for _ in range(8):
        with pytest.raises(SignInFailed):
            await sign_in(db, "leader", "wrong", clock=clock)
        clock.advance(timedelta(minutes=20))
    assert (await sign_in(db, "leader", DEVELOPMENT_PASSWORD, clock=clock)).name == "班长示例"


async def test_a_user_no_longer_active_is_nobody(db: Database, clock: FixedClock) -> None:
    async with db.begin() as tx:
        await tx.execute(text("UPDATE users SET active = false WHERE login = 'admin'"))
        assert await actor_of(tx, user_id("admin")) is None
    with pytest.raises(SignInFailed):
        await sign_in(db, "admin", DEVELOPMENT_PASSWORD, clock=clock)


async def test_the_new_password_counts_and_the_old_one_no_longer(
    db: Database, clock: FixedClock
) -> None:
    assert await set_password(db, "urban", "another-password")
    assert not await set_password(db, "nobody-here", "another-password")
    with pytest.raises(SignInFailed):
        await sign_in(db, "urban", DEVELOPMENT_PASSWORD, clock=clock)
    assert (await sign_in(db, "urban", "another-password", clock=clock)).department == "D-URBAN"


async def test_outside_development_seeded_logins_have_no_password(
    bare_db: Database, clock: FixedClock
) -> None:
    production = load_settings({}, overrides={"development": False})
    await load_seed(bare_db, production)
    with pytest.raises(SignInFailed):
        await sign_in(bare_db, "admin", DEVELOPMENT_PASSWORD, clock=clock)
    with pytest.raises(BadSetting):
        await load_seed(bare_db, load_settings({}, overrides={"city": "nowhere"}))


async def test_a_database_taken_out_of_development_loses_the_public_password(
    db: Database, clock: FixedClock
) -> None:
    await set_password(db, "centre", "another-password")
    await load_seed(db, load_settings({}, overrides={"development": False}))
    with pytest.raises(SignInFailed):
        await sign_in(db, "admin", DEVELOPMENT_PASSWORD, clock=clock)
    assert (await sign_in(db, "centre", "another-password", clock=clock)).role is Role.CENTRE


async def test_the_seed_loads_twice_and_is_read_back(db: Database, clock: FixedClock) -> None:
    await set_password(db, "water", "kept")
    await load_seed(db, load_settings({}))
    async with db.begin() as tx:
        assert len(await places(tx, "township")) == 85
        assert len(await departments(tx)) == 40
        assert [seat.number for seat in await seats(tx)] == [str(n) for n in range(1001, 1013)]
        assert await queues_of(tx, "1012") == ("12345", "96796")
        assert await user_at_seat(tx, "1012") == user_id("agent1012")
        assert await user_at_seat(tx, "9999") is None
        local = await government_of(tx, "520181104")
    assert local is not None
    assert local.code == "D-QINGZHEN"
    actor = await sign_in(db, "water", "kept", clock=clock)
    assert actor.department == "D-WATER"
