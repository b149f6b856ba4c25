"""What an organization sets for itself, and all that it governs."""

import html
import re
import time

import pytest

from lib.people import PASSWORD, World, fresh

LONGER = "a sentence that is long enough for anybody"


def settings(org, by=None):
    return (by or org.api).get(org.path + "/settings").ok().json


def console(org, rest=""):
    return f"/o/{org.slug}{rest}"


def said(answer):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.text)))


def show_factors(world, *clients):
    """Every session has shown a second factor."""
    world.server.stop()
    world.server.tamper("UPDATE session SET factor_at = created_at")
    world.server.start()
    for client in clients:
        client.close()
        client.port = world.server.port


# ---- reading and changing

OPTIONAL = {
    "reminder_after": ("5d", None),
    "temporary_password_delivery": ("show", "ask"),
    "temporary_password_lifetime": ("24h", "3d"),
    "password_min_length": (14, 8),
    "session_lifetime": ("12h", "30d"),
    "session_idle": ("1h", None),
    "time_zone": ("Asia/Tokyo", "UTC"),
}


def test_own_values_and_what_holds(acme):
    got = settings(acme)
    assert got["allowed_domains"] == [] == got["refused_domains"] and got["second_factor"] == "none"
    assert got["effective"] == {
        "temporary_password_delivery": "ask",
        "temporary_password_lifetime": "3d",
        "password_min_length": 8,
        "session_lifetime": "30d",
        "time_zone": "UTC",
    }
    for name, (own, servers) in OPTIONAL.items():
        changed = acme.set(**{name: own}).ok(200).json
        assert changed[name] == {"24h": "1d"}.get(own, own)
        if name in changed["effective"]:
            assert changed["effective"][name] == changed[name]
        back = acme.set(**{name: None}).ok(200).json
        assert back[name] is None and back["effective"].get(name) == servers


def test_the_stricter_of_the_two_holds(acme):
    held = acme.set(password_min_length=6, session_lifetime="90d").ok(200).json
    assert held["password_min_length"] == 6 and held["effective"]["password_min_length"] == 8
    assert held["session_lifetime"] == "90d" and held["effective"]["session_lifetime"] == "30d"


@pytest.mark.parametrize("change", [
    {"temporary_password_delivery": "mail"}, {"temporary_password_lifetime": "59m"}, {"temporary_password_lifetime": "31d"},
    {"temporary_password_lifetime": ""}, {"password_min_length": 5}, {"password_min_length": 129}, {"password_min_length": "8"},
    {"session_lifetime": "14m"}, {"session_lifetime": "366d"}, {"session_lifetime": "-1d"}, {"session_idle": "1m"},
    {"session_idle": "99999999999d"}, {"second_factor": None}, {"second_factor": "owners"}, {"existing_accounts": None},
    {"allowed_domains": None}, {"allowed_domains": "example.org"}, {"allowed_domains": ["exa mple"]}, {"allowed_domains": ["*"]},
    {"allowed_domains": ["*.*.example.org"]}, {"allowed_domains": ["a@example.org"]}, {"allowed_domains": ["example"]},
    {"allowed_domains": ["192.168.0.1"]}, {"allowed_domains": [""]}, {"refused_domains": ["xn--"]}, {"refused_domains": ["-a.example"]},
    {"allowed_domains": [f"a{i}.example" for i in range(101)]}, {"administrators_may_invite_administrators": None},
    {"id": "org_1"}, {"slug": "other"}, {"accent_": "x"},
])
def test_what_cannot_stand_is_refused_and_changes_nothing(acme, change):
    before = settings(acme)
    answer = acme.set(reminder_max=4, **change).refused("invalid-request", 422)
    assert answer["errors"][0]["pointer"].startswith("/" + next(iter(change)))
    assert settings(acme) == before


def test_a_change_is_recorded_with_what_changed_alone(acme, server):
    acme.set(session_idle="1h", reminder_max=1).ok()
    acme.set(session_idle="1h").ok()
    rows = server.query("SELECT e.before, e.after FROM audit_event e JOIN organization o ON o.id = e.organization_id"
                        " WHERE e.action = 'organization.updated' AND o.slug = ?", acme.slug)
    assert rows == [('{"session_idle":null}', '{"session_idle":"1h"}')]


def test_name_and_language_stay_the_organizations(acme):
    changed = acme.api.patch(acme.path, {"name": "Bar Olive", "locale": "fr"}).ok(200).json
    assert changed["name"] == "Bar Olive" and changed["locale"] == "fr"
    acme.api.patch(acme.path, {"session_idle": "1h"}).refused("invalid-request", 422)
    assert acme.api.patch(acme.path, {"locale": None}).ok(200)["locale"] is None


