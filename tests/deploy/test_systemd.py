"""Units as systemd judges them, and a cloud node of services on a machine that is run by systemd (in a container)."""

import os
import re
import shutil

import pytest
from conftest import DEPLOY, ROUTES, docker, http, image, run, update, wait_for

SOURCE = "/src/deploy"


def test_units_are_right_and_confined(tmp_path):
    unit = (DEPLOY / "systemd" / "fogflow@.service").read_text()
    # systemd-analyze wants the program to be there.
    unit = unit.replace("/usr/local/bin/fogflow", shutil.which("true"))
    exposures = {}
    for service, drop_ins in [("broker", ""), ("worker", "bus docker")]:
        extra = "".join((DEPLOY / "systemd" / f"{name}.conf").read_text().replace("@RABBITMQ_USER@", "u") for name in drop_ins.split())
        (tmp_path / f"fogflow@{service}.service").write_text(unit + extra)
        verified = run("systemd-analyze", "verify", tmp_path / f"fogflow@{service}.service", check=False)
        # Units that it asks for need not be there; its own lines must be right.
        assert f"fogflow@{service}.service:" not in verified.stderr, verified.stderr
        said = run("systemd-analyze", "security", "--offline=true", "--no-pager", tmp_path / f"fogflow@{service}.service").stdout
        exposures[service] = float(re.search(r"exposure level for .*: ([0-9.]+)", said)[1])
    assert exposures["broker"] <= 1.2 and exposures["worker"] <= 1.5


@pytest.fixture(scope="module")
def machine():
    """With the rights that systemd needs of a container."""
    rights = ["--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN", "--cap-add", "SYS_PTRACE", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"]
    folders = ["--tmpfs", "/run:exec", "--tmpfs", "/run/lock", "--tmpfs", "/tmp:exec"]
    id = docker("run", "--detach", *rights, *folders, "--cgroupns=private", "--env", "container=docker", os.environ["MACHINE"],
                "/bin/sh", "-c", "mount --make-rshared / && exec /sbin/init")  # fmt: skip

    def on_it(*command, **options):
        return run("docker", "exec", id, *command, **options)

    on_it.address = docker("inspect", "--format", "{{.NetworkSettings.IPAddress}}", id)
    try:
        on_it("mkdir", "-p", SOURCE, "/src/helm/fogflow-chart/files")
        docker("cp", f"{DEPLOY}/.", f"{id}:{SOURCE}")
        docker("cp", ROUTES, f"{id}:/src/helm/fogflow-chart/files/routes.conf")
        made = docker("create", image("fogflow"))
        run("sh", "-c", f"docker cp {made}:/fogflow - | docker cp - {id}:{SOURCE}")
        docker("rm", made)
        wait_for("systemd", lambda: on_it("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded"), 120)
        yield on_it
    finally:
        docker("rm", "--force", "--volumes", id)


def test_a_cloud_node_of_services(machine):
    refused = machine(f"{SOURCE}/install.sh", "cloud", "--with", "systemd", check=False)
    assert refused.returncode == 1 and "nginx has a default server on port 80" in refused.stdout
    machine("rm", "/etc/nginx/sites-enabled/default")
    before = machine("find", "/etc", "/usr/local", "/var/lib", "-maxdepth", "3", "-not", "-path", "*/rabbitmq/*").stdout

    said = machine(f"{SOURCE}/install.sh", "cloud", "--with", "systemd").stdout
    assert "The cloud node is ready" in said
    base = f"http://{machine.address}"
    assert update(base, "Room.1")[0] == 200
    assert "the system works" in machine("fogflow", "check", "--url", "http://127.0.0.1", "--timeout", "60s").stdout
    for service in ("broker", "discovery", "designer", "master", "worker"):
        # As another user than root, whom nobody else's secrets are shown to.
        pid = machine("systemctl", "show", "--property", "MainPID", "--value", f"fogflow@{service}").stdout.strip()
        assert machine("stat", "--format", "%U", f"/proc/{pid}").stdout.strip() == "fogflow"
        held = machine("ls", "/run/credentials").stdout
        assert (f"fogflow@{service}.service" in held) == (service in ("master", "worker", "designer"))

    # A second run changes nothing, and restarts nothing.
    pid = machine("systemctl", "show", "--property", "MainPID", "--value", "fogflow@broker").stdout
    assert "change " not in machine(f"{SOURCE}/install.sh", "cloud").stdout
    assert machine("systemctl", "show", "--property", "MainPID", "--value", "fogflow@broker").stdout == pid
    # Whatever ends a service, it comes again, with its data.
    machine("systemctl", "kill", "--signal", "KILL", "fogflow@broker")
    wait_for("entity", lambda: http(f"{base}/ngsi10/entity/Room.1")[0] == 200, 20)

    said = machine(f"{SOURCE}/install.sh", "remove").stdout
    for kept in ("/var/lib/fogflow", "the user fogflow", "RabbitMQ's user fogflow"):
        assert kept in said
    assert "Everything is gone" in machine(f"{SOURCE}/install.sh", "remove", "--purge").stdout
    after = machine("find", "/etc", "/usr/local", "/var/lib", "-maxdepth", "3", "-not", "-path", "*/rabbitmq/*").stdout
    # What Debian's own tools keep of users that were.
    added = set(after.splitlines()) - set(before.splitlines()) - {f"/etc/{name}-" for name in ("passwd", "group", "shadow", "gshadow")}
    assert not added
    assert machine("systemctl", "list-units", "--all", "--plain", "--no-legend", "fogflow@*").stdout == ""
