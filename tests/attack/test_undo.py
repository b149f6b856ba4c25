"""Taking an address back, after more than one move: who has the last word, and what is whose. One move and one undo:
test_hijacking.py."""

import re

import pytest

from attack.test_hijacking import ask, move, organizations, recover, undo
from lib.people import PASSWORD, Person, fresh
from lib.towns import acme, town
from lib.ways import NEW, mailed

THIEFS = "violet-harbour-93"


def take_back(town, token):
    return town.client().post("/email-changes/undo", {"token": token})


def links(town, address):
    """The undo links that were ever mailed to an address, once all that waits is sent."""
    town.inbox.settle(0.5)
    return list(dict.fromkeys(x.rsplit("/", 1)[1] for m in town.inbox.all_for(address) for x in m.links if "/email/undo/" in x))


def join(town, org, person, email, count=1):
    """A member of another organization, by an invitation that is mailed to this address."""
    org.invite(email)
    person.api.post("/invitations/accept", {"token": town.inbox.token_for(email, invitation=True, count=count)}).ok(201)


def newer_account(town, org, email, count=1):
    org.invite(email)
    return Person(town.enrol(town.inbox.token_for(email, invitation=True, count=count), password=NEW).ok(201).client, email)


def is_sound(town, *orgs):
    for org in orgs:
        assert org.recount()[0] == org.recount()[1]
    assert town.operator.get("/server/check").ok()["findings"] == []


# ---- who comes back has it back

@pytest.mark.parametrize("by", ["holder", "thief"])
def test_no_link_of_a_thiefs_outlives_the_holders_return(town, acme, by):
    """The holder moves the account back, or follows a mail that the thief asked for; then the holder's link lapses."""
    victim, evil = acme.join(), fresh("evil")
    old = victim.email
    thief = town.client().sign_in(old, PASSWORD)
    move(town, thief, evil)
    town.clock.advance(hours=1)
    move(town, victim.api if by == "holder" else thief, old)
    recover(town, old).delete("/me/sessions").ok(204)
    mine = mailed(town.inbox, old, "/email/undo/")
    town.clock.advance(days=6, hours=23, minutes=30)
    assert links(town, evil) == []
    assert not any("/password/reset/" in m.text for m in town.inbox.all_for(evil))
    take_back(town, mine).refused("token-invalid", 410)
    assert recover(town, old).get("/me").ok()["id"] == victim.id


def test_a_return_ends_what_every_address_in_between_could_do(town, acme):
    """old, a, b, and back to old: neither of a's and b's links is worth anything."""
    victim, a, b = acme.join(), fresh("a"), fresh("b")
    old = victim.email
    for to in (a, b):
        move(town, victim.api, to)
    of_a = mailed(town.inbox, a, "/email/undo/")
    move(town, victim.api, old)
    assert town.client().send("GET", "/email/undo/" + of_a, None, {}).status == 410  # no page that offers a share of nothing
    take_back(town, of_a).refused("token-invalid", 410)
    assert links(town, b) == []
    assert recover(town, old).get("/me").ok()["id"] == victim.id


def test_a_thief_who_moves_again_after_the_return_loses_it_again(town, acme):
    victim, evil, worse = acme.join(), fresh("evil"), fresh("worse")
    old = victim.email
    thief = town.client().sign_in(old, PASSWORD)
    move(town, thief, evil)
    move(town, victim.api, old)
    move(town, thief, worse)
    first = links(town, old)[0]
    take_back(town, first).ok(204)
    assert links(town, evil) == links(town, worse) == []
    client = recover(town, old)
    assert client.get("/me").ok()["id"] == victim.id and organizations(client) == {acme.id}
    for token in links(town, old):
        take_back(town, token).refused("token-invalid", 410)


