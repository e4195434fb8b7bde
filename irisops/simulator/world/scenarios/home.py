"""home: Community Edition on a person's own machine, where every connection and session takes one of eight places.

Six are held when the story begins: by three tabs of a browser that was closed, VS Code and a portal tab of one person,
and a notebook that nobody stopped. So the tool can get in, and a second connection beside it. The closed tabs time out
a few minutes on; one, a one-page visit, then keeps its unit in grace. A tablet in the kitchen asks for its page again
and again, but leaves the last free place alone. `full` adds two forgotten terminals, and nobody gets in until the first
of the tabs times out.
"""

from __future__ import annotations

from datetime import date
from functools import partial

from irisops.simulator.world.model import LicenseKey, WebSession
from irisops.simulator.world.scenarios.cast import Stage, key_of
from irisops.simulator.world.user_tables import CLINIC
from irisops.simulator.world.world import World

LAPTOP, BROWSER, TABLET, HOST = "192.168.1.20", "192.168.1.31", "192.168.1.44", "127.0.0.1"
BROWSER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
TABLET_AGENT = "Mozilla/5.0 (Linux; Android 14; Tablet) Chrome/139.0"
OWNER = "maria"


def key(today: date) -> LicenseKey:
    """The Community Edition's eight units (facts: license-sessions 2.6)."""
    return key_of(8, today, community=True)


def fill(world: World) -> None:
    """Six of eight places are held."""
    _household(Stage(world), first_timeout=200)


def fill_completely(world: World) -> None:
    """All eight are in use; the first of them is released after 90 seconds."""
    stage = Stage(world)
    _household(stage, first_timeout=90)
    for minutes in (72, 10):
        stage.ago(minutes * 60, lambda: stage.terminal("irisowner", HOST, os_user="irisowner"))


def _household(stage: Stage, *, first_timeout: float) -> None:
    stage.world.user_tables += CLINIC
    stage.person(OWNER, "Maria Lindqvist", "%Developer", "%SQL")
    stage.person("sofa", "Family dashboard", "%SQL", comment="The tablet in the kitchen; reads USER")
    stage.person("notebook", "Jupyter at night", "%Developer", comment="Used by ~/analysis/energy.ipynb")
    # The account in the examples of help and docs, so that they work here.
    stage.person("appuser", "Shopping list", "%DB_USER", comment="Logs in by itself, once a day")
    stage.person("irisowner", "Installation owner", "%All")
    stage.person("oldphone", "Phone, given away in 2024", "%SQL").enabled = False
    stage.ago(3 * 3600, lambda: stage.knock("oldphone", BROWSER))
    stage.ago(
        3 * 3600 + 12 * 60,
        lambda: stage.client("notebook", LAPTOP, executable="python3", node="laptop", os_user="maria"),
    )
    stage.ago(50 * 60, lambda: _keep_editing(stage))
    stage.ago(22 * 60, lambda: _portal(stage))
    # Tabs of the closed browser. The timeout of their application is 900 s.
    for number, pages in enumerate((3, 1, 2)):
        stage.ago(
            900 - first_timeout - 75 * number,
            partial(stage.visit, "/csp/user", BROWSER, pages=pages, agent=BROWSER_AGENT),
        )
    stage.again(75, lambda: _tablet(stage), jitter=0.3)


def _keep_editing(stage: Stage) -> None:
    """VS Code polls the server about once a minute while it is open."""
    session = stage.visit("/api/atelier", LAPTOP, OWNER, pages=2, agent="Visual Studio Code")
    _refresh(stage, session, 50)


def _portal(stage: Stage) -> None:
    """A portal page that refreshes itself while its tab is open."""
    session = stage.visit("/csp/sys", LAPTOP, OWNER, pages=4, agent=BROWSER_AGENT)
    _refresh(stage, session, 120)


def _refresh(stage: Stage, session: WebSession | None, seconds: float) -> None:
    if session is not None:
        stage.again(seconds, lambda: stage.world.request_session(session.id))


def _tablet(stage: Stage) -> None:
    """The tablet loads its page, if that leaves a unit free, and logs out after a while."""
    if stage.world.license.room < 2:
        return
    session = stage.visit("/csp/user", TABLET, pages=2, agent=TABLET_AGENT)
    if session is not None:
        stage.later(40, lambda: stage.world.logout_session(session.id))
