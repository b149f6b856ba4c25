#!/usr/bin/env python3
"""A real mail server for test_mail.c: mail_server.py FOLDER plain|starttls|auth

Prints its port, serves until standard input closes, and writes each accepted mail, taken apart by Python's own parser, as
FOLDER/N.json. What a recipient is called says what becomes of the mail.
"""
import asyncio
import email
import email.policy
import itertools
import json
import ssl
import subprocess
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

folder, mode = sys.argv[1:3]
numbers = itertools.count(1)
ANSWERS = {"busy": "450 4.2.0 Come back later", "unknown": "550 5.1.1 No such person here", "closing": "421 4.3.2 Shutting down",
           "late": None, "later": None, "tardy": None, "cut": None, "slow": None, "long": None}


class Handler:
    def __init__(self):
        self.connections = itertools.count(1)

    async def handle_MAIL(self, server, session, envelope, address, options):
        if not hasattr(session, "number"):
            session.number = next(self.connections)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.partition("@")[0]
        if name == "slow":
            await asyncio.sleep(30)
        if ANSWERS.get(name):
            return ANSWERS[name]
        envelope.rcpt_tos.append(address)
        if name == "cut":  # agrees, then goes away in the middle of the mail
            asyncio.get_running_loop().call_later(0.15, server.transport.abort)
            server.handle_cut = True
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = envelope.rcpt_tos[0].partition("@")[0]
        if name == "cut":
            await asyncio.sleep(30)
        if name == "tardy":
            await asyncio.sleep(1)
        if name == "late":
            return "554 5.7.1 Not with these words"
        if name == "later":
            return "451 4.3.0 Disk full\x07\xff"
        if name == "long":
            return "250-2.0.0 Kept\r\n250 " + "\u00e9" * 1000
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = {part.get_content_type(): part.get_content().replace("\r\n", "\n") for part in message.walk() if not part.is_multipart()}
        report = {"from": envelope.mail_from, "to": envelope.rcpt_tos[0], "tls": session.ssl is not None,
                  "user": getattr(session, "auth_data", None), "connection": session.number,
                  "headers": {key: str(value) for key, value in message.items()},
                  "defects": [str(defect) for part in message.walk() for defect in part.defects],
                  "longest": max(map(len, envelope.content.split(b"\r\n"))), "bare": b"\n" in envelope.content.replace(b"\r\n", b""),
                  "text": parts.get("text/plain"), "html": parts.get("text/html")}
        with open(f"{folder}/{next(numbers)}.json", "w", encoding="utf-8") as out:
            json.dump(report, out)
        return "250 2.0.0 Kept as number 7"


def certificate():
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout",
                    f"{folder}/key.pem", "-out", f"{folder}/cert.pem"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
    return context


def check(server, session, envelope, mechanism, data):
    right = (data.login, data.password) == (b"parvis@mail", b"p:s/s %")
    return AuthResult(success=right, handled=right, auth_data=data.login.decode())


class FreePort(Controller):
    """Port 0: the kernel picks one."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


options = {"plain": {}, "starttls": {"require_starttls": True}, "auth": {"authenticator": check, "auth_required": True}}[mode]
if mode != "plain":
    options["tls_context"] = certificate()
controller = FreePort(Handler(), hostname="127.0.0.1", port=0, **options)
controller.start()
print(controller.port, flush=True)
sys.stdin.read()
controller.stop()
