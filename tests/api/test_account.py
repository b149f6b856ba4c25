"""One's own account: sessions in words, the page and the organization it keeps beside it."""

import pytest

from lib.people import PASSWORD

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"


def signed_in(org, user_agent=FIREFOX, email=None):
    client = org.world.client()
    body = {"email": email or org.owner.email, "password": PASSWORD}
    client.post("/sessions", body, headers={"User-Agent": user_agent}).ok(201)
    return client


# ---- sessions

def test_a_session_says_its_device(acme):
    signed_in(acme, FIREFOX)
    signed_in(acme, PHONE)
    signed_in(acme, "\"<script>alert(1)</script>")
    devices = [(s["device"]["browser"], s["device"]["system"]) for s in acme.api.get("/me/sessions").ok()["items"]]
    assert {("Firefox", "Linux"), ("Safari", "iPhone"), (None, None)} <= set(devices)
    page = acme.api.page("/me").text
    assert "Firefox on Linux" in page and "Safari on iPhone" in page and "alert(1)" not in page


def test_ending_all_other_sessions(acme):
    here, there, phone = acme.api, signed_in(acme), signed_in(acme, PHONE)
    here.delete("/me/sessions").ok(204)
    there.get("/me").refused("unauthenticated", 401)
    phone.get("/me").refused("unauthenticated", 401)
    assert [s["current"] for s in here.get("/me/sessions").ok()["items"]] == [True]
    here.delete("/me/sessions").ok(204)  # nothing left to end
    other = signed_in(acme)
    assert here.submit(f"/me/sessions/end?from={acme.slug}").headers["Location"] == \
        f"/me?from={acme.slug}&notice=sessions_ended"
    other.get("/me").refused("unauthenticated", 401)


# ---- the page

def test_the_page_keeps_the_organization_one_came_from(world, acme, rival):
    person = acme.join(role="administrator")
    page = person.api.page("/me").text
    assert f'href="/o/{acme.slug}/users"' in page, "the only one there is"
    rival.invite(person.email)
    token = world.inbox.token_for(person.email, 2)
    person.api.post("/invitations/accept", {"token": token}).ok(201)
    assert f'href="/o/{acme.slug}/users"' not in person.api.page("/me").text
    page = person.api.page(f"/me?from={acme.slug}").text
    assert f'href="/o/{acme.slug}/users"' in page and f'action="/me?from={acme.slug}"' in page
    page = person.api.page(f"/me?from={rival.slug}").text
    assert f'href="/o/{rival.slug}"' in page and f'href="/o/{rival.slug}/users"' not in page, "a member there"
    assert f'href="/me?from={rival.slug}"' in person.api.page(f"/o/{rival.slug}").text
    form = {"given_name": "Ana", "family_name": "Lima", "locale": "en"}
    assert person.api.submit(f"/me?from={rival.slug}", form).headers["Location"] == \
        f"/me?from={rival.slug}&notice=profile_saved"


def test_no_page_shows_the_navigation_of_another_organization(acme, rival):
    for slug in (rival.slug, rival.id, "no-such", "%22%3E%3Cb%3E", "%00", "a" * 3000):
        page = acme.api.page(f"/me?from={slug}")
        assert f"/o/{rival.slug}" not in page.text and "<b>" not in page.text


# ---- time zone

def test_a_time_zone_is_shown_in_pages_and_mails(acme, inbox):
    person = acme.join()
    assert person.api.get("/me").ok()["time_zone"] == "UTC"
    assert person.api.patch("/me", {"time_zone": "Asia/Kolkata"}).ok()["time_zone"] == "Asia/Kolkata"
    page = person.api.page("/me").text
    assert '<option value="Asia/Kolkata" selected="selected">' in page and "}}" not in page
    before = len(inbox.all_for(person.email))
    person.api.post("/me/password", {"current_password": PASSWORD, "new_password": "another good sentence"}).ok()
    assert "UTC+5:30" in inbox.last(person.email, before + 1).text
    assert person.api.patch("/me", {"time_zone": "UTC"}).ok()["time_zone"] == "UTC"


def test_a_time_zone_of_old_stays_chosen(acme):
    acme.api.patch("/me", {"time_zone": "Asia/Calcutta"}).ok()
    page = acme.api.page("/me").text
    assert '<option value="Asia/Calcutta" selected="selected">' in page
    form = {"given_name": "Olive", "family_name": "Martin", "locale": "en", "time_zone": "America/North_Dakota/Center"}
    acme.api.submit("/me", form)
    assert acme.api.get("/me").ok()["time_zone"] == "America/North_Dakota/Center"
    page = acme.api.submit("/me", {**form, "time_zone": "../../etc/passwd"})
    assert page.status == 422 and '<p class="help" id="time_zone-help"><span class="wrong">' in page.text


@pytest.mark.parametrize("name", ["/etc/passwd", "../../../etc/passwd", "Europe/../Europe/Paris", "localtime", "posix/UTC", "Europe",
                                  "zone.tab", "europe/paris", "Europe/Paris/", "x" * 64, "Europe/Páris"])
def test_no_other_file_is_a_time_zone(acme, name):
    answer = acme.api.patch("/me", {"time_zone": name}).refused("invalid-request", 422)
    assert answer["errors"][0]["pointer"] == "/time_zone"
    assert acme.api.get("/me").ok()["time_zone"] == "UTC"
