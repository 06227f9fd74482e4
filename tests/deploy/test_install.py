"""deploy/install.sh and what it writes, without starting anything."""

import json
import os
import re
import socket
import stat

import pytest
import yaml
from conftest import DEPLOY, ROOT, Node, bridge, free_ports, run

SCRIPTS = ["install.sh", "build-images", "images/debian-rootfs"]


def test_scripts_are_clean():
    run("shellcheck", "-x", *SCRIPTS, cwd=DEPLOY)
    run("shellcheck", *(DEPLOY.parent / "tests" / "deploy" / name for name in ("run", "machine")))


@pytest.fixture
def ports():
    names = ["http", "amqp", "broker", "discovery", "worker", "master"]
    return [text for name, port in zip(names, free_ports(6)) for text in (f"--{name}-port", port)]


@pytest.fixture
def cloud(tmp_path, ports):
    return Node(tmp_path / "node", "cloud", "--no-start", "--location", "49.4,8.7", *ports)


def everything(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def test_a_dry_run_says_what_it_would_do_and_does_nothing(tmp_path, cloud):
    said = cloud.install("--dry-run").stdout
    assert f"would write {cloud.dir}/config.json" in said and "would make the folder" in said
    assert everything(tmp_path) == {}


def test_what_is_written_is_whole_secret_and_takes_a_second_run(cloud):
    cloud.install()
    config = json.loads((cloud.dir / "config.json").read_text())
    assert (config["external_hostip"], config["physical_location"]["latitude"]) == (bridge(), 49.4)
    password = cloud.dir / "secrets" / "rabbitmq_password"
    assert re.fullmatch("[0-9a-f]{48}", password.read_text())
    assert stat.S_IMODE(password.stat().st_mode) == 0o600 and password.stat().st_uid == 65532
    assert stat.S_IMODE(password.parent.stat().st_mode) == 0o700
    assert f"default_pass = {password.read_text()}\n" in (cloud.dir / "secrets" / "rabbitmq.conf").read_text()
    others = [path for path in cloud.dir.iterdir() if path.is_file()]
    for path in [*others, cloud.state / "state", cloud.state / "install.log"]:
        text = path.read_text()
        assert password.read_text() not in text and not re.search("@[A-Z_]+@", text), path
    before = everything(cloud.dir)
    said = cloud.install().stdout
    assert "is as it should be" in said and "change " not in said
    assert everything(cloud.dir) == before


def test_options_are_remembered_and_changes_by_hand_kept(cloud):
    cloud.install()
    config = cloud.dir / "config.json"
    config.write_text(config.read_text().replace('"capacity": 10', '"capacity": 11'))
    assert "was changed by hand and is kept" in cloud.install().stdout
    said = run(DEPLOY / "install.sh", "cloud", "--state", cloud.state, "--no-start", "--capacity", "20").stdout
    assert f"take over what you want from {config}.new" in said
    assert '"capacity": 11' in config.read_text()
    new = (cloud.dir / "config.json.new").read_text()
    assert '"capacity": 20' in new and '"latitude": 49.4' in new
    kept = cloud.remove().stdout
    assert f"{config} (changed by hand)" in kept
    cloud.remove("--purge")
    assert everything(cloud.folder) == {}


def test_files_of_others_are_left_alone(cloud):
    cloud.dir.mkdir(parents=True)
    (cloud.dir / "config.json").write_text("{}")
    refused = cloud.install(check=False)
    assert refused.returncode == 1 and "was not made by this script" in refused.stderr
    cloud.remove("--purge")
    assert everything(cloud.folder) == {cloud.dir: None, cloud.dir / "config.json": b"{}"}


def test_what_is_missing_is_said_at_once(tmp_path, ports):
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        node = Node(tmp_path / "node", "edge", "--coreservice-ip", "127.0.0.1", *ports, "--coreservice-port", 9, "--amqp-port", 9)
        refused = node.install("--broker-port", taken.getsockname()[1], "--image", "local/no-such-image:1", check=False)
    assert refused.returncode == 1
    failures = [line for line in refused.stdout.splitlines() if line.startswith("  FAIL")]
    assert len(failures) == 3, refused.stdout
    for word, remedy in [("is taken", "--broker-port"), ("no-such-image", "build-images"), ("password", "--rabbitmq-password-file")]:
        assert any(word in line and remedy in line for line in failures), failures
    assert "does not answer at 127.0.0.1:9" in refused.stdout
    assert "Nothing was changed" in refused.stdout and not node.dir.exists()


def test_an_engine_that_is_away_or_missing_is_said(tmp_path, cloud):
    away = cloud.install("--dry-run", check=False, env={**os.environ, "DOCKER_HOST": "unix:///nonexistent.sock"})
    assert away.returncode == 1 and "no Docker engine answers" in away.stdout and "systemctl" in away.stdout
    bare = tmp_path / "bin"
    bare.mkdir()
    for program in ("bash", "dirname", "sed", "ip", "head", "id", "date", "stat", "awk", "grep", "hostname", "cat", "mktemp", "df"):
        (bare / program).symlink_to(run("sh", "-c", f"command -v {program}").stdout.strip())
    script = (DEPLOY / "install.sh").read_text()
    assert "export PATH=$PATH:/usr/sbin:/sbin" in script
    without = cloud.install("--dry-run", check=False, env={"PATH": str(bare), "HOME": "/nonexistent"})
    assert without.returncode == 1 and "Docker is not installed" in without.stdout


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["cloud", "--http-port", "http"], "--http-port"), (["cloud", "--http-port", "70000"], "--http-port"),
        (["cloud", "--location", "here"], "--location"), (["cloud", "--site-id", "a b"], "--site-id"),
        (["cloud", "--capacity", "0"], "--capacity"), (["cloud", "--with", "magic"], "--with"), (["cloud", "--dir", "etc"], "--dir"),
        (["edge"], "--coreservice-ip"), (["cloud", "--frobnicate"], "--frobnicate"), (["cloud", "--site-id"], "--site-id"),
        (["fog"], "fog"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_refused_by_name(arguments, name, tmp_path):
    refused = run(DEPLOY / "install.sh", *arguments, *(["--state", tmp_path] if len(arguments) != 2 else []), "--dry-run", check=False)
    assert refused.returncode == 2 and name in refused.stderr


def test_there_is_nothing_to_remove_twice(cloud):
    cloud.install()
    cloud.remove("--purge")
    again = cloud.remove(check=False)
    assert again.returncode == 1 and "nothing to remove" in again.stderr


@pytest.mark.parametrize("role", ["cloud", "edge"])
def test_every_value_of_the_environment_file_is_used_and_explained(role):
    folder = DEPLOY / "compose" / role
    text = (folder / "docker-compose.yml").read_text()
    used = set(re.findall(r"\$\{([A-Z_]+)", text))
    named = set(re.findall(r"^([A-Z_]+)=", (folder / ".env.example").read_text(), re.M))
    assert used == named


@pytest.mark.parametrize("role", ["cloud", "edge"])
def test_every_container_is_confined(role):
    services = yaml.safe_load((DEPLOY / "compose" / role / "docker-compose.yml").read_text())["services"]
    for name, service in services.items():
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"] and service["pids_limit"] and service["restart"] and service["healthcheck"]["test"], name
        assert service["logging"]["options"]["max-size"] and "privileged" not in service, name
        assert ("/var/run/docker.sock" in str(service.get("volumes"))) == (name == "worker"), name
        assert "PASSWORD:" not in str(service.get("environment")), name


def test_images_are_pinned_to_this_version_and_those_of_the_chart():
    version = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)[1]
    values = yaml.safe_load((ROOT / "helm" / "fogflow-chart" / "values.yaml").read_text())
    named = dict(re.findall(r"^(\w+_IMAGE)=(.*)$", (DEPLOY / "compose/cloud/.env.example").read_text(), re.M))
    assert named["FOGFLOW_IMAGE"] == f"{values['image']['repository']}:{version}"
    for name in ("rabbitmq", "nginx"):
        assert named[f"{name.upper()}_IMAGE"] == "{repository}:{tag}".format(**values[name]["image"])
    assert f"FOGFLOW_IMAGE={named['FOGFLOW_IMAGE']}" in (DEPLOY / "compose/edge/.env.example").read_text()
