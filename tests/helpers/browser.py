"""A headless Chromium that a test controls over a pipe, by the DevTools protocol.

It is offline, and its errors and warnings are kept.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATH = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)

START = (  # Chromium reads file descriptor 3 and writes 4.
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); "
    "os.execv(sys.argv[3], sys.argv[3:])"
)


class Page:
    """One page.

    complaints: the errors and warnings of its console.
    requests: all addresses that it asked for.
    """

    def __init__(self, folder: Path):
        """Start a browser, its profile in this folder."""
        theirs_in, self._out = os.pipe()
        own_in, theirs_out = os.pipe()
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                START,
                str(theirs_in),
                str(theirs_out),
                PATH,
                *FLAGS,
                f"--user-data-dir={folder / 'profile'}",
            ],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._in, self._number, self._session = os.fdopen(own_in, "rb"), 0, None
        self.complaints, self.requests = [], []
        self._rest = b""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.send(
            "Network.emulateNetworkConditions",
            offline=True,
            latency=0,
            downloadThroughput=0,
            uploadThroughput=0,
        )

    def send(self, method: str, **params):
        """Do something and return what comes of it."""
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        os.write(
            self._out,
            json.dumps({"id": self._number, "method": method, "params": params} | session).encode()
            + b"\0",
        )
        while True:
            message = self._read()
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]

    def open(self, path: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Load a file and wait for it."""
        self.resize(width, height)
        self.prefer("dark" if dark else "light")
        self.send("Page.navigate", url=path.as_uri())
        while self._read().get("method") != "Page.loadEventFired":
            pass

    def resize(self, width: int, height: int = 900) -> None:
        """Of this many CSS pixels; a narrow one is a phone."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def prefer(self, scheme: str) -> None:
        """Light or dark, as its user likes it."""
        self.send(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )

    def value(self, expression: str):
        """What JavaScript makes of an expression; the next painted frame is waited for first."""
        found = self.send(
            "Runtime.evaluate",
            returnByValue=True,
            awaitPromise=True,
            expression="new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
            f".then(() => ({expression}))",
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, condition: str, seconds: float = 10) -> None:
        """Until the condition holds; it is an error if it does not in this time."""
        end = time.monotonic() + seconds
        while not self.value(condition):
            assert time.monotonic() < end, condition

    def move(self, x: float, y: float) -> None:
        """Point there with a mouse."""
        for step in (3, 0):
            self.send("Input.dispatchMouseEvent", type="mouseMoved", x=x + step, y=y)

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        self._process.wait(20)
        os.close(self._out)
        self._in.close()

    def _read(self) -> dict:
        while b"\0" not in self._rest:
            more = os.read(self._in.fileno(), 1 << 20)
            assert more, "the browser has ended"
            self._rest += more
        line, self._rest = self._rest.split(b"\0", 1)
        message = json.loads(line)
        params = message.get("params", {})
        if (
            message.get("method") == "Runtime.exceptionThrown"
            or (
                message.get("method") == "Runtime.consoleAPICalled"
                and params["type"] in ("error", "warning")
            )
            or (
                message.get("method") == "Log.entryAdded"
                and params["entry"]["level"] in ("error", "warning")
            )
        ):
            self.complaints.append(params)
        if message.get("method") == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        return message


@contextmanager
def open_page(folder: Path) -> Iterator[Page]:
    """A page that is closed at the end."""
    page = Page(folder)
    try:
        yield page
    finally:
        page.close()
