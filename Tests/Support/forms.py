"""Notifications of Alipay and of UnionPay: forms, signed with the gateways' own keys of a stack."""
import base64
import hashlib
import urllib.parse

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _text(fields):
    return "&".join(f"{name}={fields[name]}" for name in sorted(fields) if fields[name])


def _sign(stack, key, text):
    private = load_pem_private_key((stack.folder / "keys" / key).read_bytes(), None)
    return base64.b64encode(private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


def alipay_notification(stack, number, status, yuan):
    """What Alipay tells of a trade."""
    fields = {"notify_type": "trade_status_sync", "app_id": stack.environment["ALIPAY_APP_ID"],
              "seller_id": stack.environment["ALIPAY_SELLER_ID"], "out_trade_no": number, "trade_no": "2026112322000001",
              "trade_status": status, "total_amount": yuan}
    signature = _sign(stack, "alipay_key.pem", _text(fields))
    return urllib.parse.urlencode({**fields, "sign": signature, "sign_type": "RSA2"}).encode()


def card_notification(stack, number, code, fen):
    """What UnionPay tells of a payment."""
    fields = {"version": "5.1.0", "merId": stack.environment["UNIONPAY_MER_ID"], "orderId": number.replace("_", ""),
              "txnType": "01", "respCode": code, "queryId": "202611231300000000001", "txnAmt": str(fen),
              "currencyCode": "156"}
    digest = hashlib.sha256(_text(fields).encode()).hexdigest()
    return urllib.parse.urlencode({**fields, "signature": _sign(stack, "unionpay_key.pem", digest)}).encode()
