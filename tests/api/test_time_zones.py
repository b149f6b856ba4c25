"""In whose zone times are told: a person's own, else that of the organization, else the server's; and how each comes by it."""

import datetime
import re

import pytest

from lib import pdf
from lib.mailbox import token_of
from lib.people import PASSWORD, World, fresh

HOSTILE = ["Mars/Olympus", "../../etc/passwd", "Europe/Paris\x00", "x" * 5000, "<script>", "europe/paris", " "]
SHEET = {"email": "zoe@example.org", "temporary_password": "k7mp-2xwq-9dfh-t4nc", "expires_at": "2026-11-24T09:30:00.000Z"}


@pytest.fixture(scope="module")
def town(make_server, smtp):
    """Where anybody may found an organization."""
    return World(make_server(mail=smtp.uri, signup="on", time_zone="Asia/Kolkata"), smtp)


def zone_of(org, by=None):
    return (by or org.api).get(org.path + "/settings").ok()["time_zone"]


def account_zone(server, email):
    ((zone,),) = server.query("SELECT time_zone FROM account WHERE email = ?", email)
    return zone


def told(page):
    return re.sub(r"<[^>]+>", "", page.text)


# ---- the organization's


def test_an_organization_has_a_zone_and_may_give_it_up(town):
    org = town.found("Fuseau", locale="fr")
    assert zone_of(org) is None
    assert org.api.get(org.path + "/settings").ok()["effective"]["time_zone"] == "Asia/Kolkata"
    changed = org.set(time_zone="Europe/London").ok()
    assert changed["time_zone"] == changed["effective"]["time_zone"] == "Europe/London"
    page = org.api.page(f"/o/{org.slug}/settings").text
    assert '<option value="Europe/London" selected="selected">' in page
    assert org.set(time_zone="UTC").ok()["time_zone"] == "UTC"
    assert org.set(time_zone=None).ok()["effective"]["time_zone"] == "Asia/Kolkata"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "europe/paris", "Europe/Paris/", "", "x" * 65])
def test_an_organization_takes_no_zone_that_there_is_not(acme, zone):
    answer = acme.set(time_zone=zone).refused("invalid-request", 422)
    assert answer["errors"][0]["pointer"] == "/time_zone" and zone_of(acme) is None


def test_the_settings_page_changes_it(acme):
    page = acme.api.page(f"/o/{acme.slug}/settings").text
    names = re.search(r'<select id="time_zone".*?</select>', page, re.S).group(0)
    labels = re.findall(r'<optgroup label="([^"]+)"', names)
    assert labels[0] in ("Suggested", "Proposés") and len(labels) > 8
    assert names.index('value=""') < names.index("<optgroup") and names.count('selected="selected"') == 1
    acme.api.submit(f"/o/{acme.slug}/settings", {"name": "Acme", "time_zone": "Pacific/Auckland", "existing_accounts": "attach"})
    assert zone_of(acme) == "Pacific/Auckland"
    refused = acme.api.submit(f"/o/{acme.slug}/settings", {"name": "Acme", "time_zone": "No/Where"})
    assert refused.status == 422 and 'id="time_zone-help"><span class="wrong">' in refused.text
    acme.api.submit(f"/o/{acme.slug}/settings", {"name": "Acme", "time_zone": "", "existing_accounts": "attach"})
    assert zone_of(acme) is None


def test_zones_are_listed_in_the_readers_language_by_region(world):
    org = world.found("Langues", locale="fr")
    org.api.patch("/me", {"locale": "fr"}).ok()
    page = org.api.page("/me").text
    french = re.search(r'<optgroup label="Europe">(.*?)</optgroup>', page).group(1)
    cities = re.findall(r">([^<]+)</option>", french)
    assert {"Londres", "Varsovie", "Athènes"} <= set(cities) and '<optgroup label="Afrique">' in page
    assert cities.index("Athènes") < cities.index("Berlin") < cities.index("Londres") < cities.index("Varsovie")
    org.api.patch("/me", {"locale": "en"}).ok()
    assert '<option value="Europe/London">London</option>' in org.api.page("/me").text


# ---- where it is told


def test_mails_pages_without_an_account_and_sheets_tell_it(world, inbox):
    org = world.found("Paris", locale="fr")
    org.set(time_zone="Europe/Paris", invitation_lifetime="1d").ok()
    email = fresh()
    org.invite(email)
    mail = inbox.last(email)
    assert re.search(r"\d h \d\d \(Paris, UTC\+[12]\)", mail.text.replace("\u202f", " ").replace("\xa0", " ")), mail.text
    assert "(Paris, UTC+" in mail.html
    page = world.client().page("/i/" + token_of(mail.link))
    assert "(Paris, UTC+" in told(page)
    sheet = org.api.post(org.path + "/temporary-password-sheets", {"items": [SHEET, {**SHEET, "locale": "en"}]}).ok(200)
    french, english = (pdf.words(one) for one in pdf.pages(sheet.body))
    assert "24 novembre 2026 à 10 h 30 (Paris, UTC+1)" in french and "24 November 2026, 10:30 (Paris, UTC+1)" in english


def test_the_servers_zone_where_there_is_no_other(town):
    org, email = town.found("Serveur", locale="en"), fresh()
    org.invite(email)
    assert "(Kolkata, UTC+5:30)" in town.inbox.last(email).text
    assert org.owner.api.get("/me").ok()["time_zone"] == "Asia/Kolkata"


