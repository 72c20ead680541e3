"""For every documented operation: who may call it, at which path, with which body. Refusals and generated requests
begin from these, so that each wrong thing is the only wrong one."""
import json
import re
import secrets

from happy import PRICE, item, merchant, store
from tokens import new_id

# Whoever may call what only services may.
SERVICE_CALLERS = {"catalog": "orders", "orders": "catalog", "notifications": "orders"}
PREFIXES = {"store_id": "sto", "order_id": "ord", "cart_id": "crt", "sku_id": "sku", "item_id": "itm",
            "merchant_id": "mer", "message_id": "msg", "account_id": "acc", "refund_id": "rfd", "settlement_id": "stl"}
# What belongs to the shop's people; everything else of a person is the customer's.
STAFF = re.compile(r"/(board|collections|figures|accept|prepare|ready|refunds|stock|stock-ledger|staff|adjustments"
                   r"|unpaid-orders|offline-payments|handed-out|deposit|settlements|settlement-terms|settlement-runs"
                   r"|merchants|imports/stores|items|skus|streams/stores|reconciliations)(/|$)|/v1/stores$|/staff(/|$)")
# A person's own things: nobody is refused, everyone sees their own.
OWN = {"createCart", "listOrders", "listInbox", "me", "signOut", "makeQuote", "placeOrder", "streamMine",
       "readPaymentMethods", "listSettlements", "readPoints"}


