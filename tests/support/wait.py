"""Waiting on a condition with a deadline: the one place in the tests that sleeps."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any


async def until(
    look: Callable[[], Any],
    seconds: float = 15.0,
    what: str = "",
    *,
    every_s: float = 0.02,
) -> Any:
    """Look (a function or coroutine function) until something true is seen; gives it back.

    Fails after `seconds`, saying `what` was waited for.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        seen = look()
        found = await seen if inspect.isawaitable(seen) else seen
        if found:
            return found
        assert asyncio.get_running_loop().time() < deadline, f"not within {seconds:g} s: {what}"
        await asyncio.sleep(every_s)