def test_an_accounts_own_zone_comes_first(world, inbox):
    org = world.found("Eigen", locale="en")
    org.set(time_zone="Europe/Paris", invitation_lifetime="1d").ok()
    org.invite(fresh())
    listed = f"/o/{org.slug}/users/invitations"
    assert "(Paris, UTC+" in told(org.api.page(listed))
    org.api.patch("/me", {"time_zone": "Asia/Kathmandu"}).ok()
    assert "(Kathmandu, UTC+5:45)" in told(org.api.page(listed))
    org.api.patch("/me", {"time_zone": "UTC"}).ok()  # is a choice, too
    assert "(Paris" not in told(org.api.page(listed)) and "UTC" in told(org.api.page(listed))
    person = org.join()
    person.api.patch("/me", {"time_zone": "America/St_Johns", "locale": "en"}).ok()
    other = world.found("Other", locale="en")
    other.set(time_zone="Asia/Tokyo").ok()
    before = len(inbox.all_for(person.email))
    other.invite(person.email)
    assert "(St. John’s, UTC−" in inbox.last(person.email, before + 1).text


def test_the_command_line_tells_and_changes_it(world):
    org = world.found("Zeile")
    server = world.server
    server.cli("organization", "set", org.slug, "--time-zone", "Asia/Tokyo")
    assert zone_of(org) == "Asia/Tokyo"
    org.invite(fresh())
    shown = server.cli("organization", "show", org.slug).stdout
    assert "Asia/Tokyo" in shown
    expires = org.api.get(org.path + "/invitations").ok()["items"][0]["expires_at"]
    there = datetime.datetime.fromisoformat(expires.replace("Z", "+00:00")) + datetime.timedelta(hours=9)
    assert f"{there:%Y-%m-%d %H:%M} Tokyo" in server.cli("invitation", "list", "--organization", org.slug).stdout
    assert server.cli("organization", "set", org.slug, "--time-zone", "No/Where", check=False).returncode == 1
    server.cli("organization", "set", org.slug, "--time-zone", "server")
    assert zone_of(org) is None
    assert " UTC" in server.cli("invitation", "list", "--organization", org.slug).stdout


# ---- where the browser is


def enrol(world, org, here):
    email = fresh()
    client = world.client()
    org.invite(email)
    token = token_of(world.inbox.link_for(email))
    client.page(f"/i/{token}")
    fields = {"given_name": "Zoé", "family_name": "Durand", "password": PASSWORD, **({} if here is None else {"here": here})}
    answer = client.submit(f"/i/{token}", fields)
    assert answer.status == 303, answer.text
    return email


def test_an_account_begins_where_its_browser_is(world):
    org = world.found("Ici")
    assert account_zone(world.server, enrol(world, org, "America/Montreal")) == "America/Montreal"
    assert account_zone(world.server, enrol(world, org, None)) is None


@pytest.mark.parametrize("here", HOSTILE)
def test_what_is_no_zone_is_not_taken_and_no_error(world, here):
    org = world.found("Feind")
    assert account_zone(world.server, enrol(world, org, here)) is None


def test_one_who_founds_by_sign_up_gives_it_their_zone(town):
    email, client = fresh(), town.client()
    client.page("/sign-up")
    begun = client.submit("/sign-up", {"organization": "Atelier", "given_name": "Zoé", "family_name": "Li", "email": email, "password": PASSWORD,
                                       "here": "America/Sao_Paulo"})
    assert begun.status == 303, begun.text
    code = re.search(r"\b(\d{3}) (\d{3})\b", town.inbox.last(email).text).group(0)
    client.submit(begun.headers["Location"], {"code": code})
    assert account_zone(town.server, email) == "America/Sao_Paulo"
    rows = town.server.query("SELECT o.time_zone FROM organization o JOIN membership m ON m.organization_id = o.id "
                             "JOIN account a ON a.id = m.account_id WHERE a.email = ?", email)
    assert rows == [("America/Sao_Paulo",)]


def test_one_who_is_signed_in_founds_where_they_are(town):
    owner = town.found("Erste").owner.prove(town.inbox)
    owner.api.patch("/me", {"time_zone": "Asia/Tokyo"}).ok()
    for name, here, zone in (("Hier", "Europe/Rome", "Europe/Rome"), ("Nirgends", "No/Where", "Asia/Tokyo")):
        made = owner.api.submit("/organizations/new", {"organization": name, "here": here})
        slug = made.headers["Location"].split("/")[2]
        assert owner.api.get(f"/organizations/{slug}/settings").ok()["time_zone"] == zone


def test_who_replaces_a_temporary_password_begins_where_they_are(world):
    org, email = world.found("Zeitweilig"), fresh()
    made = org.send({"email": email, "given_name": "Zoé", "family_name": "Durand"}, method="temporary_password", delivery="show")
    secret = made.ok()["results"][0]["temporary_password"]
    client = world.client()
    client.submit("/sign-in", {"email": email, "password": secret})
    done = client.submit("/password/new", {"given_name": "Zoé", "family_name": "Durand", "password": PASSWORD, "here": "Asia/Seoul"})
    assert done.status == 303 and account_zone(world.server, email) == "Asia/Seoul"


def test_an_account_that_gives_way_is_where_its_new_person_is(world):
    org, other, email = world.found("Erst"), world.found("Dann"), fresh()
    world.enrol(org.link(org.invite(email, deliver=False)).ok()["url"]).client.patch("/me", {"time_zone": "Asia/Tokyo"}).ok()
    other.invite(email)
    client, token = world.client(), token_of(world.inbox.link_for(email))
    fields = {"given_name": "Zoé", "family_name": "Durand", "password": PASSWORD, "here": "Europe/Oslo"}
    assert client.submit(f"/i/{token}", fields).status == 303 and account_zone(world.server, email) == "Europe/Oslo"
