"""The status page in a browser, as people use it: python check_page.py PORT TOKEN FOLDER SITE SPACE_PORT APP_PORT

In a tab at 390 and 1280 pixels, light and dark, in English and Chinese; in the frame of another site; and without scripts. axe-core judges every page.
Screenshots are put into FOLDER, and new pages into SITE, which is published. Ends with 1 at the first thing that is not as it should be.
"""

import re
import sys

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

PORT, TOKEN, FOLDER, SITE, SPACE, APP = sys.argv[1:]
HOME = f"http://127.0.0.1:{PORT}/-/"
PATIENCE = 120_000
VIEWS = [("en-US", "light", 390), ("zh-CN", "dark", 390), ("zh-CN", "light", 1280), ("en-US", "dark", 1280)]

WORDS = {
    "en-US": {
        "log_in": "Log in", "wrong": "That is not the token.", "run": "Run now", "dry": "Dry run", "pause": "Pause all schedules",
        "resume": "Resume all schedules", "restore": "Restore…", "confirm": "Restore this backup", "succeeded": "succeeded", "action": "Run",
    },
    "zh-CN": {
        "log_in": "登录", "wrong": "令牌不正确。", "run": "立即运行", "dry": "试运行", "pause": "暂停所有计划",
        "resume": "恢复所有计划", "restore": "恢复…", "confirm": "恢复此备份", "succeeded": "成功", "action": "执行",
    },
}


