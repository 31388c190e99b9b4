"""The lane `audit` passes only what was really looked up."""

from rexian.app.commands.dependencies import judged

GOOD = {"name": "anyio", "version": "4.16.0", "vulns": []}
BAD = {
    "name": "jinja2",
    "version": "2.0",
    "vulns": [{"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"]}],
}
UNKNOWN = {"name": "six", "skip_reason": "Dependency not found on PyPI"}


def test_packages_without_known_faults_pass():
    assert judged("run.lock", [GOOD]) == (
        True,
        "audit: run.lock: 1 packages, none with a known fault",
    )


def test_a_known_fault_is_named_with_the_version_that_mends_it():
    good, sentence = judged("run.lock", [GOOD, BAD, UNKNOWN])
    assert not good
    assert "jinja2 2.0: PYSEC-2019-217, mended in 2.10.1" in sentence


def test_what_could_not_be_looked_up_does_not_pass():
    good, sentence = judged("run.lock", [GOOD, UNKNOWN])
    assert not good
    assert "1 of 2 packages (six" in sentence
