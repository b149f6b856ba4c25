"""Whether an address has an account: told by no door where it is hidden; counted, audited and ended by a limit where it is not.

Sixteen addresses, eight of them with accounts. What an organization sees of them is compared byte by byte, but for the addresses,
ids, secrets and times in it."""

import csv
import io
import json
import re

import pytest

from lib.mailbox import token_of
from lib.people import PASSWORD, Person, World, fresh

LIMIT = 16
CHANGING = re.compile(
    r"[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}|\d{4}-\d\d-\d\dT[\d:.]+Z|[a-z2-9]{6}-[a-z2-9]{6}-[a-z2-9]{6}|/i/[\w.~-]+|[0-9A-Z]{5}[ -][0-9A-Z]{5}|"
    r"letter-\d+|\d{1,2}:\d\d|[0-9a-f]{8}-[0-9a-f-]{27}|name=\"once\" value=\"[\w-]{22}\""
)
TERMS = [{}, {"method": "temporary_password", "delivery": "send"}, {"method": "temporary_password", "delivery": "show"},
         {"method": "temporary_password", "delivery": "show", "deliver": False}, {"deliver": False}]


def bare(text, email):
    """A text without what is different for any two addresses."""
    local = email.split("@")[0]
    for one in (email, email.replace("@", "%40"), local):  # as it was typed; any other spelling shows
        text = text.replace(one, "ADDRESS")
    return CHANGING.sub("-", text)


def alike(told):
    """{address: text} → the one text that all of them share."""
    found = {bare(text, email) for email, text in told.items()}
    assert len(found) == 1, "\n\n".join(sorted(found))
    return found.pop()


class Street:
    """Eight neighbours with accounts, in an organization of their own, and as many addresses without as one asks for."""

    def __init__(self, world):
        self.world = world
        self.rival = world.found("Rival")
        self.people = [self.rival.join(fresh("Jean.Dupont" if i % 2 else "jeanne")) for i in range(8)]

    def org(self, **settings):
        org = self.world.found("Curious")
        if settings:
            org.set(**settings).ok()
        return org

    def sixteen(self):
        """Known and unknown in turn, as somebody would type them: not as their accounts spell them."""
        return [email for person in self.people for email in (person.email.lower(), fresh("jean.dupont"))]


@pytest.fixture(scope="module")
def hidden(make_server, smtp):
    return Street(World(make_server(mail=smtp.uri, signup="on"), smtp))


@pytest.fixture(scope="module")
def open_street(make_server, smtp):
    return Street(World(make_server(mail=smtp.uri, rate_limits="on", addresses_per_hour=LIMIT), smtp))


def looked_up(org):
    """How many addresses the record says were told of."""
    raw = org.world.server.query("SELECT id FROM organization WHERE slug = ?", org.slug)[0][0]
    rows = org.world.server.query(
        "SELECT after FROM audit_event WHERE organization_id = ? AND action = 'addresses.looked_up'", raw
    )
    return sum(int(json.loads(after)["count"]) for (after,) in rows)


def preview(org, *emails, **more):
    rows = [{"email": e, "role": "member"} for e in emails]
    return org.api.post(org.path + "/invitations/preview", {"invitations": rows, **more})


def lookup(world, **key):
    return world.client().post("/invitations/lookup", key).ok()


def enrol_form(world, **key):
    client = world.client()
    body = {"given_name": "Zoé", "family_name": "Durand", "password": PASSWORD, **key}
    answer = client.post("/invitations/accept", body)
    answer.client = client
    return answer


def memberships(world):
    return world.server.query("SELECT count(*) FROM membership")[0][0]


def go_on_mails(world, email):
    return [m for m in world.inbox.all_for(email) if "One more step" in m.text]


# ---- hidden


@pytest.mark.parametrize("terms", [t for t in TERMS if t.get("deliver", True)])
@pytest.mark.parametrize("rule", ["attach", "refuse"])
def test_hidden_a_preview_says_new_person_of_everybody(hidden, terms, rule):
    org = hidden.org(existing_accounts=rule)
    emails = hidden.sixteen()
    answer = preview(org, *emails, **terms).ok()
    rows = {row["email"]: json.dumps(row) for row in answer["results"]}
    assert '"new-person"' in alike(rows) and len(rows) == 16
    alike({email: preview(org, email, **terms).ok().text for email in emails})
    assert looked_up(org) == 0


