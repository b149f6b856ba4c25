"""Every form that changes something, sent twice: at once, as a double click does, and again after the answer.

A page puts a key of its own into each of its forms; the repeat gets the first answer, and nothing is done twice. A new form is in
this by itself, and fails until there is something to send for it. What hands out a session carries a secret, and is repeated by that
(test_repeats)."""

import concurrent.futures
import re
import secrets

import pytest

from lib.callers import path_of, samples, things_of
from lib.people import PASSWORD, World, fresh
from lib.spec import routes

# They end or begin a session: their answer is for one browser alone.
SESSIONS = {
    "setup_form": "its link makes one owner", "sign_in_form": "each sign-in is one", "factor_form": "its code and the session are the secret",
    "sign_out_form": "out is out",
    "own_password_form": "the session is its secret", "sign_up_code_form": "its code is the secret", "password_reset_form": "its link is the secret",
    "invitation_accept_form": "its link is the secret", "join_accept_form": "its code is the secret", "invitation_switch_form": "out is out",
    "me_password_form": "the session is its secret", "me_close_form": "the account is gone", "me_sessions_end_form": "they are gone",
    "email_confirm_form": "its link is the secret", "email_undo_form": "its link is the secret",
}
# The operator's and the account's own, which need a device or a code of one.
FACTORS = {"totp_form", "totp_confirm_form", "totp_remove_form", "passkey_form", "passkey_remove_form", "recovery_codes_form"}
# A picture is what it is, however often it comes.
FILES = {"settings_logo_form", "settings_logo_remove_form"}
# Nothing comes of the second that the first did not do: a choice of language has its cookie; links made anew take the place of the first ones,
# and are the ones that are shown.
SAME = {"me_form", "batch_links_form"}

FORMS = [r for r in routes("console.yaml") if r.method == "POST" and not r.effect_free and r.name not in SESSIONS and r.name not in FACTORS | FILES | SAME]


def page_key():
    return secrets.token_urlsafe(16)


def invited(org, inbox):
    email = fresh()
    org.invite(email)
    return email, inbox.wait(email, 1)[-1]


def declined(org, inbox, world):
    return world.client(), f"/i/{invited(org, inbox)[1].token}/decline", {}


def declined_by_code(org, inbox, world):
    email, mail = invited(org, inbox)
    return world.client(), "/join/decline", {"email": email, "code": mail.code}


def asked_again(org, inbox, world):
    token = invited(org, inbox)[1].token
    world.clock.advance(days=31)  # whoever was signed in is out: the organization is this test's alone
    return world.client(), f"/i/{token}/ask-again", {}


def signed_up(org, inbox, world):
    fields = {"email": fresh(), "given_name": "Ada", "family_name": "Noor", "organization": "Ada's", "password": PASSWORD}
    return world.client(), "/sign-up", fields


def signed_up_again(org, inbox, world):
    client, path, fields = signed_up(org, inbox, world)
    page = client.submit(path, fields).headers["Location"]
    world.clock.advance(minutes=2)
    return client, page + "/resend", {}


def of_an_account(path, fields=lambda person: {}):
    def made(org, inbox, world):
        person = org.join()
        return person.api, path, fields(person)
    return made


def other_session(org, inbox, world):
    person = org.join()
    world.client().sign_in(person.email, PASSWORD)
    other = next(s["id"] for s in person.api.get("/me/sessions").ok()["items"] if not s["current"])
    return person.api, f"/me/sessions/{other}/end", {}


def silenced(org, inbox, world):
    person = world.found("Elsewhere").join()
    org.invite(person.email)
    world.client().post("/invitations/decline", {"token": inbox.token_for(person.email, 2, invitation=True), "silence": True}).ok(204)
    return person.api, f"/me/silences/{org.id}/lift", {}


def waiting_for(what):
    """An invitation that waits for somebody who belongs elsewhere."""
    def made(org, inbox, world):
        person = world.found("Elsewhere").join()
        return person.api, f"/me/invitations/{org.invite(person.email)['id']}/{what}", {}
    return made


def unproved(org, inbox, world):
    link = org.link(org.invite(fresh(), deliver=False)).ok()["url"]
    return world.enrol(link).ok(201).client, "/me/address-proof", {}


def proving(org, inbox, world):
    person, path, _ = unproved(org, inbox, world)
    email = person.get("/me").ok()["email"]
    before = len(inbox.all_for(email))
    person.post("/me/address-proof").ok(202)
    return person, path + "/confirm", {"code": inbox.last(email, before + 1).code}


