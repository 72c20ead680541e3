"""Cards over real processes: a merchant of UnionPay and the holder of a card live a payment's whole life. Then the numbers
of the cards are looked for in all that was stored, logged or sent: only a token and the last four digits may be there."""
import base64
import glob
import hashlib
import io
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
import zlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate
from gateway_rehearsal import Checks, Ear, NoRedirect, Simulator, unique

checks = Checks()
# One that pays, one with another length, one that its bank refuses, and one that is no number of a card.
PAYS, LONG, REFUSED, WRONG = "6216261000000000018", "6225000000000253", "6216261000000080002", "6216261000000000019"
CARDS = [PAYS, LONG, REFUSED, WRONG]


def signed_text(fields):
    """The text that is signed: the digest, in hexadecimal, of all fields in order."""
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if fields[name] and name != "signature")
    return hashlib.sha256(text.encode()).hexdigest().encode()


class Life:
    def __init__(self, sim, ear):
        self.sim, self.ear = sim, ear
        settings = sim.settings["unionpay"]
        self.merchant, self.certificate = settings["mer_id"], settings["mer_cert_id"]
        self.key = load_pem_private_key(sim.key("unionpay_merchant_key.pem").encode(), None)
        self.sent = []

    def form(self, fields):
        all_fields = {"version": "5.1.0", "encoding": "UTF-8", "certId": self.certificate, "signMethod": "01",
                      "merId": self.merchant, "bizType": "000201", "channelType": "07", "accessType": "0", **fields}
        signature = self.key.sign(signed_text(all_fields), padding.PKCS1v15(), hashes.SHA256())
        return {**all_fields, "signature": base64.b64encode(signature).decode()}

    def post(self, path, fields):
        """A form as a browser or server sends it; returns where it leads, or what it says."""
        data = urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(urllib.parse.urljoin(self.sim.url, path), data=data)
        try:
            with urllib.request.build_opener(NoRedirect).open(request, timeout=20) as answer:
                text = answer.read().decode()
                self.sent.append(text)
                return answer.status, text
        except urllib.error.HTTPError as answer:
            text = answer.read().decode()
            self.sent.append(text)
            return answer.code, answer.headers["Location"] or text

    def back(self, name, fields):
        """A server's call; the answer's signature must be right."""
        status, text = self.post(f"/gateway/api/{name}", self.form(fields))
        assert status == 200, (status, text)
        answer = dict(part.split("=", 1) for part in text.split("&"))
        self.believe(answer)
        return answer

    @staticmethod
    def believe(fields):
        key = load_pem_x509_certificate(fields["signPubKeyCert"].encode()).public_key()
        key.verify(base64.b64decode(fields["signature"]), signed_text(fields), padding.PKCS1v15(), hashes.SHA256())

    def open(self, number, fen="1000"):
        status, page = self.post("/gateway/api/frontTransReq.do", self.form({
            "txnType": "01", "txnSubType": "01", "orderId": number, "txnTime": "20261123132406", "txnAmt": fen,
            "currencyCode": "156", "backUrl": self.ear.url, "frontUrl": "http://shop.test/done"}))
        assert status == 302 or status == 303, (status, page)
        return page

    def see(self, page):
        with urllib.request.urlopen(page, timeout=20) as answer:
            self.sent.append(answer.read().decode())
        return self.sent[-1]

    def pay(self, page, card=PAYS):
        status, _ = self.post(page, {"decision": "card", "card_number": card})
        assert status == 303, status
        text = self.see(page)
        assert card[-4:] in text, "the page does not show the card's end"
        status, place = self.post(page, {"decision": "pay", "code": re.search(r"<b>(\d{6})</b>", text).group(1)})
        assert (status, place) == (303, "http://shop.test/done"), (status, place)

    def query(self, number):
        return self.back("queryTrans.do", {"txnType": "00", "txnSubType": "00", "orderId": number,
                                           "txnTime": "20261123132406"})

    # The checks

    def paid_and_refunded(self):
        for card in (PAYS, " ".join(LONG[at:at + 4] for at in range(0, 16, 4))):
            number, heard = unique("card"), len(self.ear.heard)
            page = self.open(number)
            assert self.query(number)["origRespCode"] == "05"
            self.pay(page, card)
            fields = dict(urllib.parse.parse_qsl(self.ear.wait(heard + 1)[1], keep_blank_values=True))
            self.believe(fields)
            assert (fields["respCode"], fields["orderId"], fields["txnAmt"]) == ("00", number, "1000"), fields
            found = self.query(number)
            assert (found["origRespCode"], found["accNo"]) == ("00", card[-4:]), found
            for index, (fen, code) in enumerate([("300", "00"), ("200", "00"), ("501", "36"), ("500", "00")]):
                answer = self.back("backTransReq.do", {
                    "txnType": "04", "txnSubType": "00", "orderId": f"{number}r{index}", "txnTime": "20261123132500",
                    "txnAmt": fen, "origQryId": found["queryId"], "backUrl": self.ear.url})
                assert answer["respCode"] == code, (fen, answer)
            self.ear.wait(heard + 4)
        assert sum(self.sim.ledger().values()) == 0

    def refused(self):
        page = self.open(unique("card"))
        for card in (WRONG, REFUSED):
            status, text = self.post(page, {"decision": "card", "card_number": card})
            assert status == 422 and 'role="alert"' in text, (status, text)
        status, place = self.post(page, {"decision": "refuse"})
        assert (status, place) == (303, "http://shop.test/done"), (status, place)

    def undone(self):
        number = unique("card")
        self.pay(self.open(number))
        answer = self.back("backTransReq.do", {
            "txnType": "31", "txnSubType": "00", "orderId": number + "u", "txnTime": "20261123132501", "txnAmt": "1000",
            "origQryId": self.query(number)["queryId"], "backUrl": self.ear.url})
        assert answer["respCode"] == "00", answer

    def file(self):
        day = time.strftime("%m%d", time.gmtime(time.time() + 8 * 3600))
        answer = self.back("fileTransRequest.do", {"txnType": "76", "txnSubType": "01", "txnTime": "20261123132406",
                                                   "fileType": "00", "settleDate": day})
        archive = zipfile.ZipFile(io.BytesIO(zlib.decompress(base64.b64decode(answer["fileContent"]))))
        for name in archive.namelist():
            self.sent.append(archive.read(name).decode())
            assert self.sent[-1].count("\n") >= 3, self.sent[-1]

    def no_card_is_left(self):
        """Greps everything that is written anywhere."""
        stack = self.sim.stack
        for name, process in stack.processes.items():
            assert process.poll() is None, f"{name} ended"
        places = {f"file {path}": path.read_bytes() for path in stack.folder.rglob("*") if path.is_file()}
        for name in stack.processes:
            places[f"database of {name}"] = dump(stack.database_url(name))
        for index, (headers, body) in enumerate(self.ear.heard):
            places[f"notification {index}"] = f"{headers} {urllib.parse.unquote(body)}".encode()
        for index, text in enumerate(self.sent):
            # The test card that the page offers is written on it, in groups: nobody typed that one.
            places[f"answer {index}"] = urllib.parse.unquote(text).replace("6216 2610 0000 0000 018", "").encode()
        with urllib.request.urlopen(f"{self.sim.url}/metrics", timeout=20) as answer:
            places["metrics"] = answer.read()
        assert len(places) > 30, list(places)
        found = [(place, card) for place, content in places.items() for card in CARDS for form in forms(card)
                 if form in content]
        assert not found, found
        # The search itself finds what is there: the ends of the cards are kept.
        assert any(b"\t0018\t" in content for place, content in places.items() if place.startswith("database"))


