"""Scrambling of user name and password in the connect request (facts: wire-protocol 3). Obfuscation only.

The client processes the text backwards: the low byte of each character is xor-ed with 0xA7, its position is added
and the sum rotated right by three bits. A text beyond Latin-1 is sent as UTF-16 and keeps its high bytes (found with
driver 5.4.1: 200 random characters of the basic plane came through). Characters beyond that plane lose their upper
bits in the client, so no server can distinguish them.
"""

from __future__ import annotations

_KEY = 0xA7


def _rotate_left(byte: int) -> int:
    return ((byte << 3) | (byte >> 5)) & 0xFF


def _rotate_right(byte: int) -> int:
    return ((byte >> 3) | (byte << 5)) & 0xFF


def unscramble(text: str) -> str:
    """The plain text of a scrambled item, of either string type."""
    plain = [
        (code & ~0xFF) | (((_rotate_left(code & 0xFF) - position) & 0xFF) ^ _KEY)
        for position, code in enumerate(map(ord, text))
    ]
    return "".join(map(chr, reversed(plain)))


def scramble(text: str) -> str:
    """The scrambled item that a client sends for `text`."""
    return "".join(
        chr((code & ~0xFF) | _rotate_right((((code & 0xFF) ^ _KEY) + position) & 0xFF))
        for position, code in enumerate(map(ord, reversed(text)))
    )
