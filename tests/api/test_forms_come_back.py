"""Every form of spec/console.yaml, each of its fields with what costs people their work elsewhere: an unseen character, a NUL, a tab, too
much, and a page that was open for too long. What comes back is never an error page: the form, with everything else in it, the field
named and focused, or nothing is wrong at all.

A new form is in here by itself (tests/lib/forms.py); one that no page shows does not build (tools/gen_routes.py)."""

import re
import urllib.parse

import pytest

from lib.forms import SEEN, SITE, Grounds, Page, fields_of, forms, is_secret
from lib.people import PASSWORD, World, fresh
from lib.spec import texts

FORMS = forms()


@pytest.fixture(scope="module")
def grounds(make_server, smtp):
    world = World(make_server(mail=smtp.uri, signup="on", public_url=SITE), smtp)
    return Grounds(world, smtp, lambda: make_server(mail=smtp.uri))


def usual(control, name):
    """What somebody fills in."""
    if control.kind == "password":
        return PASSWORD
    if control.kind == "choice":
        return control.options[-1] if control.options else None
    if control.kind == "email" or "email" in name:
        return "kept@example.org"
    if control.kind in ("hidden", "box", "date", "number"):
        return control.attributes.get("value", "")
    if "code" in control.attributes.get("class", ""):
        return "123 456"
    return f"Kept {name}"


def filled(standing, route):
    """[(name, value)] of the form as its page shows it, filled in."""
    page = Page(standing.client.page(standing.page).text)
    form = next(iter(page.leading_to(standing.path)), None)
    sent = {}
    for control in form.controls if form else []:
        if control.name in fields_of(route.name) and control.kind != "button":
            value = usual(control, control.name)
            if value is not None and (control.kind != "box" or control.value is not None or control.name not in sent):
                sent[control.name] = value
    sent.update(standing.held)
    return [(name, one) for name, value in sent.items() for one in (value if isinstance(value, list) else [value])]


def shown_again(answer, standing):
    """The forms in the answer that lead on."""
    page = Page(answer.text)
    found = page.leading_to(standing.path) or page.leading_to(standing.page.split("?")[0])
    assert found, ("no form", answer.status, re.sub(r"<[^>]+>|[ \n]+", " ", answer.text)[-400:])
    return page, found


def lost(form, sent, name, route):
    """What does not stand in the form any more, but for the field that was refused and for passwords."""
    schema = fields_of(route.name)
    for other, value in sent:
        if other == name or is_secret(schema[other]):
            continue
        controls = [c for c in form.controls if c.name == other]
        if controls and all(c.kind == "button" for c in controls):
            continue
        if value not in form.values(other):
            yield f"{other}: {value!r} was sent, {[repr(c) for c in controls]} came back"


def faults(answer, standing, route, sent, name, named):
    page, forms = shown_again(answer, standing)
    form = min(forms, key=lambda one: len(list(lost(one, sent, name, route))))
    yield from lost(form, sent, name, route)
    yield from (f"{c.name} holds what was typed" for c in form.controls if c.kind == "password" and c.value)
    if answer.text.count("autofocus=") != 1:
        yield f"{answer.text.count('autofocus=')} are focused"
    marked = [c for c in form.controls if c.attributes.get("aria-invalid") == "true"]
    if marked and "autofocus" not in marked[0].attributes:
        yield f"not {marked[0]} is focused"
    mine = [c for c in form.controls if c.name == name and c.kind in SEEN | {"password"}]
    if named and mine:
        wrong = next((c for c in mine if c in marked), None)
        if not wrong or not page.described(wrong):
            yield "the field is not named"
        elif f'href="#{wrong.attributes["id"]}"' not in answer.text:
            yield "nothing leads to it"


POISONS = {"nul": "\0", "tab": "\t", "long": "", "unseen": "\u200b"}


def poisoned(sent, name, schema, poison):
    """The same with that in one field."""
    schema = schema.get("items", schema)
    before = next((value for other, value in sent if other == name), "ab") or "ab"
    value = "x" * (schema.get("maxLength", 20) + 1) if poison == "long" else before[:1] + POISONS[poison] + before[1:]
    return [pair for pair in sent if pair[0] != name] + [(name, value)]


@pytest.mark.parametrize("poison", POISONS)
@pytest.mark.parametrize("route", FORMS, ids=repr)
def test_a_form_comes_back_as_it_was_filled_in(grounds, route, poison):
    standing = None
    wrong = []
    for name, schema in fields_of(route.name).items():
        standing = standing or grounds.stand(route)
        sent = poisoned(filled(standing, route), name, schema, poison)
        answer = standing.client.submit(standing.path, sent)
        if answer.status < 400:
            assert poison != "long" or schema["type"] != "string", f"{name}: too much was taken"
            standing = None  # done, and spent perhaps
            continue
        named = poison == "long" or (poison == "nul" and not schema.get("x-code"))
        wrong += [f"{name}: {fault}" for fault in faults(answer, standing, route, sent, name, named)]
        if poison == "unseen":
            assert texts("en")["field.invalid-characters"] not in answer.text, name
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("route", FORMS, ids=repr)
def test_a_page_that_was_open_for_too_long_comes_back_as_it_was_filled_in(grounds, route):
    """It has a field that is none any more; or whoever sends it has to sign in by now."""
    standing = grounds.stand(route)
    sent = filled(standing, route)
    answer = standing.client.submit(standing.path, sent + [("of_old", "Kept")])
    assert answer.status == 422 and texts("en")["form.changed"] in answer.text.replace("&#39;", "'"), answer
    assert not list(faults(answer, standing, route, sent, None, False))
    if route.access == "public":
        return
    away = standing.client.twin()
    away.cookies.clear()
    answer = away.submit(standing.path, sent)
    page, schema = standing.page.split("?")[0], fields_of(route.name)
    if page in ("/sign-in/factor", "/password/new") or not any(value for name, value in sent if not is_secret(schema[name])):
        way = "" if page.startswith("/sign-in") else f"next={page}&"  # a step of signing in is no place to come back to
        assert answer.status == 303 and answer.headers["Location"] == f"/sign-in?{way}notice=form_not_sent", answer.headers["Location"]
        assert texts("en")["notice.form_not_sent"] in away.page(answer.headers["Location"]).text
        return
    (form,) = Page(answer.text).leading_to(standing.path)
    assert answer.status == 401 and texts("en")["kept.title"] in answer.text and not list(lost(form, sent, None, route))
    assert not any(value in answer.text for name, value in sent if value and is_secret(schema[name]))


