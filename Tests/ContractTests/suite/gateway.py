"""The payment gateway's own wire: calls of a merchant, signed as the real gateway wants them, and a payer's pages."""
import json
import re
import secrets


class Merchant:
    def __init__(self, world):
        self.world, self.wechat = world, world.wechat

    def call(self, method, target, body=None):
        text = "" if body is None else json.dumps(body)
        headers = {"Authorization": self.wechat.authorization(method, target, text), "Accept": "application/json"}
        return self.world.ok("payments-sim", method, target, text.encode() if body is not None else None,
                             headers=headers, key=False)

    def prepay(self, channel, number, **more):
        return self.call("POST", f"/v3/pay/transactions/{channel}", {**self.wechat.order(number), **more})


def number():
    return "c" + secrets.token_hex(12)


def call_gateway(world):
    merchant, wechat = Merchant(world), world.wechat
    control = "payments-sim"
    first, second, third = number(), number(), number()
    merchant.prepay("jsapi", first, payer={"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"})
    merchant.prepay("app", number())
    merchant.prepay("native", second)
    address = merchant.prepay("h5", third, scene_info={"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}})
    cashier = re.search(r"/cashier/wechat/[^?]+", address["h5_url"]).group()
    page = world.ok(control, "GET", cashier)
    assert 'value="pay"' in page, page[:500]
    world.ok(control, "POST", cashier, form={"decision": "pay"}, key=False)
    world.ok(control, "POST", "/_control/wechat/pay", {"mchid": wechat.mchid, "out_trade_no": first}, key=False)
    paid = merchant.call("GET", f"/v3/pay/transactions/out-trade-no/{third}?mchid={wechat.mchid}")
    assert paid["trade_state"] == "SUCCESS", paid
    merchant.call("GET", f"/v3/pay/transactions/id/{paid['transaction_id']}?mchid={wechat.mchid}")
    merchant.call("POST", f"/v3/pay/transactions/out-trade-no/{second}/close", {"mchid": wechat.mchid})
    refund = number()
    merchant.call("POST", "/v3/refund/domestic/refunds", {
        "out_trade_no": third, "out_refund_no": refund, "reason": "契约",
        "amount": {"refund": 40, "total": 100, "currency": "CNY"}})
    merchant.call("GET", f"/v3/refund/domestic/refunds/{refund}")
    merchant.call("GET", "/v3/certificates")
    pay_by_code(merchant)
    pay_combined(world, merchant)
    make_bills(world, merchant)
    world.ok(control, "POST", "/_control/faults", {"kind": "slow_answer", "probability": 0, "seconds": 1}, key=False)
    world.ok(control, "DELETE", "/_control/faults")
    world.ok(control, "POST", "/_control/clock/advance", {"seconds": 1}, key=False)
    world.ok(control, "GET", "/_control/clock")
    assert sum(entry["amount"] for entry in world.ok(control, "GET", "/_control/ledger")["balances"]) == 0


def pay_by_code(merchant):
    wechat, own = merchant.wechat, number()
    order = {name: value for name, value in wechat.order(own).items() if name != "notify_url"}
    merchant.call("POST", "/v3/pay/transactions/codepay", {
        **order, "payer": {"auth_code": "134579876543210012"}, "scene_info": {"store_info": {"id": "1"}}})
    merchant.call("POST", f"/v3/pay/transactions/out-trade-no/{own}/reverse", {
        "appid": wechat.appid, "mchid": wechat.mchid})


def pay_combined(world, merchant):
    wechat = merchant.wechat
    for channel in ("jsapi", "app", "h5", "native"):
        whole = number()[:20]
        order = {"mchid": wechat.mchid, "attach": "a", "description": "拼单", "out_trade_no": whole + "0",
                 "amount": {"total_amount": 100, "currency": "CNY"}}
        path = f"/v3/combine-transactions/out-trade-no/{whole}"
        merchant.call("POST", f"/v3/combine-transactions/{channel}", {
            "combine_appid": wechat.appid, "combine_mchid": wechat.mchid, "combine_out_trade_no": whole,
            "notify_url": "http://127.0.0.1:9/notify", "sub_orders": [order],
            "combine_payer_info": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
            "scene_info": {"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}}})
        if channel == "native":
            merchant.call("POST", f"{path}/close", {
                "combine_appid": wechat.appid,
                "sub_orders": [{"mchid": wechat.mchid, "out_trade_no": order["out_trade_no"]}]})
            continue
        world.ok("payments-sim", "POST", "/_control/wechat/pay-combine", {
            "combine_mchid": wechat.mchid, "combine_out_trade_no": whole}, key=False)
        assert merchant.call("GET", path)["sub_orders"][0]["trade_state"] == "SUCCESS"


def make_bills(world, merchant):
    day = world.ok("payments-sim", "POST", "/_control/bills/make", {}, key=False)["date"]
    merchant.call("GET", f"/v3/bill/tradebill?bill_date={day}&bill_type=ALL")
    merchant.call("GET", f"/v3/bill/fundflowbill?bill_date={day}&account_type=BASIC")
