"""Temporary passwords: an account at once, one sign-in, a password of one's own, and then a member."""

import re

import pytest

from lib.mailbox import token_of
from lib.people import PASSWORD, World, fresh

FORM = re.compile(r"^[a-hjkmnp-z2-9]{6}-[a-hjkmnp-z2-9]{6}-[a-hjkmnp-z2-9]{6}$")
NAMES = {"given_name": "Zoé", "family_name": "Durand"}


def invite(org, email, delivery="show", **more):
    """The result of one row."""
    row = {"email": email, "role": more.pop("role", "member"), **more.pop("row", {})}
    return org.send(row, method="temporary_password", delivery=delivery, **more).ok()["results"][0]


def issue(org, email=None, **more):
    """(address, shown password, invitation)"""
    email = email or fresh()
    result = invite(org, email, **more)
    assert result["outcome"] == "invited", result
    return email, result["temporary_password"], result["invitation"]


def enter(org, email, password):
    """A client with the half session that a temporary password opens."""
    client = org.world.client()
    answer = client.post("/sessions", {"email": email, "password": password}).ok(201)
    assert answer["password_change_required"] is True
    return client


def replace(client, password=PASSWORD, **names):
    return client.post("/me/password", {"new_password": password, **(names or NAMES)})


def renew(org, inv, delivery=None):
    return org.api.post(
        f"{org.path}/invitations/{inv['id']}/temporary-password", {"delivery": delivery} if delivery else {}
    )


def accounts(org, email):
    return org.world.server.query("SELECT count(*) FROM account WHERE email_key = ?", email)[0][0]


def refused_at(answer, pointer, code):
    found = answer.refused("invalid-request", 422)["errors"]
    assert [(e["pointer"], e["code"]) for e in found] == [(pointer, code)]


def test_shown_to_the_inviter_used_once_and_replaced(acme, inbox):
    email, password, inv = issue(acme)
    assert FORM.match(password)
    assert inv["method"] == "temporary_password" and inv["password_delivery"] == "show" and inv["state"] == "pending"
    seats = acme.seats
    client = enter(acme, email, password)
    me = client.get("/me").ok()
    assert me["email"] == email and me["given_name"] == "" and me["email_proved"] is False
    client.get("/me/memberships").refused("password-change-required", 403)
    old = client.twin()
    replace(client).ok(204)
    old.get("/me").refused("unauthenticated", 401)
    assert client.get(acme.path).ok()["name"] == "Acme"
    after = acme.invitation(inv)
    assert after["state"] == "accepted" and after["accepted_by"] == client.get("/me").ok()["id"]
    assert acme.seats["used"] == seats["used"] + 1 and acme.seats["held"] == seats["held"] - 1
    assert acme.recount()[0] == acme.recount()[1]
    acme.world.client().sign_in(email, PASSWORD).get(acme.path).ok()
    acme.world.client().post("/sessions", {"email": email, "password": password}).refused("sign-in-failed", 401)


def test_shown_proves_nothing_and_sent_proves_the_address(acme, rival, inbox):
    shown, password, _ = issue(acme)
    mail = inbox.last(shown)
    assert password not in mail.raw.decode() and "temporary password" in mail.text and "/sign-in" in mail.text
    there = enter(acme, shown, password)
    replace(there).ok(204)
    assert there.get("/me").ok()["email_proved"] is False
    there.get(rival.path).refused("not-found", 404)

    sent = fresh()
    result = invite(acme, sent, "send")
    assert "temporary_password" not in result and result["invitation"]["password_delivery"] == "send"
    mail = inbox.last(sent)
    assert mail["Reply-To"] and acme.owner.email in mail["Reply-To"]
    assert acme.name in mail.subject and "Olive Martin" in mail.subject and acme.world.server.url + "/sign-in" in mail.text
    assert mail.temporary_password in mail.html and sent in mail.text
    here = enter(acme, sent, mail.temporary_password)
    replace(here).ok(204)
    assert here.get("/me").ok()["email_proved"] is True