def test_a_thief_does_not_sit_out_the_holders_link(town, acme):
    """The holder goes to a third address and forgets the old one's link; the thief uses his when that would have lapsed. The old
    address still has the last word."""
    victim, evil, third = acme.join(), fresh("evil"), fresh("third")
    old = victim.email
    thief = town.client().sign_in(old, PASSWORD)
    move(town, thief, evil)
    town.clock.advance(days=3)
    victim.api = town.client().sign_in(evil, PASSWORD)
    move(town, victim.api, third)
    town.clock.advance(days=6, hours=23)
    undo(town, evil).ok(204)
    recover(town, evil, THIEFS)
    town.clock.advance(days=6)
    undo(town, old).ok(204)
    client = recover(town, old)
    assert client.get("/me").ok()["id"] == victim.id and organizations(client) == {acme.id}


def test_a_thiefs_undo_that_waits_does_not_outlast_the_holders(town, acme):
    """The same, where evil has a newer account of the thief's, which keeps his undo waiting for weeks."""
    victim, evil, third = acme.join(), fresh("evil"), fresh("third")
    old = victim.email
    move(town, town.client().sign_in(old, PASSWORD), evil)
    move(town, victim.api, third)
    newer_account(town, town.found("Theirs"), evil)
    undo(town, evil).refused("address-taken", 409)
    town.clock.advance(days=29)
    undo(town, old).ok(204)
    client = recover(town, old)
    assert client.get("/me").ok()["id"] == victim.id and organizations(client) == {acme.id}


# ---- but each keeps its share

def test_who_moves_to_and_fro_keeps_all_of_it(town, acme):
    """To a new employer and back within a week: one account, with what both gave it, and the session goes on."""
    person, employer = acme.join(), fresh("employer")
    old = person.email
    move(town, person.api, employer)
    later = town.found("Later")
    join(town, later, person, employer)
    move(town, person.api, old)
    assert organizations(person.api) == {acme.id, later.id}
    town.clock.advance(days=8)
    assert organizations(town.client().sign_in(old, PASSWORD)) == {acme.id, later.id}
    take_back(town, links(town, employer)[0]).refused("token-invalid", 410)


def test_a_return_takes_no_share_from_the_address_in_between(town, acme):
    """The old address moves it back behind the other's back: what came under the other can still be had from there, alone."""
    person, own = acme.join(), fresh("own")
    old = person.email
    former = town.client().sign_in(old, PASSWORD)
    move(town, person.api, own)
    later = town.found("Later")
    join(town, later, person, own)
    later.set_role(person, "owner").ok()
    key = town.client(key=person.api.post(later.path + "/api-keys", {"name": "k"}).ok(201)["api_key"])
    move(town, former, old)
    link = mailed(town.inbox, own, "/email/undo/")
    assert "account of its own" in next(m for m in town.inbox.all_for(own) if link in m.text).text
    page = town.client().page("/email/undo/" + link).text
    assert "account of its own" in page and "All sessions end" not in page
    key.get(later.path).ok()
    undo(town, own).ok(204)
    mine = town.client()
    token = town.inbox.resets(own, 1)[-1].token
    mine.post("/password-resets/complete", {"token": token, "new_password": NEW}).ok(204)
    mine.sign_in(own, NEW)
    assert mine.get("/me").ok()["id"] != person.id and organizations(mine) == {later.id}
    assert organizations(former) == {acme.id}, "the other goes on"
    key.get(later.path).refused("unauthenticated", 401)
    town.clock.advance(seconds=61)
    undo(town, own).refused("token-invalid", 410)
    is_sound(town, acme, later)


def told(town, address, subject):
    """The mails of this subject that an address has, once there is one and the rest had time to come."""
    town.inbox.until(address, lambda m: subject in m.subject)
    town.inbox.settle(0.5)
    return [m for m in town.inbox.all_for(address) if subject in m.subject]


@pytest.mark.parametrize("lang, subject, named", [("en", "Organizations have left your account", "an account of its own"),
                                                  ("fr", "Des organisations ont quitté votre compte", "un compte à part")])
