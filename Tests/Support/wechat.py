"""Both sides of WeChat Pay APIv3 as a test needs them: a merchant's signed requests, and notifications signed (or
forged) with the platform's own key of a stack."""
import base64
import json
import secrets
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate


def _sign(key, *lines):
    text = b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines)
    return base64.b64encode(key.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()


class WeChat:
    def __init__(self, stack):
        folder = stack.folder / "keys"
        self.mchid = stack.environment["WECHAT_MCHID"]
        self.appid = stack.environment["WECHAT_APPID"]
        self.serial = stack.environment["WECHAT_SERIAL"]
        self.secret = (folder / "apiv3_key").read_bytes().strip()
        self.merchant = load_pem_private_key((folder / "merchant_key.pem").read_bytes(), None)
        self.platform = load_pem_private_key((folder / "platform_key.pem").read_bytes(), None)
        certificate = load_pem_x509_certificate((folder / "platform_cert.pem").read_bytes())
        self.platform_serial = f"{certificate.serial_number:040X}"

    def authorization(self, method, target, body=""):
        """The Authorization header of a merchant's request; `body` is exactly what is sent."""
        now, nonce = str(int(time.time())), secrets.token_hex(16)
        signature = _sign(self.merchant, method, target, now, nonce, body)
        return (f'WECHATPAY2-SHA256-RSA2048 mchid="{self.mchid}",nonce_str="{nonce}",signature="{signature}",'
                f'timestamp="{now}",serial_no="{self.serial}"')

    def order(self, number, fen=100):
        return {"appid": self.appid, "mchid": self.mchid, "description": "contract", "out_trade_no": number,
                "notify_url": "http://127.0.0.1:9/notify", "amount": {"total": fen, "currency": "CNY"}}

    def paid(self, number, fen, transaction=None):
        """What the gateway says of a payment that was made."""
        return {"appid": self.appid, "mchid": self.mchid, "out_trade_no": number,
                "transaction_id": transaction or "42000" + "".join(secrets.choice("0123456789") for _ in range(23)),
                "trade_type": "MWEB", "trade_state": "SUCCESS", "trade_state_desc": "支付成功", "bank_type": "OTHERS",
                "success_time": time.strftime("%Y-%m-%dT%H:%M:%S+08:00", time.gmtime(time.time() + 8 * 3600)),
                "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
                "amount": {"total": fen, "payer_total": fen, "currency": "CNY", "payer_currency": "CNY"}}

    def notification(self, document, key=None, age=0, event="TRANSACTION.SUCCESS"):
        """(body, headers) of a notification about `document`, signed with `key` if given and else the platform's."""
        nonce = secrets.token_hex(6)
        sealed = AESGCM(self.secret).encrypt(nonce.encode(), json.dumps(document).encode(), b"transaction")
        body = json.dumps({
            "id": secrets.token_hex(16), "create_time": document.get("success_time"), "event_type": event,
            "resource_type": "encrypt-resource", "summary": "支付成功",
            "resource": {"algorithm": "AEAD_AES_256_GCM", "ciphertext": base64.b64encode(sealed).decode(),
                         "nonce": nonce, "associated_data": "transaction", "original_type": "transaction"}})
        now, salt = str(int(time.time()) - age), secrets.token_hex(16)
        return body.encode(), {
            "Wechatpay-Timestamp": now, "Wechatpay-Nonce": salt, "Wechatpay-Serial": self.platform_serial,
            "Wechatpay-Signature": _sign(key or self.platform, now, salt, body)}
