"""Mails: languages, headers, reminders, and what became of each."""

import re
import subprocess
import time

import pytest

from lib.mailbox import Mailbox
from lib.people import World, fresh


def delivery(org, inv, state, seconds=15):
    """The delivery once it is in a state."""
    until = time.monotonic() + seconds
    while True:
        got = org.invitation(inv)["delivery"]
        if got["state"] == state or time.monotonic() > until:
            assert got["state"] == state, got
            return got
        time.sleep(0.05)


# ---- language: the account's, else the invitation's, else the organization's, else both


@pytest.mark.parametrize(
    "organization,invitation,account,expected",
    [
        ("en", "fr", None, "fr"),
        ("fr", None, None, "fr"),
        ("en", None, None, "en"),
        ("fr", "en", None, "en"),
        (None, None, None, "both"),
        ("en", "en", "fr", "fr"),
        ("fr", None, "en", "en"),
    ],
)
def test_the_language_of_the_mail(world, rival, inbox, organization, invitation, account, expected):
    org = world.found("Langues", locale=organization)
    if account:
        person = rival.join()
        person.api.patch("/me", {"locale": account}).ok()
        email, count = person.email, 2
    else:
        email, count = fresh(), 1
    org.invite(email, **({"locale": invitation} if invitation else {}))
    mail = inbox.last(email, count)
    french, english = "vous invite" in mail.text, "invites you" in mail.text or "invited you" in mail.text
    assert (french, english) == {"fr": (True, False), "en": (False, True), "both": (True, True)}[expected], mail.text
    if expected != "both":
        assert str(mail["Content-Language"]) == expected


# ---- headers


def test_the_headers_of_a_mail(acme, inbox):
    email = fresh()
    acme.invite(email)
    mail = inbox.last(email)
    assert mail.message.is_multipart() and mail.message.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in mail.message.iter_parts()] == ["text/plain", "text/html"]
    for name in ("Date", "Message-ID", "From", "To", "Subject", "Reply-To", "MIME-Version"):
        assert mail[name], name
    assert str(mail["Auto-Submitted"]) == "auto-generated"
    assert max(map(len, mail.raw.split(b"\r\n"))) <= 998
    assert b"\n" not in mail.raw.replace(b"\r\n", b"")
    assert re.search(r"(?i)(valid|valable)\w* .*\d{4}", mail.text), "until when"
    assert "http" in mail.html and "<script" not in mail.html and "<img" not in mail.html


def test_an_idn_address_gets_its_mail(acme, inbox):
    acme.invite("zoe@bücher.example")
    mail = inbox.last("zoe@xn--bcher-kva.example")
    mail.raw.decode("ascii")  # nothing on the wire that SMTPUTF8 would have to allow


def test_a_mail_goes_to_the_spelling_stored(acme, inbox):
    email = fresh("ZoE.Case")
    acme.invite(email)
    assert inbox.last(email).recipients == [email]


# ---- delivery truth


def test_sent_says_the_mail_servers_own_words(acme, inbox):
    email = fresh()
    inv = acme.invite(email)
    inbox.wait(email)
    got = delivery(acme, inv, "sent")
    assert "letter-" in got["reply"] and got["at"]
    assert acme.invitation(inv)["sent_count"] == 1 and acme.invitation(inv)["last_sent_at"]


def test_refused_for_good_is_failed(acme, inbox):
    email = fresh("nobody")
    inbox.rcpt_reply = lambda a: "550 5.1.1 no such person here" if a == email else None
    try:
        inv = acme.invite(email)
        assert "no such person here" in delivery(acme, inv, "failed")["reply"]
    finally:
        inbox.rcpt_reply = None
    acme.resend(inv).ok()
    inbox.wait(email)
    delivery(acme, inv, "sent")