@pytest.mark.parametrize("method", ["link", "send", "show"])
def test_hidden_the_pages_of_a_preview_are_the_same(hidden, method):
    org = hidden.org()
    url = f"/o/{org.slug}/users/invite"
    for step in ("addresses", "options", "preview"):
        form = {"step": step, "role": "member", "method": method}
        told = {e: org.api.submit(url, {**form, "addresses": e}).ok(200).text for e in hidden.sixteen()}
        alike(told)
    alike({e: org.api.submit(url + "/check", {"addresses": e, "method": method}).ok(200).text for e in hidden.sixteen()})


@pytest.mark.parametrize("terms", TERMS)
@pytest.mark.parametrize("rule", ["attach", "refuse"])
def test_hidden_sending_and_what_is_kept_of_it_are_the_same(hidden, terms, rule):
    org = hidden.org(existing_accounts=rule)
    emails = hidden.sixteen()
    sent = {}
    for email in emails:
        result = org.send(email, **terms).ok()["results"][0]
        sent[email] = result
        if terms.get("delivery") == "show":
            assert result["temporary_password"]
    assert '"invited"' in alike({email: json.dumps(row) for email, row in sent.items()})
    if terms.get("deliver", True):
        for email in emails:
            hidden.world.inbox.wait(email)
        org.world.server.mails_at_rest()
    alike({email: json.dumps(org.invitation(sent[email]["invitation"])) for email in emails})
    mails = {row["invitation"]: row for row in org.api.items(org.path + "/mail")}
    assert len(mails) == (16 if terms.get("deliver", True) else 0)
    if mails:
        alike({email: json.dumps(mails[sent[email]["invitation"]["id"]]) for email in emails})
    raw = org.world.server.query("SELECT id FROM organization WHERE slug = ?", org.slug)[0][0]
    record = org.world.server.query("SELECT after FROM audit_event WHERE organization_id = ? AND action = 'invitation.created'", raw)
    assert len({CHANGING.sub("-", after) for (after,) in record}) == 1
    listed = org.api.page(f"/o/{org.slug}/users/invitations").ok(200).text
    assert all(email in listed for email in emails)
    assert looked_up(org) == 0


def test_hidden_what_a_mail_server_says_does_not_spell_the_address_as_an_account_does(hidden, inbox):
    org, emails = hidden.org(), hidden.sixteen()[2:4]
    inbox.rcpt_reply = lambda address: f"550 5.1.1 <{address}> is not here"
    try:
        sent = {e: org.send(e).ok()["results"][0]["invitation"]["id"] for e in emails}
        org.world.server.mails_at_rest()
    finally:
        inbox.rcpt_reply = None
    said = alike({e: json.dumps(org.invitation(sent[e])["delivery"]) for e in emails})
    assert "is not here" in said
    mails = {row["invitation"]: row for row in org.api.items(org.path + "/mail")}
    alike({e: json.dumps(mails[sent[e]]) for e in emails})


def test_hidden_a_password_shown_for_an_account_opens_nothing_and_its_holder_gets_the_link(hidden):
    org, holder, new = hidden.org(), hidden.people[0], fresh()
    before = len(hidden.world.inbox.all_for(holder.email))
    shown = {e: org.send(e, method="temporary_password", delivery="show").ok()["results"][0]["temporary_password"] for e in (holder.email, new)}
    half = hidden.world.client()
    assert half.post("/sessions", {"email": new, "password": shown[new]}).ok(201)["password_change_required"] is True
    hidden.world.client().post("/sessions", {"email": holder.email, "password": shown[holder.email]}).refused("sign-in-failed", 401)
    hidden.world.client().post("/sessions", {"email": holder.email, "password": PASSWORD}).ok(201)
    mail = hidden.world.inbox.wait(holder.email, before + 1)[-1]
    assert "already have an account" in mail.text and shown[holder.email] not in mail.text
    assert lookup(hidden.world, token=mail.token)["next"] == "sign_in"  # the mailed secret proves the mailbox, and may tell
    holder.api.post("/invitations/accept", {"token": mail.token}).ok(201)
    assert preview(org, holder.email).ok()["results"][0]["outcome"] == "already-member"


