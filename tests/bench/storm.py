"""storm.py PORT CLIENTS SECONDS PASSWORD < ADDRESSES: so many clients sign in, each on a connection of its own, without pause.

Prints how many answers had which status, the longest wait, and, after a semicolon, how many were strange: another status than
201 and 503, a 503 without Retry-After, a broken connection, no answer within ten seconds.
"""

import asyncio
import collections
import itertools
import json
import sys
import time

PATIENCE = 10
counts, waits, strange = collections.Counter(), [0.0], collections.Counter()


async def client(port, bodies, until):
    reader = writer = None
    while time.monotonic() < until:
        began = time.monotonic()
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            body = next(bodies)
            writer.write(b"POST /api/v1/sessions HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n" % len(body) + body)
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
            await reader.readexactly(int(fields.get(b"content-length", 0)))
            status = int(head[9:12])
            counts[status] += 1
            if status not in (201, 503) or (status == 503 and b"retry-after" not in fields):
                strange[status] += 1
            if b"close" in fields.get(b"connection", b""):
                writer.close()
                writer = None
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as trouble:
            strange[type(trouble).__name__] += 1
            writer = None
        waits.append(time.monotonic() - began)


async def main():
    port, clients, seconds, password = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    bodies = itertools.cycle([json.dumps({"email": e, "password": password}).encode() for e in sys.stdin.read().split()])
    until = time.monotonic() + seconds
    await asyncio.gather(*(client(port, bodies, until) for _ in range(clients)))
    told = ", ".join(f"{counts[s] / seconds:,.0f}/s of {s}" for s in sorted(counts))
    odd = "".join(f", {n} × {what}" for what, n in strange.items())
    print(f"{told}, longest {max(waits):.1f} s{odd}; {sum(strange.values())}")


asyncio.run(main())
