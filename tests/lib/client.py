"""A client of the HTTP interface: keep-alive, a cookie jar, or a key; over TCP or the operator's socket."""

import http.client
import json
import socket
import time
import urllib.parse

from lib import answers

STALE_AFTER = 5.0  # seconds; a connection idle for longer is not reused, since the server may be closing it


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    """What came back."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8")

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    @property
    def problem(self):
        """The code of the refusal; None when it is none."""
        if not (self.headers.get("Content-Type") or "").startswith("application/problem+json"):
            return None
        return self.json["code"]

    def ok(self, status=None):
        """Itself, when it is a success (or exactly `status`)."""
        good = self.status == status if status else 200 <= self.status < 400
        assert good, f"{self.status} {self.body[:2000]!r}"
        return self

    def refused(self, code, status=None):
        """Itself, when it is the refusal `code`."""
        assert self.problem == code, f"expected {code}, got {self.status} {self.body[:2000]!r}"
        assert status is None or self.status == status, self.status
        return self

    def __getitem__(self, name):
        return self.json[name]

    def __repr__(self):
        return f"<Answer {self.status} {self.body[:300]!r}>"


class Client:
    """One caller. `call` takes paths below /api/v1; `page` and `submit` take paths of the console."""

    def __init__(self, port=None, unix=None, key=None, language="en", timeout=60):
        self.port = port
        self.unix = unix
        self.key = key
        self.language = language
        self.timeout = timeout
        self.cookies = {}
        self.connection = None
        self.used_at = 0.0

    def twin(self, language=None):
        """The same caller on a connection of its own."""
        other = Client(self.port, self.unix, self.key, language or self.language, self.timeout)
        other.cookies = dict(self.cookies)
        return other

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def _connect(self):
        self.close()
        if self.unix:
            self.connection = UnixConnection(self.unix, self.timeout)
        else:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        self.connection.connect()
        if not self.unix:
            self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, method, target, body=None, headers=None):
        """One request with exactly this target and body (bytes)."""
        if self.connection is None or self.connection.sock is None or time.monotonic() - self.used_at > STALE_AFTER:
            self._connect()
        all_headers = {"Accept-Language": self.language}
        if self.key:
            all_headers["Authorization"] = "Bearer " + self.key
        if self.cookies:
            all_headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        all_headers.update(headers or {})
        all_headers = {k: v for k, v in all_headers.items() if v is not None}
        try:
            try:
                self.connection.request(method, target, body=body, headers=all_headers)
            except (BrokenPipeError, ConnectionResetError):
                if not body:
                    raise  # otherwise refused before the body was through: the answer is there to be read
            raw = self.connection.getresponse()
            answer = Answer(raw.status, raw.headers, raw.read())
        except Exception:
            self.close()
            raise
        self.used_at = time.monotonic()
        self._keep_cookies(answer)
        answers.check(method, target, answer)
        return answer

    def _keep_cookies(self, answer):
        for line in answer.headers.get_all("Set-Cookie") or []:
            pair, *attributes = line.split(";")
            name, value = pair.strip().split("=", 1)
            gone = any(a.strip().lower() == "max-age=0" for a in attributes) or not value
            if gone:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value

    def call(self, method, path, body=None, headers=None, **query):
        """A call of the API with a JSON body."""
        target = "/api/v1" + path + ("?" + urllib.parse.urlencode(query) if query else "")
        sent = dict(headers or {})
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        return self.send(method, target, data, sent)

    def get(self, path, headers=None, **query):
        return self.call("GET", path, None, headers, **query)

    def post(self, path, body=None, headers=None, **query):
        return self.call("POST", path, body, headers, **query)

    def patch(self, path, body, headers=None):
        return self.call("PATCH", path, body, headers)

    def delete(self, path, headers=None, **query):
        return self.call("DELETE", path, None, headers, **query)

    def items(self, path, **query):
        """Every item of a list, walked page by page."""
        found, cursor = [], None
        while True:
            page = self.get(path, **query, **({"cursor": cursor} if cursor else {})).ok().json
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    def page(self, target, headers=None):
        """A page of the console, as a browser asks for it."""
        return self.send(
            "GET", target, None, {"Accept": "text/html", "Sec-Fetch-Site": "same-origin", **(headers or {})}
        )

    def submit(self, target, fields=None, headers=None):
        """A form of the console; fields is a dict or a list of pairs."""
        body = urllib.parse.urlencode(fields or {}, doseq=True).encode()
        sent = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
            "Accept": "text/html",
        }
        sent.update(headers or {})
        return self.send("POST", target, body, sent)

    def sign_in(self, email, password):
        self.post("/sessions", {"email": email, "password": password}).ok(201)
        return self
