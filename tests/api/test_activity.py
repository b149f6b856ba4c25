"""When a member was last here, to the day and in this organization alone, and whether their account has a second factor."""

import datetime
import re
import time

import pytest

from lib.cli import document, documents
from lib.otp import set_up
from lib.people import fresh

DAY = 86_400_000


def until(holds):
    """What is noted beside an answer comes a moment later."""
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def today(clock):
    return datetime.datetime.fromtimestamp(clock.now(), datetime.timezone.utc).date().isoformat()


def day_of(org, person):
    return org.member(person)["last_active_on"]


def noted(org, person):
    """The column itself, by address."""
    rows = org.world.server.query(
        "SELECT m.last_active_at FROM membership m JOIN organization o ON o.id = m.organization_id JOIN account a ON a.id = m.account_id"
        " WHERE o.slug = ? AND a.email = ?", org.slug, person.email)
    return rows[0][0]


def settle(org, person):
    """Until whatever was queued beside earlier answers is written: another member's first request of the day is behind it."""
    witness = org.join()
    witness.api.get(org.path).ok()
    until(lambda: noted(org, witness) is not None)
    return noted(org, person)


@pytest.fixture
def zoe(acme, rival, inbox):
    """A member of both, who was in neither since joining."""
    person = acme.join()
    rival.invite(person.email)
    person.api.post("/invitations/accept", {"token": inbox.token_for(person.email, 2)}).ok(201)
    return person


def test_a_member_active_in_one_organization_is_not_thereby_active_in_another(acme, rival, zoe, clock):
    assert day_of(acme, zoe) is None and day_of(rival, zoe) is None
    zoe.api.get("/me").ok()
    zoe.api.get("/me/memberships").ok()
    assert settle(acme, zoe) is None, "one's own pages are no organization's"
    zoe.api.get(acme.path).ok()
    until(lambda: day_of(acme, zoe) == today(clock))
    assert settle(rival, zoe) is None and day_of(rival, zoe) is None
    zoe.api.post("/check", {"organization": rival.slug, "permission": "resources.use"}).ok(200)
    until(lambda: day_of(rival, zoe) == today(clock))


def test_the_second_noted_day_moves_it_and_the_same_day_writes_nothing(acme, clock):
    zoe = acme.join()
    for _ in range(2):
        zoe.api.get(acme.path).ok()
        until(lambda: day_of(acme, zoe) == today(clock))
        first = noted(acme, zoe)
        assert first % DAY == 0
        clock.advance(seconds=1)
        zoe.api.get(acme.path).ok()
        assert settle(acme, zoe) == first
        clock.advance(days=1)
        assert day_of(acme, zoe) < today(clock), "a day without a request"
        zoe.api.sign_in(zoe.email, zoe.password)
    assert day_of(acme, zoe) < today(clock), "signing in is not being in an organization"


def test_a_write_and_a_page_count_alike(acme, clock):
    page, write = acme.join(role="administrator"), acme.join(role="administrator")
    assert page.api.page(f"/o/{acme.slug}").status == 200
    write.api.post(acme.path + "/groups", {"name": fresh("group").replace("@", " ")}).ok(201)
    for person in (page, write):
        until(lambda: day_of(acme, person) == today(clock))


def test_what_a_key_does_is_the_keys(acme, clock):
    zoe = acme.join(role="administrator")
    made = acme.world.operator.post(acme.path + "/api-keys", {"name": "Robot", "member": acme.member(zoe)["id"]}).ok(201)
    acme.world.client(key=made["api_key"]).get(acme.path + "/members").ok()
    until(lambda: acme.api.items(acme.path + "/api-keys")[0]["last_used_on"] == today(clock))
    assert settle(acme, zoe) is None


def test_who_is_not_let_in_is_not_active(acme, clock):
    zoe = acme.join()
    at = f"{acme.path}/members/{acme.member(zoe)['id']}"
    acme.api.patch(at, {"state": "suspended"}).ok()
    zoe.api.get(acme.path).refused("not-found", 404)
    assert settle(acme, zoe) is None
    acme.api.patch(at, {"state": "active"}).ok()
    zoe.api.get(acme.path).ok()
    until(lambda: day_of(acme, zoe) == today(clock))


def test_an_outsider_cannot_read_it(acme, rival, zoe, anonymous):
    at = f"{acme.path}/members/{acme.member(zoe)['id']}"
    rival.api.get(at).refused("not-found", 404)
    rival.api.get(acme.path + "/members").refused("not-found", 404)
    zoe.api.get(at).refused("forbidden", 403)
    zoe.api.get(acme.path + "/members").refused("forbidden", 403)
    anonymous.get(at).refused("unauthenticated", 401)
    assert {"last_active_on", "second_factor"} <= set(acme.api.get(at).ok().json)


