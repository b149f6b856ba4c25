"""From where a session was opened, by a database of places that the operator keeps."""

import pytest

from lib import mmdb
from lib.people import PASSWORD, World

GENEVA = {"city": {"names": {"en": "Geneva", "fr": "Genève"}}, "country": {"iso_code": "CH", "names": {"en": "Switzerland", "fr": "Suisse"}}}
PLACES = {
    "203.0.113.0/24": GENEVA,
    "198.51.100.0/25": {"city": {"names": {"en": "Springfield"}}, "country": {"iso_code": "US"}},
    "2001:db8:7::/48": {"country": {"iso_code": "FR", "names": {"en": "France", "fr": "France"}}},
    "192.0.2.0/24": {"city": {"names": {"en": "bell\x07"}}, "location": {"time_zone": "Europe/Paris"}},
}
SEEN = {  # by source: in English, in French
    "203.0.113.9": ("Geneva, Switzerland", "Genève, Suisse"),
    "198.51.100.7": ("Springfield, US", "Springfield, US"),
    "2001:db8:7::1": ("France", "France"),
    "198.51.100.200": (None, None),
    "192.0.2.1": (None, None),
    "10.1.2.3": (None, None),
    "2001:db8:8::1": (None, None),
}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return mmdb.write(tmp_path_factory.mktemp("places") / "city.mmdb", PLACES)


def sign_in_everywhere(world, owner):
    for source in SEEN:
        world.client().post("/sessions", {"email": owner.email, "password": PASSWORD}, {"X-Forwarded-For": source}).ok(201)


def places(client):
    return {s["source"]: s["place"] for s in client.get("/me/sessions").ok()["items"] if s["source"] in SEEN}


def test_sessions_say_where_they_were_opened(make_server, smtp, file):
    world = World(make_server(mail=smtp.uri, trusted_proxies="127.0.0.1", place_database=str(file)), smtp)
    owner = world.found("Placed").owner
    sign_in_everywhere(world, owner)
    french = owner.api.twin("fr")
    assert places(owner.api) == {source: said[0] for source, said in SEEN.items()}
    assert places(french) == {source: said[1] for source, said in SEEN.items()}
    page, page_fr = owner.api.page("/me").text, french.page("/me").text
    assert "· Geneva, Switzerland · 203.0.113.9<" in page and "· Genève, Suisse · 203.0.113.9<" in page_fr
    assert "· 10.1.2.3<" in page and "·  ·" not in page and "bell" not in page


def test_without_a_database_nothing_is_said(make_server, smtp):
    world = World(make_server(mail=smtp.uri, trusted_proxies="127.0.0.1"), smtp)
    owner = world.found("Placeless").owner
    sign_in_everywhere(world, owner)
    assert set(places(owner.api).values()) == {None}
    assert "Geneva" not in owner.api.page("/me").text


def test_rotten_entries_say_nothing(make_server, smtp, file, tmp_path):
    whole = file.read_bytes()
    start, end = whole.index(bytes(16)), whole.rindex(b"\xab\xcd\xefMaxMind.com")
    rotten = tmp_path / "rotten.mmdb"
    rotten.write_bytes(whole[:start + 16] + b"\xff" * (end - start - 16) + whole[end:])
    world = World(make_server(mail=smtp.uri, trusted_proxies="127.0.0.1", place_database=str(rotten)), smtp)
    owner = world.found("Rotten").owner
    sign_in_everywhere(world, owner)
    assert set(places(owner.api).values()) == {None}


def test_a_missing_or_damaged_database_refuses_to_start(make_server, file, tmp_path):
    server = make_server()
    server.stop()
    whole = file.read_bytes()
    contents = {"missing": None, "empty": b"", "cut": whole[:-40], "head": whole[:100], "text": b"Geneva\n" * 100}
    for name, content in contents.items():
        path = tmp_path / f"{name}.mmdb"
        if content is not None:
            path.write_bytes(content)
        for language, said in (("en_GB.UTF-8", "place database"), ("fr_FR.UTF-8", "base des lieux")):
            done = server.cli("serve", env={"PARVIS_PLACE_DATABASE": str(path), "LANG": language}, check=False)
            lines = done.stderr.strip().splitlines()
            assert done.returncode == 1 and len(lines) == 1, (name, done.stderr)
            assert said in lines[0] and str(path) in lines[0]
    server.start()
