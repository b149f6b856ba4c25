"""The snippets of packaging/ as they stand, in front of the real server: nginx, Caddy and HAProxy from Debian. `make proxies` runs this."""

import datetime
import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lib.server import ROOT
from lib.spec import largest_body

HOST = "parvis.example.org"


def certificate(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.utcnow()
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
            .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), False).sign(key, hashes.SHA256()))
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def nginx(folder, port, upstream):
    snippet = (ROOT / "packaging/nginx.conf").read_text()
    snippet = snippet.replace("listen 443", f"listen 127.0.0.1:{port}").replace("127.0.0.1:8080", f"127.0.0.1:{upstream}")
    snippet = re.sub(r"/etc/ssl/\S+\.pem;", f"{folder}/cert.pem;", snippet)
    snippet = re.sub(r"/etc/ssl/\S+\.key;", f"{folder}/key.pem;", snippet)
    config = folder / "nginx.conf"
    kept = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config.write_text(f"daemon off; master_process off; pid {folder}/pid; error_log stderr; events {{}}\n"
                      f"http {{ access_log off; {kept}\n{snippet}\n}}\n")
    return [shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-c", str(config), "-p", str(folder)]


def caddy(folder, port, upstream):
    snippet = (ROOT / "packaging/Caddyfile").read_text()
    snippet = snippet.replace(HOST + " {", f"{HOST}:{port} {{\n\tbind 127.0.0.1\n\ttls {folder}/cert.pem {folder}/key.pem")
    snippet = snippet.replace("127.0.0.1:8080", f"127.0.0.1:{upstream}")
    config = folder / "Caddyfile"
    config.write_text("{\n\tadmin off\n\tauto_https off\n\tstorage file_system " + str(folder) + "\n}\n" + snippet)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(config)]


def haproxy(folder, port, upstream):
    config = folder / "haproxy.cfg"
    both = (folder / "cert.pem").read_bytes() + (folder / "key.pem").read_bytes()
    (folder / "both.pem").write_bytes(both)
    snippet = (ROOT / "packaging/haproxy.cfg").read_text()
    snippet = snippet.replace("bind :443", f"bind 127.0.0.1:{port}").replace("10.0.0.11:8080", f"127.0.0.1:{upstream}")
    snippet = re.sub(r"/etc/ssl/\S+\.pem", f"{folder}/both.pem", snippet)
    config.write_text(re.sub(r" *server node[23] .*\n", "", snippet))
    return [shutil.which("haproxy", path="/usr/sbin:/usr/bin"), "-db", "-f", str(config)]


class Proxied:
    """Speaks HTTPS to the proxy by the public name."""

    def __init__(self, folder, port):
        self.port = port
        self.context = ssl.create_default_context(cafile=str(folder / "cert.pem"))

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        return self.context.wrap_socket(plain, server_hostname=HOST)

    def send(self, method, path, body=None, headers=None, chunked=False):
        connection = http.client.HTTPConnection(HOST)
        connection.sock = self.connect()
        try:
            connection.request(method, path, body=iter([body]) if chunked else body, headers=headers or {},
                               encode_chunked=chunked)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()


@pytest.fixture(scope="module", params=[nginx, caddy, haproxy], ids=["nginx", "caddy", "haproxy"])
def site(request, make_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param.__name__)
    certificate(folder)
    port = free_port()
    server = make_server(public_url=f"https://{HOST}", trusted_proxies="127.0.0.1")
    server.setup(slug="bar")
    log = open(folder / "log", "wb")
    process = subprocess.Popen(request.param(folder, port, server.port), stdout=log, stderr=log, cwd=folder)
    site = Proxied(folder, port)
    site.server, site.name = server, request.param.__name__
    until = time.monotonic() + 15
    while True:
        try:
            if site.send("GET", "/readyz")[0].status == 200:
                break
        except OSError:
            pass
        assert process.poll() is None and time.monotonic() < until, (folder / "log").read_text()
        time.sleep(0.1)
    yield site
    process.terminate()
    process.wait(10)
    log.close()


def sign_in(site, chunked=False, **headers):
    body = json.dumps({"email": "olive.martin@example.org", "password": "orchard-lantern-42"}).encode()
    return site.send("POST", "/api/v1/sessions", body, {"Content-Type": "application/json", **headers}, chunked)


def test_pages_and_api_come_through(site):
    answer, page = site.send("GET", "/sign-in", headers={"Accept": "text/html"})
    assert answer.status == 200 and b"<html" in page
    assert site.send("GET", "/api/v1/openapi.json")[0].status == 200


def test_the_cookie_is_for_https_alone(site):
    answer, _ = sign_in(site)
    assert answer.status == 201
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-parvis_session=") and "Secure" in cookie


def test_a_browser_of_the_same_site_passes_and_another_does_not(site):
    cookie = sign_in(site)[0].headers["Set-Cookie"].split(";")[0]
    same = {"Cookie": cookie, "Origin": f"https://{HOST}", "Content-Type": "application/json"}
    assert site.send("PATCH", "/api/v1/me", b'{"locale":"fr"}', same)[0].status == 200
    other = {**same, "Origin": "https://elsewhere.example"}
    assert site.send("PATCH", "/api/v1/me", b'{"locale":"en"}', other)[0].status == 403


def test_a_chunked_body_gets_its_length_or_is_refused(site):
    expected = {"nginx": 201, "caddy": 411, "haproxy": 411}[site.name]
    assert sign_in(site, chunked=True)[0].status == expected
    assert sign_in(site)[0].status == 201


def test_a_forged_source_does_not_reach_the_record(site):
    sign_in(site, **{"X-Forwarded-For": "203.0.113.66"})
    sources = {row[0] for row in site.server.query("SELECT source FROM session WHERE source IS NOT NULL")}
    assert sources == {"127.0.0.1"}


def test_the_largest_body_that_we_take_comes_through_and_one_byte_more_is_our_refusal(site):
    """Filled with spaces, which JSON allows: what comes back is the server's own word on it."""
    size, pattern = largest_body()
    cookie = sign_in(site)[0].headers["Set-Cookie"].split(";")[0]
    headers = {"Cookie": cookie, "Origin": f"https://{HOST}", "Content-Type": "application/json"}
    body = b'{"invitations":[{"email":"zoe@example.org","role":"member"}]}'
    answer, said = site.send("POST", pattern.replace("{org}", "bar"), body.ljust(size), headers)
    assert answer.status == 200 and b'"results"' in said, said[:300]
    try:
        answer, said = site.send("POST", pattern.replace("{org}", "bar"), body.ljust(size + 1), headers)
    except OSError:
        return  # closed before it was sent to its end
    assert answer.status == 413, said[:300]
