"""The other way to the same rule: what holds for one link, mail or person holds for the one beside it."""

import pytest

from lib.authenticator import Passkey
from lib.mailbox import token_of
from lib.otp import set_up
from lib.people import PASSWORD, fresh
from lib.ways import mailed

NEW = "lantern-orchard-43"
SITE = "http://localhost:4711"


@pytest.fixture(scope="module")
def server(make_server, smtp):
    return make_server(mail=smtp.uri, mail_from="Parvis <parvis@parvis.example>", public_url=SITE)


def subjects(inbox, address, count):
    return [m.subject for m in inbox.wait(address, count)]


def operators_link(world, email):
    return token_of(world.operator.post("/server/accounts/reset-password", {"email": email}).ok(200)["url"])


def complete(client, token):
    return client.post("/password-resets/complete", {"token": token, "new_password": NEW})


# ---- passwords


@pytest.mark.parametrize("next_", ["/me", "/sign-out", "/i/../me", "/i/a?b", "//evil.example"])
def test_a_reset_leads_back_to_an_invitation_alone(acme, inbox, anonymous, next_):
    person = acme.join()
    for count, (asked, kept) in enumerate([("/i/abc-DEF_1", True), (next_, False)], 1):
        anonymous.submit("/password/forgotten", {"email": person.email, "next": asked})
        link = next(x for x in inbox.resets(person.email, count)[-1].links if "/password/reset/" in x)
        assert ("next=" in link) == kept, link


def test_the_operators_link_proves_no_address(acme, anonymous):
    assert acme.api.get("/me").ok()["email_proved"] is False
    complete(anonymous, operators_link(acme.world, acme.owner.email)).ok()
    assert anonymous.sign_in(acme.owner.email, NEW).get("/me").ok()["email_proved"] is False


def test_a_mailed_reset_proves_the_address(acme, inbox, anonymous):
    email = fresh("handed")
    acme.world.enrol(acme.link(acme.invite(email, deliver=False))["url"]).ok(201)
    anonymous.post("/password-resets", {"email": email}).ok(202)
    complete(anonymous, inbox.resets(email)[-1].token).ok()
    assert anonymous.sign_in(email, NEW).get("/me").ok()["email_proved"] is True


def test_a_first_password_warns_nobody(acme, inbox):
    email = fresh()
    acme.invite(email)
    inbox.last(email)
    assert not inbox.all_for(acme.owner.email), "the owner's first password was set, and nobody told"


def test_a_reset_is_told(acme, inbox, anonymous):
    person = acme.join()
    anonymous.post("/password-resets", {"email": person.email}).ok(202)
    complete(anonymous, inbox.resets(person.email)[-1].token).ok()
    assert "password" in subjects(inbox, person.email, 3)[2]


def test_another_link_of_the_operator_ends_the_earlier(acme, anonymous):
    earlier, later = (operators_link(acme.world, acme.owner.email) for _ in range(2))
    complete(anonymous, earlier).refused("token-invalid", 410)
    complete(anonymous, later).ok()


# ---- addresses


def test_a_link_serves_its_own_end_alone(acme, inbox, anonymous):
    person, new = acme.join(), fresh("moved")
    person.api.post("/me/email", {"email": new, "current_password": PASSWORD}).ok(202)
    confirm = mailed(inbox, new, "/email/confirm/")
    anonymous.post("/email-changes/undo", {"token": confirm}).refused("token-invalid", 410)
    anonymous.post("/email-changes/confirm", {"token": confirm}).ok()
    undo = mailed(inbox, person.email, "/email/undo/")
    anonymous.post("/email-changes/confirm", {"token": undo}).refused("token-invalid", 410)
    anonymous.post("/email-changes/undo", {"token": undo}).ok()


# ---- second factors


def add_passkey(person):
    passkey = Passkey(SITE)
    options = person.api.post("/me/passkeys/options").ok().json
    return passkey, person.api.post("/me/passkeys", {"credential": passkey.make(options)}).ok(201)["id"]


def test_nobody_renames_or_removes_anothers_passkey(acme):
    person, other = acme.join(), acme.join()
    _, passkey = add_passkey(person)
    other.api.patch(f"/me/passkeys/{passkey}", {"name": "mine"}).refused("not-found", 404)
    other.api.call("DELETE", f"/me/passkeys/{passkey}", {"current_password": PASSWORD}).refused("not-found", 404)
    assert person.api.get("/me").ok()["second_factor"]["passkeys"] == 1


def test_each_change_of_factors_is_told(acme, inbox, clock):
    person = acme.join()
    app, codes = set_up(person.api, clock)
    told = len(inbox.wait(person.email, 2))
    body = {"email": person.email, "password": PASSWORD, "code": codes[0]}
    acme.world.client().post("/sessions", body).ok(201)
    assert "recovery code" in subjects(inbox, person.email, told + 1)[-1]
    person.api.post("/me/recovery-codes", {"code": app.fresh()}).ok(201)
    assert "recovery codes" in subjects(inbox, person.email, told + 2)[-1]


def test_ten_wrong_codes_are_told(acme, inbox, clock):
    person = acme.join()
    set_up(person.api, clock)
    told = len(inbox.wait(person.email, 2))
    wrong = 0
    while wrong < 10:
        body = {"email": person.email, "password": PASSWORD, "code": "000000"}
        answer = acme.world.client().post("/sessions", body)
        if answer.status == 429:
            clock.advance(seconds=int(answer.headers["Retry-After"]))
            continue
        assert len(inbox.all_for(person.email)) == told
        answer.refused("second-factor-failed")
        wrong += 1
    inbox.wait(person.email, told + 1)


def test_an_administrators_last_factor_stays_while_it_is_asked_for(acme, inbox, clock):
    admin = acme.join(role="administrator")
    app, _ = set_up(admin.api, clock)
    set_up(acme.api, clock)
    acme.set(second_factor="administrators").ok()
    admin.api.call("DELETE", "/me/totp", {"code": app.fresh()}).refused("conflict", 409)
    acme.set(second_factor="none").ok()
    admin.api.call("DELETE", "/me/totp", {"code": app.fresh()}).ok()
