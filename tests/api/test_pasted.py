"""People as they are pasted, by each door: vectors/people/pasted.json, one parser; and sheets that do not say which column is which."""

import html
import json
import pathlib
import re

import pytest

from lib.cli import document, refused
from lib.people import fresh

VECTORS = json.loads((pathlib.Path(__file__).resolve().parents[1] / "vectors/people/pasted.json").read_text("utf-8"))
SHEET = "Ann\tLee\t{}\nBo\tRay\t{}"


def ids(cases):
    return [case["name"] for case in cases]


def read(org, text, **more):
    return org.api.post(org.path + "/invitations/read", {"text": text, **more})


def people(answer):
    return [{k: v for k, v in person.items() if k != "doubtful"} for person in answer["people"]]


def steps(org, step="addresses", **fields):
    return org.api.submit(f"/o/{org.slug}/users/invite", {"step": step, "role": "member", **fields})


def listed(page):
    """(shown, full name) of each result on the page."""
    rows = re.findall(r'<p class="what"><span class="address">([^<]*)</span>(?: <span class="soft">([^<]*)</span>)?</p>', page.text)
    return [(html.unescape(shown), html.unescape(name)) for shown, name in rows]


def full_name(person):
    return " ".join(filter(None, [person.get("given_name"), person.get("family_name")]))


def one_of_a_kind():
    kinds = {}
    for case in VECTORS:
        if case["people"]:
            kinds.setdefault(case["name"].split(":")[0], case)
    return list(kinds.values())


def test_the_vectors_by_the_api(acme):
    assert len(VECTORS) > 130
    for case in VECTORS:
        answer = read(acme, case["text"]).ok(200).json
        assert (people(answer), answer["refused"]) == (case["people"], case["refused"]), case["name"]
    assert acme.seats["held"] == 0, "nobody is invited"


def test_the_vectors_by_the_script_of_the_page(acme):
    for case in VECTORS:
        answer = acme.api.submit(f"/o/{acme.slug}/users/invite/check", {"pasted": case["text"], "role": "member"})
        if not case["people"] and not case["refused"]:
            assert answer.status == 422, case["name"]
            continue
        results = json.loads(answer.ok(200).text)["results"]
        named = lambda r: {k: r[k] for k in ("email", "given_name", "family_name") if r[k]}  # noqa: E731
        assert [named(r) for r in results if r["email"]] == case["people"], case["name"]
        assert [r["shown"] for r in results if not r["email"]] == case["refused"], case["name"]
        # what the page holds of them from then on reads the same
        lines = "\n".join(r["line"] for r in results)
        again = json.loads(acme.api.submit(f"/o/{acme.slug}/users/invite/check", {"addresses": lines, "role": "member"}).ok(200).text)
        assert [(r["shown"], named(r)) for r in again["results"]] == [(r["shown"], named(r)) for r in results], case["name"]


def test_the_vectors_by_the_page_without_script(acme):
    for case in VECTORS:
        page = steps(acme, addresses=case["text"])
        shown = listed(page)
        assert sorted(shown) == sorted([(p["email"], full_name(p)) for p in case["people"]] + [(r, "") for r in case["refused"]]), case["name"]


@pytest.mark.parametrize("case", one_of_a_kind(), ids=ids(one_of_a_kind()))
def test_the_vectors_by_the_command_line(server, acme, case):
    done = server.cli("invite", "--organization", acme.slug, "--no-mail", "--json", stdin=case["text"], check=False)
    results = document(done)["results"]
    made = [r["invitation"] for r in results if r["outcome"] == "invited"]
    assert [{k: i[k] for k in ("email", "given_name", "family_name") if i.get(k)} for i in made] == case["people"]
    assert [r["email"] for r in results if r["outcome"] != "invited"] == case["refused"]


