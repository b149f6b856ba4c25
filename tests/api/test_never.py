"""An end that is written as directories write "never", and the day that an end is told by."""

import re
from datetime import datetime, timezone

import pytest

from lib.people import fresh

LAST = "9999-12-31T23:59:59.999Z"


def test_never_is_kept_within_what_can_be_written(acme, server):
    person, at = acme.join(), acme.path + "/members/"
    row = acme.member(person)
    for said in ("9999-12-31", LAST):
        assert acme.api.patch(at + row["id"], {"access_ends_at": said}).ok()["access_ends_at"] == LAST
    page = acme.api.page(f"/o/{acme.slug}/users/{row['id']}").text
    assert "31 December 9999" in page
    assert 'value="9999-12-31"' in acme.api.page(f"/o/{acme.slug}/users/{row['id']}/options").text
    assert acme.invite(fresh(), access_ends_at="9999-12-31")["access_ends_at"] == LAST
    server.cli("member", "set", person.email, "--organization", acme.slug, "--access-ends-at", "none")
    server.cli("member", "set", person.email, "--organization", acme.slug, "--access-ends-at", "9999-12-31")
    assert acme.member(person)["access_ends_at"] == LAST
    assert "9999-12-31" in server.cli("member", "show", person.email, "--organization", acme.slug).stdout


@pytest.mark.parametrize("said", ["9999-12-31T23:59:59-01:00", "9999-12-31T23:59:60Z", "10000-01-01", "-0001-01-01", "0000-01-01"])
def test_what_no_one_could_read_back_is_refused(acme, said):
    row = acme.member(acme.join())
    answer = acme.api.patch(f"{acme.path}/members/{row['id']}", {"access_ends_at": said}).refused("invalid-request", 422)
    assert answer["errors"][0]["pointer"] == "/access_ends_at"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Europe/Paris", "America/Los_Angeles", None])
def test_everybody_tells_the_same_last_day(acme, server, zone):
    person = acme.join()
    if zone:
        acme.api.patch("/me", {"time_zone": zone}).ok()
    row = acme.member(person)
    acme.api.patch(f"{acme.path}/members/{row['id']}", {"access_ends_at": "2127-06-30"}).ok()
    page = acme.api.page(f"/o/{acme.slug}/users/{row['id']}").text
    assert re.findall(r"\d+ (?:June|July) 2127", page) == ["30 June 2127"]
    assert 'value="2127-06-30"' in acme.api.page(f"/o/{acme.slug}/users/{row['id']}/options").text
    shown = server.cli("member", "show", person.email, "--organization", acme.slug).stdout
    assert "2127-06-30" in shown and "2127-07" not in shown


def test_the_warning_tells_the_last_day(acme, inbox, clock):
    person = acme.join()
    person.api.patch("/me", {"locale": "en"}).ok()
    row = acme.member(person)
    day = datetime.fromtimestamp(clock.now(), timezone.utc).date()
    acme.api.patch(f"{acme.path}/members/{row['id']}", {"access_ends_at": day.isoformat()}).ok()
    mail = inbox.last(person.email, 2)
    assert f"{day.day} {day:%B} {day.year}." in mail.text and "00:00" not in mail.text