def test_both_languages_where_none_is_known_and_one_where_it_is(acme, inbox):
    email = fresh()
    invite(acme, email, "send", row={"locale": "fr"})
    mail = inbox.last(email)
    assert "Votre mot de passe temporaire\u202f:" in mail.text and "Your temporary password" not in mail.text
    assert "vous invite à rejoindre" in mail.subject
    handed = fresh()
    invite(acme, handed, "show", row={"locale": "fr"})
    assert "Olive Martin vous remettra un mot de passe temporaire" in inbox.last(handed).text


def test_typed_in_any_case_with_spaces_or_without(acme):
    for change in (str.upper, lambda p: p.replace("-", " "), lambda p: " " + p.replace("-", "") + " "):
        email, password, _ = issue(acme)
        enter(acme, email, change(password))


def test_names_given_by_the_inviter_are_kept_unless_given_anew(acme):
    email, password, _ = issue(acme, row={"given_name": "Anne", "family_name": "Roy"})
    client = enter(acme, email, password)
    assert client.get("/me").ok()["given_name"] == "Anne"
    client.post("/me/password", {"new_password": PASSWORD}).ok(204)
    assert [m["account"]["family_name"] for m in acme.members(q="anne")] == ["Roy"]
    email, password, _ = issue(acme, row={"given_name": "Anne", "family_name": "Roy"})
    client = enter(acme, email, password)
    replace(client, given_name="Marianne").ok(204)
    assert client.get("/me").ok()["given_name"] == "Marianne"


def test_names_are_needed_when_nobody_knows_them(acme):
    email, password, inv = issue(acme)
    client = enter(acme, email, password)
    refused_at(client.post("/me/password", {"new_password": PASSWORD}), "/given_name", "required")
    refused_at(replace(client, given_name="Zoé"), "/family_name", "required")
    refused_at(replace(client, given_name="Zoé", family_name="www.evil.example"), "/family_name", "invalid-characters")
    assert acme.state(inv) == "pending"
    replace(client).ok(204)


@pytest.mark.parametrize("password, code", [("short", "too-short"), ("password1", "common"), ("Zoé Durand", "about-you")])
def test_the_new_one_is_judged_and_the_half_session_stays(acme, password, code):
    email, temporary, inv = issue(acme)
    client = enter(acme, email, temporary)
    answer = replace(client, password).refused("password-too-weak", 422)
    assert [(e["pointer"], e["code"]) for e in answer["errors"]] == [("/new_password", code)]
    replace(client).ok(204)
    assert acme.state(inv) == "accepted"


def test_whoever_has_an_account_gets_a_link_as_always(acme, rival, inbox):
    member = rival.join()
    result = invite(acme, member.email)
    assert result["outcome"] == "invited" and "temporary_password" not in result
    assert result["invitation"]["method"] == "link" and result["invitation"]["password_delivery"] is None
    token = inbox.token_for(member.email, 2)
    member.api.post("/invitations/accept", {"token": token}).ok(201)


def test_many_at_once_each_its_own(acme):
    emails = [fresh() for _ in range(40)]
    answer = acme.send(*emails, emails[0], "not an address", method="temporary_password", delivery="show").ok()
    results = answer["results"]
    assert [r["email"] for r in results[:40]] == emails
    assert len({r["temporary_password"] for r in results[:40]}) == 40
    assert [r["outcome"] for r in results[40:]] == ["already-invited", "invalid-address"]
    assert all("temporary_password" not in r for r in results[40:])
    for r in (results[0], results[39]):
        enter(acme, r["email"], r["temporary_password"])


def test_a_thousand_in_one_answer_and_none_in_its_replay(acme):
    emails = [fresh("mass") for _ in range(1000)]
    body = {
        "invitations": [{"email": e, "role": "member"} for e in emails],
        "method": "temporary_password",
        "delivery": "show",
    }
    acme.world.operator.patch(acme.path, {"member_limit": 2000}).ok()
    key = {"Idempotency-Key": "a-thousand"}
    first = acme.api.post(acme.path + "/invitations", body, key).ok()
    shown = [r["temporary_password"] for r in first["results"] if r["outcome"] == "invited"]
    assert len(shown) == len(set(shown)) >= 460  # as many as the hour allows
    again = acme.api.post(acme.path + "/invitations", body, key).ok()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert [r["outcome"] for r in again["results"]] == [r["outcome"] for r in first["results"]]
    assert {r.get("temporary_password") for r in again["results"]} == {None}


