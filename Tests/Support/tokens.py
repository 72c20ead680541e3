"""Tokens of people and of services, signed with the keys that a stack's services made for themselves: the tests know
the key that those are sealed with, as whoever runs an installation does."""
import base64
import json
import secrets
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
TOKEN_SECONDS = 240


def new_id(prefix):
    """A TypeID: a UUIDv7 in the alphabet of the specification."""
    number = int(time.time() * 1000) << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return f"{prefix}_" + "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(26)))


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Mint:
    """Issues tokens in the name of a stack's services."""

    def __init__(self, stack):
        self.stack = stack
        self.keys = {}

    def _key(self, service):
        if service not in self.keys:
            kid, sealed = self.stack.query(
                service, "SELECT kid, encode(private_key_sealed, 'hex') FROM signing_keys"
                " ORDER BY active_from DESC LIMIT 1")[0]
            root = base64.b64decode(self.stack.environment["KEY_ENCRYPTION_KEY"])
            sealed = bytes.fromhex(sealed)
            scalar = AESGCM(root).decrypt(sealed[:12], sealed[12:], kid.encode())
            self.keys[service] = kid, ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())
        return self.keys[service]

    def _token(self, issuer, subject, **claims):
        kid, key = self._key(issuer)
        now = int(time.time())
        header = {"alg": "ES256", "typ": "JWT", "kid": kid}
        body = {"iss": issuer, "sub": subject, "aud": "linli", "iat": now, "exp": now + TOKEN_SECONDS, **claims}
        signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, body))
        r, s = utils.decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return signed + "." + base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

    def service(self, name):
        return self._token(name, name)

    def person(self, account, stores=None, operator=False, **claims):
        rights = {"stores": stores or {}, **({"operator": True} if operator else {})}
        return self._token("storefront", account, **rights, **claims)
