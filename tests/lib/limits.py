"""Trying the rows of spec/limits.yaml: who asks, from where, at which door, and when."""

import itertools
import pathlib
import re
import time

import yaml

from lib.client import Client
from lib.people import PASSWORD, World

TABLE = yaml.safe_load((pathlib.Path(__file__).resolve().parents[2] / "spec/limits.yaml").read_text("utf-8"))
SITE = "http://localhost:4711"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
sources = itertools.count(1)


def seconds(text):
    """Of "10m", or of a lifetime's name."""
    text = TABLE["lifetimes"].get(text, {}).get("lasts", text)
    return int(text[:-1]) * UNITS[text[-1]]


class Late(Exception):
    """The moment was over before the answer came: nothing was shown, to be tried anew."""


def anew(trial):
    """Tries until the moments were met, on a machine that is busy with other work."""
    for _ in range(4):
        try:
            return trial()
        except Late:
            pass
    raise AssertionError("this machine is too slow for the last second of anything")


class From(Client):
    """Whatever it sends comes from a source of its own."""

    def __init__(self, port, source):
        super().__init__(port)
        self.source = source

    def twin(self, language=None):
        other = From(self.port, self.source)
        other.cookies = dict(self.cookies)
        return other

    def send(self, method, target, body=None, headers=None):
        return super().send(method, target, body, {"X-Forwarded-For": self.source, **(headers or {})})


class Town(World):
    def stranger(self, source=None):
        """Somebody from where nobody was before."""
        n = next(sources)
        return From(self.server.port, source or f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")

    def at(self, moment):
        """The clock goes on to this moment, if it is not there yet."""
        if moment > self.clock.now():
            self.clock.advance(seconds=moment - self.clock.now())

    def begin_anew(self, window):
        """A window of so many seconds has just begun; when it ends."""
        self.at((self.clock.now() // window + 1) * window + 0.05)
        return (self.clock.now() // window + 1) * window

    def before(self, moment, look, ahead=1):
        """What `look` says in the last second (or `ahead` of them) before a moment."""
        self.at(moment - ahead)
        try:
            said = look()
        except AssertionError:
            if self.clock.now() >= moment:
                raise Late from None
            raise
        if self.clock.now() >= moment:
            raise Late
        return said

    def answered(self):
        """What was asked for by mail is looked at by the worker a moment later."""
        while self.server.query("SELECT count(*) FROM address_request") != [(0,)]:
            time.sleep(0.02)
        self.server.mails_at_rest()

    def proved(self):
        return self.found("Limits").owner.prove(self.inbox)

    def half(self, person):
        """A browser that showed the password and owes the second factor."""
        client = self.stranger()
        client.submit("/sign-in", {"email": person.email, "password": PASSWORD}).ok(303)
        return client


def refused(answer, most_seconds):
    """It is, with its code and a time to wait that ends with the limit; a page says both in words."""
    assert answer.status == 429, answer
    if answer.problem is None:
        assert "too many tries" in answer.text, answer.text[:3000]
        return True
    answer.refused("rate-limited", 429)
    assert 1 <= int(answer.headers["Retry-After"]) <= most_seconds, answer.headers["Retry-After"]
    return True


def signup_form(email):
    return {"email": email, "given_name": "Zoé", "family_name": "Durand", "password": PASSWORD, "organization": "Atelier"}


def signup_of(answer):
    """The sign-up that an answer, of the API or the console, began."""
    if answer.status == 202:
        return answer["signup"]
    return re.search(r"/sign-up/([^/?#]+)", answer.ok(303).headers["Location"]).group(1)


def form_or_call(client, door, path, page, body):
    """The same request to the API, or by the console's form."""
    return client.submit(page, body) if door.endswith("_form") else client.post(path, body)