class Visit:
    """One browser tab, and what is judged of each page in it. `root` is the page or the frame that shows the status page."""

    def __init__(self, browser, language, scheme, width, name, scripts=True):
        self.context = browser.new_context(
            locale=language, color_scheme=scheme, viewport={"width": width, "height": 900}, ignore_https_errors=True, java_script_enabled=scripts
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.root, self.words, self.language, self.name, self.count, self.scripts = self.page, WORDS[language], language, name, 0, scripts
        self.complaints = []
        self.page.on("console", self.hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("request", self.ask)

    def hear(self, message):
        # A page that says what was typed wrong is answered with 400, which a browser writes down.
        if message.type in ("error", "warning") and not re.search("status of 400", message.text):
            self.complaints.append(f"console: {message.text}")

    def ask(self, request):
        if not re.match(rf"(https?://(127\.0\.0\.1|space\.test|app\.test):({PORT}|{SPACE}|{APP})/|data:|about:)", request.url):
            self.complaints.append(f"a request to {request.url}")

    def judge(self, what):
        """Takes a picture, and asks axe."""
        self.count += 1
        self.page.screenshot(path=f"{FOLDER}/{self.name}-{self.count:02}-{what}.png", full_page=True)
        if self.scripts:
            wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                self.complaints.append(f"{what} is {wide} pixels wider than the window")
            found = Axe().run(self.page)
            for violation in found.response["violations"]:
                places = "; ".join(node["html"][:200] for node in violation["nodes"][:3])
                self.complaints.append(f"{what}: {violation['id']}: {violation['help']}: {places}")
        if self.complaints:
            sys.exit(f"{self.name}, {what}: " + "\n".join(self.complaints))

    def has(self, text):
        expect(self.root.get_by_text(text).first).to_be_visible(timeout=PATIENCE)

    def press(self, name):
        self.root.get_by_role("button", name=name, exact=True).first.click()

    def home(self):
        self.root.goto(HOME)

    # What people do

    def log_in(self):
        field = self.root.locator("input[name=token]")
        self.judge("login")
        field.fill("not the token")
        self.press(self.words["log_in"])
        self.has(self.words["wrong"])
        self.judge("wrong")
        # Wrong tokens cost a wait only from the third one on.
        self.root.locator("input[name=token]").fill(TOKEN)
        self.press(self.words["log_in"])
        self.has("备份数据")
        self.judge("overview")

    def card(self, job):
        return self.root.locator("li").filter(has=self.root.get_by_role("link", name=job, exact=True)).first

    def run(self, job):
        self.card(job).get_by_role("button", name=f"{self.words['run']}: {job}", exact=True).click()

    def watch(self):
        """The log grows without a reload of the page, and nothing in it is markup."""
        self.run("hello")
        self.has("step 1")
        self.root.evaluate("window.isSame = true")
        self.has("step 4 <b>张三</b>")
        expect(self.root.locator("#headline .state")).to_have_text(re.compile(self.words["succeeded"]), timeout=PATIENCE)
        if not self.root.evaluate("window.isSame === true"):
            sys.exit("the page was loaded again while its log grew")
        self.judge("run")

    def dry_run(self):
        with open(f"{SITE}/{self.name}.html", "w", encoding="utf-8") as file:
            file.write(f"<h1>{self.name}</h1>\n")
        self.card("deploy").get_by_role("link", name="deploy", exact=True).click()
        self.judge("job")
        self.press(self.words["dry"])
        self.has(f"{self.name}.html (new)")
        expect(self.root.locator("#headline .state")).to_have_text(re.compile(self.words["succeeded"]), timeout=PATIENCE)

    def deploy(self):
        self.run("deploy")
        expect(self.root.locator("#headline .state")).to_have_text(re.compile(self.words["succeeded"]), timeout=PATIENCE)

    def pause(self):
        for word in ("pause", "resume"):
            self.press(self.words[word])
            expect(self.root.get_by_role("button", name=self.words["resume" if word == "pause" else "pause"], exact=True)).to_be_visible(timeout=PATIENCE)

    def action(self):
        card = self.card("批准一台设备")
        card.locator("input[name=argument]").fill("abc123")
        card.get_by_role("button", name=f"{self.words['action']}: 批准一台设备", exact=True).click()
        self.has("approved abc123")
        self.judge("action")

    def back_up(self):
        self.run("备份数据")
        expect(self.root.locator("#headline .state")).to_have_text(re.compile(self.words["succeeded"]), timeout=PATIENCE)

    def restore(self):
        """First with the wrong words, which changes nothing."""
        for typed in ("yes", None):
            card = self.root.locator("li").filter(has=self.root.locator("details")).first
            card.locator("summary").click()
            card.locator("input[name=confirm]").fill(typed or card.locator("code").first.inner_text())
            self.judge("typed")
            card.get_by_role("button", name=self.words["confirm"], exact=True).click()
            if typed:
                expect(self.root.locator("h1")).to_be_visible()
                self.judge("refused")
                self.root.goto(f"{self.address}backups")
        expect(self.root.locator("#headline .state")).to_have_text(re.compile(self.words["succeeded"]), timeout=PATIENCE)
        self.judge("restored")

    def close(self):
        self.judge("end")
        self.context.close()


def in_tab(browser, language, scheme, width):
    visit = Visit(browser, language, scheme, width, f"tab-{width}-{scheme}-{language}")
    visit.address = HOME
    visit.home()
    visit.log_in()
    visit.watch()
    for step in (visit.dry_run, visit.deploy, visit.pause, visit.action, visit.back_up):
        visit.home()
        step()
    visit.root.goto(f"{HOME}backups")
    visit.judge("backups")
    visit.restore()
    visit.close()


def in_frame(browser):
    """The page in the frame of another site, over HTTPS, as on a platform. The browser keeps the login's cookie apart for that site."""
    visit = Visit(browser, "en-US", "light", 1280, "frame")
    visit.page.goto(f"https://space.test:{SPACE}/")
    handle = visit.page.wait_for_selector("iframe")
    visit.root = handle.content_frame()
    visit.address = f"https://app.test:{APP}/-/"
    visit.log_in()
    visit.watch()
    visit.root.goto(visit.address)
    visit.action()
    visit.root.goto(visit.address)
    visit.pause()
    cookie = next(cookie for cookie in visit.context.cookies() if cookie["name"] == "shipkeeper-login")
    if not (cookie["httpOnly"] and cookie["secure"] and cookie["sameSite"] == "None" and cookie.get("partitionKey")):
        sys.exit(f"the cookie in a frame: {cookie}")
    visit.close()
    # In a tab of its own nobody is logged in by that.
    tab = Visit(browser, "en-US", "light", 390, "beside")
    tab.page.goto(f"https://app.test:{APP}/-/")
    expect(tab.page.locator("input[name=token]")).to_be_visible()
    tab.close()


def without_scripts(browser):
    visit = Visit(browser, "en-US", "light", 390, "plain", scripts=False)
    visit.address = HOME
    visit.home()
    visit.log_in()
    visit.run("hello")
    expect(visit.root.locator("#headline")).to_be_visible()
    visit.root.goto(f"{HOME}backups")
    visit.judge("backups")
    visit.close()


with sync_playwright() as playwright:
    flags = ["--no-sandbox", "--disable-dev-shm-usage", "--host-resolver-rules=MAP space.test 127.0.0.1, MAP app.test 127.0.0.1"]
    chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
    for view in VIEWS:
        in_tab(chromium, *view)
    in_frame(chromium)
    without_scripts(chromium)
    chromium.close()
print("the page is as it should be")
