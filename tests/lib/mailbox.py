"""A real SMTP server with levers, and an inbox that reads what it got."""

import collections
import email
import email.policy
import functools
import re
import ssl
import threading
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

MAIL_SECONDS = 20


class Mail:
    """One message as it arrived."""

    def __init__(self, sender, recipients, raw):
        self.sender = sender
        self.recipients = recipients
        self.raw = raw
        self.at = time.monotonic()

    @functools.cached_property
    def message(self):
        return email.message_from_bytes(self.raw, policy=email.policy.default)

    def __getitem__(self, header):
        return self.message[header]

    def part(self, kind):
        return self.message.get_body((kind,)).get_content()

    @functools.cached_property
    def text(self):
        return self.part("plain")

    @property
    def html(self):
        return self.part("html")

    @property
    def subject(self):
        return str(self.message["Subject"])

    @property
    def links(self):
        return re.findall(r"https?://[^\s<>\"')]+", self.text)

    @property
    def link(self):
        """The one address that carries a secret: an invitation's or a reset's."""
        for found in self.links:
            if re.search(r"/(i|password/reset)/", found):
                return found
        raise AssertionError("no link in:\n" + self.text)

    @property
    def token(self):
        return token_of(self.link)

    @property
    def code(self):
        """The code to type: ten characters of Crockford's base32 in two fives."""
        found = re.search(r"\b([0-9A-HJKMNP-TV-Z]{5})[- \u00a0\u202f]([0-9A-HJKMNP-TV-Z]{5})\b", self.text)
        assert found, "no code in:\n" + self.text
        return found.group(1) + "-" + found.group(2)

    @property
    def temporary_password(self):
        """Three groups of six, without look-alikes."""
        found = re.search(r"(?m)^\s*([a-z2-9]{6}-[a-z2-9]{6}-[a-z2-9]{6})\s*$", self.text)
        assert found, "no temporary password in:\n" + self.text
        return found.group(1)


def token_of(link):
    return re.search(r"/(?:i|password/reset|setup)/([^/?#\s]+)", link).group(1)


class Mailbox:
    """An SMTP server. Levers: what answers RCPT or DATA in place of 250 (a text, or a function)."""

    def __init__(self, tls=None, require_tls=False, user=None, password=None):
        self.mails, self.by_address = [], collections.defaultdict(list)
        self.attempts = 0
        self.rcpt_reply = None
        self.data_reply = None
        self.data_delay = 0.0
        self.held = None  # a domain whose recipients are not answered for
        self.kept_waiting = 0  # how many exchanges, now, by it or by the delay
        self.cut_data = False
        self.arrived = threading.Condition()
        self.user, self.password = user, password
        self.logins = []
        outer = self

        class Handler:
            async def handle_RCPT(self, server, session, envelope, address, options):
                import asyncio

                outer.kept_waiting += 1
                try:
                    while outer.held and address.endswith("@" + outer.held):
                        await asyncio.sleep(0.02)
                finally:
                    outer.kept_waiting -= 1
                outer.attempts += 1
                reply = outer.rcpt_reply(address) if callable(outer.rcpt_reply) else outer.rcpt_reply
                if reply:
                    return reply
                envelope.rcpt_tos.append(address)
                return "250 OK"

            async def handle_DATA(self, server, session, envelope):
                import asyncio

                if outer.data_delay:
                    outer.kept_waiting += 1
                    try:
                        await asyncio.sleep(outer.data_delay)
                    finally:
                        outer.kept_waiting -= 1
                if outer.cut_data:
                    server.transport.abort()
                    return "421 gone"
                reply = outer.data_reply(envelope) if callable(outer.data_reply) else outer.data_reply
                if reply:
                    return reply
                with outer.arrived:
                    outer.keep(Mail(envelope.mail_from, list(envelope.rcpt_tos), bytes(envelope.content)))
                    outer.arrived.notify_all()
                return "250 2.0.0 taken as letter-%d" % len(outer.mails)

        def authenticate(server, session, envelope, mechanism, data):
            outer.logins.append((data.login.decode(), data.password.decode()))
            good = (data.login.decode(), data.password.decode()) == (outer.user, outer.password)
            return AuthResult(success=good, handled=True)

        kw = {"hostname": "127.0.0.1", "port": 0, "decode_data": False, "enable_SMTPUTF8": False}
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            kw.update(tls_context=context, require_starttls=require_tls)
        if user:
            kw.update(authenticator=authenticate, auth_required=True, auth_require_tls=bool(tls))

        class FreePort(Controller):
            def _trigger_server(self):
                self.port = self.server.sockets[0].getsockname()[1]
                super()._trigger_server()

        self.controller = FreePort(Handler(), **kw)
        self.controller.start()

    @property
    def port(self):
        return self.controller.port

    @property
    def uri(self):
        login = f"{self.user}:{self.password}@" if self.user else ""
        return f"smtp://{login}127.0.0.1:{self.port}"

    def stop(self):
        self.controller.stop()

    def keep(self, mail):
        self.mails.append(mail)
        for address in {r.lower() for r in mail.recipients}:
            self.by_address[address].append(mail)

    # ---- reading

    def all_for(self, address):
        return list(self.by_address.get(address.lower(), ()))

    def wait(self, address, count=1, seconds=MAIL_SECONDS):
        """The mails for an address, once there are `count`."""
        until = time.monotonic() + seconds
        with self.arrived:
            while len(self.all_for(address)) < count:
                left = until - time.monotonic()
                assert left > 0, f"{len(self.all_for(address))} of {count} mails for {address} after {seconds} s"
                self.arrived.wait(left)
        return self.all_for(address)

    def until(self, address, holds, seconds=MAIL_SECONDS):
        """The mails for an address of which something holds, once there is one."""
        until = time.monotonic() + seconds
        with self.arrived:
            while not (found := [m for m in self.all_for(address) if holds(m)]):
                left = until - time.monotonic()
                assert left > 0, f"none of {len(self.all_for(address))} mails for {address} after {seconds} s"
                self.arrived.wait(left)
        return found

    def last(self, address, count=1):
        return self.wait(address, count)[-1]

    def resets(self, address, count=1, seconds=MAIL_SECONDS):
        """The password resets for an address, once there are `count`."""
        until = time.monotonic() + seconds
        while True:
            found = [m for m in self.all_for(address) if "/password/reset/" in m.text]
            if len(found) >= count:
                return found
            assert time.monotonic() < until, f"{len(found)} of {count} resets for {address}"
            time.sleep(0.02)

    def link_for(self, address, count=1):
        return self.last(address, count).link

    def token_for(self, address, count=1, invitation=False):
        """Of the newest mail, once there are `count`; or of the newest that invites, once so many do."""
        if not invitation:
            return self.last(address, count).token
        until = time.monotonic() + 20
        while True:
            links = [x for m in self.all_for(address) for x in m.links if "/i/" in x]
            links = list(dict.fromkeys(links))
            if len(links) >= count:
                return token_of(links[-1])
            assert time.monotonic() < until, f"{len(links)} invitations of {count} came for {address}"
            time.sleep(0.02)

    def settle(self, seconds=1.0):
        """Waits until no mail arrived for a while."""
        seen = -1
        while seen != len(self.mails):
            seen = len(self.mails)
            time.sleep(seconds)
