"""WeChat Pay v3: a merchant's requests are signed with their key, its answers and notifications with the platform's.

Written from the published reference: SHA256 with RSA over lines of the message; what a notification is about is
encrypted with the merchant's APIv3 key (AES-256-GCM).
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from refund_desk.domain.errors import Invalid
from refund_desk.sources import hooks

SCHEME: Final = "WECHATPAY2-SHA256-RSA2048"
_PEM: Final = re.compile(r"-----BEGIN ([A-Z ]+)-----\s(.+?)\s?-----END \1-----", re.S)
ALGORITHM: Final = "AEAD_AES_256_GCM"


def pem(text: str) -> bytes:
    """PEM whose lines became one when it was pasted into a field, as it was. Raises ValueError for anything else."""
    found = _PEM.fullmatch(text.strip())
    if found is None:
        raise ValueError("no PEM")
    lines = [f"-----BEGIN {found[1]}-----", "".join(found[2].split()), f"-----END {found[1]}-----", ""]
    return "\n".join(lines).encode("ascii")


@dataclass(frozen=True, slots=True)
class Platform:
    """What the platform's words are checked and opened with."""

    key: RSAPublicKey
    api_key: bytes

    @classmethod
    def of(cls, secret: str) -> Platform:
        """From the secret `hook`: the APIv3 key first, then the platform's public key or certificate, PEM.

        Raises Invalid `hook.secret`.
        """
        first, _, rest = secret.strip().replace("\n", " ").partition(" ")
        try:
            raw = pem(rest)
            whole = b"BEGIN CERTIFICATE" in raw
            key = load_pem_x509_certificate(raw).public_key() if whole else load_pem_public_key(raw)
        except (ValueError, UnicodeEncodeError):
            raise Invalid("hook.secret") from None
        api_key = first.encode()
        if not isinstance(key, RSAPublicKey) or len(api_key) != 32:
            raise Invalid("hook.secret")
        return cls(key, api_key)

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether an answer or a notification is the platform's. headers: names in lower case."""
        at, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
        try:
            given = b64decode(headers.get("wechatpay-signature", ""), validate=True)
            self.key.verify(given, f"{at}\n{nonce}\n".encode() + body + b"\n", PKCS1v15(), SHA256())
        except (InvalidSignature, Error, ValueError):
            return False
        return True

    def opened(self, resource: Mapping[str, Any]) -> Any:
        """What a notification is about. Raises Invalid `hook.sealed`."""
        try:
            if resource["algorithm"] != ALGORITHM:
                raise ValueError("another algorithm")
            sealed = b64decode(resource["ciphertext"], validate=True)
            beside = str(resource.get("associated_data") or "").encode()
            return json.loads(AESGCM(self.api_key).decrypt(str(resource["nonce"]).encode(), sealed, beside))
        except (KeyError, TypeError, ValueError, InvalidTag, RecursionError):
            raise Invalid("hook.sealed") from None


def heard(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> tuple[Mapping[str, Any], Any]:
    """A notification that holds, and what it is about. Raises Invalid `hook.…`."""
    platform = Platform.of(secret)
    hooks.within(headers.get("wechatpay-timestamp", ""), now)
    if not platform.signed(headers, body):
        raise Invalid("hook.signature")
    said = hooks.content(body)
    resource = said.get("resource") if isinstance(said, dict) else None
    if not isinstance(resource, dict):
        raise Invalid("hook.sealed")
    return said, platform.opened(resource)


@dataclass(frozen=True, slots=True)
class Merchant:
    """Who asks: the merchant's number, the serial number of their certificate, and its private key."""

    number: str
    serial: str
    key: RSAPrivateKey

    @classmethod
    def of(cls, number: str, serial: str, text: str) -> Merchant:
        """Raises ValueError for what is no RSA key in PEM without a password."""
        key = load_pem_private_key(pem(text), None)
        if not isinstance(key, RSAPrivateKey):
            raise ValueError("no RSA key")
        return cls(number, serial, key)

    def authorization(self, method: str, path: str, at: int, nonce: str, body: str = "") -> str:
        """The header of a request. path: with its query; at: seconds since 1970."""
        message = f"{method}\n{path}\n{at}\n{nonce}\n{body}\n".encode()
        signature = b64encode(self.key.sign(message, PKCS1v15(), SHA256())).decode("ascii")
        said = {"mchid": self.number, "nonce_str": nonce, "signature": signature}
        said |= {"timestamp": str(at), "serial_no": self.serial}
        return f"{SCHEME} " + ",".join(f'{name}="{value}"' for name, value in said.items())