def test_refused_for_now_is_deferred_and_goes_out_later_with_the_same_id(acme, inbox, clock):
    email = fresh("later")
    seen = []

    def busy(envelope):
        if email in envelope.rcpt_tos:
            seen.append(re.search(rb"(?im)^Message-ID: *(\S+)", envelope.content).group(1).decode())
            return "451 4.3.0 come back later" if len(seen) == 1 else None

    inbox.data_reply = busy
    try:
        inv = acme.invite(email)
        assert "come back later" in delivery(acme, inv, "deferred")["reply"]
        clock.advance(hours=7)
        inbox.wait(email)
        delivery(acme, inv, "sent")
    finally:
        inbox.data_reply = None
    assert len(seen) == 2 and len(set(seen)) == 1


def test_the_operator_can_have_deferred_mails_tried_now(acme, inbox, operator):
    email = fresh("retry")
    inbox.rcpt_reply = lambda a: "450 4.2.1 busy" if a == email else None
    try:
        inv = acme.invite(email)
        delivery(acme, inv, "deferred")
    finally:
        inbox.rcpt_reply = None
    operator.post("/server/mail/retry").ok(200)
    inbox.wait(email)


def test_a_server_that_cuts_the_line_defers(acme, inbox):
    inbox.cut_data = True
    try:
        inv = acme.invite(fresh("cut"))
        delivery(acme, inv, "deferred")
    finally:
        inbox.cut_data = False


def test_a_withdrawn_mail_is_not_sent(acme, inbox, clock):
    email = fresh("withdrawn")
    inbox.rcpt_reply = lambda a: "450 4.2.1 busy" if a == email else None
    try:
        inv = acme.invite(email)
        delivery(acme, inv, "deferred")
        acme.revoke(inv).ok()
    finally:
        inbox.rcpt_reply = None
    clock.advance(hours=7)
    acme.invite(fresh())
    inbox.settle(0.5)
    assert inbox.all_for(email) == []


def test_mail_gives_up_after_days(acme, inbox, clock):
    email = fresh("never")
    acme.set(reminder_after=None).ok()  # a reminder would take the mail's place
    inbox.rcpt_reply = lambda a: "450 4.2.1 busy" if a == email else None
    try:
        inv = acme.invite(email)
        delivery(acme, inv, "deferred")
        clock.advance(days=4)
        assert "busy" in delivery(acme, inv, "failed")["reply"]
    finally:
        inbox.rcpt_reply = None


def test_no_mail_server_at_all_defers(make_server):
    server = make_server(mail="smtp://127.0.0.1:9")  # discard: nobody listens
    world = World(server, None)
    org = world.found("Lonely")
    delivery(org, org.invite(fresh()), "deferred")


def test_the_list_of_mails_holds_no_secret(acme, inbox):
    email = fresh()
    acme.invite(email)
    token = inbox.token_for(email)
    answer = acme.api.get(acme.path + "/mail").ok(200)
    assert email in answer.text and token not in answer.text and token[-22:] not in answer.text


# ---- kept as files


def test_without_smtp_mails_are_kept_as_files(make_server):
    server = make_server(mail=None)
    world = World(server, None)
    org = world.found("Files")
    inv = org.invite("zoe@example.org")
    delivery(org, inv, "kept")
    files = [f for f in (server.data / "mail").glob("*.eml") if "zoe@example.org" in f.read_text("utf-8")]
    assert len(files) == 1 and files[0].stat().st_mode & 0o777 == 0o600
    assert server.data.stat().st_mode & 0o777 == 0o700
    assert (server.data / "key").stat().st_mode & 0o777 == 0o600
    assert (server.data / "parvis.sock").stat().st_mode & 0o777 == 0o600


# ---- reminders


