"""A payment system that answers as WeChat Pay v3's published reference says: signed both ways, bills by the day."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.fakes.faulty import Asked, Said

MCHID, SERIAL, API_KEY = "1900007291", "5157F09EFDC096DE15EBE81A47057A72", "an-api-key-of-32-letters-or-so-1"
CHINA = ZoneInfo("Asia/Shanghai")
_HEAD = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
_TAIL = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


MERCHANT, PLATFORM, STRANGER = new_key(), new_key(), new_key()


def private(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


HOOK = f"{API_KEY}\n{public(PLATFORM)}"


def signed(body: bytes, at: datetime, key: rsa.RSAPrivateKey = PLATFORM) -> dict[str, str]:
    """The headers with which the platform sends a body."""
    stamp, nonce = str(int(at.timestamp())), secrets.token_hex(8)
    mac = key.sign(f"{stamp}\n{nonce}\n".encode() + body + b"\n", padding.PKCS1v15(), SHA256())
    return {
        "wechatpay-timestamp": stamp,
        "wechatpay-nonce": nonce,
        "wechatpay-signature": b64encode(mac).decode(),
        "wechatpay-serial": "PUB_KEY_ID_1",
    }


def notification(event: str, kind: str, about: Mapping[str, Any], api_key: str = API_KEY) -> bytes:
    """The body of one: what it is about is sealed."""
    nonce, beside = secrets.token_hex(6), kind.partition(".")[0].lower()
    sealed = AESGCM(api_key.encode()).encrypt(nonce.encode(), json.dumps(about).encode(), beside.encode())
    resource = {"algorithm": "AEAD_AES_256_GCM", "ciphertext": b64encode(sealed).decode(), "nonce": nonce}
    resource |= {"associated_data": beside, "original_type": beside}
    told = {"id": event, "create_time": "2026-11-20T17:00:00+08:00", "event_type": kind}
    return json.dumps({**told, "resource_type": "encrypt-resource", "resource": resource}).encode()


@dataclass
class Payment:
    """What a customer paid, and what was given back of it: (refund's number, fen, when)."""

    number: int
    at: datetime
    minor: int = 3500
    refunds: list[tuple[str, int, datetime]] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"42000{self.number:05d}"

    @property
    def order(self) -> str:
        return f"V{self.number:05d}"


class Pay:
    """Its own books. `served`: a bill has been fetched; a bill, once there, never changes."""

    def __init__(self) -> None:
        self.payments: dict[int, Payment] = {}
        self.double, self.served = False, False
        self.clock: Callable[[], datetime] = lambda: datetime(2026, 11, 20, 9, 0, tzinfo=CHINA)

    def answer(self, asked: Asked) -> Said:
        parts = urlsplit(asked.path)
        if not self._ours(asked):
            return self._say({"code": "SIGN_ERROR", "message": "签名错误"}, 401)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/v3/bill/tradebill":
            return self._bill(asked, date.fromisoformat(query["bill_date"]))
        if parts.path == "/v3/billdownload/file":
            return Said(200, self._file(date.fromisoformat(query["token"])), {"content-type": "text/plain"})
        what, _, id = parts.path.rpartition("/")
        if what == "/v3/pay/transactions/id":
            return self._payment(id)
        if what == "/v3/refund/domestic/refunds":
            return self._refund(id)
        return self._say({"code": "NOT_FOUND"}, 404)

    def _ours(self, asked: Asked) -> bool:
        found = dict(re.findall(r'(\w+)="([^"]*)"', asked.headers.get("authorization", "")))
        if (found.get("mchid"), found.get("serial_no")) != (MCHID, SERIAL):
            return False
        message = f"{asked.method}\n{asked.path}\n{found['timestamp']}\n{found['nonce_str']}\n{asked.body.decode()}\n"
        try:
            MERCHANT.public_key().verify(b64decode(found["signature"]), message.encode(), padding.PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True

    def _say(self, value: Any, status: int = 200) -> Said:
        body = json.dumps(value, ensure_ascii=False).encode()
        return Said(status, body, {"content-type": "application/json", **signed(body, self.clock())})

    # ------------------------------------------------------------ bills

    def _rows(self, day: date) -> list[str]:
        rows = []
        for one in self.payments.values():
            if one.at.astimezone(CHINA).date() == day:
                rows.append(self._row(one, one.at, "SUCCESS", one.minor))
            rows += [
                self._row(one, at, "REFUND", 0, id, minor)
                for id, minor, at in one.refunds
                if at.astimezone(CHINA).date() == day
            ]
        return [row for row in rows for _ in range(2 if self.double else 1)]

    def _row(self, one: Payment, at: datetime, state: str, paid: int, refund: str = "0", back: int = 0) -> str:
        yuan, given = f"{paid / 100:.2f}", f"{back / 100:.2f}"
        time = at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
        cells = [time, "wx1", MCHID, "0", "", one.id, one.order, "o1", "JSAPI", state, "OTHERS", "CNY", yuan, "0.00"]
        cells += [f"5{refund}" if back else "0", refund, given, "0.00", "ORIGINAL" if back else ""]
        cells += ["SUCCESS" if back else "", "茶", "", "0.21000", "0.60%", yuan, given, ""]
        return ",".join(f"`{cell}" for cell in cells)

    def _file(self, day: date) -> bytes:
        self.served = True
        rows = self._rows(day)
        sums = ",".join(f"`{value}" for value in (len(rows), *self._sums(day)))
        return "\r\n".join(["\ufeff" + _HEAD, *rows, _TAIL, sums, ""]).encode()

    def _sums(self, day: date) -> list[str]:
        times = 2 if self.double else 1
        paid = sum(p.minor for p in self.payments.values() if p.at.astimezone(CHINA).date() == day) * times
        given = [r for p in self.payments.values() for r in p.refunds if r[2].astimezone(CHINA).date() == day]
        back = sum(minor for _, minor, _ in given) * times
        return [f"{value / 100:.2f}" for value in (paid, back, 0, 0, paid, back)]

    def _bill(self, asked: Asked, day: date) -> Said:
        if not self._rows(day):
            return self._say({"code": "NO_STATEMENT_EXIST", "message": "账单文件不存在"}, 400)
        url = f"http://{asked.headers['host']}/v3/billdownload/file?token={day.isoformat()}"
        digest = hashlib.sha1(self._file(day)).hexdigest()
        return self._say({"hash_type": "SHA1", "hash_value": digest, "download_url": url})

    # ------------------------------------------------------------ single ones

    def _payment(self, id: str) -> Said:
        one = next((p for p in self.payments.values() if p.id == id), None)
        if one is None:
            return self._say({"code": "ORDER_NOT_EXIST", "message": "订单不存在"}, 404)
        told = {"mchid": MCHID, "out_trade_no": one.order, "transaction_id": one.id, "trade_type": "JSAPI"}
        told |= {"trade_state": "REFUND" if one.refunds else "SUCCESS", "success_time": one.at.isoformat()}
        return self._say({**told, "amount": {"total": one.minor, "payer_total": one.minor, "currency": "CNY"}})

    def _refund(self, id: str) -> Said:
        for one in self.payments.values():
            for number, minor, at in one.refunds:
                if number == id:
                    told = {"refund_id": f"5{number}", "out_refund_no": number, "transaction_id": one.id}
                    told |= {"out_trade_no": one.order, "status": "SUCCESS", "create_time": at.isoformat()}
                    told |= {"success_time": (at + timedelta(minutes=1)).isoformat(), "channel": "ORIGINAL"}
                    money = {"total": one.minor, "refund": minor, "payer_refund": minor, "currency": "CNY"}
                    return self._say({**told, "amount": money})
        return self._say({"code": "RESOURCE_NOT_EXISTS"}, 404)
