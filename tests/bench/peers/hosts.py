"""The servers that are compared, each as its own documentation sets it up, with one organization of fifty people."""

import atexit
import contextlib
import ctypes
import http.client
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(HERE.parent))

import rig  # noqa: E402
from load import Invalid, Work  # noqa: E402

MEMBERS = 50
OWNER = "olive.martin@example.org"
PASSWORD = "orchard-lantern-42"
JSON = {"Content-Type": "application/json"}
ARGON2_PASSES, ARGON2_BYTES = 2, 19 << 20  # as src/ports/password.c has them
START_SECONDS = 30


def post(port, path, body, headers=None):
    """(status, headers, decoded body)"""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", path, json.dumps(body), {**JSON, **(headers or {})})
    answer = connection.getresponse()
    raw = answer.read()
    connection.close()
    return answer.status, answer.headers, json.loads(raw) if raw else None


def cookie_of(answer, what):
    """The session cookie of an answer to a sign-in."""
    status, headers, body = answer
    if status not in (200, 201) or not headers.get("Set-Cookie"):
        raise Invalid(f"signing in to {what}: {status} {body}")
    return headers["Set-Cookie"].split(";")[0]


def wait_for(port, process, log):
    """Until somebody answers on the port."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.05)
    raise Invalid(f"{process.args[0]} did not start: {log.read_text('utf-8', 'replace')[-2000:]}")


def family(pid):
    """A process and all that it started."""
    found = [pid]
    for children in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            found += family(int(child))
    return found


class Host:
    """A server in a process; subclasses start it and say what to ask it for."""

    process = None
    port = 0

    @property
    def pid(self):
        return self.process.pid

    def pids(self):
        return family(self.pid)

    def start_process(self, command, folder, **env):
        log = folder / "log"
        with open(log, "ab") as out:
            self.process = subprocess.Popen(
                [str(word) for word in command], cwd=folder, env={**os.environ, **env}, stdin=subprocess.DEVNULL,
                stdout=out, stderr=out)
        atexit.register(self.stop)
        wait_for(self.port, self.process, log)

    def stop(self):
        if self.process and self.process.poll() is None:
            for pid in self.pids():
                with contextlib.suppress(ProcessLookupError):  # Node's workers go when they hear that the first one went
                    os.kill(pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def memory(self):
        """Resident MB; of several processes together, pages that they share counted once."""
        pids = self.pids()
        kind = "Rss" if len(pids) == 1 else "Pss"
        rollups = [pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
        return sum(int(re.search(rf"(?m)^{kind}:\s+(\d+)", text).group(1)) for text in rollups) / 1024

    def pin(self, cores):
        """All its threads, and those they will start, on these cores."""
        for pid in self.pids():
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                os.sched_setaffinity(int(task.name), cores)


class Parvis(Host):
    """Mails are queued with each invitation, and stay there: nobody here delivers any."""

    def __init__(self, folder, engine="sqlite"):
        self.server = rig.Bench(folder, engine)
        atexit.register(self.stop)
        self.server.start()
        self.server.setup("Bench", OWNER, password=PASSWORD, slug="bench")
        self.process, self.port = self.server.process, self.server.port
        self.owner = self.server.client().sign_in(OWNER, PASSWORD)
        self.cookie = "; ".join(f"{k}={v}" for k, v in self.owner.cookies.items())
        self.invited = 0

    def stop(self):
        self.server.stop()

    def pids(self):
        return self.server.pids()  # the database's too, where that is another program

    def populate(self):
        for body in self.enrolments(MEMBERS - 1):
            status, _, answer = post(self.port, "/api/v1/invitations/accept", json.loads(body))
            if status != 201:
                raise Invalid(f"enrolling: {status} {answer}")

    def enrolments(self, count):
        """Bodies that each make one new account, with a password, and member."""
        made, path = [], "/organizations/bench/invitations"
        while len(made) < count:
            rows = []
            for _ in range(min(1000, count - len(made))):
                self.invited += 1
                rows.append({"email": f"member.{self.invited}@example.org", "role": "member"})
            answer = self.owner.post(path, {"invitations": rows, "deliver": False}).ok()
            for result in answer["results"]:
                url = self.owner.post(f"{path}/{result['invitation']['id']}/link").ok()["url"]
                made.append(json.dumps({
                    "token": url.rsplit("/", 1)[1], "given_name": "Zoé", "family_name": f"Member {len(made)}",
                    "password": PASSWORD}))
        return made

    def rows(self, table):
        return lambda: self.server.query(f"SELECT count(*) FROM {table}")[0][0]

    def session(self):
        return Work("GET", "/api/v1/me", {"Cookie": self.cookie}, 200, lambda a: a["email"] == OWNER)

    def permission(self):
        return Work("POST", "/api/v1/check", {**JSON, "Cookie": self.cookie}, 200, lambda a: a["allowed"] is True,
                    '{"organization":"bench","permission":"invitations.create"}')

    def invite(self):
        return Work("POST", "/api/v1/organizations/bench/invitations", {**JSON, "Cookie": self.cookie}, 200,
                    lambda a: [r["outcome"] for r in a["results"]] == ["invited"],
                    '{"invitations":[{"email":"{n}@example.org","role":"member"}]}', mark="p", rows=self.rows("invitation"))

    def members(self):
        return Work("GET", f"/api/v1/organizations/bench/members?limit={MEMBERS}", {"Cookie": self.cookie}, 200,
                    lambda a: len(a["items"]) == MEMBERS)

    def enrol(self, bodies):
        return Work("POST", "/api/v1/invitations/accept", JSON, 201, lambda a: a["member"]["state"] == "active",
                    bodies=bodies, rows=self.rows("account"))


class BetterAuth(Host):
    """`workers` processes behind Node's cluster module; with 0 one process alone, as people run it."""

    def __init__(self, folder, seeded, workers=0):
        self.port = rig.free_port()
        self.database = folder / f"better-auth-{workers}.db"
        shutil.copy(seeded.database, self.database)
        self.organization = seeded.organization
        home = folder / f"better-auth-{workers}"
        home.mkdir()
        self.start_process(["node", seeded.home / "server.mjs", "serve", self.database, self.port, workers], home, **seeded.env)
        self.origin = {"Origin": f"http://127.0.0.1:{self.port}"}
        signed_in = post(self.port, "/api/auth/sign-in/email", {"email": OWNER, "password": PASSWORD}, self.origin)
        self.headers = {**self.origin, "Cookie": cookie_of(signed_in, "Better Auth")}

    def rows(self):
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30) as db:
            return db.execute("SELECT count(*) FROM invitation").fetchone()[0]

    def session(self):
        return Work("GET", "/api/auth/get-session", self.headers, 200, lambda a: a["user"]["email"] == OWNER)

    def permission(self):
        return Work("POST", "/api/auth/organization/has-permission", {**JSON, **self.headers}, 200,
                    lambda a: a["success"] is True,
                    json.dumps({"organizationId": self.organization, "permissions": {"invitation": ["create"]}}))

    def invite(self):
        return Work("POST", "/api/auth/organization/invite-member", {**JSON, **self.headers}, 200,
                    lambda a: a["status"] == "pending",
                    json.dumps({"organizationId": self.organization, "email": "{n}@example.org", "role": "member"}),
                    mark="b", rows=self.rows)

    def members(self):
        path = f"/api/auth/organization/list-members?organizationId={self.organization}&limit={MEMBERS}"
        return Work("GET", path, self.headers, 200, lambda a: len(a["members"]) == MEMBERS and a["members"][0]["user"]["name"])


