"""Addresses and domains as they are copied out of a page or a sheet: with spaces and marks that nobody sees, at every door."""

import pytest

from lib.cli import document
from lib.people import PASSWORD, fresh

UNSEEN = {"no-break space": "\u00a0", "em space": "\u2003", "zero width space": "\u200b", "byte order mark": "\ufeff", "mark of direction": "\u200e",
          "end of embedding": "\u202c", "word joiner": "\u2060", "soft hyphen": "\u00ad"}


@pytest.fixture(params=UNSEEN.values(), ids=UNSEEN.keys())
def mark(request):
    return request.param


def inside(mark, email):
    """Around it; where nobody sees a space, before the @ too."""
    return mark + (email if mark.isspace() else email.replace("@", mark + "@")) + mark


def sent(acme):
    return [i["email"] for i in acme.api.items(acme.path + "/invitations")]


def test_inviting(acme, server, mark):
    api, cli, form = fresh("api"), fresh("cli"), fresh("form")
    acme.send({"email": inside(mark, api), "role": "member"}, deliver=False)
    server.cli("invite", "--organization", acme.slug, "--no-mail", inside(mark, cli))
    acme.api.submit(f"/o/{acme.slug}/users/invite/send", {"addresses": inside(mark, form), "role": "member"}).ok(303)
    assert {api, cli, form} <= set(sent(acme))


def test_signing_in_and_asking_for_a_link(acme, inbox, mark):
    client, email = acme.world.client(), acme.owner.email
    client.post("/sessions", {"email": inside(mark, email), "password": PASSWORD}).ok(201)
    acme.world.client().submit("/sign-in", {"email": inside(mark, email), "password": PASSWORD}).ok(303)
    acme.world.client().submit("/password/forgotten", {"email": inside(mark, email)})
    assert inbox.resets(email)


def test_changing_an_address(acme, mark):
    person, new, other = acme.join(), fresh("new"), fresh("other")
    person.api.post("/me/email", {"email": inside(mark, new), "current_password": PASSWORD}).ok(202)
    assert new in person.api.page("/me").text
    person.api.submit("/me/email", {"email": inside(mark, other), "current_password": PASSWORD}).ok(303)
    assert other in person.api.page("/me").text


def test_looking_for_a_member_and_an_account(acme, server, mark):
    email = acme.owner.email
    assert document(server.cli("account", "show", "--json", inside(mark, email)))["account"]["email"] == email
    assert document(server.cli("member", "show", "--json", "--organization", acme.slug, inside(mark, email)))["account"]["email"] == email


def test_domains(acme, server, mark):
    kept = lambda: acme.api.get(acme.path + "/settings").ok(200)["allowed_domains"]
    domain = inside(mark, "example.org")
    acme.set(allowed_domains=[domain, mark + "*.b.example" + mark]).ok(200)
    assert kept() == ["example.org", "*.b.example"]
    server.cli("organization", "set", acme.slug, "--allowed-domains", f"{mark}c.example{mark}")
    assert kept() == ["c.example"]
    typed = {"name": acme.name, "allowed_domains": f"{domain}\r\nd.example{mark}"}
    acme.api.submit(f"/o/{acme.slug}/settings", typed).ok(303)
    assert kept() == ["example.org", "d.example"]


def test_what_is_refused_is_said_clearly(acme):
    codes = {fresh("a") + "\u0007": "invalid-characters", "\u200b": "invalid-characters"}
    for result, code in zip(acme.send(*codes, deliver=False)["results"], codes.values()):
        assert result["problem"]["errors"][0]["code"] == code, result
    result = acme.send({"email": "zo\u00a0e@example.org"}, deliver=False)["results"][0]
    assert result["problem"]["code"] == "invalid-address"
