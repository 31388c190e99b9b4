"""Menus from files, read again when a file, or the prompts' texts, change.

A changed file that cannot be used, or that the linter finds an error in, is not taken: calls go
on with the menus as they were, and `problem` says why.
"""

import hashlib
from pathlib import Path
from typing import Any

import structlog
import yaml

from ivr.lint import Finding, lint
from ivr.schema import BadMenu, parse
from ivr.texts import PROMPTS, prompt_ids
from ivr.types import Menu, MenuSet

MENUS = Path(__file__).parent / "menus"

log = structlog.get_logger()

Stamp = tuple[tuple[str, int, int], ...]


class _StrictLoader(yaml.SafeLoader):
    """YAML that refuses the same key twice: the second key 1 of a menu would win silently."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            line = node.start_mark.line + 1
            raise BadMenu(f"第 {line} 行起的一段里，“{key}”写了两次。", line=line)
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_yaml(file: Path) -> Any:
    """Content of a YAML file. Raises `BadMenu` for what is not YAML or says a key twice."""
    try:
        return yaml.load(file.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506  a SafeLoader
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadMenu(f"文件 {file.name} 无法读取：{error}", file=file.name) from error


def load_menu(file: Path) -> Menu:
    """One menu file. Raises `BadMenu`."""
    return parse(read_yaml(file), file.name)


def load_menus(folder: Path = MENUS) -> MenuSet:
    """Read all menu files of a folder. Raises `BadMenu`, also when two files have one line."""
    menus: dict[str, Menu] = {}
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.yaml")):
        menu = load_menu(file)
        if menu.line in menus:
            raise BadMenu(f"线路 {menu.line} 有两个菜单文件。", file=file.name, line=menu.line)
        menus[menu.line] = menu
        digest.update(file.read_bytes())
    if not menus:
        raise BadMenu(f"{folder} 里没有菜单文件。", folder=str(folder))
    return MenuSet(menus, digest.hexdigest()[:12])


class MenuLoader:
    """Holds the menus in force. `current()` is cheap: it stats the files and reads on a change."""

    def __init__(self, folder: Path = MENUS) -> None:
        """Read the folder; the first reading must succeed or `BadMenu` is raised."""
        self._folder = folder
        self._stamp = self._look()
        self._menus = self._checked()
        self.problem: str | None = None

    def current(self) -> MenuSet:
        """Menus in force now. Never raises: a bad change is logged once and not taken."""
        stamp = self._look()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._menus = self._checked()
            except BadMenu as error:
                self.problem = error.sentence
                log.warning("ivr.menus_kept", problem=error.sentence)
            else:
                self.problem = None
                log.info("ivr.menus_loaded", digest=self._menus.digest)
        return self._menus

    def _checked(self) -> MenuSet:
        menus = load_menus(self._folder)
        errors: list[Finding] = [
            finding
            for menu in menus.menus.values()
            for finding in lint(menu, prompt_ids())
            if finding.level == "error"
        ]
        if errors:
            raise BadMenu(errors[0].sentence, findings=[finding.code for finding in errors])
        return menus

    def _look(self) -> Stamp:
        found = []
        for file in (*sorted(self._folder.glob("*.yaml")), PROMPTS):
            try:
                status = file.stat()
            except FileNotFoundError:  # removed between the listing and the look
                continue
            found.append((file.name, status.st_mtime_ns, status.st_size))
        return tuple(found)