def test_an_account_that_a_share_leaves_is_told(town, acme, lang, subject, named):
    """The page names what will go, and the mails and the notice say what went: nobody's account is 'back'."""
    person, own = acme.join(), fresh("own")
    old = person.email
    person.api.patch("/me", {"locale": lang}).ok()
    former = town.client().sign_in(old, PASSWORD)
    move(town, person.api, own)
    later, more = town.found("Later & Co"), town.found("More")
    join(town, later, person, own)
    join(town, more, person, own, 2)
    move(town, former, old)
    link = mailed(town.inbox, own, "/email/undo/")
    page = town.client().page("/email/undo/" + link, headers={"Accept-Language": lang}).text
    assert "Later &amp; Co" in page and "<li>More</li>" in page and "Acme" not in page
    assert {"en": "API keys", "fr": "clés d’API"}[lang] in page
    went = town.client().submit("/email/undo/" + link)
    assert went.headers["Location"] == "/sign-in?notice=email_share_taken"
    mails = told(town, old, subject)
    assert len(mails) == 1 and mails[0].recipients == [old]
    for part in (mails[0].text, mails[0].html):
        assert own in part and "More" in part and "Later" in part and "Acme" not in part and named in part
    choose = town.inbox.resets(own, 1)[-1].text
    assert named in choose and "yours again" not in choose and "de nouveau à vous" not in choose
    assert not any(subject in m.subject for m in town.inbox.all_for(own))
    assert organizations(former) == {acme.id}, "and its sessions go on"


def test_a_share_whose_address_has_a_newer_account_is_not_offered_yet(town, acme):
    person, own = acme.join(), fresh("own")
    old = person.email
    former = town.client().sign_in(old, PASSWORD)
    move(town, person.api, own)
    later = town.found("Later")
    join(town, later, person, own)
    move(town, former, old)
    newer = newer_account(town, town.found("Theirs"), own, 2)
    link = "/email/undo/" + mailed(town.inbox, own, "/email/undo/")
    page = town.client().page(link).text
    assert "nothing can be taken yet" in page and "<li>Later</li>" in page and "Take what is mine" not in page and 'href="/sign-in"' in page
    undo(town, own).refused("address-taken", 409)
    assert organizations(former) == {acme.id, later.id}
    leave(newer)
    assert "Take what is mine" in town.client().page(link).text
    undo(town, own).ok(204)
    assert organizations(recover(town, own)) == {later.id}


def test_the_old_addresss_undo_leaves_the_share_of_the_address_in_between(town, acme):
    person, own, evil = acme.join(), fresh("own"), fresh("evil")
    old = person.email
    move(town, person.api, own)
    later = town.found("Later")
    join(town, later, person, own)
    move(town, person.api, old)
    home = town.found("Home")
    join(town, home, person, old, 2)
    move(town, town.client().sign_in(old, PASSWORD), evil)
    take_back(town, links(town, old)[0]).ok(204)
    client = recover(town, old)
    assert organizations(client) == {acme.id, later.id, home.id}, "all that came before the thief"
    undo(town, own).ok(204)
    assert organizations(recover(town, own)) == {later.id}
    assert organizations(client) == {acme.id, home.id}


@pytest.mark.parametrize("later_first", [True, False])
def test_addresses_of_a_chain_have_their_shares_in_any_order(town, acme, later_first):
    person, a, b = acme.join(), fresh("a"), fresh("b")
    old = person.email
    places = {}
    for at in (a, b):
        move(town, person.api, at)
        places[at] = town.found("Place")
        join(town, places[at], person, at)
    move(town, person.api, old)
    for at in (b, a) if later_first else (a, b):
        undo(town, at).ok(204)
    assert [organizations(recover(town, at)) for at in (a, b, old)] == [{places[a].id}, {places[b].id}, {acme.id}]
    is_sound(town, acme, *places.values())


# ---- what an address owned before the account came to it

