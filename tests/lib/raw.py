"""Bytes on a socket, for what no HTTP library would send."""

import re
import socket
import time

STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


class Reply:
    """Everything that came until the server closed or fell silent."""

    def __init__(self, data, closed, seconds):
        self.data = data
        self.closed = closed
        self.seconds = seconds

    @property
    def statuses(self):
        """The status lines of all responses in it; bodies are skipped by their length."""
        found, rest = [], self.data
        while True:
            head, mark, body = rest.partition(b"\r\n\r\n")
            start = STATUS.match(head)
            if not start or not mark:
                return found
            found.append(int(start.group(1)))
            length = re.search(rb"(?im)^content-length: *(\d+)", head)
            interim = start.group(1)[:1] == b"1"
            rest = body if interim else body[int(length.group(1)) if length else len(body) :]

    @property
    def status(self):
        final = [s for s in self.statuses if s >= 200]
        return final[0] if final else None

    def __repr__(self):
        return f"<Reply {self.statuses} closed={self.closed} {self.data[:400]!r}>"


def speak(port, *parts, pause=0.0, quiet=1.5, finish=False, limit=30.0):
    """Sends the parts with a pause between, then reads until the end or `quiet` seconds of silence."""
    began = time.monotonic()
    sock = socket.create_connection(("127.0.0.1", port), timeout=limit)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    data, closed = b"", False
    try:
        for i, part in enumerate(parts):
            if i and pause:
                time.sleep(pause)
            try:
                sock.sendall(part)
            except OSError:  # the server closed already: what it said is still to be read
                break
        if finish:
            try:
                sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        sock.settimeout(quiet)
        while time.monotonic() - began < limit:
            try:
                chunk = sock.recv(65536)
            except socket.timeout:
                break
            except OSError:
                closed = True
                break
            if not chunk:
                closed = True
                break
            data += chunk
    finally:
        sock.close()
    return Reply(data, closed, time.monotonic() - began)
