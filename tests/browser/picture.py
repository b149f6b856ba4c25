"""The picture in README.md: an organization's users page, from the real server. `make screenshots` runs this."""

import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lib.browser import ROOT, Browser  # noqa: E402
from lib.mailbox import Mailbox  # noqa: E402
from lib.people import PASSWORD, World  # noqa: E402
from lib.server import Server  # noqa: E402

PEOPLE = [("Karim", "Benali", "administrator"), ("Zoé", "Durand", "member"), ("Ines", "Moreau", "member"), ("Tom", "Fischer", "member"),
          ("Léa", "Petit", "administrator"), ("Yann", "Le Goff", "member"), ("Amina", "Diallo", "member")]
OWNER = "olive.martin@example.org"
MOST_BYTES = 200_000


def reset_token(mailbox):
    mailbox.settle()
    return next(m.token for m in reversed(mailbox.all_for(OWNER)) if "/password/reset/" in m.text)


def take(folder, target):
    mailbox = Mailbox()
    server = Server(folder, mail=mailbox.uri).start()
    browser = None
    try:
        bar = World(server, mailbox).found("Atelier du Parvis", owner=OWNER)
        bar.api.post("/password-resets", {"email": OWNER}).ok()
        bar.api.post("/password-resets/complete", {"token": reset_token(mailbox), "new_password": PASSWORD}).ok()
        bar.api.sign_in(OWNER, PASSWORD)
        for given, family, role in PEOPLE:
            name = f"{given}.{family}".lower().translate(str.maketrans("éï", "ei", " "))
            server.clock.advance(days=2, hours=3)
            bar.join(f"{name}@example.org", role, given, family)
        bar.send("paul.roux@example.org", "nora.klein@example.org").ok()
        browser = Browser(language="en")
        browser.be(bar.api, server.url).go(f"{server.url}/o/{bar.slug}/users").sees("Benali")
        browser.shot(target)
    finally:
        if browser:
            browser.close()
        server.stop()
        mailbox.stop()
    size = target.stat().st_size
    assert size < MOST_BYTES, f"{target} has {size} bytes"
    print(f"{target.relative_to(ROOT)}: {size} bytes")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="parvis-picture-") as folder:
        take(pathlib.Path(folder), ROOT / "docs/screenshot.png")
