"""The picture in README.md: an organization's users page, from the real server. `make screenshots` runs this."""

import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lib.browser import ROOT, Browser  # noqa: E402
from lib.mailbox import Mailbox  # noqa: E402
from lib.people import World  # noqa: E402
from lib.server import Server  # noqa: E402

PEOPLE = [("Karim", "Benali", "administrator"), ("Zoé", "Durand", "member"), ("Ines", "Moreau", "member"), ("Tom", "Fischer", "member"),
          ("Léa", "Petit", "administrator"), ("Yann", "Le Goff", "member"), ("Amina", "Diallo", "member")]
MOST_BYTES = 200_000


def take(folder, target):
    mailbox = Mailbox()
    server = Server(folder, mail=mailbox.uri).start()
    browser = None
    try:
        bar = World(server, mailbox).found("Atelier du Parvis", owner="olive.martin@example.org")
        for given, family, role in PEOPLE:
            name = f"{given}.{family}".lower().translate(str.maketrans("éï", "ei", " "))
            bar.join(f"{name}@example.org", role, given, family)
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
