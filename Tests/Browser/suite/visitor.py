"""A person at a browser: one context of Chromium, whose pages are watched for everything that goes wrong quietly."""
import os
import pathlib
import re
import tempfile

AUDIT = (pathlib.Path(__file__).parent / "audit.js").read_text()
# People's Square in Shanghai.
SHANGHAI = {"latitude": 31.2336, "longitude": 121.4738}
WAIT_MS = 15_000


class Visitor:
    def __init__(self, browser, base, language="zh", scheme="light", width=390, scripts=True, state=None):
        self.base, self.language = base, language
        self.context = browser.new_context(
            locale="zh-CN" if language == "zh" else "en-US", color_scheme=scheme, java_script_enabled=scripts,
            viewport={"width": width, "height": 844 if width < 800 else 900}, storage_state=state,
            timezone_id="Asia/Shanghai", geolocation=SHANGHAI, permissions=["geolocation"])
        self.context.set_default_timeout(WAIT_MS)
        self.troubles = []

    def open(self, path="/"):
        """A new page at a path of the site."""
        page = self.context.new_page()
        page.on("console", lambda said: said.type in ("error", "warning") and self.troubles.append(
            f"console {said.type} at {page.url}: {said.text}"))
        page.on("pageerror", lambda error: self.troubles.append(f"error in the page {page.url}: {error}"))
        page.on("response", lambda answer: answer.status >= 500 and self.troubles.append(
            f"{answer.status} {answer.url}"))
        self.go(page, path)
        return page

    def go(self, page, path):
        page.goto(path if path.startswith("http") else self.base + path, wait_until="load")

    def sign_in(self, page, phone):
        """On the page that asks for the phone number: types it, takes the code from the mailbox page, types that."""
        page.fill("#phone", phone)
        page.click("form[action='/sign-in/code'] button.main")
        page.wait_for_selector("#code")
        mailbox = self.open(page.get_attribute("a[href^='/development/mailbox']", "href"))
        code = mailbox.inner_text("[data-code]").strip()
        mailbox.close()
        assert re.fullmatch(r"\d{6}", code), code
        page.fill("#code", code)
        page.click("form[action='/sign-in'] button.main")
        page.wait_for_url(lambda url: "/sign-in" not in url)

    def audit(self, page, headings=True, language=True):
        """Fails with everything that is wrong with the page as it stands."""
        faults = page.evaluate(AUDIT, {"language": self.language if language else None, "headings": headings})
        assert not faults, f"{page.url}:\n" + "\n".join(faults[:12])

    def expect_quiet(self):
        """No error was said on any page since the last time."""
        troubles, self.troubles = self.troubles, []
        assert not troubles, "\n".join(troubles[:10])

    def show(self, name):
        """After a failure: the pages as pictures, and their words."""
        folder = pathlib.Path(os.environ.get("LINLI_PICTURES") or tempfile.gettempdir())
        for number, page in enumerate(self.context.pages):
            path = folder / f"failed-{re.sub(r'[^a-z0-9]+', '-', name.lower())[:60]}-{number}.png"
            try:
                page.screenshot(path=path, full_page=True)
                print(f"# {page.url} is in {path}; its words:\n" + "\n".join(
                    "#   " + line for line in page.inner_text("body").splitlines()[:40]), flush=True)
            except Exception as error:  # the page may be gone, and the first failure matters more
                print(f"# no picture of {page.url}: {error}", flush=True)

    def close(self):
        self.context.close()


def focus_faults(page, steps=45):
    """Goes through the page with the Tab key; says where the focus cannot be seen."""
    faults, seen = [], set()
    # From the top, also where a field has taken the focus already.
    page.evaluate("""() => {
        document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute("tabindex"); scrollTo(0, 0);
    }""")
    for _ in range(steps):
        page.keyboard.press("Tab")
        found = page.evaluate("""() => {
            const e = document.activeElement;
            if (!e || e === document.body) return null;
            const s = getComputedStyle(e), b = e.getBoundingClientRect();
            // A radio button that is drawn by its label is outlined there.
            const label = e.labels?.[0] && getComputedStyle(e.labels[0]);
            const ring = (s) => s && ((s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2)
                || s.boxShadow !== "none");
            return {what: e.outerHTML.slice(0, 120), ring: !!(ring(s) || ring(label)),
                    inside: b.right > 0 && b.left < innerWidth && b.bottom > 0 && b.top < innerHeight,
                    size: b.width * b.height};
        }""")
        if found is None:
            break
        if found["what"] in seen:
            continue
        seen.add(found["what"])
        if not found["ring"]:
            faults.append("focus cannot be seen on " + found["what"])
        if not found["inside"]:
            faults.append("focus is outside the window on " + found["what"])
    assert len(seen) >= 5, f"only {len(seen)} things can be reached by the keyboard: {seen}"
    return faults