class BetterAuthSeed:
    """Better Auth installed, and a database with its people, which each server gets a copy of."""

    def __init__(self, folder):
        self.home = ROOT / "build/peers"
        self.install()
        self.database = folder / "better-auth-seed.db"
        self.env = {
            "NODE_ENV": "production", "PEER_SECRET": secrets.token_hex(32), "PEER_OWNER": OWNER, "PEER_PASSWORD": PASSWORD,
            "PEER_MEMBERS": str(MEMBERS)}
        done = subprocess.run(
            ["node", self.home / "server.mjs", "seed", self.database], env={**os.environ, **self.env}, check=True,
            capture_output=True, text=True, timeout=120)
        self.organization = json.loads(done.stdout)["organization"]
        versions = json.loads((HERE / "package-lock.json").read_text())["packages"]
        self.version = versions["node_modules/better-auth"]["version"]
        self.node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()

    def install(self):
        """As package-lock.json has it, with the SQLite inside compiled here. Once, until one of the files changes."""
        node = subprocess.run(["node", "-p", "process.versions.node + ' ' + process.execPath"], capture_output=True, text=True)
        if node.returncode or int(node.stdout.split(".")[0]) < 20:
            sys.exit("Better Auth and its SQLite driver need Node 20 or newer: put one on the PATH and run this again")
        wanted = node.stdout + "".join((HERE / name).read_text() for name in ("package.json", "package-lock.json"))
        self.home.mkdir(parents=True, exist_ok=True)
        stamp = self.home / ".installed"
        for name in ("package.json", "package-lock.json", ".npmrc", "server.mjs"):
            shutil.copy(HERE / name, self.home / name)
        if stamp.exists() and stamp.read_text() == wanted:
            return
        stamp.unlink(missing_ok=True)
        env = {**os.environ, "npm_config_build_from_source": "true"}
        prefix = pathlib.Path(node.stdout.split()[1]).parents[1]
        if (prefix / "include/node/node.h").exists():
            env["npm_config_nodedir"] = str(prefix)  # its headers are here: nothing to fetch
        print("Installing Better Auth and compiling its SQLite (a minute or two)", file=sys.stderr, flush=True)
        for command in (["npm", "ci", "--ignore-scripts"], ["npm", "rebuild", "better-sqlite3"]):
            done = subprocess.run(command, cwd=self.home, env=env, capture_output=True, text=True, timeout=900)
            if done.returncode:
                sys.exit(f"{' '.join(command)}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        stamp.write_text(wanted)


class Glewlwyd(Host):
    """Debian's own, on SQLite. Its password hash is PBKDF2-HMAC-SHA256, and `iterations` is all that can be chosen of it."""

    CONFIG = """
        port = {port}
        bind_address = "127.0.0.1"
        external_url = "http://127.0.0.1:{port}/"
        login_url = "login.html"
        api_prefix = "api"
        log_mode = "console"
        log_level = "ERROR"
        cookie_secure = 0
        session_key = "GLEWLWYD2_SESSION_ID"
        admin_session_authentication = "cookie"
        admin_scope = "g_admin"
        profile_scope = "g_profile"
        user_module_path = "/usr/lib/glewlwyd/user"
        client_module_path = "/usr/lib/glewlwyd/client"
        user_auth_scheme_module_path = "/usr/lib/glewlwyd/scheme"
        plugin_module_path = "/usr/lib/glewlwyd/plugin"
        hash_algorithm = "SHA512"
        database = {{ type = "sqlite3"; path = "{database}"; }};
    """

    def __init__(self, folder, iterations):
        self.iterations, self.port = iterations, rig.free_port()
        home = folder / "glewlwyd"
        home.mkdir()
        self.database = home / "glewlwyd.db"
        self.make_database()
        (home / "glewlwyd.conf").write_text(self.CONFIG.format(port=self.port, database=self.database))
        self.start_process(["glewlwyd", "-c", "glewlwyd.conf"], home)
        listed = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "glewlwyd"], capture_output=True, text=True)
        self.version = listed.stdout or "?"

    def make_database(self):
        """The package's own schema, with a write-ahead log; SQLite's synchronous is FULL unless somebody says otherwise."""
        schema = subprocess.run(
            ["zcat", "/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz"], capture_output=True, text=True, check=True).stdout
        db = sqlite3.connect(self.database)
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(schema)
        (text,) = db.execute("SELECT gumi_parameters FROM g_user_module_instance").fetchone()
        parameters = {**json.loads(text), "pbkdf2-iterations": self.iterations}
        db.execute("UPDATE g_user_module_instance SET gumi_parameters = ?", (json.dumps(parameters),))
        db.commit()
        db.close()

    def ask(self, sql):
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30) as db:
            return db.execute(sql).fetchone()[0]

    @property
    def headers(self):
        """Signed in anew each time: an administrator's session lasts ten minutes."""
        answer = post(self.port, "/api/auth", {"username": "admin", "password": "password"})
        return {"Cookie": cookie_of(answer, "Glewlwyd")}

    def populate(self):
        work = self.enrol()
        for i in range(MEMBERS - 1):
            work.mark = f"member-{i}"
            work.ask(self.port)
        kept = self.ask("SELECT guw_password FROM g_user_password ORDER BY rowid DESC LIMIT 1")
        if not kept.endswith(f",{self.iterations}"):
            raise Invalid(f"Glewlwyd hashes with other iterations than asked for: {kept}")

    def session(self):
        return Work("GET", "/api/profile_list", self.headers, 200, lambda a: a[0]["username"] == "admin")

    def members(self):
        return Work("GET", f"/api/user?limit={MEMBERS}", self.headers, 200, lambda a: len(a) == MEMBERS)

    def enrol(self):
        body = {"username": "{n}", "name": "Zoé Member", "email": "{n}@example.org", "password": PASSWORD, "scope": ["g_profile"]}
        return Work("POST", "/api/user", {**JSON, **self.headers}, 200, lambda a: a is None, json.dumps(body), mark="g",
                    rows=lambda: self.ask("SELECT count(*) FROM g_user_password"))