@pytest.mark.parametrize("member", [False, True])
def test_a_place_that_came_with_an_address_stays_with_it(town, acme, member):
    """The operator gave it to that address; whoever proves it owns the place, and an undo of another address has none of it."""
    given, person = town.found("Given"), acme.join()
    old, own = person.email, given.owner.email
    if member:
        join(town, given, person, old, 2)
    town.clock.advance(hours=1)
    move(town, person.api, own)
    person.api.post("/me/password", {"current_password": PASSWORD, "new_password": NEW}).ok()
    assert person.membership(given)["role"] == "owner"
    undo(town, old).ok(204)
    assert organizations(recover(town, old)) == {acme.id}
    mine = Person(town.client().sign_in(own, NEW), own)
    assert mine.membership(given)["role"] == "owner" and organizations(mine.api) == {given.id}
    given.owner.api = mine.api
    is_sound(town, acme, given)


@pytest.mark.parametrize("member", [False, True])
def test_a_place_that_came_with_the_old_address_stays_with_that(town, acme, member):
    """The other way round: it was given to the old address while the account was away; the undo is what proves it."""
    person, own = acme.join(), fresh("own")
    old = person.email
    move(town, person.api, own)
    given = town.found("Given", owner=old)
    if member:
        join(town, given, person, own)
    undo(town, old).ok(204)
    back = Person(recover(town, old), old)
    assert back.membership(given)["role"] == "owner" and organizations(back.api) == {acme.id, given.id}
    given.owner.api = back.api
    is_sound(town, acme, given)


# ---- an account that waits without an address

def waiting_chain(town, acme):
    """a0, joined Later at a1, a2; a1's undo waits, since a1 has a newer account. Who it is, addresses, Later, the newer one."""
    person = acme.join()
    a0, a1, a2 = person.email, fresh("a1"), fresh("a2")
    move(town, person.api, a1)
    later = town.found("Later")
    join(town, later, person, a1)
    move(town, person.api, a2)
    newer = newer_account(town, town.found("Theirs"), a1, 2)
    undo(town, a1).refused("address-taken", 409)
    return person, a0, a1, later, newer


def leave(newer):
    newer.api.call("DELETE", "/me", {"current_password": NEW}).ok(204)


def test_an_earlier_undo_takes_nothing_of_what_waits_for_a_later_address(town, acme):
    person, a0, a1, later, newer = waiting_chain(town, acme)
    undo(town, a0).ok(204)
    client = recover(town, a0)
    assert client.get("/me").ok()["id"] == person.id and organizations(client) == {acme.id}
    undo(town, a1).refused("address-taken", 409)
    leave(newer)
    undo(town, a1).ok(204)
    assert organizations(recover(town, a1)) == {later.id}
    assert organizations(client) == {acme.id}
    is_sound(town, acme, later)


def test_two_that_wait_have_a_share_each(town, acme):
    """Neither address is free: the account waits in two parts, as long for the earlier one as for the later one."""
    person, a0, a1, later, newer = waiting_chain(town, acme)
    newest = newer_account(town, town.found("Others"), a0, 2)
    undo(town, a0).refused("address-taken", 409)
    town.clock.advance(days=29)
    for each in (newer, newest):
        each.api = town.client().sign_in(each.email, NEW)
        leave(each)
    undo(town, a0).ok(204)
    undo(town, a1).ok(204)
    assert [organizations(recover(town, a)) for a in (a0, a1)] == [{acme.id}, {later.id}]
    is_sound(town, acme, later)


def test_nothing_waits_where_nothing_came_in_between(town, acme):
    person = acme.join()
    a0, a1, a2 = person.email, fresh("a1"), fresh("a2")
    for to in (a1, a2):
        move(town, person.api, to)
    newer_account(town, town.found("Theirs"), a1)
    undo(town, a1).refused("address-taken", 409)
    undo(town, a0).ok(204)
    undo(town, a1).refused("token-invalid", 410)
    assert organizations(recover(town, a0)) == {acme.id}
    assert town.operator.get("/server/check").ok()["findings"] == []


