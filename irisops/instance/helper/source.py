"""The helper's class as it is in the package."""

from __future__ import annotations

from irisops.instance.features import HELPER, HELPER_VERSION_METHOD

VERSION = "1"
"""What the version method of this source answers. Raise both when the source changes.

UNVERIFIED: how LoadStream tells the text of a class from its other formats; public code sends text that begins with the
word `Class`, and so does this. Settle: /helper install on a real instance, and /helper.

UNVERIFIED: that `Security.Roles.Modify` takes EscalationOnly among its properties (it is one of the class's own).
Settle: change the description of an escalation role through the helper, and look whether it is one still.
"""

__all__ = ["HELPER", "HELPER_VERSION_METHOD", "VERSION", "source"]


def source() -> str:
    """The source text. Raises FileNotFoundError if the package was installed without its data."""
    from importlib import resources  # noqa: PLC0415 - the start must not pay for it

    return resources.files(__package__).joinpath(f"{HELPER}.cls").read_text(encoding="utf-8")