def test_owners_alone_change_them(acme, rival, anonymous):
    administrator, member = acme.join(role="administrator"), acme.join()
    for person in (administrator, member):
        assert settings(acme, person.api) == settings(acme)
        person.api.patch(acme.path + "/settings", {"second_factor": "all"}).refused("forbidden", 403)
        assert person.api.page(console(acme, "/settings")).status == 403
        assert person.api.submit(console(acme, "/settings"), {"name": "Mine"}).status == 403
    rival.api.patch(acme.path + "/settings", {"reminder_max": 2}).refused("not-found", 404)
    rival.api.get(acme.path + "/settings").refused("not-found", 404)
    anonymous.patch(acme.path + "/settings", {"reminder_max": 2}).refused("unauthenticated", 401)
    assert settings(acme)["reminder_max"] == 1


def test_by_the_command_line(acme, server):
    done = server.cli(
        "organization", "set", acme.slug, "--password-min-length", "12", "--session-lifetime", "12h", "--session-idle", "30m",
        "--allowed-domains", "example.org, *.münchen.example", "--refused-domains", "spam.example",
        "--temporary-password-delivery", "show", "--temporary-password-lifetime", "1d", "--second-factor", "all").stdout
    assert "12" in done and "*.xn--mnchen-3ya.example" in done
    got = settings(acme, server.operator)
    assert got["password_min_length"] == 12 and got["second_factor"] == "all"
    assert got["allowed_domains"] == ["example.org", "*.xn--mnchen-3ya.example"]
    server.cli("organization", "set", acme.slug, "--password-min-length", "server", "--session-lifetime", "server", "--session-idle", "off",
               "--allowed-domains", "none", "--refused-domains", "none", "--temporary-password-delivery", "server",
               "--temporary-password-lifetime", "server", "--second-factor", "none")
    got = settings(acme)
    assert got["password_min_length"] is None and got["allowed_domains"] == [] and got["session_lifetime"] is None


# ---- domains

def test_domains_are_kept_as_they_are_compared(acme):
    kept = acme.set(allowed_domains=["Example.ORG", "BÜCHER.example", ".lab.example", "*.Lab.example", "@here.example", "example.org"]).ok(200)
    assert kept["allowed_domains"] == ["example.org", "xn--bcher-kva.example", "*.lab.example", "here.example"]


@pytest.mark.parametrize("allowed, refused, address, let_in", [
    ([], [], "a@any.example", True),
    (["example.org"], [], "a@EXAMPLE.org", True),
    (["example.org"], [], "a@sub.example.org", False),
    (["*.example.org"], [], "a@sub.example.org", True),
    (["*.example.org"], [], "a@deep.sub.example.org", True),
    (["*.example.org"], [], "a@example.org", False),
    (["*.example.org"], [], "a@notexample.org", False),
    (["bücher.example"], [], "a@bücher.example", True),
    (["bücher.example"], [], "a@xn--bcher-kva.example", True),
    ([], ["example.org"], "a@example.org", False),
    (["example.org"], ["example.org"], "a@example.org", False),
    (["example.org"], ["*.example.org"], "a@example.org", True),
])
def test_domains_govern_who_is_invited(acme, allowed, refused, address, let_in):
    acme.set(allowed_domains=allowed, refused_domains=refused).ok()
    rows = {"invitations": [{"email": address, "role": "member"}]}
    seen = acme.api.post(acme.path + "/invitations/preview", rows).ok()["results"][0]
    done = acme.api.post(acme.path + "/invitations", rows).ok()["results"][0]
    if let_in:
        assert seen["outcome"] == "new-person" and done["outcome"] == "invited"
        return
    assert seen["outcome"] == "address-domain-refused" == done["outcome"]
    assert seen["problem"]["status"] == 422 and seen["problem"]["detail"]
    assert acme.api.get(acme.path + "/invitations").ok()["items"] == []


def test_a_refused_domain_is_refused_to_a_correction_and_the_console(acme):
    standing = acme.invite(fresh(), deliver=False)
    acme.set(refused_domains=["spam.example"]).ok()
    acme.correct(standing, "zoe@spam.example").refused("address-domain-refused", 422)
    assert acme.state(standing) == "pending"
    page = acme.api.submit(console(acme, "/users/invite"), {"addresses": "zoe@spam.example, lea@fine.example", "step": ""}).ok(200)
    assert "does not accept addresses of this domain" in said(page)
    page = acme.api.submit(console(acme, f"/users/invitations/{standing['id']}/correct"), {"email": "zoe@spam.example"})
    assert page.status == 422 and "does not accept addresses of this domain" in said(page)


