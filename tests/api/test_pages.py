"""The console's pages without a browser: what they say, what they refuse, and that looking changes nothing."""

import html
import json
import re

import pytest

from lib import pdf
from lib.people import PASSWORD, fresh


def said(answer):
    """The page's words, tags gone."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<(?:script|style).*?</(?:script|style)>|<[^>]+>", " ", answer.text, flags=re.S)))


def where(answer):
    assert answer.status == 303, answer
    return answer.headers["Location"]


def console(org, rest=""):
    return f"/o/{org.slug}{rest}"


@pytest.fixture
def invited(acme, inbox):
    """An address with a pending invitation, its token and the invitation."""
    email = fresh()
    invitation = acme.invite(email)
    mail = inbox.wait(email, 1)[-1]
    return email, mail.token, mail.code, invitation


# ---- getting in

def test_a_wrong_password_says_so_and_keeps_the_address(acme, anonymous):
    page = anonymous.submit("/sign-in", {"email": acme.owner.email, "password": "not this one", "next": "/me"})
    assert page.status == 401 and "Set-Cookie" not in page.headers
    assert f'value="{acme.owner.email}"' in page.text and 'name="next" value="/me"' in page.text
    assert "not this one" not in page.text


@pytest.mark.parametrize("next_, to", [("/me", "/me"), ("//evil.example", "/"), ("/\\evil.example", "/"), ("https://evil.example/", "/"),
                                       ("", "/"), ("/o/x?y=z", "/o/x?y=z"), ("javascript:alert(1)", "/")])
def test_sign_in_goes_on_to_this_server_alone(acme, anonymous, next_, to):
    assert where(anonymous.submit("/sign-in", {"email": acme.owner.email, "password": PASSWORD, "next": next_})) == to
    assert where(anonymous.submit("/language", {"lang": "fr", "next": next_})) == to


def test_a_page_inside_asks_to_sign_in_and_comes_back(acme, anonymous):
    assert where(anonymous.page(console(acme, "/users?role=owner"))) == f"/sign-in?next=/o/{acme.slug}/users%3Frole%3Downer"
    assert where(anonymous.submit("/sign-out")) == "/sign-in"


def test_the_switch_of_language_wins_over_the_account(acme):
    acme.api.patch("/me", {"locale": "fr"}).ok()
    assert 'lang="fr"' in acme.api.page("/me").text
    acme.api.submit("/language", {"lang": "en", "next": "/me"})
    assert 'lang="en"' in acme.api.page("/me").text
    assert 'name="next" value="/o/' in acme.api.page(console(acme, "/users?notice=left&lang=fr")).text


# ---- the invited person

def test_each_state_of_a_link_has_its_page(acme, inbox, world):
    def look(token, status, word):
        client = world.client()
        page = client.page(f"/i/{token}")
        assert (page.status, "Set-Cookie" in page.headers) == (status, False), said(page)
        assert word in said(page) and 'name="password"' not in page.text
        return page

    email = fresh()
    invitation = acme.invite(email)
    first = inbox.wait(email, 1)[-1].token
    acme.resend(invitation).ok()
    second = inbox.wait(email, 2)[-1].token
    look(first, 410, "newer mail")
    acme.revoke(invitation).ok()
    look(second, 410, "revoked")
    look("AAAA", 404, "leads nowhere")

    email = fresh()
    acme.invite(email)
    token = inbox.wait(email, 1)[-1].token
    assert world.client().submit(f"/i/{token}/decline").status == 200
    look(token, 410, "declined")


@pytest.mark.parametrize("path,fields", [
    ("/sign-in", {"email": "nobody@example.org", "password": "wrong"}),
    ("/password/forgotten", {"email": "not an address"}),
])
def test_another_language_after_a_refusal_keeps_where_one_was_going(world, path, fields):
    client = world.client()
    there = "/o/acme/users?state=active"
    page = client.submit(path, {**fields, "next": there})
    assert page.status in (200, 401)
    (switch,) = re.findall(r'action="/language">.*?name="next" value="([^"]*)"', page.text, re.S)
    again = client.submit("/language", {"lang": "fr", "next": html.unescape(switch)}).ok(303).headers["Location"]
    assert again.startswith(path + "?") and html.escape(there) in client.page(again).text
    refused = client.submit(path, {**fields, "next": "//elsewhere.example"})
    assert "elsewhere" not in re.findall(r'action="/language">.*?name="next" value="([^"]*)"', refused.text, re.S)[0]


def test_an_expired_link_offers_to_ask_again_and_tells_the_inviter(acme, inbox, world):
    email = fresh()
    acme.invite(email, expires_in="1h")
    token = inbox.wait(email, 1)[-1].token
    world.clock.advance(hours=2)
    client = world.client()
    page = client.page(f"/i/{token}")
    assert page.status == 410 and "expired" in said(page) and f'action="/i/{token}/ask-again"' in page.text
    before = len(inbox.all_for(acme.owner.email))
    assert "on its way" in said(client.submit(f"/i/{token}/ask-again").ok(200))
    assert email in inbox.wait(acme.owner.email, before + 1)[-1].subject


def test_a_refused_enrolment_keeps_what_was_typed_but_the_password(invited, anonymous, acme):
    email, token, _, invitation = invited
    page = anonymous.submit(f"/i/{token}", {"given_name": "", "family_name": "Dur\u00e0nd", "password": "abc"})
    assert page.status == 422 and "Set-Cookie" not in page.headers
    assert 'value="Dur\u00e0nd"' in page.text and "abc" not in page.text
    wrong = re.findall(r'id="([\w-]+)"[^>]*><span class="wrong">', page.text)
    assert wrong == ["given_name-help", "new-password-help"]
    assert 'aria-describedby="given_name-help"' in page.text
    assert acme.state(invitation) == "pending"
    assert where(anonymous.submit(f"/i/{token}", {"given_name": "Zo\u00e9", "family_name": "Durand", "password": PASSWORD})) == console(acme)
    assert anonymous.page(console(acme)).status == 200
    assert where(anonymous.page(f"/i/{token}")) == console(acme) and acme.world.client().page(f"/i/{token}").status == 410


def test_somebody_else_sees_both_addresses_and_consumes_nothing(invited, rival, acme):
    email, token, _, invitation = invited
    page = rival.api.page(f"/i/{token}").ok(200)
    assert email in said(page) and rival.owner.email in said(page)
    page = rival.api.submit(f"/i/{token}", {"given_name": "Zo\u00e9", "family_name": "Durand", "password": PASSWORD})
    assert page.status == 403 and rival.owner.email in said(page)
    assert acme.state(invitation) == "pending"
    assert where(rival.api.submit(f"/i/{token}/switch")) == f"/i/{token}"
    assert 'name="given_name"' in rival.api.page(f"/i/{token}").ok(200).text


def test_a_typed_code_opens_the_same_door(invited, anonymous, acme):
    email, _, code, _ = invited
    page = anonymous.submit("/join", {"email": email, "code": "AAAAA-AAAAA"})
    assert page.status == 404 and "do not go together" in said(page) and f'value="{email}"' in page.text
    page = anonymous.submit("/join", {"email": email, "code": code.lower().replace("-", " ")}).ok(200)
    assert 'action="/join/accept"' in page.text and acme.name in said(page)
    form = {"email": email, "code": code, "given_name": "Zo\u00e9", "family_name": "Durand", "password": PASSWORD}
    assert where(anonymous.submit("/join/accept", form)) == console(acme)


def test_a_copied_link_leaves_the_address_to_be_proved(acme, inbox, anonymous):
    email = fresh()
    invitation = acme.invite(email, deliver=False)
    page = acme.api.submit(console(acme, f"/users/invitations/{invitation['id']}/link")).ok(200)
    token = re.search(r"/i/([\w-]+)", page.text).group(1)
    anonymous.submit(f"/i/{token}", {"given_name": "Zo\u00e9", "family_name": "Durand", "password": PASSWORD})
    assert "not confirmed" in said(anonymous.page(console(acme)).ok(200))
    assert where(anonymous.submit("/me/address-proof")) == "/me?notice=proof_sent"
    assert 'name="code"' in anonymous.page("/me?notice=proof_sent").text
    wrong = anonymous.submit("/me/address-proof/confirm", {"code": "AAAAA-AAAAA"})
    assert wrong.status == 422 and "not right" in said(wrong)
    code = inbox.wait(email, 1)[-1].code
    assert where(anonymous.submit("/me/address-proof/confirm", {"code": code})) == "/me?notice=address_proved"
    assert "not confirmed" not in said(anonymous.page("/me"))


# ---- inviting

LIST = "Zo\u00e9 Durand <{0}>, {1}; {2}\nnobody; {0}"


def test_the_steps_say_what_will_happen_and_carry_what_was_entered(acme):
    old, new = acme.join().email, fresh("bob")
    pending = fresh("pia")
    acme.invite(pending)
    text = LIST.format(new, old, pending)
    url = console(acme, "/users/invite")
    page = acme.api.submit(url, {"addresses": text, "step": "addresses"}).ok(200)
    assert "New person" in said(page) and "Already a member" in said(page) and "Already invited" in said(page)
    assert "Not an address" in said(page)
    assert re.search(rf"/o/{acme.slug}/users/mbr_\w+/role", page.text) and re.search(r"/invitations/inv_\w+/resend", page.text)
    page = acme.api.submit(url, {"addresses": text, "step": "preview", "role": "administrator", "message": "Ha\n<b>"}).ok(200)
    assert 'value="administrator"' in page.text and "Ha\n&lt;b&gt;" in page.text and html.escape(new) in page.text
    assert len(acme.api.items(acme.path + "/invitations")) == 2, "nothing is sent before"


def test_the_preview_of_the_mail_stands_in_a_sandbox(acme):
    url = console(acme, "/users/invite")
    page = acme.api.submit(url, {"addresses": fresh(), "step": "preview", "message": "<script>alert(1)</script>"}).ok(200)
    frame = re.search(r'<iframe[^>]* src="([^"]+)" sandbox=""', page.text).group(1)
    mail = acme.api.page(html.unescape(frame)).ok(200)
    policy = mail.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy and "script" not in policy
    assert "<script" not in mail.text and "&lt;script&gt;" in mail.text
    assert not re.search(r"/i/[\w-]{20,}", mail.text), "a preview holds no secret"


def test_sending_leads_to_the_batch_and_tells_what_was_left_aside(acme):
    a, b, c = fresh("a"), fresh("b"), fresh("c")
    to = where(acme.api.submit(console(acme, "/users/invite/send"), {"addresses": f"{a} {b}", "role": "member"}))
    assert re.fullmatch(rf"/o/{acme.slug}/users/batches/bat_\w+\?notice=invitations_sent\.2", to)
    page = acme.api.page(to).ok(200)
    assert "2 invitations are on their way" in said(page) and a in said(page) and b in said(page)
    page = acme.api.submit(console(acme, "/users/invite/send"), {"addresses": f"{a} {c}", "role": "member"}).ok(200)
    assert "Already invited" in said(page) and re.search(r"/batches/bat_\w+", page.text)


def test_when_seats_are_short_as_many_as_fit_are_sent(acme):
    acme.limit(3)
    rows = [fresh() for _ in range(4)]
    url = console(acme, "/users/invite")
    page = acme.api.submit(url, {"addresses": "\n".join(rows), "step": "preview"}).ok(200)
    assert 'name="as_many_as_fit" value="true"' in page.text and "2 seats are missing" in said(page)
    page = acme.api.submit(url + "/send", {"addresses": "\n".join(rows)}).ok(200)
    assert 'name="as_many_as_fit"' in page.text and acme.seats["held"] == 0, "nothing is sent unasked"
    acme.api.submit(url + "/send", {"addresses": "\n".join(rows), "as_many_as_fit": "true"}).ok(200)
    assert acme.seats["held"] == 2


def test_the_check_answers_in_order_for_the_script(acme):
    new, old = fresh(), acme.owner.email
    answer = json.loads(acme.api.submit(console(acme, "/users/invite/check"), {"addresses": f"Zo\u00e9 Durand <{new}>\n{old}\nno"}).ok(200).text)
    assert [r["outcome"] for r in answer["results"]] == ["new-person", "already-member", "invalid-address"]
    assert [r["kind"] for r in answer["results"]] == ["good", "warn", "bad"]
    assert (answer["results"][0]["given_name"], answer["results"][0]["email"]) == ("Zo\u00e9", new)


def test_more_than_a_thousand_addresses_are_refused_with_their_list_kept(acme):
    text = "\n".join(f"p{i}@example.org" for i in range(1001))
    page = acme.api.submit(console(acme, "/users/invite"), {"addresses": text, "step": "addresses"})
    assert page.status == 422 and "p1000@example.org" in page.text and 'class="wrong"' in page.text


def test_links_in_a_message_are_refused_beside_it(acme):
    page = acme.api.submit(console(acme, "/users/invite"), {"addresses": fresh(), "step": "preview", "message": "see https://evil.example/"})
    assert page.status == 422 and "Links are not taken" in said(page)
    assert 'id="message"' in page.text


@pytest.mark.parametrize("set_to, other", [("show", "send"), ("send", "show")])
def test_a_form_takes_no_more_than_the_organization_allows(acme, set_to, other):
    acme.set(temporary_password_delivery=set_to).ok()
    url, new = console(acme, "/users/invite"), fresh("nora")
    page = acme.api.page(url).ok(200)
    for path, step in ((url, "options"), (url, "preview"), (url + "/send", ""), (console(acme, "/users/administrators/send"), "")):
        page = acme.api.submit(path, {"addresses": new, "method": other, "step": step})
        assert page.status == 422 and new in page.text and f'value="{other}"' not in page.text, path
    assert not acme.api.items(acme.path + "/invitations")


@pytest.mark.parametrize("wrong, at", [
    ({"groups": "grp_01h455vb4pex5vsknk084sn02q"}, "One of the groups no longer exists"),
    ({"access_ends": "2001-01-01"}, "This moment has passed"),
    ({"access_ends": "soon"}, "neither a date nor a moment"),
    ({"expires_in": "never"}, "not a duration within 1h–90d"),
    ({"expires_in": "31d", "method": "show"}, "not a duration within 1h–30d"),
])
def test_every_step_checks_the_options_again(acme, rival, wrong, at):
    new = fresh("nora")
    for path, step in (("", "preview"), ("/send", "")):
        page = acme.api.submit(console(acme, "/users/invite" + path), {"addresses": new, "step": step, **wrong})
        assert page.status == 422 and at in said(page) and new in page.text, (path, said(page)[:3000])
    strange = rival.api.post(rival.path + "/groups", {"name": "Theirs"}).ok(201)["id"]
    assert acme.api.submit(console(acme, "/users/invite/send"), {"addresses": new, "groups": strange}).status == 422
    assert not acme.api.items(acme.path + "/invitations")


def test_what_is_not_ticked_is_off_and_what_a_role_may_not_have_stays_as_it_is(acme):
    for key, default, roles in (("offline", True, ["owner", "administrator", "member"]), ("reports", True, ["administrator"])):
        body = {"key": key, "name": {"en": key.title(), "fr": key.title()}, "default": default, "roles": roles}
        acme.api.post(acme.path + "/entitlements", body).ok(201)
    url, a, b, c = console(acme, "/users/invite"), fresh("a"), fresh("b"), fresh("c")
    page = acme.api.submit(url, {"addresses": a, "step": "options"}).ok(200)
    assert "Offline" in said(page) and "Reports (Administrator)" in said(page) and page.text.count('name="entitlements" value') == 2
    where(acme.api.submit(url + "/send", {"addresses": a}))
    where(acme.api.submit(url + "/send", {"addresses": b, "entitlements_shown": "true"}))
    where(acme.api.submit(url + "/send", {"addresses": c, "entitlements_shown": "true", "entitlements": ["offline", "reports"]}))
    given = {i["email"]: i["entitlements"] for i in acme.api.items(acme.path + "/invitations")}
    assert [given[x]["offline"] for x in (a, b, c)] == [True, False, True]
    assert not any(given[x].get("reports") for x in (a, b, c)), "not for members, ticked or not"


def test_the_way_of_administrators_gives_no_other_role(acme):
    url, new = console(acme, "/users/administrators"), fresh("nora")
    page = acme.api.submit(url, {"addresses": new, "step": "options", "role": "member"}).ok(200)
    assert 'name="role"' not in page.text.split("<form class")[1].split("</form>")[0]
    page = acme.api.submit(url + "/send", {"addresses": new, "role": "member", "method": "show"}).ok(200)
    assert acme.api.items(acme.path + "/invitations")[0]["role"] == "administrator"
    assert page.headers["Cache-Control"] == "no-store" and "shown this once" in said(page)
    administrator = acme.join(role="administrator")
    assert "/users/administrators" in administrator.api.page(console(acme, "/users")).ok().text
    acme.set(administrators_may_invite_administrators=False).ok()
    assert "/users/administrators" not in administrator.api.page(console(acme, "/users")).ok().text
    for answer in (administrator.api.page(url), administrator.api.submit(url, {"addresses": new}),
                   administrator.api.submit(url + "/send", {"addresses": fresh(), "method": "show"})):
        assert answer.status == 403


def test_shown_passwords_come_with_their_sheets(acme):
    """The form of the report goes to a PDF; a form that does not fit together is refused."""
    page = acme.api.submit(console(acme, "/users/invite/send"), {"addresses": f"{fresh()} {fresh()}", "method": "show"}).ok(200)
    form = page.text.split("/users/invite/sheets")[1].split("</form>")[0]
    fields = [(name, html.unescape(value)) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form) if name != "once"]
    assert [name for name, _ in fields] == ["email", "password", "expires_at", "locale"] * 2
    url = console(acme, "/users/invite/sheets")
    sheets = pdf.pages(acme.api.submit(url, fields).ok(200).body)
    assert len(sheets) == 2 and fields[1][1] in sheets[0] and fields[5][1] in sheets[1]
    for wrong in ([], fields[:-1], [("expires_at", "soon") if name == "expires_at" else (name, value) for name, value in fields]):
        assert acme.api.submit(url, wrong).status == 422
    assert acme.join().api.submit(url, fields).status == 403


def test_a_corrected_address_gets_a_password_of_its_own(acme):
    made = acme.send(fresh(), method="temporary_password", delivery="show").ok()["results"][0]["invitation"]
    new = fresh("right")
    page = acme.api.submit(console(acme, f"/users/invitations/{made['id']}/correct"), {"email": new}).ok(200)
    assert "Temporary password" in said(page) and new in said(page) and re.search(r'class="once">\w{6}-\w{6}-\w{6}<', page.text)


# ---- lists and changes

def test_the_list_is_filtered_sorted_and_paged_by_its_links(acme):
    for given, family in (("Ada", "Zwei"), ("Bea", "Ypsilon"), ("Cleo", "Xaver")):
        acme.join(given=given, family=family)
    page = acme.api.page(console(acme, "/users?sort=family_name")).ok(200)
    names = re.findall(r'data-open="panel">([^<]+)', page.text)
    assert names == ["Olive Martin", "Cleo Xaver", "Bea Ypsilon", "Ada Zwei"]
    assert "sort=-family_name" in page.text and 'aria-sort="ascending"' in page.text
    page = acme.api.page(console(acme, "/users?q=yps&role=member")).ok(200)
    assert re.findall(r'data-open="panel">([^<]+)', page.text) == ["Bea Ypsilon"] and "1 member" in said(page)
    page = acme.api.page(console(acme, "/users?q=nobodylikethat")).ok(200)
    assert f'href="/o/{acme.slug}/users"' in page.text and "<table" not in page.text
    assert where(acme.api.page(console(acme, "/users?cursor=zzz"))) == console(acme, "/users")


def test_several_are_removed_after_one_question(acme):
    people = [acme.join() for _ in range(2)]
    ids = [acme.member(p)["id"] for p in people]
    url = console(acme, "/users/remove")
    assert where(acme.api.submit(url, [])).endswith("notice=nothing_selected")
    page = acme.api.submit(url, [("member", i) for i in ids]).ok(200)
    assert all(p.email in said(page) for p in people) and 'name="confirmed"' in page.text and len(acme.members()) == 3
    assert where(acme.api.submit(url, [("member", i) for i in ids] + [("confirmed", "true")])).endswith("notice=members_removed")
    page = people[0].api.page(console(acme))
    assert page.status == 404 and 'href="/"' in page.text and acme.name not in page.text


def test_removing_several_is_all_or_nothing(acme):
    person = acme.join()
    ids = [acme.member(person)["id"], acme.member(acme.owner)["id"]]
    page = acme.api.submit(console(acme, "/users/remove"), [("member", i) for i in ids] + [("confirmed", "true")])
    assert page.status in (403, 409) and len(acme.members()) == 2


def test_the_last_owner_is_told_why_not(acme):
    mine = acme.member(acme.owner)["id"]
    page = acme.api.submit(console(acme, "/leave"))
    assert page.status == 409 and "owner" in said(page)
    page = acme.api.submit(console(acme, f"/users/{mine}/role"), {"role": "member"})
    assert page.status == 409 and acme.member(acme.owner)["role"] == "owner"


def test_settings_come_back_with_what_was_typed(acme):
    form = {"name": "", "locale": "fr", "existing_accounts": "refuse", "invitation_lifetime": "3d", "reminder_after": "", "reminder_max": "2"}
    page = acme.api.submit(console(acme, "/settings"), form)
    assert page.status == 422 and re.search(r'value="refuse" checked', page.text) and re.search(r'value="3d" selected', page.text)
    form["name"] = "Caf\u00e9 Bar"
    assert where(acme.api.submit(console(acme, "/settings"), form)).endswith("notice=settings_saved")
    kept = acme.api.get(acme.path + "/settings").ok().json
    assert kept["existing_accounts"] == "refuse" and kept["administrators_may_invite_administrators"] is False
    assert "Caf\u00e9 Bar" in said(acme.api.page(console(acme)))


def test_csv_of_links_is_good_for_each_person_once(acme, world):
    rows = [fresh() for _ in range(2)]
    batch = acme.send(*rows).ok(200)["batch"]
    csv = acme.api.submit(console(acme, f"/users/batches/{batch}/links")).ok(200)
    assert csv.headers["Content-Type"].startswith("text/csv") and "attachment" in csv.headers["Content-Disposition"]
    lines = csv.text.lstrip("\ufeff").strip().split("\r\n")
    assert lines[0] == "email,url,code" and len(lines) == 3
    token = re.search(r"/i/([\w-]+)", next(line for line in lines if rows[0] in line)).group(1)
    assert rows[0] in world.client().page(f"/i/{token}").ok(200).text


def test_members_without_the_right_see_a_refusal_and_no_more(acme):
    person = acme.join()
    for rest in ("/users", "/users/invitations", "/users/invite", "/settings"):
        page = person.api.page(console(acme, rest))
        assert page.status == 403 and acme.owner.email not in page.text
    assert person.api.submit(console(acme, "/users/invite/send"), {"addresses": fresh()}).status == 403


def test_a_notice_is_one_of_ours(acme):
    assert "role=\"status\"><i" in acme.api.page(console(acme, "/users?notice=role_changed")).text
    for bad in ("nonsense", "role_changed.3", "invitations_sent", "invitations_sent.x", "<b>"):
        page = acme.api.page(console(acme, "/users?notice=" + bad)).ok(200)
        assert 'role="status"><i' not in page.text and "&lt;b" not in page.text.split("<main")[1]
