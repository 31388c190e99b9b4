"""What the browser gets was built from the sources and the lock file that stand in the tree."""

import hashlib
import json
from pathlib import Path

from rexian.kernel.settings import ROOT
from rexian.kernel.web.render import STATIC

WEB = ROOT / "web"


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def sources() -> str:
    names = ["package-lock.json", "build.js"]
    for folder in ("css", "js", "static"):
        names += [f"{folder}/{file.name}" for file in sorted((WEB / folder).iterdir())]
    whole = hashlib.sha256()
    for name in names:
        whole.update(f"{name}\0".encode())
        whole.update(sha256(WEB / name).encode())
    return whole.hexdigest()


def test_built_files_are_what_the_manifest_says():
    manifest = json.loads((STATIC / "manifest.json").read_text())
    assert {name: sha256(STATIC / name) for name in manifest["files"]} == manifest["files"]


def test_sources_were_built_after_their_last_change():
    manifest = json.loads((STATIC / "manifest.json").read_text())
    assert manifest["sources"] == sources(), "cd web && npm ci && npm run build"


def test_nothing_is_loaded_from_elsewhere():
    text = (STATIC / "app.css").read_text(encoding="utf-8")
    assert "http://" not in text
    assert "https://" not in text
    assert "@font-face" not in text


def test_lock_names_what_the_package_asks_for():
    lock = json.loads((WEB / "package-lock.json").read_text())
    package = json.loads((WEB / "package.json").read_text())
    for name, version in (package["dependencies"] | package["devDependencies"]).items():
        locked = lock["packages"][f"node_modules/{name}"]
        assert locked["version"] == version
        assert locked["integrity"].startswith("sha512-")
        assert "resolved" not in locked
