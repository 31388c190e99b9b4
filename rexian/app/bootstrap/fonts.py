"""A Chinese font (WenQuanYi Zen Hei, Debian's fonts-wqy-zenhei) for fax pages and screenshots."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from rexian.app.bootstrap import apt
from rexian.app.bootstrap.places import Places
from rexian.app.bootstrap.screen import StepView
from rexian.app.bootstrap.steps import Step, key_of

PACKAGE = "fonts-wqy-zenhei"
FILE = Path("usr/share/fonts/truetype/wqy/wqy-zenhei.ttc")


def step(places: Places) -> Step:
    """The step that puts the font into var/fonts."""

    def work(view: StepView) -> str:
        places.fonts.mkdir(parents=True, exist_ok=True)
        target = places.fonts / FILE.name
        installed = Path("/") / FILE
        if os.access(installed, os.R_OK):  # not `exists`, which raises in a closed folder
            shutil.copyfile(installed, target)
            return "copied from the system"
        private = apt.PrivateApt(places.apt("fonts"), apt.distribution_sources(), places.log)
        files = private.packages(view, [PACKAGE], alone=True)
        draft = places.fonts / "unpacked"
        apt.unpack(view, files, draft)
        (draft / FILE).replace(target)
        shutil.rmtree(draft)
        private.forget()
        return f"{PACKAGE} unpacked"

    return Step("Chinese font", places.fonts / ".stamp", key_of(PACKAGE), work)
