"""Alternatives to ngrok. Pure (facts: ngrok-keyring A13)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OtherWay:
    """One alternative: the command here, what a teammate needs, and what it can carry."""

    name: str
    command: str
    teammate: str
    carries: str


def other_ways(superserver_port: int, web_port: int | None) -> tuple[OtherWay, ...]:
    """Ready commands for this instance's ports."""
    web = web_port or 52773
    return (
        OtherWay(
            "ssh, to a host that all of you can reach",
            f"ssh -N -R {superserver_port}:127.0.0.1:{superserver_port} -R {web}:127.0.0.1:{web} YOU@HOST",
            f"ssh -N -L {superserver_port}:127.0.0.1:{superserver_port} -L {web}:127.0.0.1:{web} THEM@HOST, "
            "then 127.0.0.1",
            "everything, encrypted",
        ),
        OtherWay(
            "cloudflared quick tunnel",
            f"cloudflared tunnel --url http://127.0.0.1:{web}",
            "nothing; the address is public, and no login is asked for by Cloudflare",
            "the web port alone: portal, REST, VS Code",
        ),
        OtherWay(
            "VS Code port forwarding",
            f"in the Ports view forward {web}; private by default",
            "a GitHub or Microsoft login",
            "the web port; TCP only for those who also run `devtunnel connect`",
        ),
        OtherWay(
            "Tailscale",
            "tailscale up",
            f"Tailscale as well; then your machine's Tailscale name, port {superserver_port}",
            "everything, encrypted and private: the best for a database",
        ),
    )
