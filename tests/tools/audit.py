"""Asks for known vulnerabilities of what the lock file pins, with `pip-audit` in a virtual environment of its own.

    python -m tests.tools.audit requirements.lock

Exit status 1 when one is known, or when the check itself did not work. A service that does not answer, or does not know
a package, is no failure: it is said, with how many packages were looked at and how many were not.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOOL = "pip-audit==2.10.1"
INSTALL_DEADLINE = 180.0
AUDIT_DEADLINE = 240.0
"""Seconds."""
ANSWER_DEADLINE = 15
"""Seconds for one answer of the service."""

OPTIONS: tuple[str, ...] = (
    "--disable-pip",
    "--require-hashes",
    "--format",
    "json",
    "--progress-spinner",
    "off",
)
OPTIONS += ("--timeout", str(ANSWER_DEADLINE))

_NO_ANSWER = re.compile(
    r"^(?:requests|urllib3)\.exceptions\.|ConnectionError|ServiceError|vulnerability (?:feed|service)|timed? ?out",
    re.IGNORECASE | re.MULTILINE,
)
_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of the check, and the lines to print."""

    passed: bool
    lines: tuple[str, ...]


def pinned(lock: str) -> int:
    """Number of packages pinned by a lock file."""
    return len(_PINNED.findall(lock))


def unreachable(packages: int, why: str) -> Verdict:
    """The verdict if the service did not answer."""
    said = (
        f"not audited: the advisory service did not answer ({why}); 0 of {packages} packages were looked at."
    )
    return Verdict(passed=True, lines=(said,))


def judge(status: int, out: str, errors: str, packages: int) -> Verdict:
    """What an end of `pip-audit --format json` means: its exit status, standard output and error, for a lock file that
    pins so many packages."""
    last = next((line.strip() for line in reversed(errors.splitlines()) if line.strip()), "it said nothing")
    failed = f"pip-audit failed with status {status}: {last}"
    try:
        found: list[dict[str, Any]] = json.loads(out)["dependencies"]
    except (ValueError, KeyError, TypeError):
        if status and _NO_ANSWER.search(errors):
            return unreachable(packages, last.split(":", 1)[0])
        return Verdict(passed=False, lines=(failed,))
    if not found or packages == 0:
        return Verdict(passed=False, lines=("pip-audit found no package in the lock file.",))
    audited = [each for each in found if "vulns" in each]
    wrong = [
        f"{each['name']} {each['version']}: {vulnerability['id']}"
        f" (mended in: {', '.join(vulnerability.get('fix_versions', ())) or 'no version yet'})"
        for each in audited
        for vulnerability in each["vulns"]
    ]
    if status and not wrong:
        wrong = [failed]
    counts = f"{len(audited)} of {packages} packages were audited, {packages - len(audited)} were not"
    if wrong:
        return Verdict(passed=False, lines=(*wrong, f"{counts}."))
    if not audited:
        return unreachable(packages, f"{len(found)} are unknown to it")
    why = ": the advisory service does not know them, or they are for another platform"
    return Verdict(
        passed=True, lines=(f"no known vulnerability: {counts}{why if packages > len(audited) else ''}.",)
    )


def audit(lock: Path) -> Verdict:
    """Install the tool apart from the project, and ask."""
    packages = pinned(lock.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="irisops-audit-") as folder:
        binaries = Path(folder, "Scripts" if sys.platform == "win32" else "bin")
        try:
            subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=INSTALL_DEADLINE)
            installed = subprocess.run(
                [binaries / "python", "-m", "pip", "install", "--quiet", TOOL],
                capture_output=True,
                text=True,
                timeout=INSTALL_DEADLINE,
                check=False,
            )
            if installed.returncode:
                return unreachable(packages, f"{TOOL} could not be installed")
            done = subprocess.run(
                [binaries / "pip-audit", "--requirement", lock, *OPTIONS],
                capture_output=True,
                text=True,
                timeout=AUDIT_DEADLINE,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            return unreachable(packages, f"nothing within {late.timeout:g} seconds")
    return judge(done.returncode, done.stdout, done.stderr, packages)


def main(arguments: Sequence[str]) -> int:
    """Print the verdict; the exit status."""
    verdict = audit(Path(arguments[0]))
    print("\n".join(verdict.lines))
    return 0 if verdict.passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
