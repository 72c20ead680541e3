"""Alipay's own client, `alipay-sdk-python`, unmodified but for its base URL, lives a merchant's whole life against the
simulator. It needs an environment of its own (`deploy/test --official-alipay`): it and `python-alipay-sdk` both call
their package `alipay` (surprise 24 of the protocol facts)."""
import base64
import csv
import importlib.util
import io
import json
import re
import socket
import threading
import urllib.error
import urllib.parse
import urllib.request
import zipfile

from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
from alipay.aop.api.DefaultAlipayClient import DefaultAlipayClient
from alipay.aop.api.request.AlipayDataDataserviceBillDownloadurlQueryRequest import (
    AlipayDataDataserviceBillDownloadurlQueryRequest)
from alipay.aop.api.request.AlipayTradeCloseRequest import AlipayTradeCloseRequest
from alipay.aop.api.request.AlipayTradeFastpayRefundQueryRequest import AlipayTradeFastpayRefundQueryRequest
from alipay.aop.api.request.AlipayTradePagePayRequest import AlipayTradePagePayRequest
from alipay.aop.api.request.AlipayTradePayRequest import AlipayTradePayRequest
from alipay.aop.api.request.AlipayTradePrecreateRequest import AlipayTradePrecreateRequest
from alipay.aop.api.request.AlipayTradeQueryRequest import AlipayTradeQueryRequest
from alipay.aop.api.request.AlipayTradeRefundRequest import AlipayTradeRefundRequest
from alipay.aop.api.util.SignatureUtils import verify_with_rsa
from gateway_rehearsal import Checks, Ear, NoRedirect, Simulator, press_closed, press_pay, unique, wait_for

checks = Checks()
# The client connects to port 80 whatever its base URL says (surprise 12): this address of the machine's own network
# forwards to the simulator.
HOST = "127.0.0.80"


