"""Several real nodes over one real PostgreSQL, with the HAProxy of packaging/ in front: what a test may use like a Server."""

import itertools
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

from lib import postgres
from lib.client import Client
from lib.server import BINARY, ROOT, Clock, Server

NODES = 3
READY_SECONDS = 20


def free_ports(count):
    """Ports that nobody has at this moment, all different."""
    held = [socket.socket() for _ in range(count)]
    try:
        for s in held:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in held]
    finally:
        for s in held:
            s.close()


class Node(Server):
    """One of them: a data folder of its own; the database, the key file and the clock are everybody's."""

    def __init__(self, cluster, number, port, **settings):
        folder = cluster.folder / f"node{number}"
        folder.mkdir()
        super().__init__(folder, cluster.binary, listen=f"127.0.0.1:{port}", database=cluster.database,
                         key_file=str(cluster.key_file), public_url=cluster.url, **settings)
        self.cluster, self.more = cluster, settings
        self.clock = cluster.clock
        self.port = port

    def twin(self, name):
        """One more node, not started; the proxy does not know it."""
        return Node(self.cluster, name, free_ports(1)[0], **self.more)

    def migrate(self):
        """The cluster's database is migrated once, by one of them."""

    def query(self, sql, *args):
        return postgres.rows(self.settings["database"], sql, args)

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)


class Cluster:
    def __init__(self, folder, binary=BINARY, count=NODES, **settings):
        self.folder = pathlib.Path(folder)
        self.binary = binary
        self.database = postgres.database_of(self.folder)
        self.key_file = self.folder / "key"
        self.clock = Clock(self.folder / "clock", self.mails_at_rest)
        self.port, *ports = free_ports(1 + count)
        settings = {"trusted_proxies": "127.0.0.1", "database_connections": 8, **settings}
        self.nodes = [Node(self, n, port, **settings) for n, port in enumerate(ports, 1)]
        self.settings = self.nodes[0].settings
        self.turn = itertools.count()
        self.proxy = None

    # ---- starting and ending

    def start(self):
        self.nodes[0].cli("migrate")
        for node in self.nodes:
            node.start(wait=False)
        for node in self.nodes:
            node.wait_ready()
        self._start_proxy()
        return self

    def _start_proxy(self):
        """packaging/haproxy.cfg as it stands, but for addresses and the certificate."""
        config = (ROOT / "packaging/haproxy.cfg").read_text()
        config = re.sub(r"bind :443 ssl .*", f"bind 127.0.0.1:{self.port}", config)
        for n, node in enumerate(self.nodes, 1):
            config = config.replace(f"10.0.0.1{n}:8080", f"127.0.0.1:{node.port}")
        assert "10.0.0." not in config, "the example has more nodes than there are"
        path = self.folder / "haproxy.cfg"
        path.write_text(config)
        program = shutil.which("haproxy", path="/usr/sbin:/usr/bin:" + os.environ.get("PATH", ""))
        self.proxy_log = open(self.folder / "haproxy.log", "wb")
        self.proxy = subprocess.Popen([program, "-db", "-f", str(path)], stdin=subprocess.DEVNULL,
                                      stdout=self.proxy_log, stderr=self.proxy_log)
        self.wait_ready()

    def wait_ready(self):
        """Until the proxy has an answer from a node."""
        until = time.monotonic() + READY_SECONDS
        while True:
            try:
                if Client(self.port, timeout=5).send("GET", "/readyz").status == 200:
                    return
            except OSError:
                pass
            assert self.proxy.poll() is None and time.monotonic() < until, (self.folder / "haproxy.log").read_text()
            time.sleep(0.05)

    def stop(self):
        """The nodes must end by themselves, without a complaint."""
        try:
            for node in self.nodes:
                node.stop()
        finally:
            for node in self.nodes:
                if node.process:
                    node.kill()
            if self.proxy:
                self.proxy.terminate()
                self.proxy.wait(10)
                self.proxy_log.close()
                self.proxy = None

    # ---- doors

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def client(self, **kw):
        """Through the proxy."""
        return Client(self.port, **kw)

    @property
    def operator(self):
        """The operator's socket of one node after the other."""
        return self.nodes[next(self.turn) % len(self.nodes)].operator

    def cli(self, *args, **kw):
        return self.nodes[next(self.turn) % len(self.nodes)].cli(*args, **kw)

    def setup(self, *args, **kw):
        return self.nodes[0].setup(*args, **kw)

    def log(self):
        return "".join(node.log() for node in self.nodes)

    def query(self, sql, *args):
        return postgres.rows(self.database, sql, args)

    def mails_at_rest(self, seconds=3.0):
        """As a Server's."""
        until = time.monotonic() + seconds
        while any(n.process for n in self.nodes) and self.query("SELECT 1 FROM mail WHERE state = 'queued' LIMIT 1"):
            if time.monotonic() > until:
                return
            time.sleep(0.01)


class Scattered:
    """The same cluster without the proxy: every new client talks to the next node itself."""

    def __init__(self, cluster):
        self.cluster = cluster

    def __getattr__(self, name):
        return getattr(self.cluster, name)

    def client(self, **kw):
        return Client(self.cluster.nodes[next(self.cluster.turn) % len(self.cluster.nodes)].port, **kw)
