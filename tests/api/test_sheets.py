"""Temporary passwords on paper: one PDF, one sheet a person, in their language; nothing is kept."""

import pytest

from lib import pdf

SHEET = {"email": "zoe@example.org", "temporary_password": "k7mp-2xwq-9dfh-t4nc", "expires_at": "2026-11-24T09:30:00.000Z"}


@pytest.fixture(scope="module")
def org(world):
    return world.found("Théâtre de l’Étoile", locale="fr")


def make(org, *items, **more):
    return org.api.post(org.path + "/temporary-password-sheets", {"items": list(items)}, **more)


def test_a_sheet_says_all_in_the_language_of_its_person(org, world):
    answer = make(org, SHEET, {**SHEET, "email": "nora@example.org", "locale": "en", "temporary_password": "ABCD EFGH"}).ok(200)
    assert answer.headers["Content-Type"] == "application/pdf" and answer.headers["Cache-Control"] == "no-store"
    french, english = (pdf.words(page) for page in pdf.pages(answer.body))
    for said in ("Théâtre de l’Étoile", "Votre mot de passe temporaire", "zoe@example.org", "k7mp-2xwq-9dfh-t4nc",
                 "Valable jusqu’au 24 novembre 2026 à 9 h 30 UTC", world.server.url + "/sign-in", "une seule fois",
                 "détruisez-la"):
        assert said in french, said
    for said in ("Théâtre de l’Étoile", "Your temporary password", "nora@example.org", "ABCD EFGH",
                 "Good until 24 November 2026", "destroy it"):
        assert said in english, said
    assert "k7mp" not in english
    assert pdf.fonts(answer.body) and all(font[1:] == ("yes", "yes", "yes") for font in pdf.fonts(answer.body))


@pytest.mark.parametrize("name", ["Škoda Łódź Ømål Ñandú Œuvre ẞß", "Αθήνα Київ Ђорђе", "Nguyễn Thị Ánh", "L’été « à l’aube » — 100 %"])
def test_names_come_out_as_they_went_in(world, name):
    org = world.found(name)
    assert pdf.words(name) in pdf.words(pdf.pages(make(org, SHEET).ok().body)[0])


def test_what_no_font_has_spoils_nothing_else(world):
    org = world.found("東京 Bar 🎭")
    text = pdf.words(pdf.pages(make(org, SHEET).ok().body)[0])
    assert "Bar" in text and SHEET["temporary_password"] in text and "東京" not in text


def test_long_values_stay_on_the_paper(world):
    org = world.found("Organisation " * 7, slug="long-name")
    long = {**SHEET, "email": "a" * 64 + "@" + ".".join(["b" * 60] * 3) + ".org", "temporary_password": "W" * 100}
    page = pdf.pages(make(org, long).ok().body)
    assert len(page) == 1
    together = page[0].replace("\n", "").replace(" ", "")
    assert long["email"] in together and long["temporary_password"] in together


def test_a_thousand_sheets_are_one_file(org):
    many = [{**SHEET, "email": f"person.{i}@example.org"} for i in range(1000)]
    pages = pdf.pages(make(org, *many).ok().body)
    assert len(pages) == 1000 and "person.999@example.org" in pages[999]
    make(org, *many, SHEET).refused("invalid-request", 422)


def test_what_cannot_be_a_sheet_is_refused(org):
    for wrong in ({}, {**SHEET, "expires_at": "tomorrow"}, {**SHEET, "locale": "de"}, {**SHEET, "email": "a\r\nb"},
                  {**SHEET, "temporary_password": ""}, {**SHEET, "given_name": "x"}):
        make(org, wrong).refused("invalid-request", 422)
    make(org).refused("invalid-request", 422)


def test_only_who_may_invite_makes_sheets(org, world):
    member, stranger = org.join(), world.found("Ailleurs").owner
    member.api.post(org.path + "/temporary-password-sheets", {"items": [SHEET]}).refused("forbidden", 403)
    stranger.api.post(org.path + "/temporary-password-sheets", {"items": [SHEET]}).refused("not-found", 404)
    world.client().post(org.path + "/temporary-password-sheets", {"items": [SHEET]}).refused("unauthenticated", 401)


def test_nothing_of_it_is_kept(org, world):
    before = world.server.query("SELECT count(*) FROM audit_event")
    secret = "onlyonpaper-9dfh-t4nc"
    make(org, {**SHEET, "temporary_password": secret}, headers={"Idempotency-Key": "sheets-1"}).ok()
    again = make(org, {**SHEET, "temporary_password": secret}, headers={"Idempotency-Key": "sheets-1"}).ok()
    assert pdf.pages(again.body) and "Idempotency-Replayed" not in again.headers
    assert world.server.query("SELECT count(*) FROM audit_event") == before
    assert secret not in world.server.log()