# ---- and is in nobody's hands meanwhile

def set_aside(town, org, role):
    """Somebody of this organization whose account waits, since the old address has a newer one: who, and the newer one."""
    person = org.join(role=role)
    old = person.email
    move(town, town.client().sign_in(old, PASSWORD), fresh("evil"))
    newer = newer_account(town, town.found("Theirs"), old, 2)
    undo(town, old).refused("address-taken", 409)
    return person, newer


def test_an_owner_whose_account_waits_owns_nothing_alone(town):
    """The last owner who can act stays, by whichever door, until another one can."""
    solo = town.found("Solo")
    solo.owner.prove(town.inbox)
    ghost, _ = set_aside(town, solo, "owner")
    solo.api.post(solo.path + "/leave").refused("last-owner", 409)
    solo.set_role(solo.owner, "member").refused("last-owner", 409)
    solo.api.call("DELETE", "/me", {"current_password": PASSWORD}).refused("last-owner", 409)
    assert 'action="' + solo.path.replace("/organizations/", "/o/") + '/leave"' not in solo.api.page(f"/o/{solo.slug}/leave").text
    other = solo.join(role="owner")
    solo.api.post(solo.path + "/leave").ok(204)
    solo.owner = other
    waiting = next(m for m in solo.members() if m["account"]["id"] == ghost.id)
    other.api.delete(f"{solo.path}/members/{waiting['id']}").ok(204)
    is_sound(town, solo)


def test_the_operator_finds_an_account_that_waits_by_its_id(town, acme):
    person, _ = set_aside(town, acme, "member")
    raw = town.operator.get("/server/check").ok()
    assert raw["findings"] == [] and person.id in [w["account"] for w in raw["waiting"]]
    shown = town.operator.get("/server/accounts", email=person.id).ok()
    assert shown["account"]["id"] == person.id and shown["account"]["email"] == ""
    assert [m["organization"] for m in shown["memberships"]] == [acme.slug]
    assert [(e["email"], e["takes"]) for e in shown["earlier_addresses"]] == [(person.email, "account")]
    assert town.operator.get("/server/accounts/export", email=person.id).ok()["account"]["id"] == person.id
    said = town.server.cli("check").stdout
    assert person.id in said
    (until,) = [w["until"] for w in raw["waiting"] if w["account"] == person.id]
    assert shown["waiting"] == {"until": until} and shown["email_change"] is None
    assert person.email in town.server.cli("account", "show", person.id).stdout
    for lang, text in (("en", "waits without an address until "), ("fr", "attend sans adresse jusqu’au ")):
        assert text + until[:5] in town.server.cli("account", "show", person.id, env={"LC_ALL": lang}).stdout
    town.clock.advance(days=31)
    undo(town, person.email).refused("token-invalid", 410)
    assert person.id in [w["account"] for w in town.operator.get("/server/check").ok()["waiting"]], "until somebody decides"
    town.server.cli("account", "close", person.id, "--yes")
    assert person.id not in [w["account"] for w in town.operator.get("/server/check").ok().json.get("waiting", [])]
    town.operator.get("/server/accounts", email=person.id).refused("not-found", 404)
    town.operator.post("/server/accounts/close", {"email": person.id}).refused("not-found", 404)
    acme.api.sign_in(acme.owner.email, PASSWORD)
    assert len(acme.members()) == 1
    is_sound(town, acme)


def test_the_operators_help_says_which_addresses_can_take_the_account_back(town, acme):
    """A password ends none of them, since the right one may be among them: whoever helps sees them."""
    person, evil = acme.join(), fresh("evil")
    old = person.email
    move(town, town.client().sign_in(old, PASSWORD), evil)
    helped = town.operator.post("/server/accounts/reset-password", {"email": evil}).ok()
    assert [(e["email"], e["takes"]) for e in helped["earlier_addresses"]] == [(old, "account")]
    undo(town, old).ok(204)
    assert town.operator.get("/server/accounts", email=old).ok()["earlier_addresses"] == []


