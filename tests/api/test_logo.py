"""An organization's logo: pictures that are none, that lie and that explode; and multipart bodies that browsers do not send."""

import re
import struct
import time
import zlib

import pytest

from lib.people import fresh
from lib.pictures import BOUNDARY, chunk, jpeg, multipart, png, size_of

MOST = 1 << 20


def put(org, data, kind="image/png", by=None):
    return (by or org.api).send("PUT", f"/api/v1{org.path}/logo", data, {"Content-Type": kind})


def logo_of(org):
    return org.api.get(org.path + "/settings").ok()["logo"]


def upload(org, body, headers, by=None):
    return (by or org.api).send("POST", f"/o/{org.slug}/settings/logo", body, headers)


def test_a_logo_is_written_anew_and_shown_to_anybody(acme, anonymous, world, inbox, server):
    assert logo_of(acme) is None
    sent = png(1024, 200, extra=chunk(b"tEXt", b"Comment\0made by somebody") + chunk(b"eXIf", b"II*\0" + b"secret place"))
    path = put(acme, sent).ok(200)["logo"]
    assert logo_of(acme) == path and path.startswith(f"/logos/{acme.id}/")
    kept = anonymous.page(path).ok(200)
    assert kept.headers["Content-Type"] == "image/png" and "immutable" in kept.headers["Cache-Control"]
    assert kept.headers["X-Content-Type-Options"] == "nosniff" and "no-store" not in kept.headers["Cache-Control"]
    size, kinds = size_of(kept.body)
    assert size == (512, 100) and b"tEXt" not in kinds and b"eXIf" not in kinds and b"somebody" not in kept.body
    for page in (f"/o/{acme.slug}", f"/o/{acme.slug}/settings"):
        assert path in acme.api.page(page).text
    email = fresh()
    acme.invite(email)
    assert path in world.client().page("/i/" + inbox.token_for(email)).ok(200).text
    assert path not in anonymous.page("/sign-in").text
    before = server.query("SELECT COUNT(*) FROM audit_event")
    assert put(acme, sent).ok(200)["logo"] == path and server.query("SELECT COUNT(*) FROM audit_event") == before
    other = put(acme, png(8, 8)).ok(200)["logo"]
    assert other != path and anonymous.page(path).status == 404 and anonymous.page(other).status == 200
    acme.api.delete(acme.path + "/logo").ok(204)
    acme.api.delete(acme.path + "/logo").refused("not-found", 404)
    assert logo_of(acme) is None and anonymous.page(other).status == 404 and other not in acme.api.page(f"/o/{acme.slug}").text


@pytest.mark.parametrize("data, size", [
    (png(1, 1), (1, 1)), (png(512, 160), (512, 160)), (png(4096, 3), (512, 1)), (png(2, 4096), (1, 160)), (png(300, 600), (80, 160)),
    (png(1024, 1024), (160, 160)), (png(2048, 2048), (160, 160)), (jpeg(64, 32), (64, 32)), (jpeg(700, 350, progressive=True), (320, 160)),
], ids=lambda v: f"{len(v)} bytes" if isinstance(v, bytes) else f"{v[0]}x{v[1]}")
def test_pictures_are_shrunk_and_keep_their_shape(acme, anonymous, data, size):
    kind = "image/png" if data.startswith(b"\x89") else "image/jpeg"
    assert size_of(anonymous.page(put(acme, data, kind).ok(200)["logo"]).body)[0] == size


def test_transparency_stays(acme, anonymous):
    body = anonymous.page(put(acme, png(40, 40, (200, 10, 10, 0))).ok(200)["logo"]).body
    start = body.index(b"IDAT")
    length = struct.unpack(">I", body[start - 4:start])[0]
    rows = zlib.decompress(body[start + 4:start + 4 + length])
    assert set(rows[i] for i in range(4, len(rows), 161) for i in range(i, i + 1)) == {0}


GOOD = png(64, 32)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
FLAT = b"\0" * (1 << 20)


def header(width, height, depth=8, kind=6):
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))


