"""Every counter of spec/limits.yaml, at every door it guards: granted at its bound, refused one beyond, granted again when its
window ends and not a second earlier. A row or a door without a recipe fails, and so does a recipe without a row."""

import itertools
import re

import pytest

from lib.limits import SITE, TABLE, Town, anew, form_or_call, refused, seconds, signup_form, signup_of
from lib.mailbox import token_of
from lib.people import PASSWORD, fresh

INVITATIONS = {"invitations_per_hour": 6, "invitations_per_day": 8, "addresses_per_hour": 4}
RECIPES = {}


@pytest.fixture(scope="module")
def town(make_server, smtp):
    return Town(make_server(mail=smtp.uri, signup="on", rate_limits="on", trusted_proxies="127.0.0.1", public_url=SITE, **INVITATIONS), smtp)


@pytest.fixture(scope="module")
def village(make_server, smtp):
    """Where nobody signs up, so that whether an address has an account may be told."""
    return Town(make_server(mail=smtp.uri, rate_limits="on", **INVITATIONS), smtp)


class Counter:
    """What a recipe gives: how to use the limit once at a door, and how to see what became of it."""

    def __init__(self, use, spend=None, spent=0, seen=None, last=None, again=None, more=1, refused=refused):
        self.use = use              # once, at the door; the answer
        self.spend = spend or use   # once, at any door: what the bound is reached with
        self.spent = spent          # so often it was used already
        self.seen = seen            # silent limits: how many mails came
        self.last = last            # what is to be done before the window's last second
        self.again = again or use   # about when the window ends, where what the door was for is gone by then
        self.more = more            # so many mails then
        self.refused = refused      # how the door says so


def recipe(*names):
    def add(make):
        for name in names:
            RECIPES[name] = make
        return make
    return add


def most_of(row):
    return row["most"] if "most" in row else INVITATIONS[row["setting"]]


def settled(town, counter, count):
    """Whether so many mails came, and no more."""
    town.answered()
    for _ in range(100):
        if counter.seen() >= count:
            break
        town.inbox.settle(0.05)
    town.inbox.settle(0.1)
    assert counter.seen() == count


def granted(answer):
    assert answer.status < 500 and answer.status != 429, answer