# ---- passwords

def test_the_strictest_organization_says_how_long_a_password_is(acme, rival, world, inbox):
    acme.set(password_min_length=20).ok()
    email = fresh()
    acme.invite(email)
    token = inbox.token_for(email)
    assert 'minlength="20"' in world.client().page("/i/" + token).ok(200).text
    refused = world.enrol(token, password="orchard-lantern-42").refused("password-too-weak", 422)
    assert refused["errors"][0]["code"] == "too-short" and "20" in refused["errors"][0]["detail"]
    form = {"given_name": "Zoé", "family_name": "Durand", "password": "orchard-lantern-42"}
    page = world.client().submit("/i/" + token, form)
    assert page.status == 422 and "20" in said(page)
    zoe = world.enrol(token, password=LONGER).ok(201).client
    for place in (zoe, zoe.twin()):
        change = {"current_password": LONGER, "new_password": "orchard-lantern-42"}
        place.post("/me/password", change).refused("password-too-weak", 422)
    assert 'minlength="20"' in zoe.page("/me").text
    rival.set(password_min_length=9).ok()
    rival.api.get("/me").ok()
    rival.api.post("/me/password", {"current_password": PASSWORD, "new_password": "xylo-phon"}).ok(204)


def test_a_reset_asks_as_much_as_the_account_has_to(acme, world, inbox):
    zoe = acme.join()
    acme.set(password_min_length=20).ok()
    world.client().post("/password-resets", {"email": zoe.email}).ok(202)
    token = inbox.resets(zoe.email)[-1].token
    body = {"token": token, "new_password": "orchard-lantern-43"}
    world.client().post("/password-resets/complete", body).refused("password-too-weak", 422)
    assert 'minlength="20"' in world.client().page("/password/reset/" + token).text
    page = world.client().submit("/password/reset/" + token, {"new_password": "orchard-lantern-43"})
    assert page.status == 422 and "20" in said(page)
    world.client().post("/password-resets/complete", {**body, "new_password": LONGER}).ok(204)


# ---- sessions

def test_a_session_too_old_for_an_organization_signs_in_again(acme, rival, clock, world, inbox):
    zoe = acme.join()
    rival.invite(zoe.email)
    zoe.prove(inbox) if not zoe.api.get("/me").ok().json.get("email_proved", True) else None
    zoe.api.post("/invitations/accept", {"token": inbox.token_for(zoe.email, 2)}).ok(201)
    acme.set(session_lifetime="1h").ok()
    clock.advance(minutes=61)
    zoe.api.get(acme.path).refused("unauthenticated", 401)
    zoe.api.get(rival.path).ok()
    zoe.api.get("/me").ok()
    assert zoe.api.page("/").status == 303 and zoe.api.page("/me").status == 200
    away = zoe.api.page(console(acme))
    assert away.status == 303 and away.headers["Location"].startswith(f"/sign-in?next=/o/{acme.slug}&")
    page = zoe.api.page(away.headers["Location"])
    assert page.status == 200 and "sign in again" in said(page).lower() and f'value="{zoe.email}"' in page.text
    back = zoe.api.submit("/sign-in", {"email": zoe.email, "password": PASSWORD, "next": console(acme)})
    assert back.status == 303 and back.headers["Location"] == console(acme)
    assert zoe.api.page(console(acme)).status == 200


def test_a_new_session_lives_as_the_strictest_says(acme, world):
    acme.set(session_lifetime="2h").ok()
    made = world.client().post("/sessions", {"email": acme.owner.email, "password": PASSWORD}).ok(201)["session"]
    rows = acme.api.get("/me/sessions").ok()["items"]
    assert any(r["id"] == made["id"] for r in rows)
    from datetime import datetime, timedelta

    parse = lambda t: datetime.fromisoformat(t.replace("Z", "+00:00"))
    row = next(r for r in rows if r["id"] == made["id"])
    assert parse(made["expires_at"]) - parse(row["created_at"]) == timedelta(hours=2)


def test_an_idle_session_ends_and_a_used_one_does_not(acme, clock, world, server):
    noted = lambda: server.query("SELECT MAX(seen_at) FROM session")[0][0] / 1000
    acme.set(session_idle="15m").ok()
    used = world.client().sign_in(acme.owner.email, PASSWORD)
    idle = world.client().sign_in(acme.owner.email, PASSWORD)
    for _ in range(6):  # a use every four minutes is noted each time, though it is less than the usual five
        clock.advance(minutes=4)
        used.get(acme.path).ok()
        until = time.monotonic() + 10
        while noted() < clock.now() - 120 and time.monotonic() < until:
            time.sleep(0.02)
    idle.get(acme.path).refused("unauthenticated", 401)
    idle.get("/me").refused("unauthenticated", 401)
    used.get("/me").ok()


