"""An authenticator in software: what a browser and a security key do together, with every part of it open to a test."""

import base64
import hashlib
import json
import os

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

PRESENT, VERIFIED, ATTESTED, EXTENSIONS = 0x01, 0x04, 0x40, 0x80
ES256, EDDSA, RS256 = -7, -8, -257


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(n, size):
    return n.to_bytes(size, "big")


class Key:
    """A key pair of one algorithm, and its public half as COSE has it (RFC 9053)."""

    def __init__(self, algorithm=ES256):
        self.algorithm = algorithm
        if algorithm == ES256:
            self.private = ec.generate_private_key(ec.SECP256R1())
            point = self.private.public_key().public_numbers()
            self.cose = {1: 2, 3: ES256, -1: 1, -2: number(point.x, 32), -3: number(point.y, 32)}
        elif algorithm == EDDSA:
            self.private = ed25519.Ed25519PrivateKey.generate()
            from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

            raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            self.cose = {1: 1, 3: EDDSA, -1: 6, -2: raw}
        else:
            self.private = rsa.generate_private_key(65537, 2048)
            n = self.private.public_key().public_numbers()
            self.cose = {1: 3, 3: RS256, -1: number(n.n, 256), -2: number(n.e, 3)}

    def sign(self, data):
        if self.algorithm == ES256:
            return self.private.sign(data, ec.ECDSA(hashes.SHA256()))
        if self.algorithm == EDDSA:
            return self.private.sign(data)
        return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())


class Passkey:
    """One credential. `make` and `show` give what a browser would send; keywords change what is said."""

    def __init__(self, origin, algorithm=ES256):
        self.origin = origin
        self.id = os.urandom(32)
        self.key = Key(algorithm)
        self.count = 0
        self.handle = None

    def client_data(self, kind, asked, **changed):
        said = {"type": kind, "challenge": asked, "origin": self.origin, "crossOrigin": False, **changed}
        return json.dumps({k: v for k, v in said.items() if v is not None}).encode()

    def head(self, rp_id, flags, count):
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + number(count, 4)

    def make(self, options, flags=PRESENT | VERIFIED, rp_id=None, client=None, fmt="none", cose=None, alter=None, extensions=None):
        """RegistrationResponseJSON. `client` changes client data, `alter` the attestation object's bytes."""
        self.handle = unb64(options["user"]["id"])
        flags |= ATTESTED | (EXTENSIONS if extensions else 0)
        data = self.head(rp_id or options["rp"]["id"], flags, self.count)
        data += bytes(16) + number(len(self.id), 2) + self.id + cbor2.dumps(cose or self.key.cose)
        data += cbor2.dumps(extensions) if extensions else b""
        client_data = self.client_data("webauthn.create", options["challenge"], **(client or {}))
        statement = {}
        if fmt == "packed":
            signed = data + hashlib.sha256(client_data).digest()
            statement = {"alg": self.key.algorithm, "sig": self.key.sign(signed)}
        attestation = cbor2.dumps({"fmt": fmt, "attStmt": statement, "authData": data})
        attestation = alter(attestation) if alter else attestation
        response = {"clientDataJSON": b64(client_data), "attestationObject": b64(attestation), "transports": ["internal"]}
        return {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response,
                "clientExtensionResults": {"credProps": {"rk": True}}}

    def show(self, options, flags=PRESENT | VERIFIED, rp_id=None, client=None, count=None, handle=..., id=None, alter=None):
        """AuthenticationResponseJSON. The count grows by itself unless one is given; `alter` changes what is signed, after."""
        self.count = self.count + 1 if count is None else count
        data = self.head(rp_id or options["rpId"], flags, self.count)
        client_data = self.client_data("webauthn.get", options["challenge"], **(client or {}))
        signature = self.key.sign(data + hashlib.sha256(client_data).digest())
        if alter:
            data, client_data, signature = alter(data, client_data, signature)
        said = self.handle if handle is ... else handle
        response = {"clientDataJSON": b64(client_data), "authenticatorData": b64(data), "signature": b64(signature),
                    "userHandle": b64(said) if said else None}
        return {"id": b64(id or self.id), "rawId": b64(id or self.id), "type": "public-key", "response": response,
                "clientExtensionResults": {}}