def test_nothing_of_it_is_recorded(acme, clock):
    zoe = acme.join()
    count = lambda: acme.world.server.query("SELECT count(*) FROM audit_event e JOIN organization o ON o.id = e.organization_id WHERE o.slug = ?", acme.slug)
    acme.api.get(acme.path).ok()
    before = count()
    zoe.api.get(acme.path).ok()
    until(lambda: day_of(acme, zoe) == today(clock))
    assert count() == before


def test_a_second_factor_is_told_wherever_its_account_belongs(acme, rival, zoe, clock):
    assert not acme.member(zoe)["second_factor"] and not rival.member(zoe)["second_factor"]
    zoe.api.post("/me/totp", {}).ok(201)
    mine = acme.member(zoe)
    assert not mine["second_factor"] and not acme.api.get(f"{acme.path}/members/{mine['id']}").ok()["second_factor"], "no code was shown yet"
    set_up(zoe.api, clock)
    for org in (acme, rival):
        shown = org.member(zoe)
        assert shown["second_factor"] and org.api.get(f"{org.path}/members/{shown['id']}").ok()["second_factor"]
    assert not acme.member(acme.owner)["second_factor"]


@pytest.mark.parametrize("query", [{}, {"q": "durand"}, {"role": "member"}, {"sort": "role"}, {"sort": "email", "state": "active"}])
def test_every_way_to_the_list_tells_both(acme, clock, query):
    zoe = acme.join()
    zoe.api.get(acme.path).ok()
    set_up(zoe.api, clock)
    until(lambda: day_of(acme, zoe) == today(clock))
    found = {row["account"]["email"]: row for row in acme.members(**query)}
    assert (found[zoe.email]["last_active_on"], found[zoe.email]["second_factor"]) == (today(clock), True)


def test_the_pages_tell_both(acme, clock):
    zoe, idle = acme.join(given="Zoé"), acme.join(given="Yann")
    zoe.api.get(acme.path).ok()
    set_up(zoe.api, clock)
    until(lambda: day_of(acme, zoe) == today(clock))
    acme.api.submit("/language", {"lang": "fr", "next": "/me"})
    row = lambda text, name: re.search(rf'<tr role="row">(?:(?!<tr).)*?{name} Durand.*?</tr>', text, re.S)[0]
    users = acme.api.page(f"/o/{acme.slug}/users").text
    assert "Dernière activité" in users and "Second facteur" in users
    assert f'<time datetime="{today(clock)}">' in row(users, "Zoé") and ">oui<" in row(users, "Zoé")
    assert ">jamais<" in row(users, "Yann") and ">non<" in row(users, "Yann")
    page = acme.api.page(f"/o/{acme.slug}/users/{acme.member(zoe)['id']}").text
    assert re.search(rf'<dt>Dernière activité</dt><dd><time datetime="{today(clock)}">', page) and "<dt>Second facteur</dt><dd>oui</dd>" in page
    assert "<dt>Dernière activité</dt><dd>jamais</dd>" in acme.api.page(f"/o/{acme.slug}/users/{acme.member(idle)['id']}").text


def test_the_command_line_tells_both(acme, clock):
    zoe = acme.join()
    zoe.api.get(acme.path).ok()
    until(lambda: day_of(acme, zoe) == today(clock))
    cli = acme.world.server.cli
    listed = next(m for m in documents(cli("member", "list", "--organization", acme.slug, "--json")) if m["account"]["email"] == zoe.email)
    assert (listed["last_active_on"], listed["second_factor"]) == (today(clock), False)
    assert document(cli("member", "show", zoe.email, "--organization", acme.slug, "--json"))["last_active_on"] == today(clock)
    table = cli("member", "list", "--organization", acme.slug, env={"COLUMNS": "300"}).stdout.splitlines()
    assert "Last activity" in table[0] and "Second factor" in table[0]
    assert any(zoe.email in line and today(clock) in line and " no" in line for line in table)


def test_ones_own_data_say_it(acme, clock):
    zoe = acme.join()
    zoe.api.get(acme.path).ok()
    until(lambda: day_of(acme, zoe) == today(clock))
    kept = zoe.api.get("/me/export").ok()["memberships"]
    assert [place["last_active_on"] for place in kept] == [today(clock)]