def test_preview_says_who_gets_what_and_shows_the_right_mail(acme, rival):
    known = rival.join()
    body = {
        "invitations": [{"email": e, "role": "member"} for e in (fresh(), known.email)],
        "method": "temporary_password",
        "delivery": "send",
    }
    answer = acme.api.post(acme.path + "/invitations/preview", body).ok()
    assert [(r["outcome"], r["method"]) for r in answer["results"]] == [
        ("new-person", "temporary_password"),
        ("existing-account", "link"),
    ]
    assert "Your temporary password:\n    xxxxxx-xxxxxx-xxxxxx" in answer["mail"]["text"].replace("\r", "")
    shown = acme.api.post(acme.path + "/invitations/preview", {**body, "delivery": "show"}).ok()
    assert "will give you a temporary password" in shown["mail"]["text"] and "xxxxxx" not in shown["mail"]["text"]
    assert accounts(acme, body["invitations"][0]["email"]) == 0


def test_what_an_order_must_say(acme):
    path = acme.path + "/invitations"
    rows = {"invitations": [{"email": fresh(), "role": "member"}]}
    for end in ("", "/preview"):
        post = lambda **more: acme.api.post(path + end, {**rows, **more})
        refused_at(post(method="temporary_password"), "/delivery", "required")
        refused_at(post(method="temporary_password", delivery="mail"), "/delivery", "not-allowed")
        refused_at(post(delivery="send"), "/delivery", "not-allowed")
        refused_at(post(method="link", delivery="show"), "/delivery", "not-allowed")
        refused_at(post(method="password"), "/method", "not-allowed")
        refused_at(post(method="temporary_password", delivery="send", deliver=False), "/deliver", "not-allowed")
        for lifetime in ("59m", "31d"):
            refused_at(
                post(method="temporary_password", delivery="show", expires_in=lifetime), "/expires_in", "not-allowed"
            )
    assert accounts(acme, rows["invitations"][0]["email"]) == 0


@pytest.mark.parametrize("setting, other", [("send", "show"), ("show", "send")])
def test_the_servers_setting_fixes_the_delivery(make_server, smtp, setting, other):
    org = World(
        make_server(mail=smtp.uri, temporary_password_delivery=setting, temporary_password_lifetime="5h"), smtp
    ).found("Fixed")
    email = fresh()
    body = {"invitations": [{"email": email, "role": "member"}], "method": "temporary_password"}
    refused_at(org.api.post(org.path + "/invitations", {**body, "delivery": other}), "/delivery", "not-allowed")
    result = org.api.post(org.path + "/invitations", body).ok()["results"][0]
    assert result["invitation"]["password_delivery"] == setting
    assert ("temporary_password" in result) is (setting == "show")
    org.world.clock.advance(hours=4, minutes=59)
    password = result.get("temporary_password") or smtp.last(email).temporary_password
    client = enter(org, email, password)
    org.world.clock.advance(minutes=2)
    replace(client).refused("invitation-expired", 410)


def test_no_mail_at_all_when_it_is_shown_and_none_is_wanted(acme, inbox):
    email, password, inv = issue(acme, deliver=False)
    assert inv["delivery"]["state"] == "none" and inv["sent_count"] == 0
    enter(acme, email, password)
    inbox.settle(0.3)
    assert inbox.all_for(email) == []


def test_it_expires_when_it_says(acme, clock):
    email, password, inv = issue(acme, expires_in="2h")
    clock.advance(hours=2, seconds=1)
    client = acme.world.client()
    client.post("/sessions", {"email": email, "password": password}).refused("temporary-password-expired", 401)
    client.post("/sessions", {"email": email, "password": "x" + password}).refused("sign-in-failed", 401)
    assert acme.state(inv) == "expired"


def test_it_is_good_for_one_sign_in(acme):
    email, password, _ = issue(acme)
    enter(acme, email, password)
    acme.world.clock.advance(seconds=61)
    acme.world.client().post("/sessions", {"email": email, "password": password}).refused(
        "temporary-password-expired", 401
    )


