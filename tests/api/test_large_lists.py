"""Lists of many members: whatever way the server takes to a page, the rows are the same ones in the same order."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))

import fixture  # noqa: E402

# More of the first ones than the server gathers and sorts at once where so many are members, and more behind them than it
# looks through for a word that many have (10,000 rows).
EARLY, LATE = 4500, 11000
SORTS = ("joined_at", "family_name", "email", "role")
RANKS = {"owner": "1", "administrator": "2", "member": "3"}


@pytest.fixture(scope="module")
def crowd(make_server):
    """(a client, every member as the list shows them)"""
    server = make_server()
    key = server.setup("Choir", slug="choir")["api_key"]
    organization, password_hash = fixture.first_of(server)
    server.stop()
    db = fixture.open_database(server)
    fixture.add_members(db, organization, EARLY, password_hash, mark="early", days=80)
    fixture.add_members(db, organization, LATE, password_hash, mark="late", days=40)
    db.close()
    server.start()
    client = server.client(key=key)
    return client, list(client.items("/organizations/choir/members", limit=200))


def sort_key(sort, member):
    account = member["account"]
    return {"joined_at": "", "email": account["email"].lower(), "role": RANKS[member["role"]],
            "family_name": f"{account['family_name']}\x1f{account['given_name']}".lower()}[sort], member["id"]


def pages(client, count, **query):
    """The first pages; each row's id."""
    got, cursor = [], None
    for _ in range(count):
        page = client.get("/organizations/choir/members", limit=70, **query, **({"cursor": cursor} if cursor else {})).ok().json
        got += [m["id"] for m in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    return got


def test_everybody_is_there_once(crowd):
    _, everybody = crowd
    assert len({m["id"] for m in everybody}) == len(everybody) == EARLY + LATE + 1


@pytest.mark.parametrize("descending", (False, True))
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("q, role", (("", ""), ("", "administrator"), ("", "member"), ("early", ""), ("late", ""), ("early42", ""),
                                     ("@example.org", "member"), ("early", "administrator"), ("ba early", "")))
def test_every_way_gives_the_same_rows(crowd, sort, descending, q, role):
    client, everybody = crowd
    wanted = [m for m in everybody if role in ("", m["role"])
              and all(has_word(m, word.lstrip("@")) for word in q.split())]
    wanted = [m["id"] for m in sorted(wanted, key=lambda m: sort_key(sort, m), reverse=descending)]
    query = {name: value for name, value in (("q", q), ("role", role)) if value}
    assert pages(client, 3, sort=("-" if descending else "") + sort, **query) == wanted[:210]


def has_word(member, beginning):
    account = member["account"]
    local, domain = account["email"].lower().split("@")
    words = [account["given_name"].lower(), account["family_name"].lower(), *local.split("."), domain, account["email"].lower()]
    return any(word.startswith(beginning) for word in words)


@pytest.mark.parametrize("query, total", (({}, EARLY + LATE + 1), ({"q": "late"}, LATE), ({"q": "early"}, EARLY),
                                          ({"role": "administrator"}, EARLY // 1000 + LATE // 1000),
                                          ({"role": "member", "q": "early"}, EARLY - EARLY // 1000)))
def test_the_total_is_exact(crowd, query, total):
    client, _ = crowd
    assert client.get("/organizations/choir/members", count="true", **query).ok()["total"] == total


def test_the_console_counts_as_far_as_a_page_needs(make_server):
    server = make_server()
    server.setup("Choir", slug="choir")
    organization, password_hash = fixture.first_of(server)
    server.stop()
    db = fixture.open_database(server)
    fixture.add_members(db, organization, LATE, password_hash)
    fixture.add_invitations(db, organization, LATE)
    db.close()
    server.start()
    client = server.client()
    client.sign_in("olive.martin@example.org", "orchard-lantern-42")
    assert "More than 10,000 members" in client.send("GET", "/o/choir/users?q=@example.org").text
    assert "More than 10,000 invitations" in client.send("GET", "/o/choir/users/invitations").text
    assert server.cli("check").returncode == 0
