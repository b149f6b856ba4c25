"""Every way into an account, each made by the door that people use, and whether it still opens. The names are those of
spec/ways_in.yaml."""

import pathlib
import re
import time

import yaml

from lib.authenticator import Passkey
from lib.otp import set_up
from lib.people import PASSWORD, fresh

SPEC = yaml.safe_load((pathlib.Path(__file__).resolve().parents[2] / "spec/ways_in.yaml").read_text())
NEW = "lantern-orchard-43"
STRANGER = "192.0.2.77"


def mailed(inbox, address, path, count=1):
    """The token of the newest link of a kind in the mails for an address, once there are `count`."""
    for waited in range(1, 30):
        found = list(dict.fromkeys(x for m in inbox.wait(address, min(waited, count)) for x in m.links if path in x))
        if len(found) >= count:
            return re.search(re.escape(path) + r"([^/?#\s]+)", found[-1]).group(1)
        inbox.settle(0.1)
    raise AssertionError(f"no {path} for {address}")


class Holder:
    """Somebody with an account and as many ways into it as are armed. `alive(way)` tries one, and changes as little as it can."""

    def __init__(self, world, org, person, origin):
        self.world, self.org, self.person, self.inbox = world, org, person, world.inbox
        self.api, self.email, self.origin = person.api, person.email, origin
        self.password = PASSWORD  # None: an account that has none
        self.passkey = self.app = None
        self.armed = {}
        self.raw = world.server.query("SELECT id FROM account WHERE email = ?", self.email)[0][0]

    def client(self):
        return self.world.client()

    def arm(self, *ways):
        for way in ways:
            self.armed[way] = getattr(self, "arm_" + way)()
        return self

    def alive(self, way):
        return getattr(self, "try_" + way)(self.armed[way])

    def sign_in(self, client, password=None, source=None):
        body = {"email": self.email, "password": password or self.password}
        return client.post("/sessions", body, {"X-Forwarded-For": source} if source else {})

    # ---- a session elsewhere

    def arm_session(self):
        client = self.client()
        if self.password is None:
            assert self.show(client) == 201
            return client
        answer = self.sign_in(client)
        if answer.problem == "second-factor-required" and self.app:
            answer = client.post("/sessions", {"email": self.email, "password": self.password, "code": self.app.fresh()})
        elif answer.problem == "second-factor-required":
            return self.beside(client)
        answer.ok(201)
        return client

    def beside(self, client):
        """The password, and the passkey after it."""
        client.submit("/sign-in", {"email": self.email, "password": self.password})
        options = client.post("/sessions/current/passkey/options").ok().json
        client.post("/sessions/current/passkey", {"credential": self.passkey.show(options)}).ok(201)
        return client

    def show(self, client, passkey=None):
        options = client.post("/sessions/passkey/options").ok().json
        return client.post("/sessions/passkey", {"credential": (passkey or self.passkey).show(options)}).status

    def try_session(self, client):
        answer = client.get("/me")
        assert answer.status in (200, 401)
        return answer.status == 200

    # ---- mailed

    def arm_reset_link(self):
        self.client().post("/password-resets", {"email": self.email}).ok(202)
        return self.inbox.resets(self.email)[-1].token

    def try_reset_link(self, token):
        return self.client().send("GET", f"/password/reset/{token}").status == 200

    def arm_proof_code(self):
        self.api.post("/me/address-proof").ok(202)
        return True

    def try_proof_code(self, _):
        return self.rows("account_token", "kind = 'proof'") > 0

    def arm_address_change(self):
        self.wanted = fresh("wanted")
        self.ask_for(self.wanted)
        return mailed(self.inbox, self.wanted, "/email/confirm/")

    def ask_for(self, email):
        self.api.post("/me/email", {"email": email, **({"current_password": self.password} if self.password else {})}).ok(202)

    def try_address_change(self, token):
        return self.client().send("GET", f"/email/confirm/{token}").status == 200

    def arm_undo(self):
        old, new = self.email, fresh("moved")
        self.ask_for(new)
        self.client().post("/email-changes/confirm", {"token": mailed(self.inbox, new, "/email/confirm/")}).ok(204)
        self.email = self.person.email = new
        return mailed(self.inbox, old, "/email/undo/")

    def try_undo(self, token):
        return self.client().send("GET", f"/email/undo/{token}").status == 200

    # ---- a browser that signed in before: served although others from its source are not

    def arm_browser(self):
        client = self.arm_session()
        client.cookies.pop("parvis_session")  # signing out ends what opened it (repeat)
        assert [n for n in client.cookies if "browser" in n]
        return client

    def try_browser(self, client):
        for i in range(12):
            waits = self.sign_in(self.client(), f"wrong-{i}-wrong", STRANGER).headers["Retry-After"]
            if waits and int(waits) >= 2:  # long enough for what the browser asks
                break
            time.sleep(int(waits or 0))
        answer = self.sign_in(client, "wrong-by-its-holder", STRANGER)
        assert answer.status in (401, 429)
        return answer.status == 401

    # ---- factors

    def arm_passkey(self):
        self.passkey = Passkey(self.origin)
        options = self.api.post("/me/passkeys/options").ok().json
        self.api.post("/me/passkeys", {"credential": self.passkey.make(options)}).ok(201)
        return self.passkey

    def try_passkey(self, passkey):
        status = self.show(self.client(), passkey)
        assert status in (201, 401, 429)  # of those that are gone a source tries so many
        return status == 201

    def arm_app(self):
        self.app, self.codes = set_up(self.api, self.world.clock)
        return self.app

    def try_app(self, app):
        return self.rows("account_totp", "confirmed_at IS NOT NULL") == 1

    def arm_recovery_code(self):
        return self.codes

    def try_recovery_code(self, codes):
        return self.rows("recovery_code", "used_at IS NULL") > 0

    def rows(self, table, condition):
        return self.world.server.query(f"SELECT count(*) FROM {table} WHERE account_id = ? AND {condition}", self.raw)[0][0]

    # ---- what was done with a secret within the last minute

    def repeats(self):
        return set(self.world.server.query("SELECT id, kind FROM spent WHERE account_id = ?", self.raw))

    def arm_repeat(self):
        return self.repeats()  # whoever joined, moved or set a password did it by one

    def try_repeat(self, armed):
        return bool(armed & self.repeats())

    # ---- keys, passwords

    def arm_api_key(self):
        return self.api.post(self.org.path + "/api-keys", {"name": "program"}).ok(201)["api_key"]

    def try_api_key(self, key):
        answer = self.client().get("/me", headers={"Authorization": "Bearer " + key})
        assert answer.status in (200, 401)
        return answer.status == 200

    def arm_password(self):
        return self.password

    def try_password(self, password):
        answer = self.client().post("/sessions", {"email": self.email, "password": password}, {"X-Forwarded-For": "192.0.2.99"})
        assert answer.status in (201, 401), answer
        return answer.status == 201 or answer.problem == "second-factor-required"