def test_what_was_kept_is_sent_after_signing_in(grounds):
    person, slug = grounds.org.join(role="administrator"), grounds.org.slug
    client = person.api.twin()
    once = re.search(r'name="once" value="([^"]+)"', client.page(f"/o/{slug}/groups").text)[1]
    client.delete("/sessions/current").ok(204)
    sent = {"name": "Kept group", "once": once}
    for _ in range(2):  # the first time without having signed in
        (form,) = Page(client.submit(f"/o/{slug}/groups", sent).text).leading_to(f"/o/{slug}/groups")
        assert form.values("name") == ["Kept group"] and form.values("once") == [once]
    client.sign_in(person.email, PASSWORD)
    assert [client.submit(f"/o/{slug}/groups", sent).status for _ in range(2)] == [303, 303]
    assert [g["name"] for g in grounds.org.api.get(f"/organizations/{slug}/groups").ok()["items"]].count("Kept group") == 1


def test_a_character_in_a_password_is_never_dropped_unsaid(grounds):
    """RFC 8265: what is no part of a password is refused beside it, not taken out of it."""
    for character in "\t\0\u200b":
        answer = grounds.world.client().submit("/sign-in", {"email": grounds.org.owner.email, "password": PASSWORD[:3] + character + PASSWORD[3:]})
        assert answer.status == 422 and texts("en")["field.not-in-a-password"] in answer.text, ascii(character)


def test_a_password_never_comes_back_hidden(grounds):
    """The form that asks for a code has no field for the password that came along."""
    answer = grounds.world.client().submit("/join", {"email": "a@b.fr", "code": "x" * 33, "given_name": "Zoé", "password": PASSWORD})
    assert answer.status == 422 and 'name="given_name" value="Zoé"' in answer.text and PASSWORD not in answer.text


def test_what_was_typed_is_text(grounds):
    typed = "\"><i>&amp;'" + "x" * 400
    answer = grounds.org.owner.api.submit(f"/o/{grounds.org.slug}/groups", {"name": typed})
    page = Page(answer.text)
    form = page.leading_to(f"/o/{grounds.org.slug}/groups")[0]
    assert answer.status == 422 and form.values("name") == [typed] and "<i>" not in answer.text


# ---- searches, which are forms, too, and what programs send


@pytest.mark.parametrize("page", ["/users", "/users/invitations"])
@pytest.mark.parametrize("sought", ["x" * 255, "zo\u202ee", "a\tb"], ids=["long", "turned", "tab"])
def test_a_search_comes_back(grounds, page, sought):
    client = grounds.org.owner.api
    answer = client.page(f"/o/{grounds.org.slug}{page}?" + urllib.parse.urlencode({"q": sought, "state": ""}))
    assert answer.status == 422 and 'role="search"' in answer.text
    field = re.search(r'<input type="search"[^>]*>', answer.text)[0]
    assert 'aria-invalid="true"' in field and "autofocus" in field
    assert f'value="{sought}"' in field


def test_an_unseen_character_in_a_search_is_none(grounds):
    answer = grounds.org.owner.api.page(f"/o/{grounds.org.slug}/users?" + urllib.parse.urlencode({"q": "Oli\u200bve\ufeff"}))
    assert answer.status == 200 and "Olive Martin" in answer.text


@pytest.mark.parametrize("path", ["/invitations", "/invitations/preview"])
def test_a_bad_row_of_many_is_that_rows_result(grounds, path):
    rows = [{"email": fresh(), "role": "member"}, {"email": "zo\u0007e@example.org", "role": "member"},
            {"email": fresh(), "role": "member", "message": "x" * 1001}, {"email": "y" * 401, "role": "member"}]
    results = grounds.org.api.post(grounds.org.path + path, {"invitations": rows}).ok(200)["results"]
    assert [r["outcome"] in ("invited", "new-person") for r in results] == [True, False, False, False]
    assert [(e["pointer"], e["code"]) for r in results[1:] for e in r["problem"]["errors"]] == [
        ("/email", "invalid-characters"), ("/message", "too-long"), ("/email", "too-long")]
    rows[3] = {"email": fresh(), "role": "king"}
    grounds.org.api.post(grounds.org.path + path, {"invitations": rows}).refused("invalid-request", 422)


def test_every_form_is_tried():
    assert len(FORMS) > 25
