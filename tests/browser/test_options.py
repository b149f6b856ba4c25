"""Groups, options and the members' page in a real browser: defined, given to one, to several, taken back."""

import pytest

from lib.browser import ROOT, Browser
from lib.people import World

SHOTS = ROOT / "build/shots/options"


@pytest.fixture
def house(make_server, smtp):
    return World(make_server(mail=smtp.uri, mail_from="Parvis <parvis@parvis.example>"), smtp)


@pytest.fixture(params=[True, False], ids=["with-javascript", "without-javascript"])
def browser(request):
    made = Browser(javascript=request.param)
    yield made
    if request.param:
        assert made.complaints() == []
    made.close()


def looked_at(browser, name):
    """Judged and kept, on a desk in the light and on a phone in the dark."""
    if not browser.javascript:
        return
    for size, dark in (("phone", True), ("desktop", False)):
        browser.look(size, dark)
        browser.shot(SHOTS / f"{name}.{size}.png")
        browser.fits()
        assert browser.axe() == [], name


def test_groups_and_options_from_the_first_to_the_last(house, browser):
    org = house.found("Atelier du Parvis", locale="fr")
    zoe, tom = org.join(given="Zoé", family="Durand"), org.join(given="Tom", family="Fischer")
    home = f"{house.server.url}/o/{org.slug}"
    browser.be(org.api, house.server.url).go(home + "/groups").sees("groups.none")
    looked_at(browser, "groups-empty")
    browser.fill("groups.new", "Équipe nord").press("groups.create").sees("notice.group_created")
    browser.fill("group.add_label", "nobody@example.org").press("group.add").sees("field.no-member")
    browser.fill("group.add_label", zoe.email).press("group.add").sees("Zoé Durand")
    looked_at(browser, "group")
    browser.go(home + "/groups").fill("groups.new", "EQUIPE NORD").press("groups.create").sees("field.taken")
    looked_at(browser, "groups")

    browser.go(home + "/settings").follow("options.title").sees("options.none")
    looked_at(browser, "options-empty")
    browser.fill("options.key", "hors-ligne").fill("options.name_fr", "Accès hors ligne").fill("options.name_en", "Offline")
    browser.press("options.create").sees("notice.option_created").sees("hors-ligne")
    looked_at(browser, "options")
    browser.follow("Accès hors ligne").sees("options.default")
    looked_at(browser, "option")

    mine = org.member(zoe)
    browser.go(f"{home}/users/{mine['id']}").sees("Équipe nord")
    browser.follow("member.options").sees("Accès hors ligne")
    looked_at(browser, "member-options")
    browser.choose("input[value=hors-ligne]").press("common.save").sees("notice.member_saved")
    looked_at(browser, "member")
    assert org.member(zoe)["entitlements"] == {"hors-ligne": True}
    browser.press("member.suspend").sees("members_change.text.suspend")
    looked_at(browser, "suspend")
    browser.press("members_change.submit.suspend").sees("Un membre a été mis à jour.")
    assert org.member(zoe)["state"] == "suspended"

    browser.go(home + "/users")
    for person in (zoe, tom):
        box = browser.one(f".pick[value='{org.member(person)['id']}']")
        box.click()
    looked_at(browser, "users")
    browser.press("member.options").sees("members_change.text.options")
    looked_at(browser, "bulk")
    group = org.api.items(org.path + "/groups")[0]["id"]
    browser.choose_select("select[name=entitlement]", "hors-ligne=on").choose_select("select[name=group]", f"{group}=add")
    browser.press("members_change.submit.options").sees("2 membres ont été mis à jour.")
    assert all(org.member(p)["entitlements"] == {"hors-ligne": True} and org.member(p)["groups"] == [group] for p in (zoe, tom))

    browser.go(f"{home}/groups/{group}").follow("group.delete").sees("group_delete.text")
    looked_at(browser, "group-delete")
    browser.press("group_delete.submit").sees("notice.group_deleted").sees("groups.none")
    browser.go(f"{home}/settings/options/hors-ligne").follow("options.delete").press("option_delete.submit").sees("notice.option_deleted")
    assert org.member(zoe)["groups"] == [] and org.member(zoe)["entitlements"] == {}
