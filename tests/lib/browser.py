"""A real Chromium, as a person uses it: fields and buttons by their words, pages judged by axe-core."""

import base64
import os
import pathlib
import time
import urllib.parse

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from lib.spec import texts

ROOT = pathlib.Path(__file__).resolve().parents[2]
AXE = ROOT / "tests/browser/node_modules/axe-core/axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Chromium without the window around a page: the whole one paints its own buttons, too, at 2.3 s of a processor for each start in
# place of 0.4 s, and at twice as much for each page.
PROGRAM = "/usr/lib/chromium/chromium-headless-shell"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
]
SIZES = {"desktop": (1280, 800), "phone": (360, 740)}
PATIENCE = 15.0  # seconds for a page to come
# Elements that may be called so: each question to an element costs 7 ms of a processor, and there are dozens on a page.
NAMED = """
const bare = text => (text || "").toLowerCase().replace(/\\s+/g, "");
return [...document.querySelectorAll(arguments[0])].filter(e => [e.textContent, e.ariaLabel, e.title, e.value, e.placeholder,
    ...[...(e.labels || [])].map(l => l.textContent), ...(e.getAttribute("aria-labelledby") || "").split(" ").map(id =>
    document.getElementById(id)?.textContent)].some(text => bare(text).includes(bare(arguments[1]))));"""
# By day what people do on a page is tried; what it looks like, to axe-core and on a picture, is for the night (`make nightly`).
CLOSELY = os.environ.get("PARVIS_NIGHTLY") != "no"


