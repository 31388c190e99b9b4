"""The one error of the set-up: what stopped it and the sentence that helps, in two languages."""

from __future__ import annotations


class SetupError(Exception):
    """The set-up stopped at a step; running it again goes on from there."""

    def __init__(self, english: str, chinese: str) -> None:
        super().__init__(english)
        self.english = english
        self.chinese = chinese

    def __str__(self) -> str:
        return f"{self.english}\n{self.chinese}"
