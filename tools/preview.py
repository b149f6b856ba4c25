#!/usr/bin/env python3
"""Shows every page and mail without a server: renders the templates with sample data and takes pictures with Chromium.

preview.py [--only NAME,NAME] [--langs fr,en] [--widths 1280,360] [--schemes light,dark] [--no-pictures] OUT_DIR
Writes OUT_DIR/html/LANG/NAME.html and OUT_DIR/NAME.LANG.WIDTH.SCHEME.png. Exits 1 when a page breaks the
Content-Security-Policy, has a script error, or is wider than its window.
"""
import argparse
import base64
import functools
import glob
import html
import http.server
import json
import os
import re
import sys
import tempfile
import threading
import urllib.parse

import polib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, HERE)
import gen_assets  # noqa: E402
import preview_data  # noqa: E402

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; "
    "form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

# ---- Mustache, as much of it as the templates use ----

TAG = re.compile(r"\{\{(!|#|\^|/|>)?\s*(.*?)\s*\}\}", re.S)


def parse(source):
    """A tree of (kind, name, children); tags (but values) that stand alone take their line along."""
    root = []
    stack = [root]
    names = []
    at = 0
    for match in TAG.finditer(source):
        text = source[at : match.start()]
        at = match.end()
        sigil, name = match.groups()
        if sigil:
            before = source.rfind("\n", 0, match.start()) + 1
            after = source.find("\n", match.end())
            after = len(source) if after < 0 else after
            if not source[before : match.start()].strip() and not source[match.end() : after].strip():
                text = text[: len(text) - len(source[max(before, match.start() - len(text)) : match.start()])]
                at = min(after + 1, len(source))
        stack[-1].append(("text", text, None))
        if sigil in ("#", "^"):
            children = []
            stack[-1].append((sigil, name, children))
            stack.append(children)
            names.append(name)
        elif sigil == "/":
            if not names or names.pop() != name:
                raise ValueError(f"section {name} is not open")
            stack.pop()
        elif sigil != "!":
            stack[-1].append((sigil or "value", name, None))
    stack[-1].append(("text", source[at:], None))
    if names:
        raise ValueError(f"section {names[-1]} is not closed")
    return root


def resolve(stack, name):
    if name == ".":
        return stack[-1]
    first, *rest = name.split(".")
    for frame in reversed(stack):
        if isinstance(frame, dict) and first in frame:
            value = frame[first]
            for part in rest:
                value = value.get(part) if isinstance(value, dict) else None
            return value
    return None


class Renderer:
    def __init__(self, lang):
        self.lang = lang
        self.entries = {entry.msgid: entry for entry in polib.pofile(os.path.join(ROOT, "locale", lang + ".po"))}
        self.unknown = set()

    @functools.lru_cache(maxsize=None)
    def tree(self, name):
        folder = "" if name.startswith("mail/") else "web"
        with open(os.path.join(ROOT, "templates", folder, name + ".mustache"), encoding="utf-8") as source:
            return parse(source.read())

    def number(self, value):
        return f"{value:,}".replace(",", "\u202f" if self.lang == "fr" else ",")

    def text(self, stack, key):
        entry = self.entries.get(key)
        if entry is None:
            self.unknown.add("t." + key)
            return "‹" + key + "›"
        text = entry.msgstr
        if entry.msgid_plural:
            count = resolve(stack, "count")
            if not isinstance(count, int):
                self.unknown.add(key + " without count")
                count = 0
            text = entry.msgstr_plural[int(count > 1 if self.lang == "fr" else count != 1)]

        def placeholder(match):
            value = resolve(stack, match.group(1))
            if value is None:
                self.unknown.add(f"{{{match.group(1)}}} in {key}")
            return self.number(value) if isinstance(value, int) and not isinstance(value, bool) else str(value or "")

        return re.sub(r"\{([a-z0-9_.]+)\}", placeholder, text)

    def walk(self, tree, stack, escape, out):
        for kind, name, children in tree:
            if kind == "text":
                out.append(name)
            elif kind == "value":
                value = self.text(stack, name[2:]) if name.startswith("t.") else resolve(stack, name)
                value = "" if value is None or value is False else "true" if value is True else str(value)
                out.append(html.escape(value) if escape else value)
            elif kind == ">":
                self.walk(self.tree(name), stack, escape, out)
            else:
                value = resolve(stack, name)
                truthy = value not in (None, False, "", [])
                if kind == "^" and not truthy:
                    self.walk(children, stack, escape, out)
                elif kind == "#" and truthy:
                    for item in value if isinstance(value, list) else [value]:
                        self.walk(children, stack + [item], escape, out)

    def render(self, name, context):
        out = []
        self.walk(self.tree(name), [context], not name.endswith(".txt"), out)
        return "".join(out)


def mail(renderers, kind, langs, context_of):
    """HTML, text and subject as the worker puts them together: one language, or French then English."""
    first = langs[0]
    frame = {"lang": first, **context_of(first)}
    frame["subject"] = " / ".join(
        renderers[lang].render(f"mail/{lang}/{kind}.subject.txt", context_of(lang)).strip() for lang in langs
    )
    pages = []
    for ending in ("html", "txt"):
        parts = [renderers[lang].render(f"mail/{lang}/{kind}.{ending}", context_of(lang)) for lang in langs]
        opening = renderers[first].render("mail/partials/open.html", frame) if ending == "html" else ""
        between = renderers[first].render(f"mail/partials/between.{ending}", frame)
        pages.append(opening + between.join(parts) + renderers[first].render(f"mail/partials/close.{ending}", frame))
    return frame["subject"], pages[0], pages[1]


