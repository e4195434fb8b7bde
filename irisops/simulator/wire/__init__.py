"""The superserver protocol as the unmodified driver speaks it: bytes in, `Backend` calls out.

One module per reason to change: `listitem` (the $LIST items), `frames` (the 14-byte header), `scramble` (the
credentials), `collation` (the order of subscripts), `reader` (taking a request apart), `native` and `sql` (the two
families of requests), `session` (one connection's states), `connection` and `server` (sockets and limits), `faults`
(breaking it on purpose).
"""
