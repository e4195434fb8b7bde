"""Find a typed name, or the most similar ones."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

from irisops.contract.quoting import quote
from irisops.contract.replies import Refusal
from irisops.contract.wording import harmless, listed


def find(name: str, known: Iterable[str]) -> str | None:
    """The name as the instance spells it; case does not matter (facts: iris-security 1)."""
    wanted = name.casefold()
    return next((each for each in known if each.casefold() == wanted), None)


def nearest(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Up to `most` known names similar to `name`, the most similar first."""
    by_key = {each.casefold(): each for each in known}
    wanted = name.casefold()
    close = difflib.get_close_matches(wanted, by_key, n=most, cutoff=0.6)
    bare = wanted.lstrip("%")
    containing = [key for key in by_key if bare and bare in key and key not in close]
    return [by_key[key] for key in [*close, *sorted(containing)][:most]]


def hint(name: str, known: Iterable[str]) -> str:
    """A sentence with the most similar names, to be put behind another; "" without any."""
    close = nearest(name, known)
    return f" Did you mean {listed(close, 'or')}?" if close else ""


def no_such(
    error: str,
    what: str,
    name: str,
    known: Iterable[str],
    *,
    cure: str,
    line: Callable[[str], str] | None = None,
) -> Refusal:
    """The refusal of an unknown name: offers the most similar ones of `known`, or the `cure` if none is.

    `line` builds the line to suggest from a name, quoted if needed.
    """
    close = nearest(name, known)
    return Refusal(
        error,
        f"There is no {what} {harmless(name, 80)}.",
        f"Did you mean {listed(close, 'or')}?" if close else cure,
        suggestions=[line(quote(each)) for each in close] if line else (),
    )