def test_hidden_a_forgotten_password_shows_in_no_record(hidden, inbox):
    """Where one was made up there is no account that waits: asking for a reset of each is seen by their mailboxes alone."""
    org, world, emails = hidden.org(), hidden.world, hidden.sixteen()[:6]
    sent = {e: org.send(e, method="temporary_password", delivery="show").ok()["results"][0]["invitation"]["id"] for e in emails}
    world.server.mails_at_rest()
    before = {e: len(inbox.all_for(e)) for e in emails}
    for email in emails:
        world.client().post("/password-resets", {"email": email}).ok(202)
    for email in emails[1::2]:
        assert "/i/" in inbox.wait(email, before[email] + 1)[-1].text
    world.server.mails_at_rest()
    alike({e: json.dumps(org.invitation(sent[e])) for e in emails})
    mails = org.api.items(org.path + "/mail")
    assert len(mails) == 6
    alike({e: json.dumps(next(m for m in mails if m["invitation"] == sent[e])) for e in emails})
    raw = world.server.query("SELECT id FROM organization WHERE slug = ?", org.slug)[0][0]
    record = world.server.query("SELECT action FROM audit_event WHERE organization_id = ?", raw)
    assert not [action for (action,) in record if "link_mailed" in action]


@pytest.mark.parametrize("how", ["resend", "temporary-password", "correct"])
@pytest.mark.parametrize("delivery", ["send", "show"])
@pytest.mark.parametrize("rule", ["attach", "refuse"])
def test_hidden_an_invitation_made_anew_says_the_same(hidden, how, delivery, rule):
    org = hidden.org(existing_accounts=rule)
    told = {}
    for email in hidden.sixteen()[:6]:
        first = fresh() if how == "correct" else email
        inv = org.send(first, method="temporary_password", delivery=delivery).ok()["results"][0]["invitation"]
        path = f"{org.path}/invitations/{inv['id']}/{how}"
        told[email] = org.api.post(path, {"correct": {"email": email}, "resend": None}.get(how, {})).ok(200).text
    assert ("temporary_password" in json.loads(told[email])) == (delivery == "show")
    alike(told)


def links(org, emails):
    """{address: (link, code)}, copied one by one; without mail."""
    found = {}
    for email in emails:
        made = org.link(org.invite(email, deliver=False)).ok()
        found[email] = (token_of(made["url"]), made["code"])
    return found


def test_hidden_a_copied_link_and_its_code_say_enrol_to_everybody(hidden):
    org, world = hidden.org(existing_accounts="refuse"), hidden.world
    found = links(org, hidden.sixteen())
    said = alike({e: lookup(world, token=token).text for e, (token, _) in found.items()})
    assert json.loads(said)["next"] == "enrol"
    alike({e: lookup(world, email=e, code=code).text for e, (_, code) in found.items()})
    alike({e: world.client().page("/i/" + token).ok(200).text for e, (token, _) in found.items()})
    kept = {e: code.replace("-", "").replace(" ", "") for e, (_, code) in found.items()}  # in the page's own forms
    alike({e: world.client().submit("/join", {"email": e, "code": code}).ok(200).text.replace(kept[e], "") for e, (_, code) in found.items()})
    stranger = world.found("Stranger").api
    said = alike({e: stranger.post("/invitations/lookup", {"token": token}).ok().text for e, (token, _) in found.items()})
    assert json.loads(said)["next"] == "switch_account"
    for token, _ in found.values():
        stranger.post("/invitations/accept", {"token": token}).refused("wrong-account", 403)
    holder = hidden.people[0]
    token = found[holder.email.lower()][0]
    assert holder.api.post("/invitations/lookup", {"token": token}).ok()["next"] == "accept"
    holder.api.post("/invitations/accept", {"token": token}).refused("account-already-active", 409)


