"""No secret anywhere: everything secret that was ever seen is searched for in everything that is kept."""

import base64
import json
import re

from lib.mailbox import token_of
from lib.people import PASSWORD, World, fresh


def forms_of(secret):
    """The ways a secret could lie in a file: as it is, decoded, in hexadecimal, of its random part alone."""
    raw = secret.encode()
    forms = {raw, raw.lower(), raw.upper()}
    compact = secret.replace("-", "").replace(" ", "")
    forms |= {compact.encode(), compact.lower().encode()}
    if len(compact) > 30:
        forms.add(compact[-21:-1].encode())  # the random end, whatever stands before it
        body = compact.split("_")[-1] if compact.startswith("pvk_") else compact
        try:
            decoded = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
            forms |= {decoded, decoded[-16:], decoded[-16:].hex().encode(), decoded[-16:].hex().upper().encode()}
        except ValueError:
            pass
    return {f for f in forms if len(f) >= 8}


def test_no_secret_is_kept_logged_or_told_twice(make_server, smtp):
    server = make_server(mail=smtp.uri, log_level="debug")
    world = World(server, smtp)
    secrets = {}

    def note(name, value):
        secrets[name] = value
        return value

    note("password", PASSWORD)
    first = server.setup(password=note("setup password", "a-setup-password-77"))
    key = server.client(key=note("api key", first["api_key"]))
    key.get("/me").ok()
    setup_links = re.findall(r"/setup/([\w-]+)", server.log())
    acme = world.found("Acme")
    note("session", acme.api.cookies["parvis_session"])
    smtp_secrets = lambda name, mail: (note(name + " token", mail.token), note(name + " code", mail.code))

    # invite, resend, copy, accept
    email = fresh()
    idem = {"Idempotency-Key": "secret-sweep"}
    inv = acme.api.post(acme.path + "/invitations", {"invitations": [{"email": email, "role": "member"}]}, idem).ok()[
        "results"
    ][0]["invitation"]
    inv = inv if isinstance(inv, str) else inv["id"]
    smtp_secrets("first", smtp.last(email))
    acme.resend(inv).ok()
    smtp_secrets("second", smtp.last(email, 2))
    copied = acme.api.post(f"{acme.path}/invitations/{inv}/link", headers=idem).ok().json
    note("copied token", token_of(copied["url"]))
    note("copied code", copied["code"])
    joined = world.enrol(secrets["second token"]).ok(201)
    note("member session", joined.client.cookies["parvis_session"])

    # a batch as CSV, a copied link used, proof of address
    batch = acme.send(*[fresh() for _ in range(12)], deliver=False).ok()["batch"]
    answer = acme.api.post(f"{acme.path}/invitation-batches/{batch}/links", headers=idem).ok()
    tokens = re.findall(r"/i/([\w-]+)", answer.text)
    for i, token in enumerate(tokens):
        note(f"csv token {i}", token)
    unproved = world.enrol(tokens[0], password=note("enrolment password", "my very own phrase 8")).ok(201).client
    proved = unproved.get("/me").ok()["email"]
    unproved.post("/me/address-proof").ok(202)
    note("proof code", smtp.last(proved).code)
    unproved.post("/me/address-proof/confirm", {"code": secrets["proof code"]}).ok()

    # wrong ones on the way, by path, query and body
    server.client().page("/i/" + secrets["first token"])
    server.client().page("/i/" + secrets["copied token"] + "?x=" + secrets["second token"])
    server.client().post("/sessions", {"email": email, "password": note("typed password", "not-quite-the-password")})
    server.client().post("/invitations/accept", {"token": secrets["first token"], "unknown": True})

    # reset, change, operator's link
    server.client().post("/password-resets", {"email": email}).ok(202)
    note("reset token", smtp.resets(email)[0].token)
    server.client().page("/password/reset/" + secrets["reset token"])
    server.client().post(
        "/password-resets/complete",
        {"token": secrets["reset token"], "new_password": note("reset password", "brand new phrase 99")},
    ).ok(204)
    note(
        "operator link", token_of(world.operator.post("/server/accounts/reset-password", {"email": email}).ok()["url"])
    )
    acme.api.post(
        "/me/password", {"current_password": PASSWORD, "new_password": note("changed password", "changed phrase 4711")}
    ).ok(204)
    note("changed session", acme.api.cookies["parvis_session"])
    # one that waits in the outbox, sealed
    waiting = fresh("waiting")
    smtp.data_reply = lambda e: "451 later" if waiting in e.rcpt_tos else None
    acme.invite(waiting)
    smtp.settle(0.7)
    smtp.data_reply = None

    replayed = [
        acme.api.post(f"{acme.path}/invitations/{inv}/link", headers=idem),
        acme.api.post(f"{acme.path}/invitation-batches/{batch}/links", headers=idem),
    ]
    answers = [acme.api.get(acme.path + p) for p in ("/invitations", "/members", "/mail", "/settings")] + [
        world.operator.get("/server/mail")
    ]
    told = b"".join(a.body for a in replayed + answers)

    def search():
        return [
            (name, where)
            for where, data in [*server.kept(), ("replayed and listed answers", told)]
            for name, value in secrets.items()
            for form in forms_of(value)
            if form in data
        ]

    assert len(secrets) >= 25
    assert search() == []
    server.stop()  # the log of the database is written back into it
    assert search() == []
    assert setup_links, "the setup address is printed, by design, and dead by now"
    server.start()
    assert server.client().page("/setup/" + setup_links[0]).status == 404


def test_the_sweep_finds_what_is_there(make_server):
    """The search itself can fail: an invitation's message is kept in clear, and is found."""
    server = make_server(mail=None)
    acme = World(server, None).found("Acme")
    acme.invite("zoe@example.org", message="canary-in-the-coal-mine")
    server.stop()
    assert any(b"canary-in-the-coal-mine" in data for _, data in server.kept())
    server.start()


def test_a_delivered_mail_has_lost_its_secret(acme, inbox):
    email = fresh()
    acme.invite(email)
    inbox.wait(email)
    inbox.settle(0.5)
    rows = acme.world.server.query("SELECT state, sealed FROM mail WHERE recipient = ?", email)
    assert rows == [("sent", None)]


def test_a_withdrawn_or_failed_mail_has_lost_it_too(acme, inbox):
    gone, refused = fresh("gone"), fresh("refused")
    inbox.rcpt_reply = lambda a: {gone: "450 later", refused: "550 never"}.get(a)
    try:
        inv = acme.invite(gone)
        acme.invite(refused)
        inbox.settle(0.7)
        sealed = acme.world.server.query("SELECT sealed FROM mail WHERE recipient = ?", gone)[0][0]
        assert sealed, "a waiting mail holds it, sealed"
        acme.revoke(inv).ok()
    finally:
        inbox.rcpt_reply = None
    for email, state in ((gone, "withdrawn"), (refused, "failed")):
        assert acme.world.server.query("SELECT state, sealed FROM mail WHERE recipient = ?", email) == [(state, None)]


def test_logs_hold_patterns_not_paths(make_server, smtp):
    server = make_server(mail=smtp.uri, log_level="debug", log_format="json")
    server.client().page("/i/some-token-in-the-path?secret=in-the-query")
    server.client().get("/organizations/nosuchplace/members")
    assert "some-token-in-the-path" not in server.log() and "in-the-query" not in server.log()
    lines = [l for l in server.log().splitlines() if l.startswith("{")]
    assert lines and all(json.loads(l) for l in lines)
