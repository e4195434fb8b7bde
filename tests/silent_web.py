"""Servers that accept a connection and then do what no web server should: nothing, drops, another protocol."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

KINDS = (
    "silent",
    "does not read",
    "drips",
    "drips a status",
    "hangs up",
    "speaks first",
    "speaks another protocol",
    "never ends",
)
PAUSE = 0.05


@asynccontextmanager
async def odd_server(kind: str, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of a server of one of `KINDS`."""
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):  # the client had enough
            await _answer(kind, reader, writer, over)
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        over.set()
        server.close()
        await server.wait_closed()


async def _answer(
    kind: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, over: asyncio.Event
) -> None:
    match kind:
        case "silent":
            await over.wait()
        case "does not read":
            assert isinstance(writer.transport, asyncio.ReadTransport)
            writer.transport.pause_reading()
            await over.wait()
        case "drips" | "drips a status":
            if kind == "drips a status":
                writer.write(b"HTTP/1.1 200 OK\r\n")
            while not over.is_set():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(PAUSE)
        case "speaks first":
            writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
            await writer.drain()
            await reader.read(1)
        case "speaks another protocol":
            await reader.read(1)
            writer.write(b"\x05\0\0\0\0\xff\xff -ERR wrong\r\n\r\n")
            await writer.drain()
        case "never ends":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while not over.is_set():
                writer.write(b"x" * 1024)
                await writer.drain()
                await asyncio.sleep(PAUSE)


def self_signed(folder: Path) -> Path:
    """A key and a certificate for localhost that signs itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