# ---- second factor

@pytest.fixture
def apart(make_server, smtp):
    """A server of one's own: it is stopped on the way."""
    return World(make_server(mail=smtp.uri, mail_from="Parvis <parvis@parvis.example>"), smtp)


def test_nobody_demands_a_second_factor_without_one(apart):
    acme = apart.found("Acme")
    page = acme.api.page(console(acme, "/settings"))
    assert "set up yours before you require one" in said(page)
    for value in ("administrators", "all"):
        answer = acme.set(second_factor=value).refused("conflict", 409)
        assert answer["errors"] == [{"pointer": "/second_factor", "code": "own-factor-first",
                                     "detail": "Set up your own second factor first, and sign in with it: otherwise you would be locked out."}]
    page = acme.api.submit(console(acme, "/settings"), {"name": acme.name, "second_factor": "all"})
    assert page.status == 409 and "locked out" in said(page) and re.search(r'value="all" checked', page.text)
    assert settings(acme)["second_factor"] == "none"
    acme.api.get("/me/sessions").ok()
    show_factors(apart, acme.api)
    acme.set(second_factor="administrators").ok()
    assert "set up yours" not in said(acme.api.page(console(acme, "/settings")))


def test_a_second_factor_is_demanded_of_whom_it_says(apart):
    acme = apart.found("Acme")
    administrator, member = acme.join(role="administrator"), acme.join()
    apart.operator.patch(acme.path + "/settings", {"second_factor": "administrators"}).ok()
    for person in (acme.owner, administrator):
        person.api.get(acme.path).refused("second-factor-required", 401)
        person.api.get("/me").ok()
    member.api.get(acme.path).ok()
    apart.operator.patch(acme.path + "/settings", {"second_factor": "all"}).ok()
    member.api.get(acme.path).refused("second-factor-required", 401)
    show_factors(apart, acme.api, administrator.api, member.api)
    for person in (acme.owner, administrator, member):
        person.api.get(acme.path).ok()


# ---- the page

def form_of(page):
    """What a browser would send back, unchanged."""
    fields = []
    form = re.search(r'<form class="narrow".*?</form>', page.text, flags=re.S).group(0)
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r' name="([^"]*)"', tag), re.search(r' value="([^"]*)"', tag)
        box = re.search(r'type="(checkbox|radio)"', tag)
        if name and (not box or " checked" in tag):
            fields.append((name.group(1), html.unescape(value.group(1) if value else "")))
    for name, inner in re.findall(r'<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>', form, flags=re.S):
        fields.append((name, re.search(r'value="([^"]*)" selected', inner).group(1)))
    for name, inner in re.findall(r'<textarea[^>]* name="([^"]*)"[^>]*>(.*?)</textarea>', form, flags=re.S):
        fields.append((name, html.unescape(inner)))
    return fields


def test_the_page_sent_back_as_it_is_changes_nothing(acme, server):
    acme.set(allowed_domains=["example.org", "*.example.net"], session_lifetime="36h", temporary_password_lifetime="5h", password_min_length=9,
             invitation_lifetime="30h", reminder_after="8d").ok()
    before, records = settings(acme), server.query("SELECT COUNT(*) FROM audit_event")
    page = acme.api.page(console(acme, "/settings")).ok(200)
    assert acme.api.submit(console(acme, "/settings"), form_of(page)).headers["Location"].endswith("notice=settings_saved")
    assert settings(acme) == before and server.query("SELECT COUNT(*) FROM audit_event") == records


def test_what_was_typed_comes_back_with_what_is_wrong(acme):
    before = settings(acme)
    fields = dict(form_of(acme.api.page(console(acme, "/settings"))))
    fields.update(allowed_domains="example.org\r\nnot a domain", password_min_length="3", session_idle="30m")
    page = acme.api.submit(console(acme, "/settings"), fields)
    assert page.status == 422 and "not a domain" in page.text and 'value="3"' in page.text and re.search(r'value="30m" selected', page.text)
    assert "Not a list of domains" in said(page) and settings(acme) == before
    fields.update(allowed_domains="example.org; *.Example.NET\r\n", password_min_length="")
    assert acme.api.submit(console(acme, "/settings"), fields).status == 303
    assert settings(acme)["allowed_domains"] == ["example.org", "*.example.net"] and settings(acme)["session_idle"] == "30m"


