"""The website in Chromium: a customer orders, pays and is served while the store works at its console; both languages,
light and dark, phone and desk; and ordering without scripts.

LINLI_PICTURE=1 also draws seeds/pictures/shop.png. LINLI_PICTURES names the folder for pictures of failures.
"""
import os
import pathlib
import secrets
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "suite"))
from playwright.sync_api import sync_playwright  # noqa: E402
from stack import OPERATOR_PHONE, ROOT, Checks, Stack  # noqa: E402
from visitor import SHANGHAI, Visitor, focus_faults  # noqa: E402

checks = Checks()
CHROMIUM = os.environ.get("LINLI_CHROMIUM", "/usr/bin/chromium")
HOURS = [{"day": day, "periods": [{"opens": "00:00", "closes": "24:00"}]} for day in range(1, 8)]


def make_shop(stack):
    """A store at People's Square that never closes, so that the hour of the test does not matter."""
    operator = stack.sign_in(OPERATOR_PHONE)

    def make(path, body):
        status, answer, _ = stack.call("POST", path, body, operator)
        assert status == 201, (path, status, answer)
        return answer

    name = {"zh": "人民广场面馆", "en": "People's Square Noodles"}
    merchant = make("/api/v1/merchants", {"code": "browser", "name": name, "kind": "restaurant"})
    store = make("/api/v1/stores", {
        "merchant_id": merchant["id"], "number": "1", "name": name, "address": "黄浦区人民大道 1 号", "city": "上海市",
        "province": "31", "location": SHANGHAI, "time_zone": "Asia/Shanghai", "opening_hours": HOURS,
        "description": {"zh": "现点现煮，到店即取。", "en": "Cooked when you order."}, "accepting_orders": True})
    menu = [("oil", "葱油拌面", "Scallion oil noodles", 1600), ("beef", "红烧牛肉面", "Beef noodles", 2800)]
    for code, zh, en, amount in menu:
        make("/api/v1/items", {
            "store_id": store["id"], "code": code, "category": {"zh": "面", "en": "Noodles"},
            "name": {"zh": zh, "en": en}, "description": {"zh": "一碗热面", "en": "A hot bowl"},
            "skus": [{"code": code, "price": {"amount": amount, "currency": "CNY"}, "stock": 500}]})
    return store["id"]


class Tour:
    """What one person did after the other; each step is a check, and those after a failure still run."""

    def __init__(self, browser, stack, store):
        self.browser, self.stack, self.store = browser, stack, store
        self.people = []

    def visitor(self, **options):
        visitor = Visitor(self.browser, self.stack.url, **options)
        self.people.append(visitor)
        return visitor

    def check(self, name, body):
        def run():
            try:
                body()
                for person in self.people:
                    person.expect_quiet()
            except Exception:
                for person in self.people:
                    person.show(name)
                    person.troubles = []
                raise
        checks.run(name, run)

    def leave(self):
        for person in self.people:
            person.close()
        self.people = []


def state_is(page, state):
    page.wait_for_selector(f"[data-testid=order-state][data-state={state}]")


