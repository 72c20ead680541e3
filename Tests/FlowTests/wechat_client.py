"""The public client `wechatpayv3`, unmodified but for its base URL, lives a merchant's whole life against the
simulator: with platform certificates, which rotate meanwhile, and in the public-key mode."""
import gzip
import hashlib
import json
import re
import urllib.request

from gateway_rehearsal import Checks, Ear, Simulator, press_closed, press_pay, unique
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core

checks = Checks()


def client(sim, ear, **options):
    settings = sim.settings["wechat"]
    # The client has no option for its base URL and needs it while it is made.
    Core._gate_way = property(lambda self: sim.url, lambda self, value: None)
    return WeChatPay(
        wechatpay_type=WeChatPayType.NATIVE, mchid=settings["mchid"], private_key=sim.key("merchant_key.pem"),
        cert_serial_no=settings["merchant_cert_serial"], appid=settings["appid"], apiv3_key=settings["apiv3_key"],
        notify_url=ear.url, **options)


def ok(answer, status=200):
    code, text = answer
    assert code == status, answer
    return json.loads(text) if text else None


def refused(answer, code):
    status, text = answer
    assert status >= 400 and json.loads(text)["code"] == code, answer


class Life:
    def __init__(self, sim, ear, wxpay):
        self.sim, self.ear, self.wxpay = sim, ear, wxpay
        self.mchid = sim.settings["wechat"]["mchid"]

    def told(self):
        self.heard = getattr(self, "heard", len(self.ear.heard))
        self.heard += 1
        headers, body = self.ear.wait(self.heard)
        message = self.wxpay.callback(headers, body)
        assert message, "the client does not believe the notification"
        return message

    def pay_and_refund(self):
        number = unique("flow")
        self.heard = len(self.ear.heard)
        answer = ok(self.wxpay.pay(
            description="葱油拌面", out_trade_no=number, amount={"total": 1600}, pay_type=WeChatPayType.H5,
            scene_info={"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}}))
        assert ok(self.wxpay.query(out_trade_no=number))["trade_state"] == "NOTPAY"
        press_pay(answer["h5_url"])
        message = self.told()
        assert message["event_type"] == "TRANSACTION.SUCCESS", message
        assert message["resource"]["out_trade_no"] == number and message["resource"]["amount"]["total"] == 1600
        transaction = ok(self.wxpay.query(out_trade_no=number))
        assert transaction["trade_state"] == "SUCCESS", transaction
        assert ok(self.wxpay.query(transaction_id=transaction["transaction_id"])) == transaction
        for index, amount in enumerate([500, 600]):
            ok(self.wxpay.refund(
                out_refund_no=f"{number}R{index}", out_trade_no=number, reason="缺货",
                amount={"refund": amount, "total": 1600, "currency": "CNY"}))
            assert self.told()["resource"]["refund_status"] == "SUCCESS"
            assert ok(self.wxpay.query_refund(f"{number}R{index}"))["status"] == "SUCCESS"
        refused(self.wxpay.refund(
            out_refund_no=f"{number}R9", out_trade_no=number,
            amount={"refund": 501, "total": 1600, "currency": "CNY"}), "INVALID_REQUEST")
        assert sum(self.sim.ledger().values()) == 0

    def close_then_pay(self):
        number = unique("close")
        order = {"description": "面", "out_trade_no": number, "amount": {"total": 1}, "pay_type": WeChatPayType.H5,
                 "scene_info": {"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}}}
        page = ok(self.wxpay.pay(**order))["h5_url"]
        code, text = self.wxpay.close(number)
        assert (code, text) in ((204, ""), (204, b"")), (code, text)
        assert ok(self.wxpay.query(out_trade_no=number))["trade_state"] == "CLOSED"
        # Neither the page nor what its button would send pays any more.
        press_closed(page)
        self.sim.control("wechat/pay", {"mchid": self.mchid, "out_trade_no": number}, expect=[409])
        assert ok(self.wxpay.query(out_trade_no=number))["trade_state"] == "CLOSED"
        refused(self.wxpay.pay(**order), "ORDER_CLOSED")

    def wrong_calls(self):
        """What this client itself does wrong: a right gateway refuses it."""
        number = unique("a|b")
        refused(self.wxpay.query(out_trade_no=number), "SIGN_ERROR")
        core = self.wxpay._core
        from wechatpayv3.type import RequestType
        refused(core.request("/v3/pay/transactions/native", method=RequestType.POST, data={}), "SIGN_ERROR")

    def till_page(self):
        with urllib.request.urlopen(f"{self.sim.url}/cashier/wechat/code", timeout=20) as page:
            code = re.search(r'class="digits">(\d+)<', page.read().decode()).group(1)
        number = unique("phone")
        status, text = self.wxpay.pay(
            description="面", out_trade_no=number, amount={"total": 3}, pay_type=WeChatPayType.CODEPAY,
            payer={"auth_code": code}, scene_info={"store_info": {"id": "1"}})
        assert status == 200 and json.loads(text)["trade_state"] == "SUCCESS", (status, text)

    def jsapi(self):
        number, appid = unique("jsapi"), self.sim.settings["wechat"]["appid"]
        answer = ok(self.wxpay.pay(
            description="面", out_trade_no=number, amount={"total": 2}, pay_type=WeChatPayType.JSAPI,
            payer={"openid": self.sim.settings["wechat"]["openid"]}))
        package = "prepay_id=" + answer["prepay_id"]
        fields = {"appId": appid, "timeStamp": "1700000000", "nonceStr": "n1", "package": package, "signType": "RSA",
                  "paySign": self.wxpay.sign([appid, "1700000000", "n1", package])}
        self.sim.control("wechat/jsapi-invoke", {**fields, "nonceStr": "n2"}, expect=[403])
        self.sim.control("wechat/jsapi-invoke", fields)
        assert ok(self.wxpay.query(out_trade_no=number))["trade_state"] == "SUCCESS"

    def payment_code(self):
        number = unique("till")
        code, text = self.wxpay.pay(
            description="面", out_trade_no=number, amount={"total": 3}, pay_type=WeChatPayType.CODEPAY,
            payer={"auth_code": "134579876543210012"}, scene_info={"store_info": {"id": "1"}})
        assert code == 200 and json.loads(text)["trade_state"] == "SUCCESS", (code, text)
        assert self.wxpay.codepay_reverse(number)[0] in (200, 204)
        assert ok(self.wxpay.query(out_trade_no=number))["trade_state"] == "REVOKED"

    def combined(self):
        number = unique("whole")
        subs = [self.mchid, self.sim.settings["wechat"]["combine_sub_mchids"][0]]
        orders = [{"mchid": mchid, "attach": "a", "description": "拼单", "out_trade_no": f"{number}{index}",
                   "amount": {"total_amount": 100 + index, "currency": "CNY"}} for index, mchid in enumerate(subs)]
        ok(self.wxpay.combine_pay(
            combine_out_trade_no=number, sub_orders=orders, pay_type=WeChatPayType.NATIVE,
            scene_info={"payer_client_ip": "127.0.0.1"}))
        self.heard = len(self.ear.heard)
        self.sim.control("wechat/pay-combine", {"combine_mchid": self.mchid, "combine_out_trade_no": number})
        assert len(self.told()["resource"]["sub_orders"]) == 2
        found = ok(self.wxpay.combine_query(number))
        assert [part["trade_state"] for part in found["sub_orders"]] == ["SUCCESS"] * 2, found
        other = unique("whole")
        for index, order in enumerate(orders):
            order["out_trade_no"] = f"{other}{index}"
        ok(self.wxpay.combine_pay(
            combine_out_trade_no=other, sub_orders=orders, pay_type=WeChatPayType.NATIVE,
            scene_info={"payer_client_ip": "127.0.0.1"}))
        closing = [{"mchid": order["mchid"], "out_trade_no": order["out_trade_no"]} for order in orders]
        assert self.wxpay.combine_close(other, closing)[0] == 204

    def sharing(self):
        number, receiver = unique("share"), self.sim.settings["wechat"]["receiver"]
        ok(self.wxpay.pay(
            description="团购", out_trade_no=number, amount={"total": 10000}, settle_info={"profit_sharing": True}))
        self.sim.control("wechat/pay", {"mchid": self.mchid, "out_trade_no": number})
        transaction = ok(self.wxpay.query(out_trade_no=number))["transaction_id"]
        ok(self.wxpay.profitsharing_add_receiver(
            "MERCHANT_ID", receiver["mchid"], "PARTNER", name=receiver["name"]))
        refused(self.wxpay.profitsharing_add_receiver(
            "MERCHANT_ID", receiver["mchid"], "PARTNER", name="别人"), "INVALID_REQUEST")
        share = [{"type": "MERCHANT_ID", "account": receiver["mchid"], "name": receiver["name"], "amount": 1000,
                  "description": "团长"}]
        ok(self.wxpay.profitsharing_order(
            transaction_id=transaction, out_order_no=number + "S", receivers=share, unfreeze_unsplit=False))
        self.finished(transaction, number + "S")
        assert ok(self.wxpay.profitsharing_amount_query(transaction))["unsplit_amount"] == 9000
        ok(self.wxpay.profitsharing_return(
            out_return_no=number + "B", return_mchid=receiver["mchid"], amount=300, description="退",
            out_order_no=number + "S"))
        assert ok(self.wxpay.profitsharing_return_query(number + "S", number + "B"))["result"] == "SUCCESS"
        ok(self.wxpay.profitsharing_unfreeze(transaction, number + "U", "解冻"))
        self.finished(transaction, number + "U")
        assert ok(self.wxpay.profitsharing_amount_query(transaction))["unsplit_amount"] == 0
        ok(self.wxpay.profitsharing_delete_receiver("MERCHANT_ID", receiver["mchid"]))

    def finished(self, transaction, number):
        from gateway_rehearsal import wait_for
        wait_for(lambda: ok(self.wxpay.profitsharing_order_query(transaction, number))["state"] == "FINISHED", 10,
                 "the share is finished")

    def bills(self):
        day = self.sim.control("bills/make", {})["date"]
        for packing in ("", "GZIP"):
            answer = ok(self.wxpay.trade_bill(day) if packing else self.wxpay._core.request(
                f"/v3/bill/tradebill?bill_date={day}&bill_type=ALL"))
            code, content = self.wxpay.download_bill(answer["download_url"])
            assert code == 200
            text = gzip.decompress(content) if packing else content
            assert hashlib.sha1(text).hexdigest() == answer["hash_value"]
        lines = text.decode().splitlines()
        header = lines[0].split(",")
        rows = [dict(zip(header, (value[1:] for value in line.split(",")))) for line in lines[1:-2]]
        totals = dict(zip(lines[-2].split(","), (value[1:] for value in lines[-1].split(","))))
        assert int(totals["总交易单数"]) == len(rows) > 0
        for total, column in (("订单总金额", "订单金额"), ("退款总金额", "退款金额"), ("手续费总金额", "手续费")):
            assert fen(totals[total]) == sum(fen(row[column]) for row in rows), (total, totals)
        paid, refunded = self.sim.stack.query(
            "payments-sim", f"SELECT sum(total), (SELECT sum(amount) FROM wechat_refunds WHERE mchid = '{self.mchid}')"
            f" FROM wechat_transactions WHERE paid_at IS NOT NULL AND mchid = '{self.mchid}'")[0]
        assert (fen(totals["订单总金额"]), fen(totals["退款总金额"])) == (int(paid), int(refunded)), totals
        funds = ok(self.wxpay.fundflow_bill(day))
        content = gzip.decompress(self.wxpay.download_bill(funds["download_url"])[1]).decode().splitlines()
        balance = sum(amount for account, amount in self.sim.ledger().items() if account.endswith(":" + self.mchid))
        assert fen(content[-3].split(",")[7][1:]) == balance, (content[-3], balance)


def fen(yuan):
    return round(float(yuan) * 100)


with Simulator() as sim:
    ear = Ear()
    modes = {
        "certificates": {}, "public key": {
            "public_key": sim.key("platform_public_key.pem"),
            "public_key_id": sim.settings["wechat"]["platform_public_key_id"]},
    }
    for mode, options in modes.items():
        life = Life(sim, ear, client(sim, ear, **options))
        for name, step in [
                ("a payment is paid at the cashier, told, queried and refunded twice, never over", life.pay_and_refund),
                ("a closed payment cannot be paid", life.close_then_pay),
                ("surprises 10, 25: what the client signs otherwise than it sends is refused", life.wrong_calls),
                ("a till pays with the code that a phone shows", life.till_page),
                ("JSAPI pays only with the right pay sign", life.jsapi),
                ("a payment code pays and is taken back", life.payment_code),
                ("a combined payment is paid, and another closed", life.combined),
                ("money is shared, returned and unfrozen", life.sharing),
                ("the bills' hashes and totals match", life.bills)]:
            checks.run(f"wechatpayv3 ({mode}): {name}", step)
    life = Life(sim, ear, client(sim, ear))

    def rotated():
        sim.control("wechat/rotate", {})
        life.pay_and_refund()
    checks.run("wechatpayv3: certificates rotate while it runs", rotated)
checks.exit()
