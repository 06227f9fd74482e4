"""Images under test, containers, nodes made by deploy/install.sh, and HTTP."""

import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
ROUTES = ROOT / "helm" / "fogflow-chart" / "files" / "routes.conf"
PREFIX, TAG = os.environ["IMAGES"].rsplit(":", 1)
# What every container of ours must do with.
CONFINED = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]


def image(name):
    return f"{PREFIX}{name}:{TAG}"


def run(*command, check=True, **options):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, **options)
    if check and done.returncode != 0:
        pytest.fail(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done


def docker(*arguments, **options):
    return run("docker", *arguments, **options).stdout.strip()


def wait_for(what, probe, seconds=60):
    """Calls `probe` until it gives something back."""
    deadline = time.monotonic() + seconds
    while True:
        last = None
        try:
            found = probe()
            if found:
                return found
        except (OSError, ValueError, KeyError) as error:
            last = error
        assert time.monotonic() < deadline, f"no {what} after {seconds} s: {last}"
        time.sleep(0.1)


def http(url, body=None, method=None, headers=None):
    """Status and text of the answer; None when nothing answers."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def update(base, entity, type="Room", **metadata):
    element = {
        "entityId": {"id": entity, "type": type, "isPattern": False},
        "attributes": [{"name": "temperature", "type": "float", "value": 21.5}],
        "domainMetadata": [{"name": name, "type": "point", "value": value} for name, value in metadata.items()],
    }
    return http(f"{base}/ngsi10/updateContext", {"updateAction": "UPDATE", "contextElements": [element]})


def bridge():
    """The address at which containers meet this machine."""
    # An engine that found the bridge there already does not name it.
    named = docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}")
    return named or run("ip", "-4", "-o", "address", "show", "docker0").stdout.split()[3].split("/")[0]


@pytest.fixture
def container():
    """Starts containers that end with the test."""
    started = []

    def start(name, *arguments, command=()):
        made = docker("run", "--detach", *CONFINED, *arguments, image(name), *command)
        started.append(made)
        return Container(made)

    yield start
    if started:
        docker("rm", "--force", "--volumes", *started)


class Container:
    def __init__(self, id):
        self.id = id

    @property
    def address(self):
        return docker("inspect", "--format", "{{.NetworkSettings.IPAddress}}", self.id)

    def logs(self):
        done = run("docker", "logs", self.id)
        return done.stdout + done.stderr

    def exec(self, *command):
        return run("docker", "exec", self.id, *command, check=False)


class Node:
    """What deploy/install.sh is told to make, all in a folder of its own."""

    def __init__(self, folder, role, *arguments):
        self.folder, self.role, self.arguments = folder, role, arguments
        self.project = f"fogflow-test-{uuid.uuid4().hex[:8]}"
        self.dir, self.state, self.data = folder / "etc", folder / "state", folder / "worker"

    def install(self, *arguments, check=True, **options):
        fixed = ["--dir", self.dir, "--worker-data", self.data, "--project", self.project, "--external-ip", bridge()]
        images = ["--image", image("fogflow"), "--rabbitmq-image", image("rabbitmq"), "--nginx-image", image("nginx")]
        command = [DEPLOY / "install.sh", self.role, "--state", self.state, *fixed, *images, *self.arguments, *arguments]
        return run(*command, check=check, **options)

    def remove(self, *arguments, check=True):
        return run(DEPLOY / "install.sh", "remove", "--state", self.state, *arguments, check=check)

    def containers(self):
        """What the engine says of each, by service."""
        ids = docker("ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={self.project}").split()
        inspected = json.loads(docker("inspect", *ids)) if ids else []
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in inspected}

    def leftovers(self):
        label = f"label=com.docker.compose.project={self.project}"
        return [docker(kind, "ls", "--quiet", *(["--all"] if kind == "container" else []), "--filter", label)
                for kind in ("container", "network", "volume")]


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("0.0.0.0", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