def test_a_new_one_ends_the_old_one_and_what_it_opened(acme, inbox):
    email, first, inv = issue(acme)
    half = enter(acme, email, first)
    answer = renew(acme, inv).ok(200)
    assert answer["id"] == inv["id"] and answer["sent_count"] == 2 and answer["expires_at"] >= inv["expires_at"]
    second = answer["temporary_password"]
    assert FORM.match(second) and second != first
    half.get("/me").refused("unauthenticated", 401)
    replace(half).refused("unauthenticated", 401)
    acme.world.client().post("/sessions", {"email": email, "password": first}).refused("sign-in-failed", 401)
    replace(enter(acme, email, second)).ok(204)
    renew(acme, inv).refused("conflict", 409)
    assert acme.recount()[0] == acme.recount()[1]


def test_a_new_one_may_be_handed_over_otherwise(acme, inbox):
    email, _, inv = issue(acme)
    inbox.wait(email)
    answer = renew(acme, inv, "send").ok(200)
    assert "temporary_password" not in answer.json and answer["password_delivery"] == "send"
    client = enter(acme, email, inbox.last(email, 2).temporary_password)
    replace(client).ok(204)
    assert client.get("/me").ok()["email_proved"] is True


def test_resending_issues_a_new_one_as_before(acme, inbox, clock):
    sent = fresh()
    inv = invite(acme, sent, "send", expires_in="3h")["invitation"]
    first = inbox.last(sent).temporary_password
    clock.advance(hours=4)
    assert acme.state(inv) == "expired"
    answer = acme.resend(inv).ok(200)
    assert answer["state"] == "pending" and "temporary_password" not in answer.json
    second = inbox.last(sent, 2).temporary_password
    acme.world.client().post("/sessions", {"email": sent, "password": first}).refused("sign-in-failed", 401)
    replace(enter(acme, sent, second)).ok(204)

    shown, _, inv = issue(acme)
    again = acme.resend(inv).ok(200)["temporary_password"]
    replace(enter(acme, shown, again)).ok(204)


def test_a_link_has_no_temporary_password_to_renew(acme):
    renew(acme, acme.invite(fresh())).refused("conflict", 409)


def test_resending_a_batch_leaves_those_that_would_be_shown(acme, inbox):
    emails = [fresh() for _ in range(3)]
    answer = acme.send(*emails, method="temporary_password", delivery="show").ok()
    again = acme.api.post(f"{acme.path}/invitation-batches/{answer['batch']}/resend").ok()
    assert (again["resent"], again["unanswered"]) == (0, 3)
    for r in answer["results"]:
        enter(acme, r["email"], r["temporary_password"])
    sent = acme.send(*[fresh() for _ in range(3)], method="temporary_password", delivery="send").ok()
    assert acme.api.post(f"{acme.path}/invitation-batches/{sent['batch']}/resend").ok()["resent"] == 3


def test_revoking_ends_it_and_the_address_is_free(acme, rival):
    email, password, inv = issue(acme)
    half = enter(acme, email, password)
    acme.revoke(inv).ok(204)
    half.get("/me").refused("unauthenticated", 401)
    replace(half).refused("unauthenticated", 401)
    assert accounts(acme, email) == 0
    acme.world.client().post("/sessions", {"email": email, "password": password}).refused("sign-in-failed", 401)
    _, other, _ = issue(rival, email)
    replace(enter(rival, email, other)).ok(204)


def test_correcting_the_address_moves_it(acme, inbox):
    email, password, inv = issue(acme)
    right = fresh("right")
    answer = acme.correct(inv, right).ok(200)
    assert answer["method"] == "temporary_password" and answer["email"] == right
    assert accounts(acme, email) == 0
    acme.world.client().post("/sessions", {"email": right, "password": password}).refused("sign-in-failed", 401)
    replace(enter(acme, right, answer["temporary_password"])).ok(204)