def customer_and_store(tour):
    customer, staff = tour.visitor(), tour.visitor(language="en", width=1280)
    pages = {}

    def find():
        page = pages["customer"] = customer.open("/")
        customer.audit(page)
        page.click("#locate button")
        page.wait_for_url("**/stores?lat=31.2*")
        metres = page.locator(".store .far").all_inner_texts()
        assert len(metres) >= 5, metres
        assert page.locator(".store h3").first.inner_text() == "人民广场面馆", page.inner_text("main")
        distances = [float(t.split()[0]) * (1000 if "公里" in t else 1) for t in metres]
        assert distances == sorted(distances), metres
        page.click(".store h3 a >> nth=0")
        page.wait_for_url(f"**/stores/{tour.store}")

    def fill_cart():
        page = pages["customer"]
        page.evaluate("window.kept = true")
        page.click("[data-testid=add] >> nth=0")
        page.wait_for_selector("#cart-bar .count")
        page.click("[data-testid=add] >> nth=1")
        page.wait_for_selector("#cart-bar .count:text-is('2')")
        assert page.evaluate("window.kept"), "adding to the cart loaded the page anew"
        page.click("#cart-bar a")
        page.wait_for_url("**/cart")
        assert "44.00" in page.inner_text("#cart-body"), page.inner_text("#cart-body")

    def sign_in():
        page = pages["customer"]
        page.click("[data-testid=checkout]")
        page.wait_for_url("**/sign-in*")
        customer.sign_in(page, "13900000001")
        page.wait_for_url("**/checkout")
        assert "44.00" in page.inner_text("[data-testid=place-order]")

    def staff_waits():
        page = pages["staff"] = staff.open("/sign-in?return=/console")
        staff.sign_in(page, OPERATOR_PHONE)
        staff.go(page, f"/console/{tour.store}")
        page.wait_for_selector("#live-lamp.on")
        page.evaluate("window.kept = true")

    def pay():
        page = pages["customer"]
        page.click("[data-testid=place-order]")
        page.wait_for_selector("button[value=pay]")
        assert "44.00" in page.inner_text("body")
        customer.audit(page)
        page.click("button[value=pay]")
        # The cashier leads back, or shows the way.
        page.wait_for_load_state()
        if "/orders/" not in page.url:
            page.click("a[href*='/orders/']")
        page.wait_for_url("**/orders/ord_*")
        state_is(page, "waiting")
        page.wait_for_selector("#live-lamp.on")
        page.evaluate("window.kept = true")

    def serve(move, state):
        def step():
            desk, page = pages["staff"], pages["customer"]
            desk.wait_for_selector(f".job [data-testid={move}]")
            desk.click(f".job [data-testid={move}]")
            desk.wait_for_load_state()
            state_is(page, state)
            assert page.evaluate("window.kept"), "the customer's page was loaded anew"
        return step

    def hears():
        desk = pages["staff"]
        desk.wait_for_selector(".job [data-testid=accept]")
        assert desk.evaluate("window.kept"), "the board was loaded anew"

    def hand_over():
        desk, page = pages["staff"], pages["customer"]
        code = page.inner_text("[data-testid=pickup-code]").strip()
        wrong = ("2" if code[0] != "2" else "3") + code[1:]
        for typed, outcome in ((wrong, "ready"), (code, "completed")):
            desk.fill("#code", typed)
            desk.click("[data-testid=redeem]")
            desk.wait_for_load_state()
            state_is(page, outcome)
        assert page.evaluate("window.kept"), "the customer's page was loaded anew"

    def review():
        page = pages["customer"]
        page.click("label[for=star-5]")
        page.fill("#text", "面很筋道")
        page.click("form[action$='/review'] button.main")
        page.wait_for_load_state()
        assert "面很筋道" in page.inner_text("#order-live"), page.inner_text("#order-live")
        tour.order = page.url.rsplit("/", 1)[1]
        customer.go(page, "/inbox")
        page.wait_for_selector(".mail li")
        assert page.locator(".mail li").count() >= 4, page.inner_text(".mail")

    def shows_review():
        page = pages["customer"]
        for _ in range(20):  # the review travels to the catalog as an event
            customer.go(page, f"/stores/{tour.store}#reviews")
            if "面很筋道" in page.inner_text("#reviews"):
                return
            page.wait_for_timeout(500)
        raise AssertionError(page.inner_text("#reviews"))

    tour.check("a customer finds the nearest stores by place, nearest first", find)
    tour.check("a cart is filled without loading the page anew", fill_cart)
    tour.check("checking out asks who it is; the code of the mailbox page opens the session", sign_in)
    tour.check("staff sign in and watch the board", staff_waits)
    tour.check("the order is paid at the cashier, which leads back to it", pay)
    tour.check("the board shows the paid order by itself", hears)
    tour.check("the customer sees live that the store accepts", serve("accept", "accepted"))
    tour.check("the customer sees live that the store prepares", serve("prepare", "preparing"))
    tour.check("the customer sees live that the order is ready", serve("ready", "ready"))
    tour.check("a wrong pickup code hands nothing over, the right one completes the order", hand_over)
    tour.check("the customer reviews the order, and has messages about it", review)
    tour.check("the review stands on the store's page", shows_review)
    states = customer.context.storage_state(), staff.context.storage_state()
    tour.leave()
    return states


def without_scripts(tour):
    guest = tour.visitor(language="en", scripts=False)
    pages = {}

    def find():
        page = pages["guest"] = guest.open("/")
        page.select_option("#city", "上海市")
        page.click("#city ~ button, form:has(#city) button")
        page.wait_for_url("**/stores?city=*")
        page.fill("#q", "People's Square")
        page.press("#q", "Enter")
        page.wait_for_url("**/stores?q=*")
        page.click("text=People's Square Noodles")
        page.wait_for_url(f"**/stores/{tour.store}*")

    def order():
        page = pages["guest"]
        page.click("[data-testid=add] >> nth=0")
        page.wait_for_selector("#cart-bar .count")
        page.click("#cart-bar a")
        page.click("[data-testid=checkout]")
        page.wait_for_url("**/sign-in*")
        guest.sign_in(page, "13900000003")
        page.wait_for_url("**/checkout")
        page.check("input[name=gateway][value=alipay]")
        page.click("[data-testid=place-order]")

    def pay():
        page = pages["guest"]
        page.click("button[value=pay]")
        page.wait_for_load_state()
        if "/orders/" not in page.url:
            page.click("a[href*='/orders/']")
        for _ in range(40):  # paid is heard by notification; without scripts one reloads
            if page.get_attribute("[data-testid=order-state]", "data-state") == "waiting":
                return
            page.wait_for_timeout(250)
            page.reload()
        raise AssertionError(page.inner_text("main"))

    def cancel():
        page = pages["guest"]
        page.click("details summary")
        page.click("form[action$='/cancel'] button")
        page.wait_for_load_state()
        state = page.get_attribute("[data-testid=order-state]", "data-state")
        assert state in ("refunding", "refunded"), state

    tour.check("without scripts: a store is found by city and by words", find)
    tour.check("without scripts: a cart is filled and an order placed", order)
    tour.check("without scripts: the order is paid", pay)
    tour.check("without scripts: a paid order is cancelled and its money goes back", cancel)
    tour.leave()


