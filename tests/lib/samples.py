"""Times taken side by side, and whether two samples can be told apart."""

import json
import math
import random
import re
import socket
import time

# What is never twice the same in an answer, and says nothing.
CHANGING = re.compile(rb"(req|sgn)_[0-9a-z]{26}|(?im:^date: [^\r]*)")


def kolmogorov_smirnov(one, other):
    """(D, p) of two samples: the largest distance between their distribution functions, and how often chance alone gives
    such a one or a larger (the limiting distribution with Stephens' correction: Press et al., Numerical Recipes, 14.3.3)."""
    a, b = sorted(one), sorted(other)
    i = j = 0
    distance = 0.0
    while i < len(a) and j < len(b):
        at = min(a[i], b[j])
        while i < len(a) and a[i] == at:
            i += 1
        while j < len(b) and b[j] == at:
            j += 1
        distance = max(distance, abs(i / len(a) - j / len(b)))
    size = math.sqrt(len(a) * len(b) / (len(a) + len(b)))
    x = (size + 0.12 + 0.11 / size) * distance
    if x < 0.2:
        return distance, 1.0
    return distance, max(0.0, min(1.0, 2 * sum((-1) ** (k - 1) * math.exp(-2 * (k * x) ** 2) for k in range(1, 101))))


class Line:
    """One connection that is kept; asks with prepared bytes, so that little of what is measured is ours."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, path, body, source):
        """(seconds, answer) of a POST of the API that comes from `source`."""
        sent = json.dumps(body).encode()
        request = (f"POST /api/v1{path} HTTP/1.1\r\nHost: parvis\r\nContent-Type: application/json\r\n"
                   f"X-Forwarded-For: {source}\r\nContent-Length: {len(sent)}\r\n\r\n").encode() + sent
        began = time.perf_counter()
        self.sock.sendall(request)
        answer = self.sock.recv(65536)
        took = time.perf_counter() - began
        while not self._whole(answer):
            more = self.sock.recv(65536)
            assert more, answer
            answer += more
        return took, answer

    @staticmethod
    def _whole(answer):
        head, mark, body = answer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        return bool(mark) and len(body) >= (int(length[1]) if length else 0)

    def close(self):
        self.sock.close()


def alternate(line, count, path, bodies, serial):
    """`count` of each of two bodies, one after the other, in an order thrown for each pair, each from a source of its own:
    the two samples of seconds, and the two sets of answers as they are but for ids and dates."""
    samples, answers = ([], []), (set(), set())
    for _ in range(count):
        for which in random.sample((0, 1), 2):
            n = next(serial)
            took, answer = line.ask(path, bodies[which], f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}")
            samples[which].append(took)
            answers[which].add(CHANGING.sub(b"-", answer))
    return samples, answers