def test_what_an_inviter_sent_goes_with_them(acme):
    admin = acme.join(role="administrator")
    email = fresh()
    made = acme.send(email, by=admin.api, method="temporary_password", delivery="show").ok()["results"][0]
    half = enter(acme, email, made["temporary_password"])
    kept, password, _ = issue(acme)
    acme.remove(admin).ok(204)
    half.get("/me").refused("unauthenticated", 401)
    assert accounts(acme, email) == 0 and acme.state(made["invitation"]) == "revoked"
    enter(acme, kept, password)


def test_taken_over_by_whoever_removes_it_stays_good(acme):
    admin = acme.join(role="administrator")
    email = fresh()
    made = acme.send(email, by=admin.api, method="temporary_password", delivery="show").ok()["results"][0]
    acme.remove(admin, pending_invitations="take_over").ok(204)
    replace(enter(acme, email, made["temporary_password"])).ok(204)


def test_a_link_to_the_same_address_takes_the_account_over(acme, rival, inbox):
    """Another organization's mailed link, and even a copied one: what waits is nobody's yet."""
    for deliver in (True, False):
        email, password, inv = issue(acme, deliver=False)
        half = enter(acme, email, password)
        made = rival.send(email, deliver=deliver).ok()["results"][0]
        assert made["invitation"]["method"] == "link"
        token = inbox.last(email).token if deliver else token_of(rival.link(made["invitation"]).ok()["url"])
        joined = rival.world.enrol(token).ok(201)
        half.get("/me").refused("unauthenticated", 401)
        acme.world.client().post("/sessions", {"email": email, "password": password}).refused("sign-in-failed", 401)
        assert joined.client.get("/me").ok()["email_proved"] is deliver
        joined.client.get(rival.path).ok()
        joined.client.get(acme.path).refused("not-found", 404)
        # the first invitation is sent again, as a link to the account there is by now
        renew(acme, inv).refused("conflict", 409)
        again = acme.resend(inv).ok(200)
        assert again["method"] == "link" and "temporary_password" not in again.json
        if deliver:
            joined.client.post("/invitations/accept", {"token": inbox.last(email, 2).token}).ok(201)
            joined.client.get(acme.path).ok()


def test_another_organization_gives_a_link_while_one_is_good(acme, rival, clock):
    email, password, _ = issue(acme, expires_in="2h", deliver=False)
    assert invite(rival, email)["invitation"]["method"] == "link"
    enter(acme, email, password)
    late = fresh()
    _, _, lapsed = issue(acme, late, expires_in="2h", deliver=False)
    clock.advance(hours=3)
    _, fresh_one, _ = issue(rival, late)
    renew(acme, lapsed).refused("conflict", 409)
    client = enter(rival, late, fresh_one)
    replace(client).ok(204)
    client.get(rival.path).ok()


def test_an_address_that_waits_counts_as_a_new_person(acme, rival):
    email, _, _ = issue(acme)
    rival.set(existing_accounts="refuse").ok()
    assert rival.outcome(email) == "invited"


def test_an_expired_one_gives_way_in_its_own_organization(acme, clock):
    email, password, _ = issue(acme, expires_in="1h")
    clock.advance(hours=1, seconds=1)
    _, second, _ = issue(acme, email)
    acme.world.client().post("/sessions", {"email": email, "password": password}).refused("sign-in-failed", 401)
    replace(enter(acme, email, second)).ok(204)


def test_forgotten_before_it_was_replaced_a_link_is_mailed(acme, inbox, enrol):
    """There is no password yet to reset: the invitation itself comes, and leads to one."""
    email, password, inv = issue(acme, deliver=False)
    acme.world.client().post("/password-resets", {"email": email}).ok(202)
    mail = inbox.last(email)
    assert "/i/" in mail.link
    half = enter(acme, email, password)  # asking killed nothing
    joined = enrol(mail.token).ok(201)
    assert joined.client.get("/me").ok()["email_proved"] is True
    assert acme.state(inv) == "accepted"
    half.get("/me").refused("unauthenticated", 401)
    assert acme.recount()[0] == acme.recount()[1]


def test_the_operator_cannot_set_a_password_past_the_invitation(acme):
    email, _, _ = issue(acme)
    acme.world.operator.post("/server/accounts/reset-password", {"email": email}).refused("conflict", 409)


