"""A headless Chromium, told what to do through a pipe (the DevTools protocol, --remote-debugging-pipe): nothing but
Python's own library, and nothing that listens."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time


def find():
    return next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)


class Browser:
    """One browser with one page. `resolve`: what all names resolve to, "127.0.0.1:8000"."""

    def __init__(self, resolve):
        self.home = tempfile.mkdtemp(prefix="daylight-chromium-")
        self.net_log = os.path.join(self.home, "net.json")
        to_read, self._to = os.pipe()
        self._from, from_write = os.pipe()
        # Out of the way of 3 and 4, which the browser wants.
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in (to_read, from_write)]
        os.close(to_read)
        os.close(from_write)
        launcher = "import os,sys\nos.dup2(int(sys.argv[1]),3)\nos.dup2(int(sys.argv[2]),4)\nos.execv(sys.argv[3],sys.argv[3:])"
        options = [
            "--headless", "--remote-debugging-pipe", f"--user-data-dir={self.home}/profile", "--no-first-run", "--disable-gpu",
            "--disable-dev-shm-usage", "--hide-scrollbars", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--disable-default-apps", "--disable-extensions", "--disable-domain-reliability",
            "--no-proxy-server", f"--log-net-log={self.net_log}", f"--host-resolver-rules=MAP * {resolve}",
        ]
        if os.geteuid() == 0:
            options.append("--no-sandbox")
        self.log = open(os.path.join(self.home, "log"), "wb")
        self.process = subprocess.Popen(
            [sys.executable, "-c", launcher, *map(str, high), find(), *options, "about:blank"],
            pass_fds=high, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            env={**os.environ, "HOME": self.home, "LC_ALL": "C.UTF-8"})
        for fd in high:
            os.close(fd)
        self._rest = b""
        self._number = 0
        self.events = []
        self._session = None
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.call(domain + ".enable")

    def close(self):
        """Ends it; the network log is whole after that."""
        session, self._session = self._session, None
        if session is not None:
            try:
                self.call("Browser.close")
            except (OSError, AssertionError):
                pass
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for fd in (self._to, self._from):
            os.close(fd)
        self.log.close()

    def forget(self):
        shutil.rmtree(self.home, ignore_errors=True)

    def _receive(self, until):
        while b"\0" not in self._rest:
            if not select.select([self._from], [], [], max(0, until - time.monotonic()))[0]:
                raise AssertionError("the browser does not answer")
            part = os.read(self._from, 1 << 20)
            if not part:
                raise OSError("the browser is gone")
            self._rest += part
        message, self._rest = self._rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data):]
        until = time.monotonic() + 300
        while True:
            answer = self._receive(until)
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self.events.append(answer)

    def open(self, url):
        self.events.clear()
        answer = self.call("Page.navigate", url=url)
        assert "errorText" not in answer, answer
        until = time.monotonic() + 300
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive(until))
        # Frames are drawn, and what they would have asked for is asked for.
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 200))))")

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def look(self, width=1100, scheme="light", media=""):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])

    def requests(self):
        """Addresses that the page asked for since open(), its own among them."""
        return [event["params"]["request"]["url"] for event in self.events if event.get("method") == "Network.requestWillBeSent"]

    def complaints(self):
        entries = [event["params"]["entry"]["text"] for event in self.events if event.get("method") == "Log.entryAdded"]
        return entries + [str(event["params"]) for event in self.events if event.get("method") == "Runtime.exceptionThrown"]

    def print(self):
        answer = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True, transferMode="ReturnAsStream")
        data = b""
        while True:
            part = self.call("IO.read", handle=answer["stream"], size=1 << 20)
            data += base64.b64decode(part["data"]) if part.get("base64Encoded") else part["data"].encode()
            if part["eof"]:
                return data

    def screenshot(self, path):
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))