class Browser:
    def __init__(self, language="fr", size="desktop", dark=False, javascript=True):
        self.language, self.javascript = language, javascript
        options = Options()
        for flag in FLAGS:
            options.add_argument(flag)
        options.add_argument(f"--lang={language}")
        options.add_argument(f"--accept-lang={language}")
        options.binary_location = PROGRAM
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        # What a window gives to the page that one clicks on.
        self.driver.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardSanitizedWrite"]})
        if not javascript:
            self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
            assert self.go("data:text/html,<noscript>none</noscript><script>document.write('some')</script>").text == "none"
        self.look(size, dark)

    def close(self):
        self.driver.quit()

    def look(self, size=None, dark=None):
        """Changes the size of the screen or the colour scheme."""
        if size:
            self.size = size
            width, height = SIZES[size]
            self.driver.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride",
                {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"},
            )
        if dark is not None:
            self.driver.execute_cdp_cmd(
                "Emulation.setEmulatedMedia",
                {
                    "features": [
                        {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
                        {"name": "prefers-reduced-motion", "value": "reduce"},
                    ]
                },
            )

    # ---- going and finding

    def go(self, url):
        self.driver.get(url)
        return self

    def submit(self, path, fields):
        """A form of one's own making, sent from the page one is on."""
        self.driver.execute_script(
            """
            const form = document.createElement("form");
            form.method = "post"; form.action = arguments[0];
            for (const [name, value] of arguments[1]) {
                const input = document.createElement("input");
                input.type = "hidden"; input.name = name; input.value = value; form.append(input);
            }
            document.body.append(form); form.submit();""",
            path,
            [list(pair) for pair in fields],
        )
        return self

    def be(self, client, url):
        """Takes over the session of an API client; nobody's without one."""
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        for name, value in client.cookies.items() if client else ():
            self.driver.execute_cdp_cmd("Network.setCookie", {"name": name, "value": value, "url": url})
        return self

    def comes_from(self, source):
        """Requests carry this source, as those that a proxy passes on; nobody's without one."""
        self.driver.execute_cdp_cmd("Network.enable", {})
        headers = {"X-Forwarded-For": source} if source else {}
        self.driver.execute_cdp_cmd("Network.setExtraHTTPHeaders", {"headers": headers})
        return self

    def sign_in(self, url, email, password):
        """By the page for it."""
        self.go(url + "/sign-in").one("#email").send_keys(email)
        self.one("#password").send_keys(password)
        return self.press("sign_in.submit")

    @property
    def url(self):
        return self.driver.current_url

    @property
    def path(self):
        return urllib.parse.urlsplit(self.url).path

    @property
    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    def word(self, key):
        """A text of the catalogue; a key without one is taken as it stands."""
        return texts(self.language).get(key, key)

    def all(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def one(self, css, seconds=PATIENCE):
        """The one visible element, once it is there."""
        return self.until(lambda: next((e for e in self.all(css) if e.is_displayed()), None), css, seconds)

    def until(self, probe, what, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while True:
            try:
                found = probe()
                if found:
                    return found
            except StaleElementReferenceException:
                pass
            if time.monotonic() > end:
                raise AssertionError(f"no {what} on {self.url}:\n{self.text[:3000]}")
            time.sleep(0.05)

    def sees(self, text, seconds=PATIENCE):
        text = self.word(text)
        self.until(lambda: text in self.text, repr(text), seconds)
        return self

    def comes_to(self, path):
        self.until(lambda: self.path == path, path)
        return self

    def sees_not(self, text):
        assert self.word(text) not in self.text, self.text
        return self

    def _named(self, css, key):
        wanted = self.word(key)
        return next(
            (
                e
                for e in self.driver.execute_script(NAMED, css, wanted)
                if e.is_displayed()
                and wanted in (e.text.strip(), e.get_attribute("aria-label"), e.accessible_name.strip())
            ),
            None,
        )

    def press(self, key):
        """A button, by the words on it; waits for what follows."""
        self.click(self.until(lambda: self._named("button, a.btn, [role=button]", key), f"button {self.word(key)!r}"))
        return self

    def follow(self, key):
        """A link, by its words."""
        self.click(self.until(lambda: self._named("a", key), f"link {self.word(key)!r}"))
        return self

    def click(self, element):
        """Clicks, and waits a moment for a page to come."""
        page = self.driver.find_element(By.TAG_NAME, "html")
        element.click()
        for pause in (0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.3):  # either a page comes, or this one changes in place
            try:
                page.is_enabled()
            except Exception:
                break
            time.sleep(pause)
        return self

    def fill(self, key, value):
        """A field, by its label."""
        field = self.until(
            lambda: self._named("input:not([type=hidden]), textarea, select", key), f"field {self.word(key)!r}"
        )
        field.clear()
        field.send_keys(value)
        return self

    def choose(self, css):
        """A radio button or box, which may lie under its label."""
        box = self.until(lambda: next(iter(self.all(css)), None), css)
        if not box.is_selected():
            box.find_element(By.XPATH, "./ancestor::label").click()
        return self

    def choose_select(self, css, value):
        self.one(f"{css} option[value='{value}']").click()
        return self

    def row_menu(self, text, entry):
        """Opens the menu of the row that holds the text, and takes an entry of it."""
        row = self.until(lambda: next((r for r in self.all("tbody tr") if text in r.text), None), f"row of {text}")
        row.find_element(By.CSS_SELECTOR, "summary").click()
        wanted = self.word(entry)
        self.click(
            self.until(
                lambda: next(
                    (
                        e
                        for e in row.find_elements(By.CSS_SELECTOR, "a, button")
                        if e.is_displayed() and e.text.strip() == wanted
                    ),
                    None,
                ),
                f"entry {wanted}",
            )
        )
        return self

    def row(self, text):
        return self.until(
            lambda: next((r for r in self.all("tbody tr") if text in r.text), None), f"row of {text}"
        ).text

    # ---- judging

    def fits(self):
        """Nothing sticks out to the right."""
        wide = self.driver.execute_script(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, f"{self.url} is {wide} pixels too wide at {self.size}"

    def axe(self, rules=None):
        """What axe-core finds, as sentences; by all its rules, or by those named. At night."""
        if not CLOSELY:
            return []
        only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": AXE_TAGS}
        if not self.driver.execute_script("return 'axe' in window"):
            self.driver.execute_script(AXE.read_text("utf-8"))
        found = self.driver.execute_async_script(
            """
            const done = arguments[arguments.length - 1];
            axe.run(document, {iframes: false, resultTypes: ["violations"], runOnly: arguments[0]})
               .then(r => done(r.violations), e => done([{id: "axe failed", help: String(e), nodes: []}]));""",
            only,
        )
        return [
            f"{v['id']}: {v['help']}\n"
            + "\n".join("    " + n["html"][:300] + " " + n.get("failureSummary", "")[:300] for n in v["nodes"][:4])
            for v in found
        ]

    def judged(self, path):
        """Looked at on a desk in the light and on a phone in the dark, and kept as PATH-SIZE.png; axe-core needs JavaScript."""
        for size in SIZES if self.javascript else ():
            self.look(size, size == "phone")
            self.shot(f"{path}-{size}.png")
            self.fits()
            assert self.axe() == [], path
        self.look("desktop", False)
        return self

    def complaints(self):
        """What the console of the browser says: refused by the policy, missing files, errors of scripts."""
        return [
            e["message"]
            for e in self.driver.get_log("browser")
            if e["level"] == "SEVERE" and "status of 4" not in e["message"] and "favicon" not in e["message"]
        ]

    def shot(self, path, closely=CLOSELY):
        """The whole page into a PNG. At night, unless something is read from it."""
        path = pathlib.Path(path)
        if not closely:
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        box = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        width, height = SIZES[self.size]
        clip = {"x": 0, "y": 0, "width": width, "height": min(max(box["height"], height), 6000), "scale": 1}
        data = self.driver.execute_cdp_cmd(
            "Page.captureScreenshot", {"format": "png", "clip": clip, "captureBeyondViewport": True}
        )["data"]
        path.write_bytes(base64.b64decode(data))
        return path