class Bare(Host):
    """The HTTP library that Parvis stands on, with a constant answer."""

    def __init__(self, folder):
        self.port = rig.free_port()
        self.start_process([rig.yardstick(folder, "bare"), self.port], folder)


def equal_hashes():
    """(iterations of Glewlwyd's PBKDF2 that cost what one argon2id of Parvis costs, milliseconds of one core).

    Measured by calling the same two functions that the servers call, in turn, by the processor's own time."""
    sodium, nettle = ctypes.CDLL("libsodium.so.23"), ctypes.CDLL("libnettle.so.8")
    sodium.sodium_init()
    argon2id, out, trial = 2, ctypes.create_string_buffer(128), 50_000
    password, count = PASSWORD.encode(), ctypes.c_size_t(len(PASSWORD))

    def ours():
        assert not sodium.crypto_pwhash_str_alg(
            out, password, ctypes.c_ulonglong(len(password)), ctypes.c_ulonglong(ARGON2_PASSES),
            ctypes.c_size_t(ARGON2_BYTES), argon2id)

    def theirs():
        nettle.nettle_pbkdf2_hmac_sha256(
            count, password, ctypes.c_uint(trial), ctypes.c_size_t(16), bytes(16), ctypes.c_size_t(32), out)

    def timed(work):
        began = time.thread_time()
        work()
        return time.thread_time() - began
    pairs = [(timed(ours), timed(theirs)) for _ in range(15)]
    argon2, pbkdf2 = (sorted(column)[len(pairs) // 2] for column in zip(*pairs))
    return round(trial * argon2 / pbkdf2), 1000 * argon2