# ---- what the pages say

def test_a_dead_link_sends_nobody_to_ask_for_another(town, acme):
    person = acme.join()
    move(town, person.api, fresh("own"))
    token = mailed(town.inbox, person.email, "/email/undo/")
    take_back(town, token).ok(204)
    town.clock.advance(seconds=61)
    for answer in (town.client().page(f"/email/undo/{token}"), town.client().submit(f"/email/undo/{token}")):
        assert answer.status == 410 and "Nobody can send it again" in answer.text and "Ask for a new one" not in answer.text


def test_the_link_to_a_password_after_an_undo_says_that_one_ended(town, acme):
    person = acme.join()
    move(town, person.api, fresh("own"))
    undo(town, person.email).ok(204)
    page = town.client().page("/password/reset/" + town.inbox.resets(person.email, 1)[-1].token).text
    assert "Earlier passwords no longer open this account" in page and "Your account is ready" not in page
    handed = town.operator.post("/server/accounts/reset-password", {"email": person.email}).ok()["url"]
    assert town.client().send("GET", "/password/reset/" + handed.rsplit("/", 1)[1]).status == 200


def test_the_page_of_an_undo_that_waits_says_so(town, acme):
    person, _ = set_aside(town, acme, "member")
    page = town.client().page("/email/undo/" + mailed(town.inbox, person.email, "/email/undo/")).text
    assert "still waits without an address" in page and "now uses" not in page and "was given since" not in page


def until_of(page):
    return re.search(r"until ([0-9]{1,2}\s[A-Z][a-z]+\s[0-9]{4})", page).group(1)


def test_the_page_of_an_undo_says_beforehand_that_it_will_wait(town, acme):
    """What is in the way, what to do and until when: before, once it waits, and until nothing is in the way."""
    person = acme.join()
    old = person.email
    move(town, town.client().sign_in(old, PASSWORD), fresh("evil"))
    link = "/email/undo/" + mailed(town.inbox, old, "/email/undo/")
    page = town.client().page(link).text
    assert "newer account" not in page and "nothing happens" in page
    newer = newer_account(town, town.found("Theirs"), old, 2)
    page = town.client().page(link).text
    assert "has a newer account by now" in page and "close it or give it another address" in page and 'href="/sign-in"' in page
    until = until_of(page)
    after = town.client().submit(link)
    assert after.status == 409 and until_of(after.text) == until and 'href="/sign-in"' in after.text
    town.clock.advance(days=3)
    page = town.client().page(link).text
    assert "still waits without an address" in page and "close it or give it another address" in page and until_of(page) == until
    assert "nothing happens" not in page
    newer.api = town.client().sign_in(old, NEW)
    leave(newer)
    page = town.client().page(link).text
    assert "Nothing is in the way any more" in page and "newer account" not in page and until_of(page) == until
    assert town.client().submit(link).headers["Location"] == "/sign-in?notice=email_change_undone"


@pytest.mark.parametrize("lang, subject, words", [("en", "Your earlier account waits", "close it or give it another address"),
                                                  ("fr", "Votre ancien compte attend", "donnez‑lui une autre adresse")])
def test_the_address_of_an_account_that_waits_is_told_what_to_do(town, acme, lang, subject, words):
    """Once, without the link, which is in the first mail alone."""
    person = acme.join()
    old = person.email
    person.api.patch("/me", {"locale": lang}).ok()
    move(town, town.client().sign_in(old, PASSWORD), fresh("evil"))
    newer_account(town, town.found("Theirs"), old, 2)
    link = mailed(town.inbox, old, "/email/undo/")
    for _ in range(2):
        take_back(town, link).refused("address-taken", 409)
    page = town.client().page("/email/undo/" + link, headers={"Accept-Language": lang}).text
    mails = told(town, old, subject)
    assert len(mails) == 1 and mails[0].recipients == [old]
    for part in (mails[0].text, mails[0].html):
        assert words in part and "/sign-in" in part and link not in part
    assert words in page
    until = re.search(r"(?:until|jusqu’au) ([^.:<]*?20[0-9][0-9])", mails[0].text.replace("\n", " ")).group(1)
    assert until in page, "the same day on both"