def refuses(town, make, row, door):
    window = seconds(row["every"])
    end = town.begin_anew(window)
    counter = make(town, door)
    if town.clock.now() > end - 30:
        end = town.begin_anew(window)
    for _ in range(most_of(row) - 1 - counter.spent):
        granted(counter.spend())
    granted(counter.use())
    counter.refused(counter.use(), window)
    end = (town.clock.now() // window + 1) * window
    assert town.before(end, lambda: refused(counter.again(), 2)), "to its last second"
    town.at(end + 0.01)
    granted(counter.again())


def stays_silent(town, make, row, door):
    window = seconds(row["every"])
    end = town.begin_anew(window)
    counter = make(town, door)
    most, before = most_of(row), counter.seen()
    for _ in range(most - 1 - counter.spent):
        granted(counter.spend())
    granted(counter.use())
    settled(town, counter, before + most - counter.spent)
    granted(counter.use())
    settled(town, counter, before + most - counter.spent)
    end = (town.clock.now() // window + 1) * window
    if counter.last:
        counter.last(end)
    before = counter.seen()
    town.before(end, lambda: (granted(counter.again()), settled(town, counter, before)), ahead=2)
    town.at(end + 0.01)
    for _ in range(counter.more):
        granted(counter.again())
    settled(town, counter, before + counter.more)


@pytest.mark.parametrize("name,door", [(name, door) for name, row in TABLE["rates"].items() for door in row.get("tried", row["doors"])])
def test_a_counter_at_a_door(town, village, name, door):
    row, where = TABLE["rates"][name], village if name == "addresses" and "accept" not in door else town
    assert name in RECIPES, f"{name} has no recipe"
    anew(lambda: (stays_silent if row.get("silent") else refuses)(where, RECIPES[name], row, door))


def test_no_recipe_without_a_row():
    assert RECIPES.keys() == TABLE["rates"].keys()


# ---- one's own account


@recipe("notice")
def tell_of_a_change(town, door):
    if "member" in door:
        return change_somebody(town, door)
    person, words = town.found("Notice").owner, [PASSWORD, "lantern-orchard-43"]

    def use():
        old = words[0]
        words.reverse()
        body = {"current_password": old, "new_password": words[0]}
        return form_or_call(person.api, door, "/me/password", "/me/password", body)
    return Counter(use, seen=lambda: len([m for m in town.inbox.all_for(person.email) if "/password/reset/" not in m.text]))


def change_somebody(town, door):
    """A role taken and given back: mails of one kind."""
    org = town.found("Notice")
    somebody, roles = org.join(), ["member", "administrator"]
    member = org.member(somebody)["id"]

    def use():
        roles.reverse()
        return form_or_call(org.api, door, "", f"/o/{org.slug}/users/{member}/role", {"role": roles[0]}) if door.endswith("_form") else \
            org.api.patch(f"{org.path}/members/{member}", {"role": roles[0]})
    return Counter(use, seen=lambda: len([m for m in town.inbox.all_for(somebody.email) if "/i/" not in m.text]))


def ask_for(person, door, email):
    return form_or_call(person.api, door, "/me/email", "/me/email", {"email": email, "current_password": PASSWORD})


@recipe("email_change_account")
def change_to_any(town, door):
    person = town.proved()
    return Counter(lambda: ask_for(person, door, fresh()))


@recipe("email_change_each")
def change_to_one(town, door):
    person, wanted = town.proved(), fresh("wanted")
    return Counter(lambda: ask_for(person, door, wanted))


@recipe("email_change_address")
def change_to_what_others_want(town, door):
    person, wanted = town.proved(), fresh("wanted")
    return Counter(lambda: ask_for(person, door, wanted), lambda: ask_for(town.proved(), door, wanted))


@recipe("proof")
def ask_for_a_code(town, door):
    person = town.found("Proof").owner
    return Counter(lambda: form_or_call(person.api, door, "/me/address-proof", "/me/address-proof", {}) if door.endswith("form")
                   else person.api.post("/me/address-proof"))


@recipe("found")
def found(town, door):
    person = town.proved()
    if door.endswith("_form"):
        return Counter(lambda: person.api.submit("/organizations/new", {"organization": "Another"}))
    return Counter(lambda: person.api.post("/organizations", {"name": "Another"}))


# ---- resets


RESETS = {"request_password_reset": "/password-resets", "password_forgotten_form": "/password/forgotten",
          "mail_invitation_again": "/invitations/mail-again", "join_mail_form": "/join/mail"}


def reset(client, door, email):
    return form_or_call(client, door, RESETS[door], RESETS[door], {"email": email})


@recipe("reset_source")
def resets_of_any(town, door):
    client = town.stranger()
    return Counter(lambda: reset(client, door, fresh("anybody")))


networks = itertools.count(1)


def neighbours(town):
    """Each call somebody else, of one network that is this test's alone."""
    network, others = next(networks), itertools.count(1)
    return lambda: town.stranger(f"2001:db8:{network:x}:{next(others):x}::1")


@recipe("reset_network")
def resets_of_neighbours(town, door):
    one_more = neighbours(town)
    return Counter(lambda: reset(one_more(), door, fresh("anybody")))


@recipe("reset_each")
def resets_of_one(town, door):
    client, email = town.stranger(), fresh("somebody")
    return Counter(lambda: reset(client, door, email))


def asked_for(town, door):
    """(whose mail is asked for, how many came since)"""
    org = town.found("Reset")
    email = org.owner.email if "password" in door else fresh("invited")
    if email != org.owner.email:
        org.invite(email)
        town.inbox.last(email)
    mark = "/password/reset/" if "password" in door else "/i/"
    count = lambda: len([m for m in town.inbox.all_for(email) if mark in m.text])  # noqa: E731
    before = count()
    return email, lambda: count() - before


@recipe("invitation_mail")
@recipe("reset_mail")
def mails_that_many_ask_for(town, door):
    """Beyond them one in ten minutes, which has to be used up for the last second to show anything."""
    email, seen = asked_for(town, door)
    counter = Counter(lambda: reset(town.stranger(), door, email), seen=seen, more=2)

    def one_of_ten_minutes(end):
        town.at(end - 500)
        before = counter.seen()
        granted(counter.use())
        settled(town, counter, before + 1)
    counter.last = one_of_ten_minutes
    return counter


@recipe("invitation_crowd")
@recipe("reset_crowd")
def mails_to_the_crowded(town, door):
    email, seen = asked_for(town, door)
    town.begin_anew(3600)
    counter = Counter(lambda: reset(town.stranger(), door, email), seen=seen)
    for _ in range(TABLE["rates"]["reset_mail"]["most"]):
        granted(counter.use())
    settled(town, counter, TABLE["rates"]["reset_mail"]["most"])
    town.begin_anew(600)
    return counter


# ---- invitations


def console(org, path):
    return f"/o/{org.slug}/users{path}"


def picked(answer, _seconds):
    """Of what was ticked a page says what is left."""
    assert answer.status == 303 and "some_failed" in answer.headers["Location"], answer


def row_waits(answer, _seconds):
    """The page has a line for each person."""
    assert answer.status in (200, 429) and "too many tries" in answer.text.lower(), answer


AGAIN = {  # one invitation, sent once more
    "resend_invitation": lambda org, inv: org.resend(inv),
    "resend_batch": lambda org, inv: org.api.post(f"{org.path}/invitation-batches/{inv['batch']}/resend"),
    "renew_temporary_password": lambda org, inv: org.api.post(f"{org.path}/invitations/{inv['id']}/temporary-password", {}),
    "link_invitation": lambda org, inv: org.link(inv),
    "link_batch": lambda org, inv: org.api.post(f"{org.path}/invitation-batches/{inv['batch']}/links"),
    "correct_invitation": lambda org, inv: org.correct(inv, fresh("mended")),
    "invitation_resend_form": lambda org, inv: org.api.submit(console(org, f"/invitations/{inv['id']}/resend")),
    "batch_resend_form": lambda org, inv: org.api.submit(console(org, f"/batches/{inv['batch']}/resend")),
    "invitations_bulk_form": lambda org, inv: org.api.submit(console(org, "/invitations"), {"invitation": inv["id"], "action": "resend"}),
    "invitation_password_form": lambda org, inv: org.api.submit(console(org, f"/invitations/{inv['id']}/password"), {"method": "send"}),
    "invitation_link_form": lambda org, inv: org.api.submit(console(org, f"/invitations/{inv['id']}/link")),
    "batch_links_form": lambda org, inv: org.api.submit(console(org, f"/batches/{inv['batch']}/links")),
    "invitation_correct_form": lambda org, inv: org.api.submit(console(org, f"/invitations/{inv['id']}/correct"), {"email": fresh("mended")}),
}
ANEW = {  # somebody who was not invited
    "create_invitations": lambda org: org.send(fresh(), deliver=False),
    "preview_invitations": lambda org: org.api.post(org.path + "/invitations/preview", {"invitations": [{"email": fresh(), "role": "member"}]}),
    "invite_check": lambda org: org.api.submit(console(org, "/invite/check"), {"addresses": fresh()}),
    "invite_step_form": lambda org: org.api.submit(console(org, "/invite"), {"addresses": fresh(), "step": "preview"}),
    "invite_send_form": lambda org: org.api.submit(console(org, "/invite/send"), {"addresses": fresh(), "role": "member"}),
    "administrators_step_form": lambda org: org.api.submit(console(org, "/administrators"), {"addresses": fresh(), "step": "preview"}),
    "administrators_send_form": lambda org: org.api.submit(console(org, "/administrators/send"), {"addresses": fresh()}),
}
SAYS_SO = {"invitations_bulk_form": picked, "invite_send_form": row_waits, "administrators_send_form": row_waits}
PASSWORDS = {"resend_invitation", "resend_batch", "renew_temporary_password", "invitation_resend_form", "batch_resend_form", "invitations_bulk_form",
             "invitation_password_form"}  # what is renewed there says whether there is an account by now


def offered(org, temporary):
    """An invitation, with a temporary password or without."""
    if not temporary:
        return org.invite(fresh())
    made = org.send(fresh(), method="temporary_password").ok()["results"][0]["invitation"]
    return org.invitation(made)


def inviting(town, door):
    """Two that wait to be sent again: one at the bound, one beyond it."""
    org = town.found("Inviting")
    org.set(temporary_password_delivery="send").ok()

    def invite():
        return org.send(fresh(), deliver=False)
    if door in ANEW:
        return (lambda: ANEW[door](org)), invite, 0
    waiting = [offered(org, "password" in door) for _ in range(2)]
    return (lambda: AGAIN[door](org, waiting.pop())), invite, 2


@recipe("invite_hour")
def invite_in_an_hour(town, door):
    use, spend, spent = inviting(town, door)
    return Counter(use, spend, spent, again=spend, refused=SAYS_SO.get(door, refused))


@recipe("invite_day")
def invite_in_a_day(town, door):
    """More than an hour of them."""
    use, spend, spent = inviting(town, door)

    def next_hour():
        town.clock.advance(hours=1)
        return spend()
    return Counter(use, next_hour, spent, again=spend, refused=SAYS_SO.get(door, refused))


@recipe("addresses")
def look_at(town, door):
    """Inviting and copying links are not refused for it: they count, and the next preview is refused."""
    if "accept" in door:
        return enrol_by_links(town, door)
    org = town.found("Curious")
    org.set(temporary_password_delivery="send").ok()

    def preview():
        return ANEW["preview_invitations"](org)
    if door in ANEW:
        org.set(existing_accounts="refuse").ok()
        spend = lambda: ANEW[door](org)  # noqa: E731
    else:
        waiting = [offered(org, door in PASSWORDS) for _ in range(INVITATIONS["addresses_per_hour"])]
        if "correct" in door:
            org.set(existing_accounts="refuse").ok()
        town.begin_anew(3600)
        spend = lambda: AGAIN[door](org, waiting.pop())  # noqa: E731
    uses = iter([spend])
    return Counter(lambda: next(uses, preview)(), spend, again=preview)


HOLDER = {"given_name": "Zoé", "family_name": "Durand", "password": PASSWORD}


TIMES = itertools.count(1)


def accept_copied(client, door, link, email):
    """With what was handed over: the link, or the code that stands beside it; each time as somebody else, or it were a repeat."""
    holder = {**HOLDER, "given_name": "Zo" + "é" * (next(TIMES) % 40 + 1)}
    if door == "join_accept_form":
        return client.submit("/join/accept", {"email": email, "code": link["code"], **holder})
    token = token_of(link["url"])
    return form_or_call(client, door, "/invitations/accept", "/i/" + token, holder if door.endswith("_form") else {"token": token, **holder})


def enrol_by_links(town, door):
    """Where links do not tell, whoever enrols is told by the answer."""
    org, waiting = town.found("Curious"), []
    for _ in range(INVITATIONS["addresses_per_hour"] + 1):
        email = fresh()
        waiting.append((org.link(org.invite(email, deliver=False)).ok().json, email))
    town.begin_anew(3600)

    def enrol():
        return accept_copied(town.stranger(), door, *(waiting.pop() if len(waiting) > 1 else waiting[0]))
    return Counter(enrol)


@recipe("go_on_hour")
def go_on_by_mail(town, door, window=3600):
    org, holder = town.found("Copied"), town.found("Elsewhere").owner.prove(town.inbox)
    inv = org.invite(holder.email, deliver=False)
    link = org.link(inv).ok().json

    def use():
        return accept_copied(town.stranger(), door, link, holder.email)

    def next_hour():
        town.clock.advance(hours=1)
        return use()
    spend = next_hour if window == 86400 else use
    return Counter(use, spend, seen=lambda: len([m for m in town.inbox.all_for(holder.email) if "One more step" in m.text]))


@recipe("go_on_day")
def go_on_by_mail_all_day(town, door):
    return go_on_by_mail(town, door, 86400)


@recipe("ask_again")
def ask_once_more(town, door):
    org, email = town.found("Lapsed"), fresh()
    inv = org.invite(email, expires_in="1h", deliver=False)
    token = token_of(org.link(inv).ok()["url"])
    town.clock.advance(hours=1, seconds=1)
    client = town.stranger()

    def ask():
        return form_or_call(client, door, "/invitations/ask-again", f"/i/{token}/ask-again", {} if door.endswith("_form") else {"token": token})

    def later():
        town.clock.advance(seconds=61)  # what comes again within a minute is a repeat
        return ask()

    def said(answer, most_seconds):
        """The page says in the place of the button when it was asked."""
        if answer.problem:
            return refused(answer, most_seconds)
        return answer.status == 429 and "Already asked on" in answer.text
    return Counter(later, again=lambda: client.post("/invitations/ask-again", {"token": token}), refused=said)


# ---- sign-ups


def sign_up(client, door, email):
    return form_or_call(client, "sign_up_form" if door == "sign_up_form" else "begin_signup", "/signups", "/sign-up", signup_form(email))


@recipe("signup_source")
def begin_for_any(town, door):
    client = town.stranger()
    return Counter(lambda: sign_up(client, door, fresh()))


@recipe("signup_network")
def begin_of_neighbours(town, door):
    one_more = neighbours(town)
    return Counter(lambda: sign_up(one_more(), door, fresh()))


def send_again(client, door, signup):
    return form_or_call(client, door, "/signups/resend", f"/sign-up/{signup}/resend", {} if door.endswith("_form") else {"signup": signup})


@recipe("signup_each")
def begin_for_one(town, door):
    client, email = town.stranger(), fresh()

    def begin():
        return sign_up(client, door, email)
    if "resend" not in door:
        return Counter(begin)
    return resending(town, client, door, begin)


def resending(town, client, door, begin, **more):
    """Two that wait to be sent again: one at the bound, one beyond it."""
    waiting = [signup_of(begin()) for _ in range(2)]
    town.clock.advance(minutes=1, seconds=1)

    def use():
        return send_again(client, door, waiting.pop(0))
    return Counter(use, begin, 2, again=begin, **more)


@recipe("signup_mail")
def short_codes(town, door):
    email = fresh()

    def begin():
        return sign_up(town.stranger(), door, email)

    def seen():
        return len([m for m in town.inbox.all_for(email) if re.search(r"\b\d{3} \d{3}\b", m.text)])
    if "resend" not in door:
        return Counter(begin, seen=seen)
    counter = resending(town, town.stranger(), door, begin, seen=seen)
    settled(town, counter, 2)
    return counter


@recipe("signup_crowd")
def long_codes(town, door):
    email, few = fresh(), TABLE["rates"]["signup_mail"]["most"]
    town.begin_anew(86400)
    waiting = []

    def begin():
        return sign_up(town.stranger(), door, email)

    def use():
        return send_again(town.stranger(), door, waiting.pop(0)) if "resend" in door else begin()
    counter = Counter(use, seen=lambda: len(town.inbox.all_for(email)), again=begin)
    for _ in range(few):
        answer = begin()
        granted(answer)
        waiting.append(signup_of(answer))
    settled(town, counter, few)
    town.clock.advance(minutes=1, seconds=1)
    town.begin_anew(600)
    return counter


@recipe("signup_try")
def type_codes(town, door):
    client = town.stranger()
    signup = signup_of(sign_up(client, "begin_signup", fresh()))
    return Counter(lambda: form_or_call(client, door, "/signups/confirm", f"/sign-up/{signup}", {"code": "000000"} if door.endswith("_form")
                                        else {"signup": signup, "code": "000000"}))