HOSTILE = {
    "svg": (SVG, "image-unknown"), "gif": (b"GIF89a" + bytes(20), "image-unknown"), "html": (b"<html>", "image-unknown"),
    "webp": (b"RIFF\0\0\0\0WEBPVP8 ", "image-unknown"), "ico": (b"\0\0\1\0\1\0", "image-unknown"), "one byte": (b"\x89", "image-unknown"),
    "svg after a space": (b"  " + SVG, "image-unknown"), "png in small letters": (b"\x89png\r\n\x1a\n" + GOOD[8:], "image-unknown"),
    "cut off": (GOOD[: len(GOOD) // 2], "image-broken"), "signature alone": (GOOD[:8], "image-broken"),
    "header alone": (GOOD[:33], "image-broken"), "wrong crc": (GOOD[:-30] + bytes([GOOD[-30] ^ 1]) + GOOD[-29:], "image-broken"),
    "wrong crc of the header": (GOOD[:29] + b"\0\0\0\0" + GOOD[33:], "image-broken"),
    "nothing wide": (header(0, 10) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b""), "image-broken"),
    "negative": (header(0xFFFFFFFF, 10) + chunk(b"IEND", b""), "image-broken"),
    "too wide": (png(4097, 1), "image-too-large"), "too high": (png(1, 4097), "image-too-large"),
    "too many pixels": (header(2049, 2048) + chunk(b"IDAT", zlib.compress(FLAT)) + chunk(b"IEND", b""), "image-too-large"),
    "bomb": (header(2_000_000_000 // 4, 1) + chunk(b"IDAT", zlib.compress(FLAT)) + chunk(b"IEND", b""), None),
    "interlaced giant": (png(60000, 60000, interlaced=True, rows=FLAT), "image-too-large"),
    "interlaced and short": (png(2000, 2000, interlaced=True, rows=b"\0" * 100), "image-broken"),
    "more data than rows": (png(2, 2, rows=FLAT), None),
    "text bomb": (header(2, 2) + chunk(b"zTXt", b"a\0\0" + zlib.compress(FLAT * 40)) + GOOD[33:], None),
    "profile bomb": (header(2, 2) + chunk(b"iCCP", b"a\0\0" + zlib.compress(FLAT * 40)) + GOOD[33:], None),
    "wrong kind of header": (header(10, 10, 3, 5), "image-broken"),
    "jpeg cut off": (jpeg()[:200], "image-broken"), "jpeg signature alone": (b"\xff\xd8\xff", "image-broken"),
    "jpeg of many scans": (jpeg(progressive=True)[:-2] + b"\xff\xda\0\x08\1\1\0\0\x3f\0" * 40 + b"\xff\xd9", "image-broken"),
    "jpeg that is a giant": (re.sub(rb"(\xff\xc0\0\x11\x08).{4}", lambda m: m.group(1) + b"\xea\x60\xea\x60", jpeg(), flags=re.S), "image-too-large"),
    "jpeg of noise": (jpeg()[:300] + bytes(range(256)) * 20, "image-broken"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pictures_are_refused_in_bounded_time(acme, name):
    data, code = HOSTILE[name]
    kind = "image/jpeg" if data.startswith(b"\xff\xd8") else "image/png"
    began = time.monotonic()
    answer = put(acme, data, kind)
    assert time.monotonic() - began < 10
    if code is None:  # either way, as long as nothing breaks
        assert answer.status in (200, 422), answer
        return
    error = answer.refused("invalid-request", 422)["errors"][0]
    assert error["pointer"] == "/logo" and error["code"] == code and logo_of(acme) is None
    page = upload(acme, *multipart(("logo", data, "x.png")))
    assert page.status == 422 and error["detail"].split(".")[0] in page.text.replace("&#39;", "'")


def test_the_server_lives_after_all_of_them(server, acme):
    memory = lambda: int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{server.process.pid}/status").read()).group(1))
    for data, _ in HOSTILE.values():
        put(acme, data)
    assert memory() < 600_000, "a sanitizer's build, and still bounded"
    acme.api.get("/me").ok()


@pytest.mark.parametrize("kind", ["image/svg+xml", "image/gif", "application/json", "application/octet-stream", "image/png,image/jpeg", ""])
def test_other_kinds_are_refused_by_their_name(acme, kind):
    put(acme, GOOD, kind).refused("unsupported-media-type", 415)


def test_nothing_and_too_much(acme):
    put(acme, b"").refused("invalid-request", 422)
    put(acme, b"\0" * (MOST + 1)).refused("payload-too-large", 413)
    acme.api.send("POST", f"/api/v1{acme.path}/settings", GOOD, {"Content-Type": "image/png"}).refused("method-not-allowed", 405)
    acme.api.send("PATCH", f"/api/v1{acme.path}/settings", GOOD, {"Content-Type": "image/png"}).refused("unsupported-media-type", 415)


def test_owners_alone(acme, rival, anonymous):
    administrator, member = acme.join(role="administrator"), acme.join()
    for by, code in ((administrator.api, "forbidden"), (member.api, "forbidden"), (rival.api, "not-found"), (anonymous, "unauthenticated")):
        put(acme, GOOD, by=by).refused(code)
        put(acme, SVG, by=by).refused(code)  # looked at for nobody who may not
        by.delete(acme.path + "/logo").refused(code)
    body, headers = multipart(("logo", GOOD, "x.png"))
    assert upload(acme, body, headers, administrator.api).status == 403
    assert upload(acme, body, {**headers, "Sec-Fetch-Site": "cross-site"}).status == 403
    assert logo_of(acme) is None


@pytest.mark.parametrize("path", ["", "/", "/x", "/%00", "/" + "A" * 22, "/..%2f..%2fetc"])
def test_logos_are_found_by_their_digest_alone(acme, rival, anonymous, path):
    put(acme, GOOD).ok()
    assert anonymous.page(f"/logos/{acme.id}{path}").status in (400, 404)
    digest = logo_of(acme).rsplit("/", 1)[1]
    assert anonymous.page(f"/logos/{rival.id}/{digest}").status == 404
    assert anonymous.page(f"/logos/{acme.slug}/{digest}").status == 404


def test_by_the_command_line(acme, server, tmp_path):
    picture, drawing = tmp_path / "logo.jpg", tmp_path / "logo.svg"
    picture.write_bytes(jpeg(70, 30))
    drawing.write_bytes(SVG)
    assert logo_of(acme) is None
    assert "/logos/" in server.cli("organization", "set", acme.slug, "--logo", str(picture)).stdout and logo_of(acme)
    for wrong in (str(drawing), str(tmp_path / "nowhere.png")):
        done = server.cli("organization", "set", acme.slug, "--logo", wrong, check=False)
        assert done.returncode == 1 and done.stderr.startswith("parvis: ")
    server.cli("organization", "set", acme.slug, "--logo", "none")
    assert logo_of(acme) is None


# ---- the form

def test_a_form_without_a_script_sends_and_removes_it(acme):
    page = acme.api.page(f"/o/{acme.slug}/settings").ok(200).text
    assert 'enctype="multipart/form-data"' in page and 'accept="image/png,image/jpeg"' in page
    done = upload(acme, *multipart(("logo", GOOD, 'Unser "Logo" \u00fc.png'.replace('"', "%22"))))
    assert done.status == 303 and logo_of(acme)
    assert acme.api.submit(f"/o/{acme.slug}/settings/logo/remove").status == 303 and logo_of(acme) is None
    assert acme.api.submit(f"/o/{acme.slug}/settings/logo/remove").status == 303


def test_a_form_without_a_file_says_so(acme):
    page = upload(acme, *multipart(("logo", b"", "")))
    assert page.status == 422 and 'id="logo-help"><span class="wrong"' in page.text
    assert upload(acme, *multipart()).status in (400, 422)


B = BOUNDARY.encode()
PART = b'--' + B + b'\r\nContent-Disposition: form-data; name="logo"; filename="x.png"\r\nContent-Type: image/png\r\n\r\n' + GOOD + b"\r\n"
END = b"--" + B + b"--\r\n"


@pytest.mark.parametrize("name, body, kind", [
    ("no end", PART, None), ("cut off", PART[:-20], None), ("nothing", b"", None), ("end alone", END, None), ("before it", b"x\r\n" + PART + END, None),
    ("after it", PART + END + b"x", None), ("twice", PART + PART + END, None), ("unknown field", PART.replace(b'"logo"', b'"role"') + END, None),
    ("bare line feeds", (PART + END).replace(b"\r\n", b"\n"), None), ("no name", PART.replace(b'name="logo"; ', b"") + END, None),
    ("name without quotes", PART.replace(b'"logo"', b"logo") + END, None), ("name with a quote", PART.replace(b'"logo"', b'"lo\\"go"') + END, None),
    ("name twice", PART.replace(b'name="logo"', b'name="logo"; name="logo"') + END, None),
    ("encoded", PART.replace(b"Content-Type", b"Content-Transfer-Encoding: base64\r\nContent-Type") + END, None),
    ("folded", PART.replace(b"; filename", b";\r\n filename") + END, None), ("two dispositions", PART.replace(
        b"Content-Type: image/png", b'Content-Disposition: form-data; name="logo"') + END, None),
    ("no boundary", PART + END, "multipart/form-data"), ("empty boundary", PART + END, "multipart/form-data; boundary="),
    ("other boundary", PART + END, "multipart/form-data; boundary=other"), ("long boundary", PART + END, "multipart/form-data; boundary=" + "a" * 71),
    ("strange boundary", PART + END, "multipart/form-data; boundary=a\u00e9b"), ("nested", PART + END, "multipart/mixed; boundary=" + BOUNDARY),
    ("more parameters", PART + END, f"multipart/form-data; boundary={BOUNDARY}; charset=x"), ("urlencoded", b"logo=x", "application/x-www-form-urlencoded"),
    ("many parts", b"--" + B + b'\r\nContent-Disposition: form-data; name="logo"\r\n\r\n\r\n' * 40 + END, None),
], ids=lambda v: v if isinstance(v, str) and len(v) < 24 else "")
def test_bodies_that_no_browser_sends(acme, name, body, kind):
    headers = {**multipart()[1], **({"Content-Type": kind.encode("latin-1").decode("latin-1")} if kind else {})}
    answer = upload(acme, body, headers)
    assert answer.status in (400, 415, 422), (name, answer)
    assert logo_of(acme) is None


def test_a_quoted_boundary_is_one(acme):
    body, headers = multipart(("logo", GOOD, "x.png"))
    assert upload(acme, body, {**headers, "Content-Type": f'multipart/form-data; boundary="{BOUNDARY}"'}).status == 303
