"""The cashier's pages of every gateway in Chromium, at the width of a phone and of a desk, in both languages and both
looks: audited like the website's, and paid on by hand, with a keyboard alone, and by a phone while somebody waits."""
import json
import pathlib
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "FlowTests"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "suite"))
import card_client  # noqa: E402
from alipay import AliPay  # noqa: E402
from gateway_rehearsal import Checks, Ear, Simulator, unique  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402
from visitor import Visitor  # noqa: E402
from wechat import WeChat  # noqa: E402

checks = Checks()
LOOKS = [("zh", "light", 390), ("en", "dark", 320), ("zh", "dark", 1280), ("en", "light", 390)]


class Till:
    """Makes payments whose pages are then opened."""

    def __init__(self, sim):
        self.sim, self.wechat_keys, self.card_life = sim, WeChat(sim.stack), card_client.Life(sim, Ear(answer=b"ok"))
        self.client = AliPay(
            appid=sim.settings["alipay"]["app_id"], app_notify_url=None, alipay_public_key_string=sim.key("alipay.pem"),
            app_private_key_string=sim.key("alipay_app_key.pem"), sign_type="RSA2")
        self.client._gateway = sim.url + "/gateway.do"

    def wechat(self):
        target = "/v3/pay/transactions/h5"
        body = json.dumps({**self.wechat_keys.order(unique("page"), 1600), "description": "葱油拌面 × 2",
                           "scene_info": {"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}}})
        request = urllib.request.Request(self.sim.url + target, body.encode(), {
            "Authorization": self.wechat_keys.authorization("POST", target, body), "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())["h5_url"]

    def alipay(self):
        return self.client.api_alipay_trade_precreate("葱油拌面", unique("page"), "16.00")["qr_code"]

    def card(self):
        return self.card_life.open(unique("page"), "1600")


def looks(browser, till):
    for language, scheme, width in LOOKS:
        visitor = Visitor(browser, till.sim.url, language, scheme, width)
        for address in (till.wechat(), till.alipay(), till.card(), "/cashier/wechat/code", "/cashier/alipay/code"):
            page = visitor.open(address)
            visitor.audit(page)
            if page.locator("button[value=refuse]").count():
                page.click("button[value=wait]")
                page.wait_for_selector("[role=status]")
                visitor.audit(page)
            page.close()
        visitor.expect_quiet()
        visitor.close()


def pays(browser, till, address):
    """One person waits at a desk, another one pays what the code says with a phone."""
    desk, phone = Visitor(browser, till.sim.url, width=1280), Visitor(browser, till.sim.url, width=390)
    waiting = desk.open(address)
    waiting.click("button[value=wait]")
    waiting.wait_for_selector("[role=status]")
    page = phone.open(address)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".done")
    phone.audit(page)
    waiting.wait_for_selector(".done")
    desk.audit(waiting)
    for visitor in (desk, phone):
        visitor.expect_quiet()
        visitor.close()


def pays_by_card(browser, till):
    visitor = Visitor(browser, till.sim.url, language="en", width=390)
    page = visitor.open(till.card())
    page.fill("#card", card_client.WRONG)
    page.click("button[value=card]")
    page.wait_for_selector("[role=alert]")
    visitor.audit(page)
    assert card_client.WRONG not in page.content(), "the page repeats the number"
    page.fill("#card", card_client.PAYS)
    page.press("#card", "Enter")
    page.wait_for_selector("#code")
    visitor.audit(page)
    page.fill("#code", page.inner_text("b"))
    with page.expect_request("http://shop.test/done"):
        page.press("#code", "Enter")
    visitor.close()


def refuses(browser, till):
    visitor = Visitor(browser, till.sim.url)
    for address in (till.wechat(), till.alipay()):
        page = visitor.open(address)
        page.click("button[value=refuse]")
        page.wait_for_load_state()
        assert page.locator("button[value=pay]").count() == 1, "who refuses may come back"
        page.close()
    visitor.expect_quiet()
    visitor.close()


if __name__ == "__main__":
    with Simulator() as sim, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        till = Till(sim)
        for name, step in [
                ("every page is right in every look, while waiting too", lambda: looks(browser, till)),
                ("a phone pays WeChat's code, which who waits sees", lambda: pays(browser, till, till.wechat())),
                ("a phone pays Alipay's code, which who waits sees", lambda: pays(browser, till, till.alipay())),
                ("a card pays after its check and its code", lambda: pays_by_card(browser, till)),
                ("who refuses pays nothing", lambda: refuses(browser, till))]:
            checks.run(f"cashier: {name}", step)
        browser.close()
    checks.exit()