# ---- pages and pictures ----


def build(out, langs):
    files, names = gen_assets.build(os.path.join(ROOT, "assets"))
    served = {
        "/assets/" + names[plain]: (gen_assets.TYPES[plain.rsplit(".", 1)[1]], content)
        for plain, content in files.items()
    }
    assets = {
        key: "/assets/" + names[plain]
        for key, plain in (
            ("asset_css_url", "app.css"),
            ("asset_js_url", "app.js"),
            ("asset_icon_url", "icon.svg"),
            ("asset_font_url", "inter-400.woff2"),
        )
    }
    renderers = {lang: Renderer(lang) for lang in ("fr", "en")}
    pages = {}
    for lang in langs:
        renderer = renderers[lang]

        def say(key, _renderer=renderer, **values):
            return _renderer.text([values], key)

        for name, (template, context) in preview_data.pages(lang, say).items():
            pages[f"/{lang}/{name}"] = renderer.render(template, {**assets, **context})
        for name, (kind, mail_langs) in preview_data.mails(lang).items():
            subject, body, text = mail(
                renderers, kind, mail_langs, lambda one, _name=name: preview_data.mail_context(_name, one)
            )
            pages[f"/{lang}/{name}"] = body
            pages[f"/{lang}/{name}.txt"] = f"Subject: {subject}\n\n{text}"
    for lang, renderer in renderers.items():
        for fault in sorted(renderer.unknown):
            print(f"preview: {lang}: {fault} is unknown", file=sys.stderr)
    for address, page in pages.items():
        path = os.path.join(out, "html", address[1:] + ("" if address.endswith(".txt") else ".html"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as target:
            target.write(page)
    unused = {
        os.path.basename(path).removesuffix(".mustache")
        for path in glob.glob(os.path.join(ROOT, "templates/web/*.mustache"))
    }
    unused -= {template for template, _ in preview_data.pages(langs[0], say).values()}
    for name in sorted(name for name in unused if not name.endswith(".txt")):
        print(f"preview: {name} has no sample", file=sys.stderr)
    return pages, served


def serve(pages, served):
    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self, kind, content, policy=POLICY):
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", policy)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self):
            path = self.path.split("?")[0]
            if path in served:
                self.answer(*served[path])
            elif path in pages:
                is_mail = "/mail_" in path
                self.answer("text/html; charset=utf-8", pages[path].encode(), MAIL_POLICY if is_mail else POLICY)
            else:
                self.send_error(404)

        def do_POST(self):
            length = int(self.headers.get("Content-Length", "0"))
            form = urllib.parse.parse_qs(self.rfile.read(length).decode())
            lang = "en" if "/en/" in self.headers.get("Referer", "") else "fr"
            self.answer(
                "application/json", json.dumps(preview_data.check(lang, form.get("addresses", [""])[0])).encode()
            )

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def browser(folder):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--hide-scrollbars",
        "--user-data-dir=" + folder,
    ):
        options.add_argument(flag)
    options.binary_location = "/usr/bin/chromium"
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


def resize(driver, width, height):
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": max(height, 800 if width > 600 else 640), "deviceScaleFactor": 1, "mobile": False},
    )


def pictures(out, pages, served, only, widths, schemes):
    server = serve(pages, served)
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        driver = browser(folder)
        try:
            for width in widths:
                for scheme in schemes:
                    driver.execute_cdp_cmd(
                        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
                    )
                    for address in pages:
                        _, lang, name = address.split("/")
                        if (
                            name.endswith(".txt")
                            or only
                            and not any(name == one or one.endswith("*") and name.startswith(one[:-1]) for one in only)
                        ):
                            continue
                        resize(driver, width, 0)
                        driver.get(f"http://127.0.0.1:{server.server_port}{address}")
                        driver.execute_async_script("document.fonts.ready.then(() => setTimeout(arguments[0], 250))")
                        for script in preview_data.ACTIONS.get(name, []):
                            driver.execute_script(script)
                            driver.execute_async_script("setTimeout(arguments[0], 500)")
                        wide = driver.execute_script("return document.documentElement.scrollWidth")
                        if wide > width:
                            faults.append(f"{address} at {width}: {wide} px wide")
                        for entry in driver.get_log("browser"):
                            faults.append(f"{address}: {entry['message']}")
                        resize(driver, width, driver.execute_script("return document.documentElement.scrollHeight"))
                        shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
                        with open(os.path.join(out, f"{name}.{lang}.{width}.{scheme}.png"), "wb") as target:
                            target.write(base64.b64decode(shot["data"]))
        finally:
            driver.quit()
            server.shutdown()
    return faults


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", default="")
    options.add_argument("--langs", default="fr,en")
    options.add_argument("--widths", default="1280,360")
    options.add_argument("--schemes", default="light,dark")
    options.add_argument("--no-pictures", action="store_true")
    options.add_argument("out")
    given = options.parse_args()
    os.makedirs(given.out, exist_ok=True)
    pages, served = build(given.out, given.langs.split(","))
    if given.no_pictures:
        return 0
    faults = pictures(
        given.out,
        pages,
        served,
        [name for name in given.only.split(",") if name],
        [int(width) for width in given.widths.split(",")],
        given.schemes.split(","),
    )
    for fault in sorted(set(faults)):
        print("preview:", fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
