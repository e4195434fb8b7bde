"""The tests' own terminal: its text is the whole screen, although only changed rows are read again."""

from __future__ import annotations

from tests.terminal import Terminal

PIECES = (
    r"one\r\ntwo\r\nthree",  # lines
    r"\033[2;1HTWO and more than fits in one row of it",  # a row written over, and wrapped
    r"\033[2;1Hx\033[K\033[1;3H\033[1J",  # erased to the end, and from the start
    r"\033[4;20Ha\r\n",  # the last place of a row
    r"\314\201e\314\201",  # combining signs: of that place, and of a letter
    r"\n\n\n\nlast\n",  # scrolled
    r"\033[1;3r\033[3;1H\n\nregion\033[r",  # scrolled in a region
    r"\033[2;2H\033[L\033[M\033[3P\033[2@ins",  # rows and characters put in and taken out
    r"\033[2J\033[Hall new",
    r"\033c",
)


def test_its_text_is_the_whole_screen() -> None:
    shell = "".join(f"printf '{piece}'; read line; " for piece in PIECES)
    with Terminal(["sh", "-c", f"stty -echo; {shell}"], columns=20, rows=5) as terminal:
        for _ in PIECES:
            seen = terminal.bytes_out
            while terminal.bytes_out == seen:
                assert terminal.pump(60.0)
            assert terminal.text == "\n".join(terminal.screen.display)
            terminal.press("enter")
        terminal.resize(15, 7)
        assert terminal.text == "\n".join(terminal.screen.display)