@pytest.mark.parametrize("name, within, beyond", [
    ("reminder_max", "10", "11"), ("password_min_length", "6", "5"), ("invitation_lifetime", "90d", "91d"), ("reminder_after", "30d", "31d"),
    ("allowed_domains", " ".join(f"d{i}.example" for i in range(100)), " ".join(f"d{i}.example" for i in range(101)))])
def test_the_form_has_the_bounds_of_the_api(acme, name, within, beyond):
    fields = dict(form_of(acme.api.page(console(acme, "/settings"))))
    assert acme.api.submit(console(acme, "/settings"), {**fields, name: beyond}).status == 422
    assert acme.api.submit(console(acme, "/settings"), {**fields, name: within}).status == 303


def test_one_person_alone_is_told_to_invite_a_second(acme):
    assert "A single person administers" in said(acme.api.page(console(acme, "/settings")))
    acme.join(role="administrator")
    assert 'class="notice"' not in acme.api.page(console(acme, "/settings")).text


# ---- colour

@pytest.mark.parametrize("given, kept", [("#1F5F5B", "#1f5f5b"), ("#000000", "#000000"), ("#b3261e", "#b3261e"), ("#0b57d0", "#0b57d0")])
def test_a_colour_that_can_be_read(acme, anonymous, given, kept):
    assert acme.set(accent=given).ok(200)["accent"] == kept
    theme = f"/themes/{kept[1:]}.css"
    assert f'href="{theme}"' in acme.api.page(console(acme)).text
    css = anonymous.page(theme).ok(200)
    assert css.headers["Content-Type"].startswith("text/css") and "max-age" in css.headers["Cache-Control"]
    assert css.headers["X-Content-Type-Options"] == "nosniff" and "Set-Cookie" not in css.headers
    light, dark = css.text.split("@media")
    assert contrast(kept, "#ffffff") >= 4.5 and contrast(kept, "#f6f6f3") >= 4.5
    assert contrast(colour_in(light, "--wash"), kept) >= 4.5
    lifted = colour_in(dark, "--accent")
    for paper in ("#14171a", "#1f2428", colour_in(dark, "--wash")):
        assert contrast(lifted, paper) >= 4.5, (lifted, paper)
    assert contrast(lifted, colour_in(dark, "--on-accent")) >= 4.5


def colour_in(css, name):
    return re.search(name + r":(#[0-9a-f]{6})", css).group(1)


def contrast(one, other):
    """WCAG 2.2, written down once more."""
    def luminance(colour):
        parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
        parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("bad", ["#ffffff", "#ffcc00", "#808080", "1f5f5b", "#1f5f5", "#1f5f5bb", "#gggggg", "red", "", "#1f5f5b;}", "url(//x)"])
def test_a_colour_that_cannot_be_read_is_refused(acme, anonymous, bad):
    error = acme.set(accent=bad).refused("invalid-request", 422)["errors"][0]
    assert error["pointer"] == "/accent" and error["code"] in ("contrast-too-low", "not-a-colour")
    if error["code"] == "contrast-too-low":
        measured = float(re.search(r"contrast is ([\d.]+) to 1", error["detail"]).group(1))
        assert abs(measured - contrast(bad, "#f6f6f3")) < 0.02
        assert anonymous.page(f"/themes/{bad[1:]}.css").status == 404
    assert settings(acme)["accent"] is None
    page = acme.api.submit(console(acme, "/settings"), {"name": acme.name, "accent": bad or "x"})
    assert page.status == 422 and html.escape(bad or "x") in page.text


@pytest.mark.parametrize("path", ["/themes/1f5f5b", "/themes/1f5f5b.css.css", "/themes/1f5f5b%3b.css", "/themes/.css", "/themes/ffffff.css"])
def test_there_are_themes_of_colours_alone(anonymous, path):
    assert anonymous.page(path).status == 404


def test_the_invited_see_the_colour_of_whom_they_join(acme, rival, world, inbox):
    acme.set(accent="#7a1f5f").ok()
    email = fresh()
    acme.invite(email)
    token = inbox.token_for(email)
    for path in (f"/i/{token}", f"/i/{token}/decline"):
        assert "/themes/7a1f5f.css" in world.client().page(path).ok(200).text
    rival.set(accent="#0b57d0").ok()
    page = rival.api.page(f"/i/{token}").text
    assert "/themes/7a1f5f.css" in page and "0b57d0" not in page
    acme.set(accent=None).ok()
    assert "/themes/" not in acme.api.page(console(acme)).text