ELSEWHERE = {
    "sign_up_form": signed_up,
    "sign_up_resend_form": signed_up_again,
    "found_form": of_an_account("/organizations/new", lambda p: {"organization": "Another"}),
    "password_forgotten_form": lambda org, inbox, world: (world.client(), "/password/forgotten", {"email": org.join().email}),
    "join_mail_form": lambda org, inbox, world: (world.client(), "/join/mail", {"email": fresh()}),
    "invitation_decline_form": declined,
    "invitation_ask_again_form": asked_again,
    "join_decline_form": declined_by_code,
    "me_email_form": of_an_account("/me/email", lambda p: {"email": fresh(), "current_password": PASSWORD}),
    "me_email_cancel_form": of_an_account("/me/email/cancel"),
    "me_session_end_form": other_session,
    "me_silence_lift_form": silenced,
    "me_invitation_accept_form": waiting_for("accept"),
    "me_invitation_decline_form": waiting_for("decline"),
    "me_proof_form": unproved,
    "me_proof_confirm_form": proving,
}


@pytest.fixture(scope="module")
def server(make_server, smtp):
    return make_server(mail=smtp.uri, signup="on")


@pytest.fixture
def busy(world):
    return world.found("Twice")


def inside(route, org):
    """What an owner sends who has everything to do it with."""
    things = things_of(org)
    if route.name == "group_take_form":
        org.api.call("PUT", f"{org.path}/groups/{things['group']}/members/{things['member']}").ok()
    if route.name == "invitation_password_form":
        things["invitation"] = org.send(fresh(), method="temporary_password", delivery="show").ok()["results"][0]["invitation"]["id"]
    person = org.join(role="owner")
    fields = samples(route, things) or {}
    if route.name == "group_add_form":
        fields = {"email": org.join().email}
    return person.api, path_of(route, org.slug, things), fields


def to_send(route, org, inbox, world):
    """(client, path, fields), or a failure that says where to name a new form."""
    if "{org}" in route.path:
        return inside(route, org)
    assert route.name in ELSEWHERE, f"nothing to send for {route.name} in tests/attack/test_twice.py"
    return ELSEWHERE[route.name](org, inbox, world)


def seen(answer):
    """What a person sees of it."""
    return answer.status, answer.headers["Location"], re.sub(r"(req_|once\" value=\")[\w-]+", "", answer.text)


def replayed(answer):
    return answer.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("route", FORMS, ids=str)
def test_a_form_that_comes_again_gets_the_answer_that_it_got(route, busy, inbox, world):
    client, path, fields = to_send(route, busy, inbox, world)
    fields = {**fields, "once": page_key()}
    first = client.submit(path, fields)
    assert first.status in (200, 202, 303) and not replayed(first), (route.name, first.status, re.findall(r"(?s)<h1.*?</p>", first.text))
    again = client.submit(path, fields)
    assert replayed(again) and seen(again) == seen(first)


@pytest.mark.parametrize("route", FORMS, ids=str)
def test_a_double_click_is_one(route, busy, inbox, world):
    """Both are on their way before either is answered: one of them does it, the other shows the same."""
    client, path, fields = to_send(route, busy, inbox, world)
    fields = {**fields, "once": page_key()}
    other = world.client()
    other.cookies.update(client.cookies)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda c: c.submit(path, fields), (client, other)))
    assert sorted(map(replayed, both)) == [False, True] and seen(both[0]) == seen(both[1])


def test_what_is_named_here_is_a_form():
    named = set(SESSIONS) | FACTORS | FILES | SAME | set(ELSEWHERE)
    assert named <= {r.name for r in routes("console.yaml") if r.method == "POST"}


# ---- what the key does not open


def made_key(org, client, once, name="House"):
    return client.submit(f"/o/{org.slug}/settings/api-keys", {"name": name, "rights": "all", "once": once})


def keys(org):
    return [k["name"] for k in org.api.items(org.path + "/api-keys")]


def test_a_form_that_was_changed_is_another(busy):
    once = page_key()
    made_key(busy, busy.api, once).ok(200)
    assert not replayed(made_key(busy, busy.api, once, "Barn").ok(200)) and sorted(keys(busy)) == ["Barn", "House"]
    assert replayed(made_key(busy, busy.api, once, "Barn"))


def test_what_is_shown_once_is_kept_sealed_and_for_whom_it_was_shown(busy, server):
    once = page_key()
    page = made_key(busy, busy.api, once).ok(200)
    secret = re.search(r'id="secret" class="mono" value="([\w-]+)"', page.text)[1]
    assert secret in made_key(busy, busy.api, once).text
    assert secret not in made_key(busy, busy.join(role="owner").api, once).text
    for (kept,) in server.query("SELECT body FROM idempotency"):
        assert secret.encode() not in bytes(kept) and busy.slug.encode() not in bytes(kept)