def test_hidden_after_the_form_the_holder_is_told_by_mail(hidden):
    org, world, holder = hidden.org(), hidden.world, hidden.people[1]
    inv = org.invite(holder.email.lower(), deliver=False)
    copied = org.link(inv).ok()
    before = memberships(world)
    mails = org.api.items(org.path + "/mail")
    for way in ({"token": token_of(copied["url"])}, {"email": holder.email, "code": copied["code"]}):
        answer = enrol_form(world, **way)
        assert answer.ok(202).json == {"next": "mail"} and not answer.client.cookies
    assert memberships(world) == before and org.state(inv) == "pending" and org.invitation(inv)["sent_count"] == 0
    world.client().post("/sessions", {"email": holder.email, "password": holder.password}).ok(201)  # untouched
    world.server.mails_at_rest()
    world.inbox.settle(0.3)
    mail = go_on_mails(world, holder.email)[-1]
    assert mail.recipients == [holder.email] and "already has an account" in mail.text
    assert org.api.items(org.path + "/mail") == mails
    assert lookup(world, token=mail.token)["next"] == "sign_in"
    holder.api.post("/invitations/accept", {"token": mail.token}).ok(201)
    assert looked_up(org) == 2


def test_hidden_the_form_over_a_copied_link_refuses_alike(hidden):
    """What is no name, no password or too weak is said before anything else, whoever it is."""
    org, world = hidden.org(), hidden.world
    found = links(org, [hidden.people[2].email, fresh()])
    for body in ({}, {"given_name": "A"}, {"given_name": "A", "family_name": "B"}, {"given_name": "A", "family_name": "B", "password": "123"},
                 {"given_name": "\u202e", "family_name": "B", "password": PASSWORD}):
        told = {e: world.client().post("/invitations/accept", {"token": token, **body}) for e, (token, _) in found.items()}
        assert {a.status for a in told.values()} == {422}
        alike({e: a.text for e, a in told.items()})
    world.inbox.settle(0.3)
    assert go_on_mails(world, hidden.people[2].email) == [] and looked_up(org) == 0


def test_hidden_refusing_accounts_is_told_at_acceptance_alone(hidden):
    org, world, holder = hidden.org(existing_accounts="refuse"), hidden.world, hidden.people[3]
    before = len(world.inbox.all_for(holder.email))
    inv = org.invite(holder.email)
    mailed = world.inbox.wait(holder.email, before + 1)[-1].token
    world.client().post("/invitations/accept", {"token": mailed}).refused("account-already-active", 409)
    assert "already has an account" in world.client().submit("/i/" + mailed, {}).text
    enrol_form(world, token=token_of(org.link(inv).ok()["url"])).ok(202)
    mail = world.inbox.wait(holder.email, before + 2)[-1]
    assert "only takes people who have none" in mail.text and "/i/" not in mail.text


def test_hidden_a_copied_link_mails_a_holder_a_few_times_an_hour(make_server, smtp):
    street = Street(World(make_server(mail=smtp.uri, signup="on", rate_limits="on"), smtp))
    org, holder = street.org(), street.people[0]
    token = links(org, [holder.email])[holder.email][0]
    assert {enrol_form(street.world, token=token, given_name=f"Zoé {i}").status for i in range(6)} == {202}  # the same twice is once
    street.world.server.mails_at_rest()
    street.world.inbox.settle(0.3)
    assert len(go_on_mails(street.world, holder.email)) == 3


