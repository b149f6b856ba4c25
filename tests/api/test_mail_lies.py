"""A mail server that answers with what is no reply of SMTP's."""

import socket
import threading

import pytest

from api.test_mail import delivery
from lib.people import World, fresh


class Liar:
    """Speaks SMTP up to RCPT, and then this line."""

    def __init__(self, line):
        self.line = line.encode("latin-1") + b"\r\n"
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.uri = "smtp://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(peer,), daemon=True).start()

    def talk(self, peer):
        with peer, peer.makefile("rwb") as wire:
            def say(line):
                wire.write(line)
                wire.flush()
            say(b"220 liar\r\n")
            for line in wire:
                say(self.line if line.upper().startswith(b"RCPT") else b"250 fine\r\n")

    def stop(self):
        self.listener.close()


@pytest.mark.parametrize("line", ["hello", "55", "9999999999 x", "", "\xff\xfe"])
def test_what_is_no_reply_defers_with_words_and_fails_in_the_end(make_server, line):
    liar = Liar(line)
    town = World(make_server(mail=liar.uri), None)
    org = town.found("Acme")
    org.set(reminder_after=None).ok()  # a reminder would take the mail's place
    inv = org.invite(fresh())
    got = delivery(org, inv, "deferred")
    assert "not a reply of SMTP" in got["reply"] and (not line.isascii() or line in got["reply"])
    town.clock.advance(days=4)
    assert "not a reply of SMTP" in delivery(org, inv, "failed", seconds=30)["reply"]
    liar.stop()