def test_a_founder_takes_the_place_of_an_account_that_waits(acme):
    email, password, inv = issue(acme)
    made = acme.world.operator.post(
        "/organizations", {"name": "Later", "owner": {"email": email, "given_name": "Zoé", "family_name": "Durand"}}
    ).ok(201)
    acme.world.client().post(
        "/password-resets/complete", {"token": token_of(made["set_password_url"]), "new_password": PASSWORD}
    ).ok(204)
    acme.world.client().post("/sessions", {"email": email, "password": password}).refused("sign-in-failed", 401)
    acme.world.client().sign_in(email, PASSWORD).get("/organizations/" + made["organization"]["slug"]).ok()
    assert acme.state(inv) == "pending"


def test_a_changed_address_takes_the_place_of_an_account_that_waits(acme, inbox):
    member = acme.join()
    email, password, inv = issue(acme, deliver=False)
    member.api.post("/me/email", {"email": email, "current_password": PASSWORD}).ok()
    token = re.search(r"/email/confirm/([\w-]+)", inbox.last(email).text).group(1)
    enter(acme, email, password)  # asking killed nothing
    acme.world.client().post("/email-changes/confirm", {"token": token}).ok(204)
    assert member.api.get("/me").ok()["email"] == email
    acme.world.client().post("/sessions", {"email": email, "password": password}).refused("sign-in-failed", 401)
    acme.world.client().sign_in(email, PASSWORD)
    assert acme.state(inv) == "pending"


def test_signing_up_takes_the_place_of_an_account_that_waits(make_server, smtp):
    org = World(make_server(mail=smtp.uri, signup="on"), smtp).found("Town")
    email, password, _ = issue(org, deliver=False)
    client = org.world.client()
    form = {"email": email, "password": PASSWORD, "organization": "Atelier", "locale": "en", **NAMES}
    signup = client.post("/signups", form).ok(202)["signup"]
    code = re.search(r"\b\d{3} \d{3}\b", smtp.last(email).text).group(0)
    client.post("/signups/confirm", {"signup": signup, "code": code}).ok(201)
    org.world.client().post("/sessions", {"email": email, "password": password}).refused("sign-in-failed", 401)
    org.world.client().sign_in(email, PASSWORD)


@pytest.mark.parametrize("setting, other", [("send", "show"), ("show", "send")])
def test_an_organization_overrides_the_server(acme, inbox, setting, other):
    acme.set(temporary_password_delivery=setting, temporary_password_lifetime="6h").ok()
    email = fresh()
    refused_at(
        acme.send(email, method="temporary_password", delivery=other), "/delivery", "not-allowed"
    )
    result = acme.send(email, method="temporary_password").ok()["results"][0]
    assert result["invitation"]["password_delivery"] == setting
    assert ("temporary_password" in result) is (setting == "show")
    acme.world.clock.advance(hours=6, seconds=1)
    password = result.get("temporary_password") or inbox.last(email).temporary_password
    acme.world.client().post("/sessions", {"email": email, "password": password}).refused("temporary-password-expired")
    refused_at(renew(acme, result["invitation"], other), "/delivery", "not-allowed")
    again = renew(acme, result["invitation"]).ok(200)
    assert again["password_delivery"] == setting and again["state"] == "pending"


def test_a_setting_that_changed_meanwhile_rules_what_is_issued_anew(acme, inbox):
    email, _, inv = issue(acme)
    inbox.wait(email)
    acme.set(temporary_password_delivery="send").ok()
    again = acme.resend(inv).ok(200)
    assert "temporary_password" not in again.json and again["password_delivery"] == "send"
    replace(enter(acme, email, inbox.last(email, 2).temporary_password)).ok(204)


def test_what_the_invitation_offers_comes_with_it(acme):
    group = acme.api.post(acme.path + "/groups", {"name": "Night shift"}).ok(201)
    email, password, _ = issue(acme, row={"groups": [group["id"]]})
    replace(enter(acme, email, password)).ok(204)
    assert [m["groups"] for m in acme.members(q=email)] == [[group["id"]]]