def test_hidden_past_the_limit_copied_links_wait_for_everybody(make_server, smtp):
    street = Street(World(make_server(mail=smtp.uri, signup="on", rate_limits="on", addresses_per_hour=4), smtp))
    org, world = street.org(), street.world
    found = links(org, street.sixteen())
    world.clock.advance(seconds=3600 - world.clock.now() % 3600 + 1200)  # twenty minutes of the hour are gone
    answers = {e: enrol_form(world, token=token) for e, (token, _) in found.items()}
    assert [a.status for a in answers.values()] == [202, 201] * 2 + [429] * 12
    late = {e: a for e, a in answers.items() if a.status == 429}
    alike({e: a.refused("rate-limited").text for e, a in late.items()})
    assert all(2100 < int(a.headers["Retry-After"]) <= 2400 for a in late.values()) and looked_up(org) == 4
    for e in late:
        page = world.client().submit("/i/" + found[e][0], {"given_name": "Zoé", "family_name": "Durand", "password": PASSWORD})
        assert page.status == 429 and 2100 < int(page.headers["Retry-After"]) <= 2400
    org.invite(fresh(), deliver=False)  # inviting goes on, and links that were mailed do
    email = fresh()
    org.invite(email)
    world.enrol(world.inbox.token_for(email)).ok(201)
    world.clock.advance(hours=1)
    assert [enrol_form(world, token=found[e][0]).status for e in list(late)[:4]] == [202, 201] * 2


@pytest.mark.parametrize("way", ["link", "code"])
def test_hidden_without_javascript_the_page_says_that_a_mail_was_sent(hidden, way):
    org, world, holder = hidden.org(), hidden.world, hidden.people[4]
    token, code = links(org, [holder.email])[holder.email]
    person = {"given_name": "Zoé", "family_name": "Durand", "password": PASSWORD}
    client = world.client()
    if way == "link":
        assert f'/sign-in?next=/i/{token}"' in client.page("/i/" + token).text
        answer = client.submit("/i/" + token, person)
    else:
        answer = client.submit("/join/accept", {"email": holder.email, "code": code, **person})
    assert answer.status == 202 and not client.cookies
    assert "A mail is on its way to" in answer.text and "Dupont" not in answer.text.replace(holder.email, "")
    assert go_on_mails(world, holder.email) or world.inbox.wait(holder.email, 2)


def test_hidden_an_operator_may_have_it_told(make_server, smtp):
    street = Street(World(make_server(mail=smtp.uri, signup="on", tell_accounts="on"), smtp))
    org, known, unknown = street.org(), street.people[0].email, fresh()
    assert [r["outcome"] for r in preview(org, known, unknown).ok()["results"]] == ["existing-account", "new-person"]
    found = links(org, [known, unknown])
    assert [lookup(street.world, token=found[e][0])["next"] for e in (known, unknown)] == ["sign_in", "enrol"]
    assert looked_up(org) == 4


def test_a_link_that_was_copied_while_all_was_told_stops_telling_when_it_is_hidden(make_server, smtp):
    server = make_server(mail=smtp.uri)
    street = Street(World(server, smtp))
    token = links(street.org(), [street.people[0].email])[street.people[0].email][0]
    assert lookup(street.world, token=token)["next"] == "sign_in"
    server.settings["signup"] = "on"
    server.restart()
    assert lookup(street.world, token=token)["next"] == "enrol"


# ---- told, counted, audited


def waiting(street, org, emails, **terms):
    """Invitations with temporary passwords; the known among the addresses got their accounts afterwards, elsewhere."""
    found = {}
    for i, email in enumerate(emails):
        found[email] = org.send(email, method="temporary_password", delivery="show", deliver=False).ok()["results"][0]["invitation"]
        if i % 2 == 0:
            street.rival.join(email)
    return found


def door_preview(street, org, emails):
    return {e: preview(org, e).ok().text for e in emails}


def door_check(street, org, emails):
    return {e: org.api.submit(f"/o/{org.slug}/users/invite/check", {"addresses": e}).ok().text for e in emails}


def door_send(delivery):
    def send(street, org, emails):
        return {e: org.send(e, method="temporary_password", delivery=delivery).ok().text for e in emails}

    return send


def door_refuse(street, org, emails):
    org.set(existing_accounts="refuse").ok()
    return {e: org.send(e, deliver=False).ok().text for e in emails}


def door_link(street, org, emails):
    return {e: lookup(street.world, token=token).text for e, (token, _) in links(org, emails).items()}


def door_links(street, org, emails):
    batch = org.send(*emails, deliver=False).ok()["batch"]
    rows = csv.DictReader(io.StringIO(org.api.post(f"{org.path}/invitation-batches/{batch}/links").ok(200).text))
    return {row["email"]: lookup(street.world, token=token_of(row["url"])).text for row in rows}


