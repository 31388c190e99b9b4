"""The words that tell what is wrong with a file, in Chinese and English. Pure.

They name line and field and never repeat a value: a report may be read by many.
"""

from __future__ import annotations

from collections.abc import Sequence

from exchange.approval_files import Problem


def sentence(problem: Problem) -> str:
    """Return the Chinese words of one problem, without its line and field."""
    return problem.chinese


def reason_text(name: str, problems: Sequence[Problem], *, partly: bool) -> str:
    """Return the text of the .reason.txt beside a file in rejected/."""
    if partly:
        head = [
            f"文件 {name}：其余记录已收下，下列记录没有收下。改好后只需重送这几条，重复的不会收两次。",
            f"The file {name}: the records below were not taken, all others were.",
            "Correct them and send them again; what is sent twice is taken once.",
        ]
    else:
        head = [
            f"文件 {name} 没有收下，任何一条都没有进入系统。改好后请重新送来。",
            f"The file {name} was not taken: nothing of it went in. Correct it and send it again.",
        ]
    lines = [*head, ""]
    for problem in problems:
        lines.extend(_where(problem))
    return "\n".join(lines) + "\n"


def _where(problem: Problem) -> tuple[str, str]:
    chinese = f"第 {problem.number} 条" if problem.number else "整个文件"
    english = f"record {problem.number}" if problem.number else "whole file"
    if problem.line:
        chinese += f"（第 {problem.line} 行）"
        english += f", line {problem.line}"
    if problem.field:
        chinese += f"，字段 {problem.field}"
        english += f", field {problem.field}"
    return f"{chinese}：{problem.chinese}", f"    {english}: {problem.english}"
