from __future__ import annotations

from tests.audit import UNTOLD, judge

GOOD = {"name": "a", "version": "1", "vulns": []}
BAD = {
    "name": "b",
    "version": "2",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}, {"id": "PYSEC-2", "fix_versions": []}],
}
SKIPPED = {"name": "c", "version": "3", "skip_reason": "not found"}


def test_no_answer_is_not_taken_for_no_vulnerability() -> None:
    audit = judge({"dependencies": [SKIPPED, SKIPPED]})
    assert audit.exit_code == UNTOLD
    assert len(audit.lines) == 1


def test_vulnerabilities_are_named_with_the_version_that_mends_them() -> None:
    audit = judge({"dependencies": [GOOD, BAD, SKIPPED]})
    assert audit.exit_code == 1
    assert audit.lines == (
        "b 2: PYSEC-1, mended in 2.1",
        "b 2: PYSEC-2",
        "2 packages asked for, 2 known vulnerabilities",
        "nothing is known of c",
    )


def test_none_is_good() -> None:
    assert judge({"dependencies": [GOOD]}).exit_code == 0
