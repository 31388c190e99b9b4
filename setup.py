"""Install the hotline: `pip install --no-deps --no-build-isolation -e .` (see the Makefile)."""

from setuptools import find_namespace_packages, setup

#: Each room is a folder and an import path of its own (docs/architecture.md).
ROOMS = [
    "rexian",
    "agi",
    "agents",
    "ivr",
    "outbound",
    "exchange",
    "hotspot",
    "cases",
    "knowledge",
    "approvals",
    "contacts",
    "calls",
    "directory",
    "sms",
]

setup(
    name="rexian",
    version="0.1.0",
    description="A city's hotline in one system: calls, cases, notices, exchange, hotspots",
    license="GPL-3.0-or-later",
    python_requires=">=3.11",
    packages=[p for room in ROOMS for p in find_namespace_packages(include=[room, f"{room}.*"])],
    include_package_data=True,
    entry_points={"console_scripts": ["rexian = rexian.app.cli:main"]},
)
