"""The superserver protocol as spoken by the unmodified driver: bytes in, `Backend` calls out.

Modules: `listitem` ($LIST items), `frames` (the 14-byte header), `scramble` (the credentials), `collation` (order of
subscripts), `reader` (items of a request), `native` and `sql` (the two families of requests), `session` (states of one
connection), `connection` and `server` (sockets and limits), `faults` (deliberate faults).
"""