def forward(port):
    """Carries connections to port 80 of HOST over to `port`."""
    door = socket.create_server((HOST, 80))

    def carry(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # Either side went away: the other one sees it.

    def serve():
        while True:
            client, _ = door.accept()
            server = socket.create_connection(("127.0.0.1", port))
            threading.Thread(target=carry, args=[client, server], daemon=True).start()
            threading.Thread(target=carry, args=[server, client], daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()


def bare(pem):
    return "".join(line for line in pem.splitlines() if not line.startswith("-----"))


def pkcs1(pem):
    """The client reads nothing but PKCS#1 (surprise 17): what is in PKCS#8 behind the name of the algorithm."""
    return base64.b64encode(base64.b64decode(bare(pem))[26:]).decode()


class Life:
    def __init__(self, sim, ear):
        self.sim, self.ear, self.heard = sim, ear, 0
        self.settings = sim.settings["alipay"]
        config = AlipayClientConfig()
        config.server_url = f"http://{HOST}/gateway.do"
        config.app_id = self.settings["app_id"]
        config.app_private_key = pkcs1(sim.key("alipay_app_key.pem"))
        config.alipay_public_key = self.public = bare(sim.key("alipay.pem"))
        self.client = DefaultAlipayClient(alipay_client_config=config)

    def call(self, kind, content, notify=True):
        """One call; the client verifies the answer before it gives it out."""
        request = kind()
        request.biz_content = content
        if notify:
            request.notify_url = self.ear.url
        return json.loads(self.client.execute(request))

    def ok(self, kind, content):
        answer = self.call(kind, content)
        assert answer["code"] == "10000", answer
        return answer

    def refused(self, kind, content, sub_code):
        answer = self.call(kind, content)
        assert (answer["code"], answer["sub_code"]) == ("40004", sub_code), answer

    def told(self):
        """The next notification, believed by the client."""
        self.heard += 1
        fields = dict(urllib.parse.parse_qsl(self.ear.wait(self.heard)[1], keep_blank_values=True))
        signature, _ = fields.pop("sign"), fields.pop("sign_type")
        text = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if fields[name])
        assert verify_with_rsa(self.public, text.encode(), signature), "the client does not believe the notification"
        return fields

    def precreate_and_refund(self):
        number, self.heard = unique("official"), len(self.ear.heard)
        order = {"out_trade_no": number, "total_amount": "16.00", "subject": "葱油拌面"}
        code = self.ok(AlipayTradePrecreateRequest, order)["qr_code"]
        self.refused(AlipayTradeQueryRequest, {"out_trade_no": number}, "ACQ.TRADE_NOT_EXIST")
        press_pay(code)
        fields = self.told()
        assert (fields["trade_status"], fields["total_amount"]) == ("TRADE_SUCCESS", "16.00"), fields
        assert self.ok(AlipayTradeQueryRequest, {"out_trade_no": number})["trade_status"] == "TRADE_SUCCESS"
        for index, (amount, total) in enumerate([("5.00", "5.00"), ("6.00", "11.00")]):
            refund = {"out_trade_no": number, "refund_amount": amount, "out_request_no": f"r{index}"}
            answer = self.ok(AlipayTradeRefundRequest, refund)
            assert (answer["fund_change"], answer["refund_fee"]) == ("Y", total), answer
            assert self.told()["refund_fee"] == total
            found = self.ok(AlipayTradeFastpayRefundQueryRequest, {"out_trade_no": number, "out_request_no": f"r{index}"})
            assert found["refund_amount"] == amount, found
        self.refused(AlipayTradeRefundRequest, {"out_trade_no": number, "refund_amount": "5.01", "out_request_no": "r9"},
                     "ACQ.REASON_TRADE_REFUND_FEE_ERR")
        assert sum(self.sim.ledger().values()) == 0

    def page(self):
        number, request = unique("page"), AlipayTradePagePayRequest()
        request.biz_content = {"out_trade_no": number, "total_amount": "23.50", "subject": "外卖",
                               "product_code": "FAST_INSTANT_TRADE_PAY"}
        request.return_url, request.notify_url = "https://shop.test/done", self.ear.url
        address = self.client.page_execute(request, http_method="GET")
        try:
            urllib.request.build_opener(NoRedirect).open(address, timeout=20)
            raise AssertionError("no cashier")
        except urllib.error.HTTPError as redirect:
            assert redirect.code in (302, 303), redirect.read()
            cashier = redirect.headers["Location"]
        end, _ = press_pay(cashier)
        assert end.startswith("https://shop.test/done?") and "total_amount=23.50" in end, end
        self.told_of(number)

    def told_of(self, number):
        wait_for(lambda: any(number in body for _, body in self.ear.heard), 20, f"{number} is told")

    def close_then_pay(self):
        number = unique("close")
        code = self.ok(AlipayTradePrecreateRequest, {"out_trade_no": number, "total_amount": "1.00", "subject": "面"})
        with urllib.request.urlopen(code["qr_code"], timeout=20) as page:
            assert 'value="pay"' in page.read().decode()
        self.ok(AlipayTradeCloseRequest, {"out_trade_no": number})
        press_closed(code["qr_code"])
        assert self.ok(AlipayTradeQueryRequest, {"out_trade_no": number})["trade_status"] == "TRADE_CLOSED"

    def till(self):
        with urllib.request.urlopen(f"{self.sim.url}/cashier/alipay/code", timeout=20) as page:
            code = re.search(r'class="digits">(\d+)<', page.read().decode()).group(1)
        paid = self.ok(AlipayTradePayRequest, {"out_trade_no": unique("till"), "total_amount": "3.00", "subject": "面",
                                               "scene": "bar_code", "auth_code": code})
        assert paid["buyer_pay_amount"] == "3.00", paid

    def bill(self):
        day = self.sim.control("bills/make", {})["date"]
        url = self.ok(AlipayDataDataserviceBillDownloadurlQueryRequest, {"bill_type": "trade", "bill_date": day})
        with urllib.request.urlopen(url["bill_download_url"], timeout=20) as answer:
            archive = zipfile.ZipFile(io.BytesIO(answer.read()))
        detail = next(name for name in archive.namelist() if name.encode("cp437").decode("gbk").endswith("_业务明细.csv"))
        lines = archive.read(detail).decode("gbk").splitlines()
        rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
        paid, back = (sum(round(float(row["订单金额（元）"]) * 100) for row in rows if row["业务类型"] == kind)
                      for kind in ("交易", "退款"))
        totals = self.sim.stack.query(
            "payments-sim", "SELECT (SELECT sum(total) FROM alipay_trades WHERE paid_at IS NOT NULL),"
            " (SELECT sum(amount) FROM alipay_refunds)")[0]
        assert [str(paid), str(-back)] == totals, (paid, back, totals)


def alone():
    spec = importlib.util.find_spec("alipay")
    assert spec and importlib.util.find_spec("alipay.aop"), spec
    import alipay
    assert not hasattr(alipay, "AliPay"), "python-alipay-sdk is in this environment too"


with Simulator() as sim:
    forward(sim.stack.ports["payments-sim"])
    life = Life(sim, Ear())
    for name, step in [
            ("surprise 24: it has an environment of its own", alone),
            ("surprises 12, 13, 17: a code is paid at the cashier, told, queried and refunded twice, never over",
             life.precreate_and_refund),
            ("a desktop page pays and comes back", life.page),
            ("a closed trade cannot be paid", life.close_then_pay),
            ("a till pays with the code that a phone shows", life.till),
            ("the bill's totals match", life.bill)]:
        checks.run(f"alipay-sdk-python: {name}", step)
checks.exit()
