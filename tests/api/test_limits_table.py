"""Every counter of spec/limits.yaml, at every door it guards: granted at its bound, refused one beyond, granted again when its
window ends and not a second earlier. A row or a door without a recipe fails, and so does a recipe without a row."""

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

    def __init__(self, use, spend=None, spent=0, seen=None, last=None, again=None, more=1):
        self.use = use              # once, at the door; the answer
        self.spend = spend or use   # once, at any door: what the bound is reached with
        self.spent = spent          # so often it was used already
        self.seen = seen            # silent limits: how many mails came
        self.last = last            # what is to be done before the window's last second
        self.again = again or use   # about when the window ends, where what the door was for is gone by then
        self.more = more            # so many mails then


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
    refused(counter.use(), window)
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


@pytest.mark.parametrize("name,door", [(name, door) for name, row in TABLE["rates"].items() for door in row["doors"]])
def test_a_counter_at_a_door(town, village, name, door):
    row, where = TABLE["rates"][name], village if name == "addresses" else town
    assert name in RECIPES, f"{name} has no recipe"
    anew(lambda: (stays_silent if row.get("silent") else refuses)(where, RECIPES[name], row, door))


def test_no_recipe_without_a_row():
    assert RECIPES.keys() == TABLE["rates"].keys()


# ---- one's own account


@recipe("notice")
def change_password(town, door):
    person, words = town.found("Notice").owner, [PASSWORD, "lantern-orchard-43"]

    def use():
        old = words[0]
        words.reverse()
        body = {"current_password": old, "new_password": words[0]}
        return form_or_call(person.api, door, "/me/password", "/me/password", body)
    return Counter(use, seen=lambda: len([m for m in town.inbox.all_for(person.email) if "/password/reset/" not in m.text]))


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


def reset(client, door, email):
    return form_or_call(client, door, "/password-resets", "/password/forgotten", {"email": email})


@recipe("reset_source")
def resets_of_any(town, door):
    client = town.stranger()
    return Counter(lambda: reset(client, door, fresh("anybody")))


@recipe("reset_each")
def resets_of_one(town, door):
    client, email = town.stranger(), fresh("somebody")
    return Counter(lambda: reset(client, door, email))


def resets_seen(town, email):
    return lambda: len([m for m in town.inbox.all_for(email) if "/password/reset/" in m.text])


@recipe("reset_mail")
def mails_that_many_ask_for(town, door):
    """Beyond them one in ten minutes, which has to be used up for the last second to show anything."""
    person = town.found("Reset").owner
    counter = Counter(lambda: reset(town.stranger(), door, person.email), seen=resets_seen(town, person.email), more=2)

    def one_of_ten_minutes(end):
        town.at(end - 500)
        before = counter.seen()
        granted(counter.use())
        settled(town, counter, before + 1)
    counter.last = one_of_ten_minutes
    return counter


@recipe("reset_crowd")
def mails_to_the_crowded(town, door):
    person = town.found("Reset").owner
    town.begin_anew(3600)
    seen = resets_seen(town, person.email)
    counter = Counter(lambda: reset(town.stranger(), door, person.email), seen=seen)
    for _ in range(TABLE["rates"]["reset_mail"]["most"]):
        granted(counter.use())
    settled(town, counter, TABLE["rates"]["reset_mail"]["most"])
    town.begin_anew(600)
    return counter


# ---- invitations


def again(org, door):
    """The door's own way to send an invitation once more."""
    inv = org.invite(fresh())
    if door == "resend_invitation":
        return lambda: org.resend(inv)
    if door == "resend_batch":
        return lambda: org.api.post(f"{org.path}/invitation-batches/{inv['batch']}/resend")

    def correct():
        """Each correction is another invitation."""
        nonlocal inv
        answer = org.correct(inv, fresh("mended"))
        inv = answer.json if answer.status < 300 else inv
        return answer
    return correct


def inviting(town, door):
    org = town.found("Inviting")

    def invite():
        return org.send(fresh(), deliver=False)
    if door == "create_invitations":
        return invite, invite, 0
    if door == "renew_temporary_password":
        org.set(temporary_password_delivery="send").ok()
        made = org.send(fresh(), method="temporary_password").ok()["results"][0]["invitation"]
        path = f"{org.path}/invitations/{made['id'] if isinstance(made, dict) else made}/temporary-password"
        return (lambda: org.api.post(path, {})), invite, 1
    return again(org, door), invite, 1


@recipe("invite_hour")
def invite_in_an_hour(town, door):
    use, spend, spent = inviting(town, door)
    return Counter(use, spend, spent, again=spend)


@recipe("invite_day")
def invite_in_a_day(town, door):
    """More than an hour of them."""
    use, spend, spent = inviting(town, door)

    def next_hour():
        town.clock.advance(hours=1)
        return spend()
    return Counter(use, next_hour, spent, again=spend)


@recipe("addresses")
def look_at(town, door):
    """Inviting and copying links are not refused for it: they count, and the next preview is refused."""
    org = town.found("Curious")
    org.set(existing_accounts="refuse").ok()

    def preview():
        return org.api.post(org.path + "/invitations/preview", {"invitations": [{"email": fresh(), "role": "member"}]})

    def link():
        org.set(existing_accounts="attach").ok()
        return org.link(org.invite(fresh()))
    spend = {"preview_invitations": preview, "create_invitations": lambda: org.send(fresh()), "link_invitation": link}[door]
    uses = iter([spend])
    return Counter(lambda: next(uses, preview)(), spend, again=preview)


@recipe("go_on_hour")
def go_on_by_mail(town, door, window=3600):
    org, holder = town.found("Copied"), town.found("Elsewhere").owner.prove(town.inbox)
    inv = org.invite(holder.email, deliver=False)
    token = token_of(org.link(inv).ok()["url"])
    body = {"token": token, "given_name": "Zoé", "family_name": "Durand", "password": PASSWORD}

    def use():
        return town.stranger().post("/invitations/accept", body)

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
    return Counter(lambda: form_or_call(client, door, "/invitations/ask-again", f"/i/{token}/ask-again",
                                        {} if door.endswith("_form") else {"token": token}))


# ---- sign-ups


def sign_up(client, door, email):
    return form_or_call(client, "sign_up_form" if door == "sign_up_form" else "begin_signup", "/signups", "/sign-up", signup_form(email))


@recipe("signup_source")
def begin_for_any(town, door):
    client = town.stranger()
    return Counter(lambda: sign_up(client, door, fresh()))


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
    if door == "begin_signup":
        return Counter(begin, seen=seen)
    counter = resending(town, town.stranger(), door, begin, seen=seen)
    settled(town, counter, 2)
    return counter


@recipe("signup_crowd")
def long_codes(town, door):
    email, few = fresh(), TABLE["rates"]["signup_mail"]["most"]
    town.begin_anew(86400)
    counter = Counter(lambda: sign_up(town.stranger(), door, email), seen=lambda: len(town.inbox.all_for(email)))
    for _ in range(few):
        granted(counter.use())
    settled(town, counter, few)
    town.begin_anew(600)
    return counter


@recipe("signup_try")
def type_codes(town, door):
    client = town.stranger()
    signup = signup_of(sign_up(client, "begin_signup", fresh()))
    return Counter(lambda: form_or_call(client, door, "/signups/confirm", f"/sign-up/{signup}", {"code": "000000"} if door.endswith("_form")
                                        else {"signup": signup, "code": "000000"}))