def forms(card):
    """How a number might be written: as it is, in groups, all but its end, in Base64, and its plain digest."""
    groups = [card[at:at + 4] for at in range(0, len(card), 4)]
    encoded = base64.b64encode(card.encode()).rstrip(b"=")
    texts = [card, " ".join(groups), "-".join(groups), card[:-4], hashlib.sha256(card.encode()).hexdigest(),
             hashlib.md5(card.encode()).hexdigest()]
    return [text.encode() for text in texts] + [encoded[:-1]]


def dump(url):
    """The whole content of a database."""
    program = shutil.which("pg_dump") or sorted(glob.glob("/usr/lib/postgresql/*/bin/pg_dump"))[-1]
    return subprocess.run([program, "--data-only", "-d", url], check=True, capture_output=True).stdout


if __name__ == "__main__":
    with Simulator() as sim:
        life = Life(sim, Ear(answer=b"ok"))
        for name, step in [
                ("a card is checked, confirmed by its code, told, queried and refunded in parts, never over",
                 life.paid_and_refunded),
                ("a wrong card and one that its bank refuses pay nothing", life.refused),
                ("a payment is undone on its day", life.undone),
                ("the day's file lists what settled", life.file),
                ("no number of a card is stored, logged or sent", life.no_card_is_left)]:
            checks.run(f"cards: {name}", step)
    checks.exit()
