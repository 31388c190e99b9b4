"""Compile the rooms' modules before anything runs.

Nine processes that start side by side would each compile the same modules, and where the services'
user may not write into the clone they would do so at every start (2 s of processor time each).
"""

from __future__ import annotations

import compileall
import os

from rexian.app.bootstrap.places import Places

NOT_OURS = frozenset({"tests", "bench", "docs", "build", "node_modules", "web"})


def refresh(places: Places) -> None:
    """Write `__pycache__` for modules that changed; in a clone of somebody else nothing is done.

    Root hands a clone of an ordinary user on to that user, who comes here again.
    """
    for folder in sorted(places.root.iterdir()):
        ours = folder.is_dir() and not folder.name.startswith(".") and folder != places.home
        if ours and folder.name not in NOT_OURS and folder.stat().st_uid == os.geteuid():
            compileall.compile_dir(folder, quiet=2)


def there(places: Places) -> bool:
    """True when somebody has compiled the modules of this clone."""
    return (places.root / "rexian" / "app" / "__pycache__").exists()
