"""The HTML report in a real browser: that it asks for nothing, fits a phone and paper, can be read, and that strangers'
text stays text. `html_test.py --screenshots FOLDER` leaves pictures for people to look at."""

import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

import chromium

TOOL = os.environ["DAYLIGHT_REPORT_TOOL"]
NAMES = ("full", "nothing", "incomplete", "hostile", "hostile-url", "many")
PAGES = {name: subprocess.run([TOOL, "html", name], check=True, stdout=subprocess.PIPE).stdout for name in NAMES}
# A canary that must fail proves that the alarm works.
PAGES["canary"] = b"<!DOCTYPE html><title>x</title><img src='http://strange.example/seen'><p style='width:2000px;color:#aaa'>x</p>"
ASKED = []


class Server(http.server.BaseHTTPRequestHandler):
    """Stands for every host there is: names resolve to it, whatever they are."""

    def do_GET(self):
        host = self.headers.get("Host", "")
        # The browser's maker asks for the time, whatever is shown.
        if not host.endswith((".google.com", ".googleapis.com", ".gvt1.com")):
            ASKED.append((host, self.path))
        page = PAGES.get(self.path[1:].removesuffix(".html"))
        self.send_response(200 if page else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page or b"")))
        self.end_headers()
        self.wfile.write(page or b"")

    def log_message(self, *_):
        pass


# WCAG 2.2, 1.4.3: of all text that is shown, against the nearest background behind it.
CONTRAST = """(() => {
  const parts = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => { const [r, g, b] = parts(c).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
                       return .2126 * r + .7152 * g + .0722 * b; };
  let worst = 99, where = '';
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    if (!e.getClientRects().length) continue;
    let behind = e, colour = '';
    for (; behind; behind = behind.parentElement) {
      colour = getComputedStyle(behind).backgroundColor;
      if ((parts(colour)[3] ?? 1) > 0) break;
    }
    if (!behind) colour = 'rgb(255,255,255)';
    const [a, b] = [light(getComputedStyle(e).color), light(colour)].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < worst) { worst = ratio; where = e.outerHTML.slice(0, 100); }
  }
  return [worst, where];
})()"""

OVERFLOW = "document.scrollingElement.scrollWidth"

OUTLINE = """({
  lang: document.documentElement.lang,
  title: document.title,
  headings: [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => Number(h.localName[1])),
  empty: [...document.querySelectorAll('h1,h2,h3,h4,th,a')].filter(e => !e.textContent.trim()).length,
  tables: [...document.querySelectorAll('table')].map(t => t.querySelectorAll('thead th[scope=col]').length),
  rows: [...document.querySelectorAll('tbody tr')].every(r => r.querySelector('th[scope=row]')),
  ids: [...document.querySelectorAll('[id]')].map(e => e.id),
  inner: [...document.querySelectorAll('a[href^="#"]')].map(a => a.getAttribute('href').slice(1)),
  outer: [...document.querySelectorAll('a:not([href^="#"])')].map(a => [a.href, a.textContent, a.protocol]),
  landmarks: ['main', 'header', 'nav', 'footer'].map(n => document.querySelectorAll(n).length),
  active: document.querySelectorAll('script,img,iframe,object,embed,form,input,video,audio,svg,base,meta[http-equiv=refresh]').length,
  handlers: [...document.querySelectorAll('*')].some(e => [...e.attributes].some(a => a.name.startsWith('on') || a.name === 'style')),
})"""


class HtmlTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        cls.port = cls.server.server_address[1]
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="daylight-html-"))
        for name, page in PAGES.items():
            (cls.folder / f"{name}.html").write_bytes(page)
        cls.browser = chromium.Browser(f"127.0.0.1:{cls.port}")

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.browser.forget()
        cls.server.shutdown()
        cls.server.server_close()
        shutil.rmtree(cls.folder, ignore_errors=True)

    def url(self, name, scheme="file"):
        return (self.folder / f"{name}.html").as_uri() if scheme == "file" else f"http://report.example/{name}.html"

    def test_1_asks_for_nothing(self):
        self.browser.look()
        for name in NAMES:
            for scheme in ("file", "http"):
                with self.subTest(name=name, scheme=scheme):
                    ASKED.clear()
                    url = self.url(name, scheme)
                    self.browser.open(url)
                    self.assertEqual([u for u in self.browser.requests() if not u.startswith("data:")], [url])
                    self.assertEqual(ASKED, [("report.example", f"/{name}.html")] if scheme == "http" else [])
                    self.assertEqual(self.browser.complaints(), [])
        ASKED.clear()
        self.browser.open(self.url("canary", "http"))
        self.assertIn("http://strange.example/seen", self.browser.requests())
        self.assertIn(("strange.example", "/seen"), ASKED)

    def test_2_fits_a_phone(self):
        for width in (320, 360, 768):
            self.browser.look(width=width)
            for name in NAMES:
                with self.subTest(name=name, width=width):
                    self.browser.open(self.url(name))
                    self.assertLessEqual(self.browser.evaluate(OVERFLOW), width)
        self.browser.look(width=360)
        self.browser.open(self.url("canary"))
        self.assertGreater(self.browser.evaluate(OVERFLOW), 360)

    def test_3_can_be_read(self):
        for scheme, media in (("light", ""), ("dark", ""), ("dark", "print")):
            self.browser.look(scheme=scheme, media=media)
            for name in ("full", "nothing", "incomplete"):
                with self.subTest(name=name, scheme=scheme, media=media):
                    self.browser.open(self.url(name))
                    worst, where = self.browser.evaluate(CONTRAST)
                    self.assertGreaterEqual(worst, 4.5, where)
                    dark = self.browser.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
                    self.assertEqual(dark, scheme == "dark" and media == "")
        self.browser.open(self.url("canary"))
        self.assertLess(self.browser.evaluate(CONTRAST)[0], 4.5)

    def test_4_is_made_for_everyone(self):
        self.browser.look()
        for name in NAMES:
            with self.subTest(name=name):
                self.browser.open(self.url(name))
                page = self.browser.evaluate(OUTLINE)
                self.assertEqual(page["lang"], "en")
                self.assertEqual(page["headings"][0], 1)
                self.assertEqual(page["headings"].count(1), 1)
                for before, after in zip(page["headings"], page["headings"][1:]):
                    self.assertLessEqual(after, before + 1)
                self.assertEqual(page["empty"], 0)
                self.assertTrue(all(count >= 2 for count in page["tables"]))
                self.assertTrue(page["rows"])
                self.assertEqual(len(page["ids"]), len(set(page["ids"])))
                self.assertLessEqual(set(page["inner"]), set(page["ids"]))
                self.assertEqual(page["landmarks"], [1, 1, 1, 1])

    def test_5_strangers_text_is_text(self):
        self.browser.look()
        for name in ("hostile", "hostile-url"):
            with self.subTest(name=name):
                self.browser.open(self.url(name))
                page = self.browser.evaluate(OUTLINE)
                self.assertTrue(page["title"].startswith("Prohibited on 2024-09-29"))
                self.assertEqual(page["active"], 0)
                self.assertFalse(page["handlers"])
                for href, text, protocol in page["outer"]:
                    self.assertIn(protocol, ("http:", "https:"))
                    self.assertTrue(text.startswith("https://"), text)
                text = self.browser.evaluate("document.body.innerText")
                self.assertIn("<script>document.title='owned'</script>", text)
                self.assertNotRegex(text, "[\u202a-\u202e\u2066-\u2069\x1b]")

    def pdf(self, name):
        self.browser.look()
        self.browser.open(self.url(name))
        path = self.folder / f"{name}.pdf"
        path.write_bytes(self.browser.print())
        return path

    @unittest.skipUnless(shutil.which("pdftotext") and shutil.which("pdfinfo"), "there is no pdftotext")
    def test_6_prints_well(self):
        for name in ("full", "nothing", "incomplete", "hostile", "many"):
            with self.subTest(name=name):
                path = self.pdf(name)
                info = subprocess.run(["pdfinfo", path], check=True, stdout=subprocess.PIPE, text=True).stdout
                self.assertRegex(info, r"Page size:\s+59[45]\S* x 84[12]\S* pts")
                text = subprocess.run(["pdftotext", path, "-"], check=True, stdout=subprocess.PIPE, text=True).stdout
                pages = text.split("\f")[:-1]
                self.assertEqual(len(pages), int(re.search(r"Pages:\s+(\d+)", info)[1]))
                for number, page in enumerate(pages, 1):
                    # More than what stands at the foot of each.
                    words = page.replace("Software policy check", "").split()
                    self.assertGreater(len(words), 10, f"page {number}: {page!r}")
                flat = " ".join(text.split())
                report = json.loads(subprocess.run([TOOL, "json", name], check=True, stdout=subprocess.PIPE).stdout)
                if name == "hostile":
                    continue
                self.assertIn(report["summary"], flat)
                tight = "".join(text.split())
                for finding in report["findings"]:
                    self.assertIn("".join(finding["product_name"].split()), tight)
                    for clause in finding["clauses"]:
                        self.assertIn("".join(clause["url"].split()), tight)
                for unread in report["unread"]:
                    self.assertIn("".join(unread["path"].split()), tight)

    def test_7_the_net_log_agrees(self):
        """What the browser itself wrote down that it asked for, in a run of its own."""
        browser = chromium.Browser(f"127.0.0.1:{self.port}")
        try:
            for name in NAMES:
                browser.open(self.url(name))
            browser.open(self.url("full", "http"))
            browser.close()
            log = json.loads(pathlib.Path(browser.net_log).read_text(errors="replace"))
        finally:
            browser.forget()
        started = log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
        asked = {event["params"]["url"] for event in log["events"] if event["type"] == started and "url" in event.get("params", {})}
        self.assertIn("http://report.example/full.html", asked)
        self.assertEqual({url for url in asked if "report.example" in url}, {"http://report.example/full.html"})
        self.assertFalse([url for url in asked if "strange.example" in url or "favicon" in url], asked)


def screenshots(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    HtmlTest.setUpClass()
    try:
        test = HtmlTest()
        for name in ("full", "nothing", "incomplete", "hostile"):
            for look, width, scheme in (("phone", 360, "light"), ("desktop", 1100, "light"), ("dark", 1100, "dark")):
                HtmlTest.browser.look(width=width, scheme=scheme)
                HtmlTest.browser.open(test.url(name))
                HtmlTest.browser.screenshot(folder / f"{name}-{look}.png")
            shutil.copy(test.pdf(name), folder)
    finally:
        HtmlTest.tearDownClass()


if __name__ == "__main__":
    if chromium.find() is None:
        print("there is no Chromium")
        sys.exit(77)
    if sys.argv[1:2] == ["--screenshots"]:
        sys.exit(screenshots(sys.argv[2]))
    unittest.main()
