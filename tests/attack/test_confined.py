"""An account whose address nobody proved works in the organization that made it, and sees of others not even the name."""

import pytest

from lib.mailbox import token_of
from lib.people import fresh


@pytest.fixture
def impostor(acme, world, operator):
    """Somebody who enrolled by a copied link under a stranger's address; the operator then made that address an owner."""
    email = fresh("victim")
    token = token_of(acme.link(acme.invite(email, deliver=False))["url"])
    client = world.enrol(token).ok(201).client
    made = operator.post("/organizations", {"name": "Strongroom", "owner": {
        "email": email, "given_name": "Vera", "family_name": "Victim"}}).ok(201).json
    assert "set_password_url" not in made
    client.other = made["organization"]["slug"]
    client.email = email
    return client


def test_no_list_names_the_other_organization(impostor, acme):
    for path in ("/organizations", "/me/memberships"):
        answer = impostor.get(path).ok()
        assert acme.slug in answer.text and "Strongroom" not in answer.text and impostor.other not in answer.text


@pytest.mark.parametrize("path", ["", "/settings", "/members", "/invitations", "/mail"])
def test_nothing_of_it_can_be_read(impostor, path):
    impostor.get(f"/organizations/{impostor.other}{path}").refused("address-unproved", 403)


def test_nothing_of_it_can_be_changed(impostor):
    there = "/organizations/" + impostor.other
    impostor.post(there + "/invitations", {"invitations": [{"email": fresh(), "role": "member"}]}).refused("address-unproved")
    impostor.post(there + "/leave").refused("address-unproved")
    impostor.patch(there, {"name": "Mine"}).refused("address-unproved")
    assert impostor.post("/check", {"organization": impostor.other, "permission": "members.read"}).ok()["allowed"] is False


def test_no_page_names_it(impostor, acme):
    for target in ("/me", f"/o/{acme.slug}"):
        assert "Strongroom" not in impostor.page(target).ok().text
    assert impostor.page("/").headers["Location"] == f"/o/{acme.slug}"


def test_the_true_holder_finds_both(impostor, acme, world, inbox):
    client = world.client()
    client.post("/password-resets", {"email": impostor.email}).ok(202)
    client.post("/password-resets/complete", {"token": inbox.resets(impostor.email)[0].token, "new_password": "a quite new one 7"}).ok(204)
    impostor.get("/me").refused("unauthenticated")
    client.sign_in(impostor.email, "a quite new one 7")
    assert {i["organization"]["slug"] for i in client.get("/me/memberships").ok()["items"]} == {acme.slug, impostor.other}
