"""A real nginx with the server of deploy/nginx and the chart's routes: in front of services that tell what reached them, and
in front of real ones."""

import json
import re
import socket
import subprocess
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import DEPLOY, ROUTES, docker, free_ports, http, image, run, update, wait_for

MAIN = """daemon off; user root; error_log {folder}/error.log warn; pid {folder}/nginx.pid; worker_processes 1;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def start_nginx(folder, **ports):
    """The server of deploy/nginx on a free port, and its process."""
    (port,) = free_ports(1)
    (folder / "routes.conf").write_text(ROUTES.read_text())
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
    site = (DEPLOY / "nginx" / "fogflow.conf.template").read_text()
    values = {f"{name.upper()}_PORT": number for name, number in ports.items()} | {"HTTP_PORT": f"127.0.0.1:{port}", "DIR": folder}
    for name, value in values.items():
        site = site.replace(f"@{name}@", str(value))
    assert "@" not in site
    (folder / "site.conf").write_text(site)
    run("nginx", "-e", folder / "error.log", "-c", folder / "nginx.conf", "-t")
    process = subprocess.Popen(["nginx", "-e", folder / "error.log", "-c", folder / "nginx.conf"])
    base = f"http://127.0.0.1:{port}"
    wait_for("nginx", lambda: http(f"{base}/nginx-health")[0] == 200, 20)
    return base, process


class Telling(BaseHTTPRequestHandler):
    """Answers with what it got; a stream of events that waits to be told to go on; and a protocol of its own."""

    protocol_version = "HTTP/1.1"
    go_on = threading.Event()

    def do_GET(self):
        if self.headers.get("Upgrade") == "echo":
            self.send_response(101)
            self.send_header("Upgrade", "echo")
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            self.wfile.write(self.rfile.readline().upper())
            self.close_connection = True
        elif self.path == "/events":
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"data: first\n\n")
            self.wfile.flush()
            self.go_on.wait(20)
            self.wfile.write(b"data: second\n\n")
            self.close_connection = True
        else:
            self.tell()

    def tell(self):
        length = int(self.headers.get("Content-Length", 0))
        seen = {"service": self.server.name, "path": self.path, "method": self.command, "length": len(self.rfile.read(length)),
                "headers": {name.lower(): value for name, value in self.headers.items()}}
        body = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_PATCH = do_DELETE = tell

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def telling(tmp_path_factory):
    servers = {}
    for name in ("discovery", "broker", "designer"):
        servers[name] = ThreadingHTTPServer(("127.0.0.1", 0), Telling)
        servers[name].name = name
        threading.Thread(target=servers[name].serve_forever, daemon=True).start()
    ports = {name: server.server_port for name, server in servers.items()}
    base, process = start_nginx(tmp_path_factory.mktemp("nginx"), **ports)
    yield base
    process.terminate()
    process.wait()
    for server in servers.values():
        server.shutdown()


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/ngsi9/registerContext", "discovery"), ("/ngsi9/registration/a%2Fb", "discovery"), ("/ngsi9/status?x=1", "discovery"),
        ("/ngsi10/updateContext", "broker"), ("/ngsi10/entity/Room%201", "broker"), ("/v2/entities?limit=1", "broker"),
        ("/ngsi-ld/v1/entities/urn:ngsi-ld:Room:1", "broker"),
        ("/", "designer"), ("/index.html", "designer"), ("/operator", "designer"), ("/intent/topology/a", "designer"),
        ("/info/worker", "designer"), ("/config.js", "designer"), ("/data/photo", "designer"), ("/ngsi10x", "designer"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_path_reaches_its_service_unchanged(telling, path, service, method):
    status, text = http(telling + path, b"{}" if method == "POST" else None, method, {"Fiware-Correlator": "c"})
    seen = json.loads(text)
    assert (status, seen["service"], seen["path"], seen["method"]) == (200, service, path, method)
    assert seen["headers"]["host"] == telling.removeprefix("http://")
    assert seen["headers"]["fiware-correlator"] == "c"
    assert seen["headers"]["x-forwarded-for"] == "127.0.0.1"


def test_a_body_up_to_the_broker_s_own_limit_passes(telling):
    status, text = http(f"{telling}/ngsi10/updateContext", b"x" * (2 << 20))
    assert (status, json.loads(text)["length"]) == (200, 2 << 20)
    assert http(f"{telling}/ngsi10/updateContext", b"x" * ((2 << 20) + 1))[0] == 413


def test_what_services_say_of_themselves_stays_inside(telling):
    for path in ("/metrics", "/healthz", "/readyz"):
        assert http(telling + path)[0] == 404


def connection(base):
    host, port = base.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def test_an_upgraded_connection_carries_both_ways(telling):
    with connection(telling) as there, there.makefile("rb") as answer:
        there.sendall(b"GET /live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
        assert b"101" in answer.readline()
        head = [line for line in iter(answer.readline, b"\r\n")]
        assert any(line.lower() == b"upgrade: echo\r\n" for line in head)
        there.sendall(b"hello\n")
        assert answer.readline() == b"HELLO\n"


def test_each_event_of_a_stream_comes_at_once(telling):
    with connection(telling) as there, there.makefile("rb") as answer:
        there.sendall(b"GET /events HTTP/1.0\r\nHost: a\r\n\r\n")
        while answer.readline() != b"data: first\n":
            pass
        # Only now may the service send the next one.
        Telling.go_on.set()
        while answer.readline() != b"data: second\n":
            pass


def test_a_service_that_is_away_is_said_and_no_other_suffers(tmp_path):
    gone, broker = free_ports(2)
    base, process = start_nginx(tmp_path, discovery=gone, broker=broker, designer=gone)
    try:
        status, text = http(f"{base}/ngsi9/status")
        assert status == 503 and "try again" in json.loads(text)["description"]
        with ThreadingHTTPServer(("127.0.0.1", broker), Telling) as server:
            server.name = "broker"
            threading.Thread(target=server.serve_forever, daemon=True).start()
            assert http(f"{base}/ngsi10/entity")[0] == 200
            server.shutdown()
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """Real services on free ports of this machine, from the program in the image."""
    folder = tmp_path_factory.mktemp("fogflow")
    made = docker("create", image("fogflow"))
    docker("cp", f"{made}:/fogflow", folder / "fogflow")
    docker("rm", made)
    # Ports of the system's choice; the two agents have no say in this.
    master, agent = free_ports(2)
    settings = {
        "site_id": "test", "bind_ip": "127.0.0.1", "data_dir": str(folder / "data"), "discovery": {"http_port": 0},
        "broker": {"http_port": 0}, "master": {"ngsi_agent_port": master, "rest_api_port": 0},
        "worker": {"container_management": "function"}, "designer": {"webSrvPort": 0, "agentPort": agent},
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(settings))
    log = folder / "log"
    with log.open("w") as out:
        services = subprocess.Popen([folder / "fogflow", "up", "-f", folder / "config.json"], stdout=out, stderr=out)

    def ports():
        found = dict(re.findall(r"(\w+) +http://[\w.]+:(\d+) +ready", log.read_text()))
        return found if {"discovery", "broker", "designer"} <= found.keys() else None

    found = wait_for("services", ports, 30)
    base, nginx = start_nginx(folder, **{name: found[name] for name in ("discovery", "broker", "designer")})
    yield base
    for process in (nginx, services):
        process.terminate()
        process.wait()


def test_the_services_answer_through_nginx(real):
    assert http(f"{real}/ngsi9/status") == (200, '"ok"')
    assert update(real, "Room.1")[0] == 200
    status, text = http(f"{real}/ngsi10/entity/Room.1")
    assert (status, json.loads(text)["entityId"]["type"]) == (200, "Room")
    status, page = http(f"{real}/index.html")
    assert status == 200 and "<html" in page
    assert http(f"{real}/operator")[0] == 200
    assert list(json.loads(http(f"{real}/ngsi9/broker")[1])) == ["Broker.test"]


def events(answer):
    """Name and data of each event, when it comes; comments are passed over."""
    name = None
    for line in answer:
        field, _, value = line.decode().rstrip("\n").partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


def test_what_a_page_follows_comes_through_nginx_at_once(real):
    begun = time.monotonic()
    with urllib.request.urlopen(f"{real}/live?watch=Lamp", timeout=10) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        coming = events(answer)
        name, snapshot = next(coming)
        assert name == "snapshot" and snapshot["site"] == "test"
        assert time.monotonic() - begun < 2
        assert ("watch", {"type": "Lamp", "state": "live"}) in coming
        for lamp in ("Lamp.1", "Lamp.2", "Lamp.3"):
            assert update(real, lamp, "Lamp")[0] == 200
            sent = time.monotonic()
            # A proxy that gathers what it passes on would hold this back until a buffer is full or the stream ends.
            told = next(data["set"] for name, data in coming if name == "entities")
            assert [element["entityId"]["id"] for element in told] == [lamp]
            assert time.monotonic() - sent < 1


def test_the_log_of_an_unknown_instance_is_said_to_be_missing_through_nginx(real):
    status, text = http(f"{real}/instance/x/log")
    assert (status, json.loads(text)["error"]) == (404, "there is no task instance `x`")
