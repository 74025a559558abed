"""A tab of headless Chromium, driven over its DevTools pipe: what a reader does, and what it shows.

Started as a program, it puts two of its file numbers where Chromium looks for them, and becomes it.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)


class Tab:
    """One tab; ``console`` has what was logged, ``requests`` the addresses that were asked for."""

    def __init__(self, profile: Path):
        reading, to_us = os.pipe()
        from_us, writing = os.pipe()
        command = (
            *(CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu"),
            *("--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"),
        )
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(from_us), str(to_us), *command],
            pass_fds=(from_us, to_us),
            stderr=subprocess.DEVNULL,
        )
        os.close(from_us)
        os.close(to_us)
        self._reading, self._read, self._writing = reading, b"", writing
        self._number, self._session, self._is_loaded = 0, None, False
        self.console: list[str] = []
        self.requests: list[str] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = session["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the DevTools protocol; events on the way are noted."""
        self._number += 1
        call = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            call["sessionId"] = self._session
        os.write(self._writing, json.dumps(call).encode() + b"\0")
        while (message := self._message()).get("id") != self._number:
            self._note(message)
        assert "error" not in message, message
        return message["result"]

    def open(self, path: Path, width: int = 1280, height: int = 900, scheme: str = "light") -> None:
        """Open a page, wait until it is loaded, and forget what the one before logged."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.ask("Emulation.setDeviceMetricsOverride", **size)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.ask("Emulation.setEmulatedMedia", features=features)
        self.console, self.requests, self._is_loaded = [], [], False
        self.ask("Page.navigate", url=path.as_uri())
        while not self._is_loaded:
            self._note(self._message())

    def value(self, expression: str) -> Any:
        """What JavaScript gives on the page; of a promise, what it comes to."""
        options = {"awaitPromise": True, "returnByValue": True}
        answer = self.ask("Runtime.evaluate", expression=expression, **options)
        assert "exceptionDetails" not in answer, answer["result"]["description"][:500]
        return answer["result"].get("value")

    def mouse(self, kind: str, x: float, y: float, **options: Any) -> None:
        """A "mouseMoved", "mousePressed" or "mouseReleased" at a place of the window."""
        self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, **options)

    def key(self, name: str, modifiers: int = 0) -> None:
        """A key that is pressed; Shift is the modifier 8."""
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=name, modifiers=modifiers)

    def close(self) -> None:
        """End Chromium."""
        self._session = None
        self.ask("Browser.close")
        self._process.wait(timeout=30)
        os.close(self._reading)
        os.close(self._writing)

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._read:
            some = os.read(self._reading, 2**20)
            assert some, "Chromium has ended"
            self._read += some
        text, _, self._read = self._read.partition(b"\0")
        return json.loads(text)

    def _note(self, message: dict[str, Any]) -> None:
        method, values = message.get("method"), message.get("params", {})
        self._is_loaded |= method == "Page.loadEventFired"
        if method == "Network.requestWillBeSent":
            self.requests.append(values["request"]["url"])
        if method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self.console.append(json.dumps(values)[:2_000])


if __name__ == "__main__":
    out_of_the_way = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3]]
    for number, place in zip(out_of_the_way, (3, 4), strict=True):  # it reads 3 and writes 4
        os.dup2(number, place)
    os.execv(sys.argv[3], sys.argv[3:])