class Calls:
    def __init__(self, world, document):
        self.world, self.document, self.service = world, document, document.service
        self.ids = self._ids()

    def _ids(self):
        world = self.world
        store_id, sku_id, order_id = world.outside if self.service == "storefront" else world.inside
        return {"store_id": store_id, "sku_id": sku_id, "order_id": order_id, "item_id": world.item_id,
                "merchant_id": world.merchant_id, "message_id": world.message_id, "account_id": world.customer_id,
                "cart_id": new_id("crt"), "refund_id": world.refund_id, "token": "x" * 32, "out_trade_no": "c" * 20, "code": "not_found",
                "transaction_id": "4" * 28, "out_refund_no": "c" * 20, "combine_out_trade_no": "c" * 20,
                "settlement_id": world.settlement_id, "out_order_no": "c" * 20, "out_return_no": "c" * 20,
                "sub_mchid": world.wechat.mchid, "gateway": "wechat", "day": world.day}

    def path(self, operation, **other):
        return re.sub(r"\{(\w+)\}", lambda found: other.get(found[1]) or self.ids.get(found[1], "x"), operation.path)

    def is_open(self, operation):
        return not operation.security or {} in operation.security or self.is_form_gateway(operation)

    def is_form_gateway(self, operation):
        """Whether a refusal is an answer in the gateway's own form, with status 200."""
        return any("alipay" in way or "unionpay" in way for way in operation.security)

    def is_gateway(self, operation):
        return any("wechat" in way or "gateway" in way for way in operation.security)

    def is_for_services(self, operation):
        return bool(operation.security) and all("service" in way for way in operation.security)

    def may(self, operation):
        """The token of someone who may."""
        world = self.world
        if self.is_open(operation) or self.is_gateway(operation):
            return None
        if self.service == "storefront":
            return world.operator_session if STAFF.search(operation.path) else world.customer_session
        if self.is_for_services(operation):
            name = "storefront" if operation.path.endswith("/sms") else SERVICE_CALLERS[self.service]
            return world.services[name]
        if STAFF.search(operation.path):
            makes_shops = operation.spec["operationId"] in (
                "createMerchant", "createStore", "importStores", "agreeOnSettlementTerms", "confirmSettlement",
                "payOutSettlement", "runSettlement", "requestReconciliation", "listReconciliations",
                "readReconciliation", "listReconciliationDifferences")
            return world.mint.person(
                world.operator_id, stores={self.ids["store_id"]: "manager"}, operator=makes_shops)
        return world.customer

    def may_not(self, operation):
        """The token of someone who is known and may not; None where everyone may."""
        world = self.world
        if self.is_open(operation) or self.is_gateway(operation) or operation.spec["operationId"] in OWN:
            return None
        if operation.path.endswith(("/streams/me", "/inbox")):
            return None
        if self.service == "storefront":
            return world.stranger_session
        return world.stranger

    def body(self, operation):
        """A body that is right in itself."""
        store_id, sku_id = self.ids["store_id"], self.ids["sku_id"]
        money = {"amount": 100, "currency": "CNY"}
        line = {"sku_id": sku_id, "quantity": 1}
        bodies = {
            "createMerchant": merchant(), "createStore": store(self.ids["merchant_id"]), "createItem": item(store_id),
            "changeSKU": {"price": PRICE},
            "adjustStock": {"store_id": store_id, "lines": [{"sku_id": sku_id, "delta": 1, "cause": "received"}]},
            "importStores": {"merchant_id": self.ids["merchant_id"], "rows": [{
                "line": 2, "number": "9", "name": "店", "address": "1", "city": "上海市", "province": "31",
                "time_zone": "GMT+08:00 Asia/Beijing", "latitude": 31.2, "longitude": 121.4}]},
            "checkPrices": {"store_id": store_id, "sku_ids": [sku_id]},
            "reserve": {"reservations": [{"order_id": new_id("ord"), "store_id": store_id,
                                          "expires_at": self.world.soon(), "lines": [line]}]},
            "createCart": {"store_id": store_id}, "setCartLine": {"quantity": 1},
            "makeQuote": {"store_id": store_id, "lines": [line]}, "placeOrder": {"quote_token": "none"},
            "startPayment": {"gateway": "wechat", "channel": "h5"}, "cancelOrder": {"reason": "否"},
            "reviewOrder": {"rating": 4}, "refundOrder": {"amount": money, "reason": "否"},
            "agreeDeposit": {"amount": money, "balance_due_at": self.world.soon(86_400)},
            "bookOfflinePayment": {"method": "cash", "amount": money},
            "collectOrder": {"code": "0000"}, "requestReconciliation": {"gateway": "wechat", "day": self.world.day},
            "agreeOnSettlementTerms": {"platform_rate_bps": 50}, "payOutSettlement": {"reference": "B 1"},
            "runSettlement": {"day": "2026-01-01"},
            "grantRole": {"store_id": store_id, "phone": "13900000099", "role": "clerk"},
            "sendSignInCode": {"phone": "13900000098"}, "signIn": {"phone": "13900000098", "code": "000000"},
        }
        kind = operation.spec["operationId"]
        if operation.path.endswith("/events"):
            return self.world.events("order.expired", new_id("ord"))
        if operation.path.endswith("/sms"):
            return {"phone": "13900000055", "code": "123456", "language": "zh"}
        if self.service == "payments-sim":
            return self._gateway_body(operation)
        return bodies.get(kind, {})

    def _gateway_body(self, operation):
        wechat = self.world.wechat
        if re.search(r"/v3/pay/transactions/(jsapi|app|h5|native)$", operation.path):
            return {**wechat.order("c" + secrets.token_hex(12)), "payer": {"openid": "o"},
                    "scene_info": {"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}}}
        if operation.path.endswith("/codepay"):
            order = {name: value for name, value in wechat.order("c" * 20).items() if name != "notify_url"}
            return {**order, "payer": {"auth_code": "134579876543210012"}}
        if operation.path.endswith("/refunds"):
            return {"out_trade_no": "c" * 20, "out_refund_no": secrets.token_hex(8),
                    "amount": {"refund": 1, "total": 100, "currency": "CNY"}}
        return {"mchid": wechat.mchid}

    def send(self, operation, token, body=None, path=None):
        """One call; `body` is sent as JSON, or as it is when bytes."""
        path = path or self.path(operation)
        headers = {}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if any("wechat" in way for way in operation.security) and token != "none":
            headers["Authorization"] = self.world.wechat.authorization(operation.method, path, body or b"")
            token = None
        return self.world.recorder.call(self.service, operation.method, path, body,
                                        None if token == "none" else token, headers=headers)