def door_again(how):
    def again(street, org, emails):
        found = waiting(street, org, emails)
        street.world.clock.advance(hours=1)
        return lambda: {e: org.api.post(f"{org.path}/invitations/{i['id']}/{how}", None if how == "resend" else {}).text for e, i in found.items()}

    return again


def door_correct(street, org, emails):
    org.set(existing_accounts="refuse").ok()
    found = {e: org.invite(fresh(), deliver=False) for e in emails}
    street.world.clock.advance(hours=1)
    return lambda: {e: org.correct(i, e).text for e, i in found.items()}


def door_correct_page(street, org, emails):
    org.set(existing_accounts="refuse").ok()
    found = {e: org.invite(fresh(), deliver=False) for e in emails}
    street.world.clock.advance(hours=1)
    url = f"/o/{org.slug}/users/invitations/"
    return lambda: {e: str(org.api.submit(url + i["id"] + "/correct", {"email": e}).status) for e, i in found.items()}


def door_password_page(street, org, emails):
    found = waiting(street, org, emails)
    street.world.clock.advance(hours=1)
    url = f"/o/{org.slug}/users/invitations/"
    return lambda: {e: str(org.api.submit(url + i["id"] + "/password", {"method": "show"}).status) for e, i in found.items()}


DOORS = {
    "preview": door_preview, "check": door_check, "send": door_send("send"), "show": door_send("show"), "refuse": door_refuse, "link": door_link,
    "links": door_links, "resend": door_again("resend"), "reissue": door_again("temporary-password"), "correct": door_correct,
    "correct page": door_correct_page, "password page": door_password_page,
}


def begin(street, door, emails):
    """The organization, and the door as something to be done in an hour of its own."""
    street.world.clock.advance(hours=1)
    org = street.org()
    made = DOORS[door]
    done = made(street, org, emails) if door in ("resend", "reissue", "correct", "correct page", "password page") else (lambda: made(street, org, emails))
    return org, done, looked_up(org)


def four(street, door):
    if door in ("resend", "reissue", "password page"):
        return [fresh("jean.dupont") for _ in range(4)]  # `waiting` makes two of them known
    return street.sixteen()[:4]


@pytest.mark.parametrize("door", DOORS)
def test_told_each_door_is_counted_and_audited(open_street, door):
    """Four addresses, two of them known: the difference shows, four are counted, and twelve more fit the hour."""
    emails = four(open_street, door)
    org, done, before = begin(open_street, door, emails)
    told = done()
    assert len({bare(text, email) for email, text in told.items()}) == 2, told
    assert looked_up(org) - before == 4
    preview(org, *[fresh() for _ in range(LIMIT - 4)]).ok()
    preview(org, *emails).ok()  # the same ones tell nothing new
    preview(org, fresh()).refused("rate-limited", 429)


@pytest.mark.parametrize("door", [d for d in DOORS if d != "preview"])
def test_told_past_the_limit_known_and_unknown_are_alike(open_street, door):
    emails = four(open_street, door)
    org, done, _ = begin(open_street, door, emails)
    preview(org, *[fresh() for _ in range(LIMIT)]).ok()
    before = looked_up(org)
    alike(done())
    assert looked_up(org) == before


def test_told_past_the_limit_a_preview_is_refused_whoever_it_asks_for(open_street):
    clock = open_street.world.clock
    clock.advance(seconds=3600 - clock.now() % 3600 + 1200)  # twenty minutes of the hour are gone
    org = open_street.org()
    preview(org, *[fresh() for _ in range(LIMIT)]).ok()
    answers = {e: preview(org, e).refused("rate-limited", 429) for e in open_street.sixteen()}
    assert len({(a.json["detail"], a.json["title"]) for a in answers.values()}) == 1
    assert all(2100 < int(a.headers["Retry-After"]) <= 2400 for a in answers.values())
    assert looked_up(org) == LIMIT


