"""A broker of its own for the tests, and somebody whom it notifies."""

import http.server
import json
import os
import pathlib
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "fogflow"


def wait_for(what, probe, seconds=20):
    """Calls `probe` until it gives something back."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = probe()
        except OSError:
            found = None
        if found:
            return found
        assert time.monotonic() < deadline, f"no {what} after {seconds} s"
        time.sleep(0.05)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.status == 200


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    """The URL of a broker that knows no others."""
    folder, port = tmp_path_factory.mktemp("broker"), free_port()
    settings = {"http_port": port, "temporal": {"record": ["*"]}}
    config = {"site_id": "clients", "bind_ip": "127.0.0.1", "broker": settings, "discovery": {"http_port": 9}}
    (folder / "config.json").write_text(json.dumps(config))
    with (folder / "log").open("wb") as log:
        command = [PROGRAM, "broker", "-f", folder / "config.json", "--data-dir", folder / "data"]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for("broker", lambda: answers(f"{url}/version"))
        yield url
    finally:
        process.terminate()
        process.wait(20)


class Receiver(http.server.BaseHTTPRequestHandler):
    """Answers 204 and remembers bodies."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    """Has `url`, `received`, and `wait(condition)` for the first notification that meets it."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.received = []
    server.url = f"http://127.0.0.1:{server.server_port}/notify"
    server.wait = lambda meets: wait_for("notification", lambda: next(filter(meets, list(server.received)), None))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
