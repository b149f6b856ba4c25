"""Between a server and PostgreSQL: speaks enough of the protocol (PostgreSQL 15, chapter 55) to know each statement by its
name, and does to it what networks and busy databases do."""

import random
import socket
import struct
import threading

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104
COMMIT = b"parvis_commit"
ENDS = (b"parvis_rollback",)  # these belong to a transaction that failed already


def message(kind, body):
    return kind + struct.pack("!I", len(body) + 4) + body


def failure(code):
    """What to send in a statement's place, so that the real server itself raises this error."""
    raised = f"DO $$ BEGIN RAISE EXCEPTION 'injected' USING ERRCODE = '{code}'; END $$".encode()
    return (message(b"P", b"\0" + raised + b"\0" + b"\0\0") + message(b"B", b"\0\0" + b"\0\0" * 3)
            + message(b"E", b"\0" + b"\0\0\0\0"))


class Reader:
    """Messages from a socket, as they were sent."""

    def __init__(self, sock):
        self.sock, self.buffer = sock, b""

    def take(self, n):
        while len(self.buffer) < n:
            more = self.sock.recv(65536)
            if not more:
                raise ConnectionError
            self.buffer += more
        taken, self.buffer = self.buffer[:n], self.buffer[n:]
        return taken

    def message(self):
        kind = self.take(1)
        (length,) = struct.unpack("!I", self.take(4))
        return kind, self.take(length - 4)

    def first(self):
        """The start of a connection has no kind."""
        (length,) = struct.unpack("!I", self.take(4))
        return self.take(length - 4)


class Wire:
    """One connection through the proxy, a thread each way."""

    def __init__(self, proxy, client):
        self.proxy, self.client = proxy, client
        self.server = None
        self.statement = b""
        self.cut_after = None  # how much of what the server says from now on still goes through
        self.swallow = False

    def run(self):
        try:
            self.proxy.flowing.wait()
            self.server = socket.create_connection(("127.0.0.1", self.proxy.target))
            for s in (self.client, self.server):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = threading.Thread(target=self.answers, daemon=True)
            reader = Reader(self.client)
            start = reader.first()
            while struct.unpack("!I", start[:4])[0] in (SSL_REQUEST, GSS_REQUEST):
                self.client.sendall(b"N")
                start = reader.first()
            self.server.sendall(struct.pack("!I", len(start) + 4) + start)
            back.start()
            while True:
                self.forward(*reader.message())
        except OSError:
            self.close()

    def forward(self, kind, body):
        self.proxy.flowing.wait()
        out = message(kind, body)
        if kind == b"B":
            self.statement = body.split(b"\0", 2)[1]
            code = self.proxy.injection(self.statement)
            if code:
                out = failure(code)
        if kind == b"E" and self.statement == COMMIT:
            cut = self.proxy.next_cut()
            if cut == "before":
                raise ConnectionError
            if cut == "during":  # on its way, and nobody waits for it
                self.server.sendall(out + message(b"S", b""))
                raise ConnectionError
            if cut == "after":
                self.swallow = True
            if cut == "half":
                self.cut_after = random.randint(1, 24)
        self.server.sendall(out)

    def answers(self):
        try:
            while True:
                said = self.server.recv(65536)
                self.proxy.flowing.wait()
                if not said:
                    raise ConnectionError
                if self.swallow:
                    self.server.settimeout(2)
                    while b"COMMIT\0" not in said and b"Z\0\0\0\5" not in said:
                        said += self.server.recv(65536)
                    raise ConnectionError
                if self.cut_after is not None:
                    self.client.sendall(said[:self.cut_after])
                    raise ConnectionError
                self.client.sendall(said)
        except OSError:
            self.close()

    def close(self):
        for s in (self.client, self.server):
            if s:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                s.close()
        self.proxy.wires.discard(self)


class Proxy:
    """`errors`: the share of statements that fail with 40001 or 40P01; `cuts`: that of commits whose connection breaks."""

    def __init__(self, target):
        self.target = target
        self.errors = self.cuts = 0.0
        self.at_commit = None  # called at the next one, once: how that one is cut
        self.injected = {}
        self.cut = {"before": 0, "during": 0, "after": 0, "half": 0}
        self.wires = set()
        self.flowing = threading.Event()
        self.flowing.set()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            wire = Wire(self, client)
            self.wires.add(wire)
            threading.Thread(target=wire.run, daemon=True).start()

    def injection(self, statement):
        if not self.errors or statement in ENDS or random.random() >= self.errors:
            return None
        code = random.choice(("40001", "40P01"))
        with self.lock:
            self.injected[code] = self.injected.get(code, 0) + 1
        return code

    def next_cut(self):
        with self.lock:
            act, self.at_commit = self.at_commit, None
        if act:
            return act()
        if not self.cuts or random.random() >= self.cuts:
            return None
        how = random.choice(list(self.cut))
        with self.lock:
            self.cut[how] += 1
        return how

    # ---- levers

    def hold(self):
        """Nothing passes any more, and nobody is told: a network that swallows."""
        self.flowing.clear()

    def go_on(self):
        self.flowing.set()

    def drop(self):
        """Every connection breaks."""
        for wire in list(self.wires):
            wire.close()

    def calm(self):
        self.errors = self.cuts = 0.0

    def stop(self):
        self.listener.close()
        self.flowing.set()
        self.drop()
