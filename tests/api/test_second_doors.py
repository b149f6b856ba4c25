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


def test_no_door_takes_a_password_about_oneself(acme, inbox, anonymous):
    """By the API and by its page: joining, a reset, one's own."""
    org = acme.world.found("Kaleidoscope")
    email, names = fresh(), {"given_name": "Wilhelmina", "family_name": "Durand"}
    org.invite(email)
    token = inbox.token_for(email)
    for password in ("kaleidoscope1", "wilhelmina-7"):
        acme.world.enrol(token, names["given_name"], names["family_name"], password).refused("password-too-weak", 422)
        assert anonymous.submit(f"/i/{token}", {**names, "password": password}).status == 422
    person = acme.world.enrol(token, names["given_name"], names["family_name"]).ok(201).client
    person.post("/me/password", {"current_password": PASSWORD, "new_password": "wilhelmina-7"}).refused("password-too-weak", 422)
    page = person.submit("/me/password", {"current_password": PASSWORD, "new_password": "wilhelmina-7"})
    assert page.status == 422
    for count, password in ((1, "wilhelmina-7"), (2, email.split("@")[0])):
        anonymous.post("/password-resets", {"email": email}).ok(202)
        reset = inbox.resets(email, count)[-1].token
        complete_by = {"token": reset, "new_password": password}
        anonymous.post("/password-resets/complete", complete_by).refused("password-too-weak", 422)
        assert anonymous.submit(f"/password/reset/{reset}", {"new_password": password}).status == 422


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


# ---- members


def test_nobody_below_changes_an_owner(acme):
    admin, other = acme.join(role="administrator"), acme.join(role="owner")
    where = f"{acme.path}/members/{acme.member(other)['id']}"
    for change in ({"state": "suspended"}, {"groups": []}):
        admin.api.patch(where, change).refused("forbidden", 403)
    acme.api.patch(where, {"state": "suspended"}).ok()


def test_who_loses_an_address_to_an_undo_is_told(acme, inbox, anonymous):
    person, new = acme.join(), fresh("moved")
    person.api.post("/me/email", {"email": new, "current_password": PASSWORD}).ok(202)
    anonymous.post("/email-changes/confirm", {"token": mailed(inbox, new, "/email/confirm/")}).ok()
    before = len(inbox.all_for(new))
    anonymous.post("/email-changes/undo", {"token": mailed(inbox, person.email, "/email/undo/")}).ok()
    inbox.wait(new, before + 1)


def test_the_page_takes_over_what_was_sent(acme):
    admin = acme.join(role="administrator")
    inv = acme.invite(fresh(), by=admin.api, deliver=False)
    where = f"/o/{acme.slug}/users/{acme.member(admin)['id']}/remove"
    assert acme.api.submit(where, {"pending_invitations": "take_over"}).status == 303
    assert acme.state(inv) == "pending" and acme.invitation(inv)["invited_by"] == acme.owner.id


def test_a_form_leaves_a_moment_as_it_is(acme, clock):
    """It shows a day; who saves it without touching that does not move the moment to the day's end."""
    zoe = acme.member(acme.join())
    where = f"{acme.path}/members/{zoe['id']}"
    moment = acme.api.patch(where, {"access_ends_at": "2099-05-04T12:34:56Z"}).ok()["access_ends_at"]
    page = f"/o/{acme.slug}/users/{zoe['id']}/options"
    assert "2099-05-04" in acme.api.page(page).text
    assert acme.api.submit(page, {"access_ends_at": "2099-05-04"}).status == 303
    assert acme.api.get(where).ok()["access_ends_at"] == moment


def test_switching_ends_the_session(acme, inbox):
    email, other = fresh(), acme.join()
    acme.invite(email)
    stolen = other.api.twin()
    other.api.submit(f"/i/{inbox.token_for(email)}/switch").ok(303)
    stolen.get("/me").refused("unauthenticated", 401)


def test_a_name_that_cannot_stand_is_left_out(acme):
    email = fresh()
    form = {"addresses": f"Evil www.evil.example <{email}>", "role": "member", "method": "link"}
    acme.api.submit(f"/o/{acme.slug}/users/invite/send", form)
    found = [i for i in acme.api.items(acme.path + "/invitations") if i["email"] == email]
    assert len(found) == 1 and not found[0]["given_name"] and not found[0]["family_name"]


def test_several_go_by_the_form_or_none(acme):
    people = [acme.join() for _ in range(2)]
    ids = [acme.member(p)["id"] for p in (*people, acme.owner)]
    answer = acme.api.submit(f"/o/{acme.slug}/users/remove", [("member", i) for i in ids] + [("confirmed", "true")])
    assert 400 <= answer.status < 500
    assert all(acme.member(p) for p in people)


def test_a_form_leaves_an_option_that_the_role_may_not_have(acme):
    """It was not shown, so nobody unticked it: it is there again with the role."""
    body = {"key": "audits", "name": {"en": "Audits", "fr": "Audits"}, "roles": ["administrator"]}
    acme.api.post(acme.path + "/entitlements", body).ok(201)
    member = acme.member(acme.join(role="administrator"))["id"]
    where = f"{acme.path}/members/{member}"
    acme.api.patch(where, {"entitlements": {"audits": True}}).ok()
    acme.api.patch(where, {"role": "member"}).ok()
    assert acme.api.submit(f"/o/{acme.slug}/users/{member}/options", {}).status == 303
    assert acme.api.patch(where, {"role": "administrator"}).ok()["entitlements"]["audits"] is True


def test_the_root_leads_to_the_new_password(acme):
    email = fresh()
    row = acme.send(email, method="temporary_password", delivery="show").ok()["results"][0]
    client = acme.world.client()
    client.post("/sessions", {"email": email, "password": row["temporary_password"]}).ok(201)
    assert client.page("/").headers["Location"] == "/password/new"


def test_what_a_text_of_ours_is_filled_with_is_escaped(acme, inbox, anonymous):
    """Names stand in our own sentences, too, not in elements of their own alone."""
    name, email = 'A & B "x" \'y\'', fresh()
    acme.api.patch(acme.path, {"name": name}).ok()
    acme.invite(email)
    pages = [anonymous.page(f"/i/{inbox.token_for(email)}").ok().text, acme.api.page(f"/o/{acme.slug}").ok().text,
             acme.api.page(f"/o/{acme.slug}/leave").text, inbox.last(email).html]
    for page in pages:
        assert "A &amp; B &quot;x&quot; &#39;y&#39;" in page and "A & B" not in page