def test_the_organizations_length_of_passwords_counts_before_one_is_its_member(acme):
    acme.set(password_min_length=20).ok()
    email, password, _ = issue(acme)
    client = enter(acme, email, password)
    answer = replace(client).refused("password-too-weak", 422)
    assert answer["errors"][0]["code"] == "too-short"
    replace(client, "orchard lantern forty two").ok(204)


@pytest.mark.parametrize("delivery", ["send", "show"])
def test_a_reminder_holds_a_link_beside_the_password(acme, inbox, clock, enrol, delivery):
    email = fresh()
    made = invite(acme, email, delivery, expires_in="20d")
    first = inbox.wait(email)[-1]
    password = made.get("temporary_password") or first.temporary_password
    clock.advance(days=4)
    reminder = inbox.wait(email, 2)[-1]
    assert acme.invitation(made["invitation"])["sent_count"] == 2
    enter(acme, email, password)
    enrol(reminder.token).ok(201)
    assert acme.state(made["invitation"]) == "accepted" and accounts(acme, email) == 1
    acme.world.client().post("/sessions", {"email": email, "password": password}).refused("sign-in-failed", 401)


def test_one_issued_again_is_reminded_of_anew(acme, inbox, clock):
    email = fresh()
    inv = invite(acme, email, "send", expires_in="20d")["invitation"]
    inbox.wait(email)
    clock.advance(days=4)
    inbox.wait(email, 2)
    acme.api.sign_in(acme.owner.email, PASSWORD)
    renew(acme, inv).ok()
    inbox.wait(email, 3)
    clock.advance(days=4)
    assert inbox.wait(email, 4)[-1].token


@pytest.mark.parametrize("delivery", ["send", "show"])
def test_a_burnt_one_is_issued_again_by_one_click(acme, inbox, delivery):
    email = fresh()
    made = invite(acme, email, delivery)
    password = made.get("temporary_password") or inbox.wait(email)[-1].temporary_password
    listed = lambda: acme.api.page(f"/o/{acme.slug}/users/invitations").text  # noqa: E731
    again = f"/o/{acme.slug}/users/invitations/{made['invitation']['id']}/password"
    button = f'method="post" action="{again}"'
    assert button not in listed() and acme.invitation(made["invitation"])["password_used_at"] is None
    enter(acme, email, password)
    assert button in listed() and "password used on" in listed() and acme.invitation(made["invitation"])["password_used_at"]
    page = acme.api.submit(again)
    if delivery == "show":
        fresh_one = re.search(r"[a-z0-9]{6}-[a-z0-9]{6}-[a-z0-9]{6}", page.ok(200).text).group()
    else:
        fresh_one = inbox.wait(email, 2)[-1].temporary_password
    assert fresh_one != password and button not in listed()
    replace(enter(acme, email, fresh_one)).ok(204)
    assert acme.invitation(made["invitation"])["password_used_at"] is None


def test_half_a_session_lasts_half_an_hour(acme, clock):
    email, password, _ = issue(acme)
    half = enter(acme, email, password)
    clock.advance(minutes=31)
    replace(half).refused("unauthenticated", 401)


def test_a_full_session_changes_its_password_as_always(acme):
    member = acme.join()
    refused_at(member.api.post("/me/password", {"new_password": "another phrase 12"}), "/current_password", "required")
    refused_at(
        member.api.post(
            "/me/password", {"current_password": PASSWORD, "new_password": "another phrase 12", "given_name": "Z"}
        ),
        "/given_name",
        "not-allowed",
    )
    member.api.post("/me/password", {"current_password": PASSWORD, "new_password": "another phrase 12"}).ok(204)


def test_an_administrator_by_temporary_password(acme, inbox):
    email, password, _ = issue(acme, role="administrator")
    client = enter(acme, email, password)
    replace(client).ok(204)
    assert acme.send(fresh(), by=client).ok()["results"][0]["outcome"] == "invited"


def test_seats_hold_and_the_limit_counts(acme):
    acme.limit(2)
    email, password, inv = issue(acme)
    assert invite(acme, fresh())["outcome"] == "seat-limit-reached"
    replace(enter(acme, email, password)).ok(204)
    assert acme.recount()[0] == acme.recount()[1] == (2, 0)