def test_one_reminder_after_three_days_with_a_secret_that_works(acme, inbox, clock, enrol):
    email = fresh()
    inv = acme.invite(email)
    first = inbox.token_for(email)
    clock.advance(days=2, hours=23)
    acme.invite(fresh())
    inbox.settle(0.5)
    assert len(inbox.all_for(email)) == 1
    clock.advance(hours=1, minutes=5)
    reminder = inbox.last(email, 2)
    clock.advance(days=3, hours=1)
    acme.invite(fresh())
    inbox.settle(1.5)
    assert len(inbox.all_for(email)) == 2, "once, by default"
    assert acme.state(inv) == "pending", "a reminder does not lengthen nor end anything"
    assert enrol(reminder.token).status == 201 or enrol(first).status == 201


def test_no_reminder_to_those_who_answered_or_were_revoked(acme, inbox, clock, enrol, anonymous):
    joined, declined, revoked = fresh(), fresh(), fresh()
    invs = {e: acme.invite(e) for e in (joined, declined, revoked)}
    enrol(inbox.token_for(joined)).ok()
    anonymous.post("/invitations/decline", {"token": inbox.token_for(declined)}).ok()
    inbox.wait(revoked)
    acme.revoke(invs[revoked]).ok()
    clock.advance(days=3, hours=1)
    inbox.settle(1.5)
    assert [len(inbox.all_for(e)) for e in invs] == [1, 1, 1]


def test_reminders_can_be_switched_off_or_be_more(world, inbox, clock):
    off, two = world.found("Off"), world.found("Two")
    off.set(reminder_after=None).ok()
    assert off.api.get(off.path + "/settings").ok()["reminder_after"] is None
    two.set(reminder_after="1d", reminder_max=2).ok()
    quiet, told = fresh(), fresh()
    off.invite(quiet)
    two.invite(told)
    inbox.wait(told)
    for day in range(4):
        clock.advance(days=1, minutes=5)
        if day < 2:
            inbox.wait(told, 2 + day)
        inbox.settle(1.2)
    assert len(inbox.all_for(told)) == 3 and len(inbox.all_for(quiet)) == 1


# ---- the transport


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=127.0.0.1",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            folder / "key",
            "-out",
            folder / "cert",
        ],
        check=True,
        capture_output=True,
    )
    return str(folder / "cert"), str(folder / "key")


def test_signing_in_at_the_mail_server(make_server):
    box = Mailbox(user="parvis", password="p@ss:word")
    try:
        server = make_server(mail=f"smtp://parvis:p%40ss%3Aword@127.0.0.1:{box.port}")
        org = World(server, box).found("Auth")
        org.invite("zoe@example.org")
        box.wait("zoe@example.org")
        assert ("parvis", "p@ss:word") in box.logins
        assert "p@ss" not in server.log() and "p%40ss" not in server.log()
        shown = server.cli("config").stdout
        assert "p%40ss" not in shown and "p@ss" not in shown
    finally:
        box.stop()


def test_on_this_machine_starttls_is_used_when_offered(make_server, certificate):
    box = Mailbox(tls=certificate, require_tls=True)
    try:
        org = World(make_server(mail=f"smtp://127.0.0.1:{box.port}"), box).found("Tls")
        org.invite("zoe@example.org")
        box.wait("zoe@example.org")
    finally:
        box.stop()


def test_elsewhere_a_certificate_nobody_vouches_for_gets_no_mail(make_server, certificate):
    box = Mailbox(tls=certificate)
    try:
        # 0.0.0.0 leads here too, and is not called loopback
        org = World(make_server(mail=f"smtp://0.0.0.0:{box.port}", public_url="https://parvis.example"), box).found(
            "Tls"
        )
        inv = org.invite("zoe@example.org")
        delivery(org, inv, "deferred")
        assert box.mails == []
    finally:
        box.stop()


def test_elsewhere_a_server_without_tls_gets_no_mail(make_server):
    box = Mailbox()
    try:
        org = World(make_server(mail=f"smtp://0.0.0.0:{box.port}", public_url="https://parvis.example"), box).found(
            "Plain"
        )
        delivery(org, org.invite("zoe@example.org"), "deferred")
        assert box.mails == []
    finally:
        box.stop()