def test_a_sheet_that_does_not_say_its_columns_asks_which_is_which(acme):
    a, b = fresh(), fresh()
    text = SHEET.format(a, b)
    answer = read(acme, text).ok().json
    assert answer["unclear"] and [c["role"] for c in answer["columns"]] == ["given", "family", "address"]
    assert [c["sample"] for c in answer["columns"]] == ["Ann", "Lee", a]
    told = read(acme, text, columns=["family", "given", "address"]).ok().json
    assert people(told)[0] == {"email": a, "given_name": "Lee", "family_name": "Ann"} and not told["unclear"]
    assert read(acme, text, columns=["nobody"]).refused("invalid-request", 422)
    page = steps(acme, addresses=text).ok(200)
    assert page.text.count('name="columns"') == 3 and (a, "Ann Lee") in listed(page)
    told = {"addresses": text, "columns": ["family", "given", "address"]}
    page = steps(acme, **told).ok(200)
    assert (a, "Lee Ann") in listed(page) and re.search(r'value="family" selected="selected"', page.text)
    page = steps(acme, "preview", **told).ok(200)
    assert (b, "Ray Bo") in listed(page) and page.text.count('<input type="hidden" name="columns"') == 6, "both forms of the page carry it"


def test_what_the_script_had_read_goes_on_as_lines(acme):
    a, b, c = fresh(), fresh(), fresh()
    page = steps(acme, "preview", addresses=c, pasted=SHEET.format(a, b), columns=["family", "given", "address"]).ok(200)
    assert [(shown, name) for shown, name in listed(page)] == [(c, ""), (a, "Lee Ann"), (b, "Ray Bo")]
    carried = html.unescape(re.search(r'name="addresses" value="([^"]*)"', page.text).group(1))
    assert carried == f'{c}\n"Ann, Lee" <{a}>\n"Bo, Ray" <{b}>\n' and page.text.count('name="pasted" value=""') == 2


def test_an_address_that_nobody_asked_for_is_neither_invited_nor_kept_as_one(acme):
    a, boss = fresh(), fresh("boss")
    text = f"Nom;E-mail;E-mail du responsable\nAnn Lee;{a};{boss}"
    assert (people(read(acme, text).ok().json), read(acme, text).ok().json["refused"]) == (
        [{"email": a, "given_name": "Ann", "family_name": "Lee"}], [boss])
    checked = json.loads(acme.api.submit(f"/o/{acme.slug}/users/invite/check", {"pasted": text, "role": "member"}).ok().text)
    assert [r["line"] for r in checked["results"]] == [f'"Lee, Ann" <{a}>', None]


def test_what_is_doubtful_is_kept_and_said(acme):
    answer = read(acme, "-ann@example.org, bo@example.org").ok().json
    assert [(p["email"], p["doubtful"]) for p in answer["people"]] == [("-ann@example.org", True), ("bo@example.org", False)]
    page = steps(acme, addresses="-ann@example.org").ok(200)
    assert "Kept as typed" in page.text


def test_bounds(acme):
    many = read(acme, "\n".join(f"p{n}@example.org" for n in range(1001))).refused("invalid-request", 422)
    assert many.json["errors"][0]["pointer"] == "/text" and "1000" in many.json["errors"][0]["detail"]
    read(acme, "x" * 400001).refused("invalid-request", 422)
    read(acme, "a@example.org", columns=["given"] * 33).refused("invalid-request", 422)
    assert read(acme, "\u202e\u2028\u200b").ok(200).json["people"] == []


def test_the_command_line_says_how_it_read_the_columns(server, acme):
    a, b = fresh(), fresh()
    run = lambda *more: server.cli("invite", "--organization", acme.slug, "--no-mail", "--json", *more, stdin=SHEET.format(a, b), check=False)  # noqa: E731
    refused(run("--columns", "given,nobody"), 2)
    done = run("--dry-run")
    assert done.returncode == 0 and "given,family,address" in done.stderr
    done = run("--columns", "family,given,address")
    made = document(done)["results"][0]["invitation"]
    assert (made["given_name"], made["family_name"]) == ("Lee", "Ann") and "given" not in done.stderr
