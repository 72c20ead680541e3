"""The public client `python-alipay-sdk`, unmodified but for its base URL, lives a merchant's whole life against the
simulator."""
import csv
import importlib.util
import io
import json
import urllib.error
import urllib.parse
import urllib.request
import zipfile

from alipay import AliPay, DCAliPay
from alipay.exceptions import AliPayException
from certificates import alipay_certificates
from gateway_rehearsal import Checks, Ear, NoRedirect, Simulator, press_closed, press_pay, unique, wait_for

checks = Checks()


class Life:
    def __init__(self, sim, ear):
        self.sim, self.ear, self.heard = sim, ear, 0
        self.settings = sim.settings["alipay"]
        self.client = AliPay(
            appid=self.settings["app_id"], app_notify_url=ear.url, app_private_key_string=sim.key("alipay_app_key.pem"),
            alipay_public_key_string=sim.key("alipay.pem"), sign_type="RSA2")
        self.client._gateway = sim.url + "/gateway.do"

    def told(self):
        """The next notification, believed by the client."""
        self.heard += 1
        fields = dict(urllib.parse.parse_qsl(self.ear.wait(self.heard)[1], keep_blank_values=True))
        signature = fields.pop("sign")
        assert self.client.verify(dict(fields), signature), "the client does not believe the notification"
        assert fields["seller_id"] == self.settings["seller_id"] and fields["app_id"] == self.settings["app_id"]
        return fields

    def control(self, path, number, **options):
        body = {"out_trade_no": number, "app_id": self.settings["app_id"], "buyer_id": self.settings["buyer_id"]}
        return self.sim.control(f"alipay/{path}", body, **options)

    def ok(self, answer, code="10000"):
        assert answer["code"] == code, answer
        return answer

    def refused(self, answer, sub_code):
        assert answer["code"] == "40004" and answer["sub_code"] == sub_code, answer

    def precreate(self):
        number = unique("code")
        self.heard = len(self.ear.heard)
        code = self.ok(self.client.api_alipay_trade_precreate("葱油拌面", number, "16.00"))["qr_code"]
        # There is no trade before somebody scans.
        self.refused(self.client.api_alipay_trade_query(out_trade_no=number), "ACQ.TRADE_NOT_EXIST")
        self.refused(self.client.api_alipay_trade_close(out_trade_no=number), "ACQ.TRADE_NOT_EXIST")
        self.control("scan", number)
        assert self.client.api_alipay_trade_query(out_trade_no=number)["trade_status"] == "WAIT_BUYER_PAY"
        assert self.ok(self.client.api_alipay_trade_precreate("葱油拌面", number, "16.00"))["qr_code"] == code
        self.refused(self.client.api_alipay_trade_precreate("葱油拌面", number, "15.00"), "ACQ.CONTEXT_INCONSISTENT")
        press_pay(code)
        fields = self.told()
        assert (fields["trade_status"], fields["total_amount"]) == ("TRADE_SUCCESS", "16.00"), fields
        paid = self.ok(self.client.api_alipay_trade_query(out_trade_no=number))
        assert paid["trade_status"] == "TRADE_SUCCESS" and paid["buyer_pay_amount"] == "16.00", paid
        self.refused(self.client.api_alipay_trade_precreate("葱油拌面", number, "16.00"), "ACQ.TRADE_HAS_SUCCESS")
        self.refunds(number, paid["trade_no"])

    def refunds(self, number, trade):
        refund = self.client.api_alipay_trade_refund
        self.refused(refund("5.00", out_trade_no=number), "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
        first = self.ok(refund("5.00", out_trade_no=number, out_request_no="r1"))
        assert (first["fund_change"], first["refund_fee"], first["send_back_fee"]) == ("Y", "5.00", "5.00"), first
        fields = self.told()
        assert (fields["trade_status"], fields["refund_fee"], fields["out_biz_no"]) == ("TRADE_SUCCESS", "5.00", "r1")
        again = self.ok(refund("5.00", out_trade_no=number, out_request_no="r1"))
        assert (again["fund_change"], again["refund_fee"]) == ("N", "5.00"), again
        self.refused(refund("4.00", out_trade_no=number, out_request_no="r1"), "ACQ.DISCORDANT_REPEAT_REQUEST")
        self.refused(refund("11.01", trade_no=trade, out_request_no="r2"), "ACQ.REASON_TRADE_REFUND_FEE_ERR")
        second = self.ok(refund("11.00", trade_no=trade, out_request_no="r2"))
        assert (second["fund_change"], second["refund_fee"]) == ("Y", "16.00"), second
        assert self.told()["trade_status"] == "TRADE_CLOSED"
        query = self.client.api_alipay_trade_fastpay_refund_query
        assert self.ok(query("r2", out_trade_no=number))["refund_amount"] == "11.00"
        assert "refund_amount" not in self.ok(query("r9", out_trade_no=number))
        self.refused(refund("1.00", out_trade_no=number, out_request_no="r3"), "ACQ.TRADE_HAS_CLOSE")
        assert sum(self.sim.ledger().values()) == 0

    def page(self, api):
        number = unique("page")
        text = api(subject="外卖", out_trade_no=number, total_amount=23.5, return_url="https://shop.test/done?x=1")
        opener = urllib.request.build_opener(NoRedirect)
        try:
            opener.open(f"{self.client._gateway}?{text}", timeout=20)
        except urllib.error.HTTPError as redirect:
            assert redirect.code in (302, 303), redirect.read()
            cashier = redirect.headers["Location"]
        assert self.client.api_alipay_trade_query(out_trade_no=number)["trade_status"] == "WAIT_BUYER_PAY"
        end, _ = press_pay(cashier)
        assert end.startswith("https://shop.test/done?x=1&"), end
        fields = dict(urllib.parse.parse_qsl(end.split("x=1&")[1]))
        signature = fields.pop("sign")
        assert self.client.verify(fields, signature) and fields["total_amount"] == "23.50", fields
        assert self.client.api_alipay_trade_query(out_trade_no=number)["trade_status"] == "TRADE_SUCCESS"

    def app(self):
        number = unique("app")
        text = self.client.api_alipay_trade_app_pay("外卖", number, "9.90")
        body = {"order_string": text, "buyer_id": self.settings["buyer_id"]}
        broken = {**body, "order_string": text.replace("9.90", "0.01")}
        self.sim.control("alipay/app-invoke", broken, expect=[403])
        self.sim.control("alipay/app-invoke", body)
        assert self.client.api_alipay_trade_query(out_trade_no=number)["trade_status"] == "TRADE_SUCCESS"

    def till(self):
        number = unique("till")
        paid = self.ok(self.client.api_alipay_trade_pay(
            number, "bar_code", "287600000000000012", "面", total_amount="3.00"))
        assert paid["buyer_pay_amount"] == "3.00" and paid["trade_no"], paid
        cancelled = self.ok(self.client.api_alipay_trade_cancel(out_trade_no=number))
        assert (cancelled["action"], cancelled["retry_flag"]) == ("refund", "N"), cancelled
        assert self.client.api_alipay_trade_query(out_trade_no=number)["trade_status"] == "TRADE_CLOSED"
        self.refused(self.client.api_alipay_trade_pay(unique("till"), "bar_code", "11", "面", total_amount=3),
                     "ACQ.PAYMENT_AUTH_CODE_INVALID")
        assert "action" not in self.ok(self.client.api_alipay_trade_cancel(out_trade_no=unique("none")))

    def close(self):
        number = unique("close")
        code = self.ok(self.client.api_alipay_trade_precreate("面", number, "1.00"))["qr_code"]
        with urllib.request.urlopen(code, timeout=20) as page:
            assert 'value="pay"' in page.read().decode()
        self.ok(self.client.api_alipay_trade_close(out_trade_no=number))
        press_closed(code)
        assert self.client.api_alipay_trade_query(out_trade_no=number)["trade_status"] == "TRADE_CLOSED"
        self.control("pay", number, expect=[409])
        self.refused(self.client.api_alipay_trade_close(out_trade_no=number), "ACQ.TRADE_STATUS_ERROR")
        self.refused(self.client.api_alipay_trade_precreate("面", number, "1.00"), "ACQ.TRADE_HAS_CLOSE")

    def settle(self):
        number = unique("split")
        self.ok(self.client.api_alipay_trade_precreate("团购", number, "100.00"))
        self.control("pay", number)
        trade = self.client.api_alipay_trade_query(out_trade_no=number)["trade_no"]
        receiver = self.settings["royalty_receiver"]
        part = {"trans_in": receiver, "trans_in_type": "userId", "royalty_type": "transfer", "amount": "10.00"}
        settle = self.client.api_alipay_trade_order_settle
        first = self.ok(settle("s1" + number, trade, [part]))
        assert self.ok(settle("s1" + number, trade, [part]))["settle_no"] == first["settle_no"]
        self.refused(settle("s2" + number, trade, [{**part, "amount": "20.01"}]), "ACQ.ALLOC_AMOUNT_VALIDATE_ERROR")
        self.refused(settle("s3" + number, trade, [{**part, "trans_in": "2088999999999999"}]),
                     "ACQ.ROYALTY_ACCOUNT_NOT_EXIST")
        left = self.client.server_api("alipay.trade.order.onsettle.query", {"trade_no": trade})
        assert left["unsettled_amount"] == "90.00", left
        assert self.sim.ledger()[f"alipay:{receiver}"] == 1000

    def retries(self):
        number = unique("again")
        self.ear.answer = b"SUCCESS"
        self.heard = len(self.ear.heard)
        self.ok(self.client.api_alipay_trade_precreate("面", number, "2.00"))
        self.control("pay", number)
        first = self.told()
        self.ear.answer = b"success"
        self.sim.control("clock/advance", {"seconds": 241})
        second = self.told()
        assert first["notify_id"] == second["notify_id"] and second["out_trade_no"] == number, (first, second)
        wait_for(lambda: self.sim.stack.query(
            "payments-sim", "SELECT count(*) FROM notifications WHERE next_at IS NOT NULL") == [["0"]], 10, "quiet")

    def bad(self):
        good = self.client._app_private_key
        try:
            self.client._app_private_key = self.other_key()
            try:
                self.client.api_alipay_trade_query(out_trade_no="x")
                raise AssertionError("a wrong signature was believed")
            except AliPayException as error:
                assert "isv.invalid-signature" in str(error), error
        finally:
            self.client._app_private_key = good
        for method, expected in (("alipay.nothing", "isv.invalid-method"),):
            try:
                self.client.server_api(method, {})
                raise AssertionError(f"{method} was answered")
            except AliPayException as error:
                assert expected in str(error), error
        self.refused(self.client.api_alipay_trade_precreate("面", "bad number", "1.00"), "ACQ.INVALID_PARAMETER")
        for amount in ("0.001", "0", "-1", "abc", "100000000.01"):
            self.refused(self.client.api_alipay_trade_precreate("面", unique("amt"), amount), "ACQ.INVALID_PARAMETER")

    @staticmethod
    def other_key():
        from Cryptodome.PublicKey import RSA
        return RSA.generate(2048)

    def braces(self):
        """This client counts braces without looking at quotes (surprise 15)."""
        number = unique("brace")
        self.ok(self.client.api_alipay_trade_create("面 {", number, "2.00", buyer_id=self.settings["buyer_id"]))
        self.control("pay", number)
        self.ok(self.client.api_alipay_trade_refund(
            "1.00", out_trade_no=number, out_request_no="r1", refund_reason="}}{"))
        found = self.ok(self.client.api_alipay_trade_fastpay_refund_query("r1", out_trade_no=number))
        assert found["refund_reason"] == "}}{", found

    def bills(self):
        day = self.sim.control("bills/make", {})["date"]
        ask = "alipay.data.dataservice.bill.downloadurl.query"
        url = self.ok(self.client.server_api(ask, {"bill_type": "trade", "bill_date": day}))["bill_download_url"]
        with urllib.request.urlopen(url, timeout=20) as answer:
            archive = zipfile.ZipFile(io.BytesIO(answer.read()))
        names = {name.encode("cp437").decode("gbk"): name for name in archive.namelist()}
        detail = next(original for name, original in names.items() if name.endswith("_业务明细.csv"))
        assert any(name.endswith("_业务明细(汇总).csv") for name in names), names
        lines = archive.read(detail).decode("gbk").splitlines()
        assert lines[0] == "#支付宝业务明细查询", lines[0]
        rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
        assert len(rows) > 5 and all(row["支付宝交易号"].endswith("\t") for row in rows)
        paid = sum(fen(row["订单金额（元）"]) for row in rows if row["业务类型"] == "交易")
        back = -sum(fen(row["订单金额（元）"]) for row in rows if row["业务类型"] == "退款")
        totals = self.sim.stack.query(
            "payments-sim", "SELECT (SELECT sum(total) FROM alipay_trades WHERE paid_at IS NOT NULL),"
            " (SELECT sum(amount) FROM alipay_refunds)")[0]
        assert [str(paid), str(back)] == totals, (paid, back, totals)
        url = self.ok(self.client.server_api(ask, {"bill_type": "signcustomer", "bill_date": day}))["bill_download_url"]
        with urllib.request.urlopen(url, timeout=20) as answer:
            archive = zipfile.ZipFile(io.BytesIO(answer.read()))
        moves = archive.read(archive.namelist()[1]).decode("gbk").splitlines()
        last = [line for line in moves if not line.startswith("#")][-1].split(",")
        assert fen(last[8]) == self.sim.ledger()[f"alipay:{self.settings['seller_id']}"], last


def not_there(module):
    assert importlib.util.find_spec(module) is None, f"{module} is in this environment too"


def fen(yuan):
    return round(float(yuan) * 100)


class CertificateLife(Life):
    """The same merchant with keys in certificates: calls name theirs, answers name Alipay's."""

    def __init__(self, sim, ear):
        super().__init__(sim, ear)
        files = alipay_certificates(sim.keys)
        self.client = DCAliPay(
            appid=self.settings["app_id"], app_notify_url=ear.url, app_private_key_string=sim.key("alipay_app_key.pem"),
            app_public_key_cert_string=files["app"], alipay_public_key_cert_string=files["alipay"],
            alipay_root_cert_string=files["root"])
        self.client._gateway = sim.url + "/gateway.do"
        mode = {"app_cert": "alipay_app_chain.pem", "alipay_cert": "alipay_chain.pem", "root_cert": "alipay_root.pem",
                "app_cert_sn": self.client.app_cert_sn, "alipay_cert_sn": DCAliPay.get_cert_sn(files["alipay"]),
                "alipay_root_cert_sn": self.client.alipay_root_cert_sn}
        sim.settings["alipay"]["cert_mode"] = mode
        (sim.keys / "server.json").write_text(json.dumps(sim.settings))
        sim.stack.kill("payments-sim")
        sim.stack.start("payments-sim")

    def names_its_certificate(self):
        self.refused(self.client.api_alipay_trade_query(out_trade_no=unique("none")), "ACQ.TRADE_NOT_EXIST")
        right = self.client._app_cert_sn
        try:
            self.client._app_cert_sn = "0" * 32
            self.client.api_alipay_trade_query(out_trade_no=unique("none"))
            raise AssertionError("an unknown certificate was believed")
        except AliPayException as error:
            assert "isv.invalid-app-cert-sn" in str(error), error
        finally:
            self.client._app_cert_sn = right


with Simulator() as sim:
    life = Life(sim, Ear())
    for name, step in [
            ("a code is scanned, paid at the cashier, told, queried and refunded twice, never over", life.precreate),
            ("a desktop page pays and comes back with a signed address",
             lambda: life.page(life.client.api_alipay_trade_page_pay)),
            ("a phone page pays and comes back with a signed address",
             lambda: life.page(life.client.api_alipay_trade_wap_pay)),
            ("an app pays only with the right order string", life.app),
            ("a till's payment pays and is cancelled", life.till),
            ("a closed trade cannot be paid", life.close),
            ("money is given to a receiver, never too much", life.settle),
            ("a notification comes again until its body is success", life.retries),
            ("bad signatures, methods and amounts are refused", life.bad),
            ("surprise 15: texts with braces", life.braces),
            ("the bills' totals match", life.bills)]:
        checks.run(f"python-alipay-sdk: {name}", step)
    checks.run("python-alipay-sdk: surprise 24: it shares no environment with Alipay's own client",
               lambda: not_there("alipay.aop"))
    life = CertificateLife(sim, Ear())
    for name, step in [
            ("a code is scanned, paid at the cashier, told, queried and refunded twice, never over", life.precreate),
            ("a desktop page pays and comes back with a signed address",
             lambda: life.page(life.client.api_alipay_trade_page_pay)),
            ("a till's payment pays and is cancelled", life.till),
            ("a closed trade cannot be paid", life.close),
            ("calls name their certificate", life.names_its_certificate),
            ("the bills' totals match", life.bills)]:
        checks.run(f"python-alipay-sdk (certificates): {name}", step)
checks.exit()
