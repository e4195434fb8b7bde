"""The floor: a bare Textual application with one Input. Benchmarks compare irisops with it in the same run."""

from textual.app import App, ComposeResult
from textual.widgets import Input, Static


class Bare(App[None]):
    """Hello and a prompt, nothing else."""

    def compose(self) -> ComposeResult:
        yield Static("hello")
        yield Input(placeholder="ready")


if __name__ == "__main__":
    Bare().run()
