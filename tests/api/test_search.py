"""What people look for and how names are sorted: vectors/people/search.json, on both engines alike."""

import json
import pathlib

import pytest

from lib.people import World, fresh

VECTORS = json.loads((pathlib.Path(__file__).resolve().parents[1] / "vectors/people/search.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def world(make_server, smtp):
    return World(make_server(mail=smtp.uri, invitations_per_hour="100000"), smtp)


@pytest.fixture(scope="module")
def searched(world):
    """An organization of all who are looked for, each once: (it, {as stored: address})."""
    org, addresses = world.found("Searched"), {}
    for case in VECTORS["search"]:
        stored = case["stored"]
        key = json.dumps(stored, sort_keys=True)
        if key not in addresses:
            email = stored["email"] if stored["email"] not in addresses.values() else fresh()
            org.join(email, given=stored["given_name"], family=stored["family_name"])
            addresses[key] = email
    return org, addresses


@pytest.mark.parametrize("case", VECTORS["search"], ids=lambda case: case["why"])
def test_what_is_looked_for(searched, case):
    org, addresses = searched
    found = [row["account"]["email"] for row in org.members(q=case["query"])]
    assert (addresses[json.dumps(case["stored"], sort_keys=True)] in found) == case["found"], (case["query"], found)


@pytest.fixture(scope="module")
def sorted_families(world):
    org = world.found("Sorted")
    for family in dict.fromkeys(name for case in VECTORS["sort"] for name in case["sorted"]):
        org.join(given="Zoé", family=family)
    return [row["account"]["family_name"] for row in org.members(sort="family_name") if row["account"]["email"] != org.owner.email]


@pytest.mark.parametrize("case", VECTORS["sort"], ids=lambda case: case["name"])
def test_how_names_are_sorted(sorted_families, case):
    assert [family for family in sorted_families if family in case["sorted"]] == case["sorted"]


@pytest.mark.parametrize("place", ["members", "invitations"])
def test_what_came_along_unseen_is_not_looked_for(searched, place):
    org, _ = searched
    sought = "looked.for" if place == "invitations" else "celine"
    if place == "invitations":
        org.invite("looked.for@alpha.example")
    def found(q):
        return [row["id"] for row in org.api.get(f"{org.path}/{place}", q=q).ok()["items"]]

    seen = found(sought)
    assert seen
    for typed in ("\u200b{}", "{}\ufeff", "\u00a0{}\u202f", "\t{}"):
        q = typed.format(sought)
        assert found(q) == seen, repr(q)
    for nobody in ("a\x07b", "a\nb"):
        refused = org.api.get(f"{org.path}/{place}", q=nobody).refused("invalid-request", 422)
        assert [(e["pointer"], e["code"]) for e in refused["errors"]] == [("/q", "invalid-characters")]