def test_a_refusal_is_not_kept(busy):
    once, slug = page_key(), f"/o/{busy.slug}/groups"
    busy.api.submit(slug, {"name": "Staff"}).ok(303)
    assert busy.api.submit(slug, {"name": "Staff", "once": once}).status == 409
    group = busy.api.items(busy.path + "/groups")[0]["id"]
    busy.api.delete(f"{busy.path}/groups/{group}").ok(204)
    assert not replayed(busy.api.submit(slug, {"name": "Staff", "once": once}).ok(303))


def test_whoever_lost_the_right_sees_no_page_again(busy):
    """Where the first one led, at most."""
    once, person = page_key(), busy.join(role="owner")
    made_key(busy, person.api, once).ok(200)
    busy.remove(person).ok()
    again = made_key(busy, person.api, once)
    assert again.status == 404 and not replayed(again)


def test_a_session_is_for_the_first_alone(busy, world):
    """Whoever knows what was sent, and the page's key, is handed none."""
    fields = {"email": busy.owner.email, "password": PASSWORD, "once": page_key()}
    first, again = (world.client().submit("/sign-in", fields).ok(303) for _ in range(2))
    assert not replayed(again) and again.headers["Set-Cookie"] and again.headers["Set-Cookie"] != first.headers["Set-Cookie"]


def test_a_day_later_it_is_another_form(busy, clock):
    once = page_key()
    assert busy.api.submit(f"/o/{busy.slug}/groups", {"name": "Staff", "once": once}).ok(303)
    clock.advance(hours=23)
    assert replayed(busy.api.submit(f"/o/{busy.slug}/groups", {"name": "Staff", "once": once}).ok(303))
    clock.advance(hours=2)
    assert busy.api.submit(f"/o/{busy.slug}/groups", {"name": "Staff", "once": once}).status == 409


def test_each_form_of_a_page_has_its_key(busy):
    """And no two pages have the same."""
    found = set()
    for path in ("/me", f"/o/{busy.slug}/groups", f"/o/{busy.slug}/settings"):
        for _ in range(2):
            page = busy.api.page(path).text
            forms = re.findall(r'<form\b[^>]*method="post"[^>]*>(.{0,80})', page)
            on_page = {re.match(r'<input type="hidden" name="once" value="([\w-]{22})">', rest)[1] for rest in forms}
            assert len(on_page) == 1
            found |= on_page
    assert len(found) == 6


# ---- nobody fills the house with them


def kept_forms(server):
    return server.query("SELECT count(*) FROM idempotency")[0][0]


@pytest.mark.parametrize("once", ["x", "x" * 21, "x" * 23, "x" * 21 + "=", "é" * 11, "x" * 255])
def test_what_no_page_holds_is_no_key(busy, server, once):
    before = kept_forms(server)
    for status in (303, 409):
        assert busy.api.submit(f"/o/{busy.slug}/groups", {"name": "Staff", "once": once}).status == status
    assert kept_forms(server) <= before  # what is past its day may be swept meanwhile


def test_what_is_not_kept_leaves_nothing(busy, world, server):
    """A form that is refused, one that hands out a session, one that is let pass for the second time."""
    before = kept_forms(server)
    world.client().submit("/sign-in", {"email": busy.owner.email, "password": PASSWORD, "once": page_key()}).ok(303)
    world.client().submit("/sign-in", {"email": busy.owner.email, "password": PASSWORD + "x", "once": page_key()})
    world.client().submit("/sign-up", {"email": "no address", "once": page_key()})
    busy.api.submit(f"/o/{busy.slug}/groups", {"name": "", "once": page_key()})
    assert kept_forms(server) <= before  # what is past its day may be swept meanwhile


def test_strangers_of_two_sources_are_two(make_server, smtp):
    """Each fills its own room, and is handed no answer of the other's."""
    world = World(make_server(mail=smtp.uri, signup="on", rate_limits="off", trusted_proxies="127.0.0.1"), smtp)
    fields = {"email": fresh(), "given_name": "Ada", "family_name": "Noor", "organization": "Ada's", "password": PASSWORD, "once": page_key()}
    from_ = lambda n: world.client().submit("/sign-up", fields, {"X-Forwarded-For": f"203.0.113.{n}"})  # noqa: E731
    first = from_(1).ok(303)
    assert not replayed(from_(2)) and replayed(from_(1)) and seen(from_(1)) == seen(first)