def test_a_link_opened_by_somebody_else_says_what_came_of_it(town, acme):
    """Signed in to another account, one reads it on that one's page."""
    person, own, other = acme.join(), fresh("own"), acme.join().api
    old = person.email
    ask(person.api, own).ok(202)
    went = other.submit("/email/confirm/" + mailed(town.inbox, own, "/email/confirm/")).headers["Location"]
    assert went == "/me?notice=email_changed_elsewhere" and "signed in to another account" in other.page(went).text
    went = other.submit("/email/undo/" + mailed(town.inbox, old, "/email/undo/")).headers["Location"]
    assert went == "/me?notice=email_change_undone_elsewhere" and "signed in to another account" in other.page(went).text
    assert recover(town, old).get("/me").ok()["id"] == person.id


def moved_on_by_a_thief(town, acme):
    """Somebody who moved to an address of their own, owns a place there, and lost the account from it: (old, own, evil, place)."""
    person, own, evil = acme.join(), fresh("own"), fresh("evil")
    old = person.email
    move(town, person.api, own)
    later = town.found("Later")
    join(town, later, person, own)
    later.set_role(person, "owner").ok()
    town.clock.advance(hours=1)
    move(town, town.client().sign_in(own, PASSWORD), evil)
    return person, old, own, evil, later


def test_a_share_is_what_came_while_that_address_had_it(town, acme):
    person, old, own, evil, later = moved_on_by_a_thief(town, acme)
    town.clock.advance(days=6, hours=12)
    move(town, town.client().sign_in(evil, PASSWORD), old)
    holder = recover(town, old)
    town.clock.advance(days=1)
    assert links(town, evil) == []
    assert organizations(holder) == {acme.id, later.id}


def test_who_was_taken_from_in_between_has_time_after_an_undo(town, acme):
    person, old, own, evil, later = moved_on_by_a_thief(town, acme)
    town.clock.advance(days=6, hours=20)
    take_back(town, links(town, old)[0]).ok(204)
    town.clock.advance(hours=8)
    take_back(town, links(town, own)[0]).ok(204)
    assert later.id in organizations(recover(town, own))


def test_trying_again_wins_an_undo_that_waits_no_time(town, acme):
    old = acme.join().email
    move(town, town.client().sign_in(old, PASSWORD), fresh("evil"))
    newer_account(town, town.found("Theirs"), old, 2)
    link = links(town, old)[0]
    for _ in range(2):
        assert take_back(town, link).status == 409
        town.clock.advance(days=14)
    assert take_back(town, link).status == 409
    town.clock.advance(days=4)
    assert take_back(town, link).status == 410


def test_a_thiefs_wait_costs_the_holder_none_of_theirs(town, acme):
    """old, own, evil: evil's undo of own's ... whichever waits first, each link waits thirty days from its own first try."""
    person, own = acme.join(), fresh("own")
    old = person.email
    move(town, person.api, own)
    move(town, town.client().sign_in(own, PASSWORD), fresh("evil"))
    newer_account(town, town.found("Theirs"), old, 2)
    newer_account(town, town.found("Others"), own)
    first, second = links(town, old)[0], links(town, own)[0]
    assert take_back(town, second).status == 409
    town.clock.advance(days=29)
    assert take_back(town, first).status == 409
    town.clock.advance(days=2)
    assert take_back(town, second).status == 410
    assert take_back(town, first).status == 409
