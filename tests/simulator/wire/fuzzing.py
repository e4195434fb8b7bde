"""Streams of wrong and half-right bytes for a superserver, reproducible from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from irisops.simulator.backend import Value
from irisops.simulator.wire.frames import HEADER, HEADER_SIZE
from irisops.simulator.wire.listitem import encode_all
from tests.simulator.wire.harness import connecting, greeting, request
from tests.simulator.wire.test_exchanges import conversations

OPCODES = (
    [bytes((first, 0xC2)) for first in range(0x40, 0x60)]
    + [
        b"HS",
        b"CN",
        b"DC",
        b"TC",
        b"TR",
        b"AF",
        b"AN",
        b"PP",
        b"PQ",
        b"DQ",
        b"PU",
        b"DU",
        b"FD",
        b"SS",
        b"JS",
        b"CS",
        b"GG",
        b"OE",
        b"SP",
        b"SQ",
    ]
    + [b"SU", b"SS", b"JS", b"CS", b"Y9", b"GG", b"MR", b"MD"]
)

CALLS: tuple[tuple[Value, ...], ...] = (
    ("%SYSTEM.Version", "GetVersion"),
    ("%SYSTEM.License", "LUConsumed"),
    ("%SYSTEM.Status", "GetErrorText", "\1\2"),
    ("%SYSTEM.Security", "Check", "%Admin_Secure", "USE"),
    ("%SYSTEM.SQL.Util", "SetOption", "IsolationMode", 1),
    ("%SYSTEM.Process", "SetNamespace", "%SYS"),
    ("%Library.ResultSet", "%New", "Security.Users:List"),
    ("Security.Users", "Exists", "_SYSTEM"),
    ("Security.Users", "%OpenId", "_system"),
    ("Security.Roles", "Create", "fuzz", "d", "%DB_USER:RW", "%SQL"),
    ("Security.Roles", "Delete", "fuzz"),
    ("SYS.Stats.Dashboard", "Sample"),
)
STATEMENTS = (
    "SELECT TOP 5 Name , Roles FROM Security . Users WHERE Name LIKE 'a%' ORDER BY Name DESC",
    "SELECT COUNT ( * ) , UserName FROM %SYS . ProcessQuery GROUP BY UserName HAVING COUNT ( * ) > 1",
    "SELECT * FROM Security . Users_List ( '*' )",
    "SELECT u . Name FROM Security . Users u LEFT JOIN Security . Roles r ON u . Roles = r . Name",
    "SELECT CASE WHEN Pid > 5 THEN UPPER ( State ) ELSE NULL END FROM %SYS . ProcessQuery",
    "SELECT TABLE_NAME FROM INFORMATION_SCHEMA . TABLES UNION SELECT COLUMN_NAME FROM INFORMATION_SCHEMA . COLUMNS",
    "SELECT %SYSTEM_SQL . Util_GetOption ( 'AutoCommit' )",
    "CREATE ROLE fuzzed",
    "GRANT %SQL TO fuzzed WITH ADMIN OPTION",
    "DROP ROLE fuzzed",
    "%CHECKPRIV SELECT ON %SYS . ProcessQuery",
    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "CREATE TABLE IF NOT EXISTS Fuzz (id IDENTITY, a INTEGER UNIQUE, b VARCHAR(20) DEFAULT 'x', d DATE)",
    "CREATE TABLE IF NOT EXISTS FuzzChild (a INTEGER REFERENCES Fuzz (a) ON DELETE CASCADE, n NUMERIC(9,2))",
    "INSERT INTO Fuzz ( a , b ) VALUES ( 1 , 'one' ) , ( 2 , 'two' )",
    "INSERT INTO Fuzz ( a , b ) SELECT a + 2 , b || '!' FROM Fuzz",
    "INSERT OR UPDATE Fuzz ( a , b ) VALUES ( 1 , 'again' )",
    "INSERT INTO FuzzChild SELECT a , a / 3 FROM Fuzz",
    "UPDATE Fuzz SET a = a + 1 , d = CURRENT_DATE WHERE b LIKE 'o%'",
    "DELETE FROM Fuzz WHERE a IN ( 1 , 2 , 3 )",
    "WITH q AS ( SELECT a FROM Fuzz ) SELECT x.a , %VID FROM ( SELECT TOP 5 a FROM q ORDER BY a DESC ) x",
    "SELECT f.* , c.n FROM Fuzz f LEFT JOIN FuzzChild c ON c.a = f.a WHERE f.d > '2020-01-01' OR f.b %STARTSWITH 'o'",
    "CREATE OR REPLACE VIEW FuzzView AS SELECT a , COUNT(*) AS n FROM Fuzz GROUP BY a",
    "SELECT * FROM FuzzView WHERE n > 0",
    "ALTER TABLE Fuzz ADD COLUMN c INTEGER DEFAULT 5",
    "ALTER TABLE Fuzz DROP COLUMN c",
    "CREATE INDEX FuzzIndex ON Fuzz ( b , a )",
    "DROP INDEX FuzzIndex ON Fuzz",
    "TRUNCATE TABLE FuzzChild",
    "DROP TABLE Fuzz CASCADE",
    "START TRANSACTION",
    "SAVEPOINT fuzzed",
    "ROLLBACK TO SAVEPOINT fuzzed",
    "ROLLBACK",
    "COMMIT",
    "SELECT LAST_IDENTITY ( )",
    "SELECT * FROM INFORMATION_SCHEMA . KEY_COLUMN_USAGE",
)


def requests_to_the_instance() -> list[bytes]:
    """Right requests to the whole simulator: class methods, queries and other statements."""
    calls = [request(5, b"\x4b\xc2", encode_all([*each[:2], len(each) - 2, *each[2:]])) for each in CALLS]
    queries = [request(6, b"DQ", encode_all([1, sql, 0, 1, 0, 0, 0])) for sql in STATEMENTS]
    updates = [request(7, b"DU", encode_all([1, sql, 0, "", 0, 1, 0])) for sql in STATEMENTS]
    return calls + queries + updates


class Fuzzer:
    """Generates the stream of a bad client. The same seed gives the same clients.

    `requests` are right requests that it bends, beside the captured ones.
    """

    def __init__(
        self,
        seed: int,
        username: str = "_SYSTEM",
        password: str = "SYS",
        requests: Sequence[bytes] = (),
    ) -> None:
        self.random = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self._hello = greeting() + connecting(username, password)
        self._corpus = [
            message
            for conversation in conversations()
            for message, _ in conversation
            if message[HEADER_SIZE - 2 : HEADER_SIZE] not in (b"HS", b"CN", b"DC")
        ]
        self._corpus += requests
        self._kinds: Sequence[Callable[[], bytes]] = (
            self._noise,
            self._noise_after_login,
            self._mutated,
            self._mutated,
            self._mutated,
            self._mutated_login,
            self._random_frames,
            self._random_frames,
            self._unfinished,
        )

    def stream(self) -> bytes:
        """The whole stream of one client."""
        return self.random.choice(self._kinds)()

    def _noise(self) -> bytes:
        return self.random.randbytes(self.random.randrange(400))

    def _noise_after_login(self) -> bytes:
        return self._hello + self._noise()

    def _mutated(self) -> bytes:
        """Captured requests, some mutated, with right or wrong lengths."""
        messages = [self._hello]
        for _ in range(self.random.randrange(1, 30)):
            message = self.random.choice(self._corpus)
            messages.append(self._bend(message) if self.random.random() < 0.7 else message)
        return b"".join(messages)

    def _mutated_login(self) -> bytes:
        return self._bend(self._hello)

    def _random_frames(self) -> bytes:
        messages = [self._hello]
        for _ in range(self.random.randrange(1, 30)):
            payload = self.random.randbytes(self.random.randrange(60))
            opcode = self.random.choice(OPCODES)
            messages.append(request(self.random.randrange(2**32), opcode, payload, self.random.randrange(4)))
        return b"".join(messages)

    def _unfinished(self) -> bytes:
        """A large request cut off after a few bytes."""
        size = self.random.choice([100_000, 10_000_000, 60_000_000, 2**32 - 1])
        return (
            self._hello
            + HEADER.pack(size, 5, 0, b"\x4b\xc2")
            + self.random.randbytes(self.random.randrange(100_000))
        )

    def _bend(self, message: bytes) -> bytes:
        bent = bytearray(message)
        for _ in range(self.random.randrange(1, 5)):
            if not bent:
                break
            at = self.random.randrange(len(bent))
            how = self.random.randrange(5)
            if how == 0:
                bent[at] = self.random.randrange(256)
            elif how == 1:
                del bent[at : at + self.random.randrange(1, 6)]
            elif how == 2:
                bent[at:at] = self.random.randbytes(self.random.randrange(1, 6))
            elif how == 3:
                bent[at] ^= 1 << self.random.randrange(8)
            else:
                bent[at:at] = bent[at : at + 20]
        if self.random.random() < 0.7 and len(bent) >= HEADER_SIZE:
            # A right length lets the bent payload through to the parsers.
            bent[:4] = (len(bent) - HEADER_SIZE).to_bytes(4, "little")
        return bytes(bent)