def every_page(tour, customer_state, staff_state):
    """Every page in both languages, both themes and both widths."""
    store, item = tour.store, tour.stack.call("GET", f"/api/v1/stores/{tour.store}/items")[1]["items"][0]["id"]
    public = ["/", "/stores?lat=31.2336&lng=121.4738", "/stores?q=zzzz", f"/stores/{store}", f"/items/{item}",
              "/sign-in", "/development/mailbox", "/no/such/page"]
    own = ["/cart", "/checkout", "/orders", f"/orders/{tour.order}", "/inbox", "/account"]
    desk = ["/console", f"/console/{store}", f"/console/{store}/items", f"/console/{store}/figures",
            f"/console/{store}/staff"]
    for language in ("zh", "en"):
        for scheme in ("light", "dark"):
            for width in (390, 1280):
                look = f"{language}, {scheme}, {width} px"
                buyer = tour.visitor(language=language, scheme=scheme, width=width, state=customer_state)
                worker = tour.visitor(language=language, scheme=scheme, width=width, state=staff_state)
                for person, paths in ((buyer, public + own), (worker, desk)):
                    page = person.open(f"/language/{language}?return=/")
                    if person is buyer:
                        person.go(page, f"/stores/{store}")
                        page.click("[data-testid=add] >> nth=0")
                        page.wait_for_selector("#cart-bar .count, #cart-side .pair", state="attached")
                    for path in paths:
                        tour.check(f"{look}: {path.replace(store, 'ID').replace(item, 'ID').replace(tour.order, 'ID')}",
                                   lambda: visit(person, page, path))
                tour.leave()


def visit(person, page, path):
    person.go(page, path)
    person.audit(page)
    # The browser says that a page which is not there is not there.
    person.troubles = [t for t in person.troubles if not ("404" in t and path == "/no/such/page")]


def keyboard(tour, customer_state, staff_state):
    for name, state, paths in (
            ("customer", customer_state, ["/", f"/stores/{tour.store}", "/cart", "/sign-in", f"/orders/{tour.order}"]),
            ("staff", staff_state, [f"/console/{tour.store}", f"/console/{tour.store}/items"])):
        for width in (390, 1280):
            person = tour.visitor(state=state, width=width)
            page = person.open("/")
            for path in paths:
                def body(path=path):
                    person.go(page, path)
                    faults = focus_faults(page)
                    assert not faults, f"{page.url}:\n" + "\n".join(faults[:10])
                shown = path.replace(tour.store, "ID").replace(tour.order, "ID")
                tour.check(f"keyboard, {name}, {width} px: the focus is always seen at {shown}", body)
            tour.leave()


def picture(tour):
    """The shop, for the README."""
    def draw():
        person = tour.visitor(width=1280)
        page = person.open("/stores?lat=31.2336&lng=121.4738")
        target = ROOT / "seeds/pictures/shop.png"
        target.parent.mkdir(exist_ok=True)
        page.screenshot(path=target)
    tour.check("the picture of the shop is drawn", draw)
    tour.leave()


def run(browser, stack):
    tour = Tour(browser, stack, None)
    if os.environ.get("LINLI_PICTURE") == "1":
        picture(tour)
    tour.store = make_shop(stack)
    tour.order = "ord_" + secrets.token_hex(4)
    states = customer_and_store(tour)
    without_scripts(tour)
    every_page(tour, *states)
    keyboard(tour, *states)


if __name__ == "__main__":
    limits = {f"SIGN_IN_CODES_PER_PHONE_{span}": "1000" for span in ("MINUTE", "HOUR", "DAY")}
    with Stack(**limits) as stack, sync_playwright() as playwright:
        checks.run("linli seed fills the city", lambda: stack.linli("seed"))
        run(playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]), stack)
    checks.exit()
