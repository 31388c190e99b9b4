"""The prompts' texts: `ivr/prompts.yaml`, id by id."""

import re
from functools import lru_cache
from pathlib import Path

import yaml

from ivr.schema import BadMenu

PROMPTS = Path(__file__).parent / "prompts.yaml"
FORMAT = 1

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_CHINESE = re.compile(r"[一-鿿，。、；：？！]+")


def texts(file: Path = PROMPTS) -> dict[str, str]:
    """Text of every prompt id, read again when the file changes.

    Raises `BadMenu` for what is no YAML, for an id or a text that cannot be spoken.
    """
    return _texts(file, stamp(file))


def stamp(file: Path = PROMPTS) -> tuple[int, int]:
    """What changes when the file does. Raises `BadMenu` when there is none."""
    try:
        status = file.stat()
    except OSError as error:
        raise BadMenu(f"文件 {file.name} 无法读取：{error}", file=file.name) from error
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=4)
def _texts(file: Path, _stamp: tuple[int, int]) -> dict[str, str]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadMenu(f"文件 {file.name} 无法读取：{error}", file=file.name) from error
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        raise BadMenu(f"{file.name} 的 format 应为 {FORMAT}。", file=file.name)
    found: dict[str, str] = {}
    for group, prompts in content.items():
        for prompt, text in prompts.items():
            if not _ID.fullmatch(str(prompt)) or prompt in found:
                raise BadMenu(f"{group} 里的提示音编号“{prompt}”有误或重复。", file=file.name)
            if not _CHINESE.fullmatch(str(text)):
                raise BadMenu(f"提示音“{prompt}”只能写汉字和标点：数字请写成汉字。", file=file.name)
            found[prompt] = text
    return found


def prompt_ids() -> frozenset[str]:
    """Every prompt id there is."""
    return frozenset(texts())