def test_told_no_room_for_invitations_tells_of_nobody(make_server, smtp):
    """A refusal of the whole order is given before anything is looked at."""
    street = Street(World(make_server(mail=smtp.uri, rate_limits="on", invitations_per_hour=9), smtp))
    org = street.org(existing_accounts="refuse")
    org.send(*[fresh() for _ in range(9)], deliver=False).ok()
    before = looked_up(org)
    alike({e: org.send(e, deliver=False).refused("rate-limited", 429).text for e in street.sixteen()})
    assert looked_up(org) == before


def test_told_sending_by_link_depends_on_nothing_and_counts_nothing(open_street):
    org = open_street.org()
    emails = open_street.sixteen()
    alike({e: org.send(e, deliver=False).ok().text for e in emails})
    assert looked_up(org) == 0


def test_links_without_a_mail_server_are_copied_for_hundreds(open_street):
    """Past the limit a link says less, and works all the same."""
    open_street.world.clock.advance(hours=1)
    org = open_street.org()
    emails = [fresh() for _ in range(298)] + [p.email for p in open_street.people[5:7]]
    batch = org.send(*emails, deliver=False).ok()["batch"]
    rows = list(csv.DictReader(io.StringIO(org.api.post(f"{org.path}/invitation-batches/{batch}/links").ok(200).text)))
    assert {row["email"] for row in rows} == {e for e in emails} and looked_up(org) == LIMIT
    by = {row["email"]: token_of(row["url"]) for row in rows}
    assert all(lookup(open_street.world, token=by[e])["next"] == "enrol" for e in (emails[3], emails[150], emails[298]))
    open_street.world.clock.advance(hours=1)
    enrol_form(open_street.world, token=by[emails[150]]).ok(201)
    enrol_form(open_street.world, token=by[emails[298]]).ok(202)


# ---- accounts that nobody proved


@pytest.fixture
def squatter(open_street):
    """An account at somebody's address, opened with a copied link of an organization elsewhere."""
    email, elsewhere = fresh("Boss"), open_street.world.found("Elsewhere")
    token = token_of(elsewhere.link(elsewhere.invite(email, deliver=False)).ok()["url"])
    return Person(enrol_form(open_street.world, token=token).ok(201).client, email)


def test_unproved_an_account_counts_as_none_in_inviting(open_street, squatter):
    open_street.world.clock.advance(hours=1)
    org = open_street.org(existing_accounts="refuse")
    assert preview(org, squatter.email).ok()["results"][0]["outcome"] == "new-person"
    org.invite(squatter.email.lower())
    mail = open_street.world.inbox.last(squatter.email.lower())
    assert mail.recipients == [squatter.email.lower()] and "already have an account" not in mail.text
    assert lookup(open_street.world, token=mail.token)["next"] == "enrol"
    joined = open_street.world.enrol(mail.token, given="Boss", password=PASSWORD + "!").ok(201)
    assert joined.client.get("/me").ok()["email_proved"] is True
    squatter.api.get("/me").refused("unauthenticated", 401)
    open_street.world.client().post("/sessions", {"email": squatter.email, "password": PASSWORD}).refused("sign-in-failed", 401)


def test_unproved_in_the_organization_itself_it_is_a_member(open_street):
    org = open_street.org()
    email = fresh()
    enrol_form(open_street.world, token=links(org, [email])[email][0]).ok(201)
    assert preview(org, email).ok()["results"][0]["outcome"] == "already-member"


def test_unproved_a_copied_link_that_may_not_tell_mails_the_address_a_way_to_take_it(hidden):
    world, elsewhere, email = hidden.world, hidden.world.found("Elsewhere"), fresh("boss")
    squat = enrol_form(world, token=links(elsewhere, [email])[email][0]).ok(201)
    org = hidden.org(existing_accounts="refuse")
    enrol_form(world, token=links(org, [email])[email][0]).ok(202)
    mail = world.inbox.last(email)
    assert "proves that the address is yours" in mail.text and "already has an account" not in mail.text
    joined = world.enrol(mail.token).ok(201)
    assert joined.client.get("/me").ok()["email_proved"] is True
    squat.client.get("/me").refused("unauthenticated", 401)
