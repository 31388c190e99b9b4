"""`make audit`: known faults in the locked packages, or a sentence why nobody can tell.

pip-audit ends well although it could look up nothing (it skips what its source does not know), so
its report is judged here: a package that was not looked up is not a package without faults.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCKS = ("run", "dev")
ROOT = Path(__file__).resolve().parents[3]


def main() -> int:
    """0 when all packages were looked up and none has a known fault."""
    verdicts = [_verdict(name) for name in LOCKS]
    for _, sentence in verdicts:
        print(sentence)
    return 0 if all(good for good, _ in verdicts) else 1


def _verdict(name: str) -> tuple[bool, str]:
    lock = f"requirements/{name}.lock"
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes",
         "--progress-spinner", "off", "--format", "json", "-r", lock],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        report = json.loads(done.stdout)
    except ValueError:
        last = (done.stderr.strip().splitlines() or [f"code {done.returncode}"])[-1]
        return False, (
            f"audit: {lock}: not judged, the source of known faults could not be reached or read: "
            f"{last}\n漏洞数据源无法访问，未能检查。"
        )
    return judged(lock, report["dependencies"])


def judged(lock: str, dependencies: list[dict[str, Any]]) -> tuple[bool, str]:
    """Whether a lock passes, and the sentence for pip-audit's list of `dependencies`."""
    faults = [
        f"  {one['name']} {one['version']}: {fault['id']}, "
        f"mended in {', '.join(fault.get('fix_versions') or ['no version yet'])}"
        for one in dependencies
        for fault in one.get("vulns", ())
    ]
    unknown = [one["name"] for one in dependencies if "skip_reason" in one]
    if faults:
        return False, "\n".join([f"audit: {lock}: {len(faults)} known faults:", *faults])
    if unknown:
        return False, (
            f"audit: {lock}: not judged, the source of known faults does not answer for "
            f"{len(unknown)} of {len(dependencies)} packages ({', '.join(unknown[:3])} …). Behind a "
            "mirror of packages without advisories this is so; run it where pypi.org is reached.\n"
            "漏洞数据源没有这些软件包的信息，未能检查。"
        )
    return True, f"audit: {lock}: {len(dependencies)} packages, none with a known fault"


if __name__ == "__main__":
    sys.exit(main())
