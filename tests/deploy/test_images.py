"""Each image runs without root, with a read-only root, no capabilities and any user number."""

import json
import os
import subprocess
import tarfile

import pytest
from conftest import CONFINED, DEPLOY, ROOT, docker, http, image, run, wait_for

STATIC = ["fogflow", "fogflow-operator-dummy", "fogflow-operator-counter", "fogflow-operator-anomaly"]
ALL = [*STATIC, "rabbitmq", "nginx", "python", "fogflow-operator-python"]
# Not the image's own, and of no group that could write anywhere.
FOREIGN = ["--user", "12345:12345"]
VERSION = next(line.split('"')[1] for line in (ROOT / "Cargo.toml").read_text().splitlines() if line.startswith("version = "))


def config(name):
    return json.loads(docker("inspect", image(name)))[0]["Config"]


@pytest.fixture(scope="module")
def files():
    """The names of the files in an image."""
    known = {}

    def of(name):
        if name not in known:
            made = docker("create", image(name))
            try:
                with subprocess.Popen(["docker", "export", made], stdout=subprocess.PIPE) as export:
                    with tarfile.open(fileobj=export.stdout, mode="r|") as archive:
                        known[name] = {member.name: member for member in archive}
            finally:
                docker("rm", made)
        return known[name]

    return of


@pytest.mark.parametrize("name", ALL)
def test_an_image_says_what_it_is_and_is_not_root(name):
    about = config(name)
    assert about["User"] == "65532:65532"
    labels = about["Labels"]
    for label in ("title", "version", "revision", "licenses"):
        assert labels[f"org.opencontainers.image.{label}"]
    if name in STATIC:
        assert labels["org.opencontainers.image.version"] == VERSION
        assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
        assert labels["io.fogflow.sbom"].startswith("/usr/share/sbom/")


@pytest.mark.parametrize("name", STATIC)
def test_a_static_image_holds_one_program(name, files):
    programs = [path for path, member in files(name).items() if member.isfile() and member.mode & 0o111]
    # Empty ones are put there by the engine.
    assert [path for path in programs if files(name)[path].size] == ["fogflow" if name == "fogflow" else "operator"]
    assert files(name)["etc/ssl/certs/ca-certificates.crt"].size > 100_000
    assert (files(name)["tmp"].mode & 0o7777, files(name)["var/lib/fogflow"].uid) == (0o1777, 65532)


@pytest.mark.parametrize("name", ["rabbitmq", "nginx", "python"])
def test_an_image_of_debian_packages_has_no_package_manager_but_its_list(name, files):
    for program in ("usr/bin/apt-get", "usr/bin/dpkg", "usr/bin/perl", "usr/bin/passwd", "usr/bin/su"):
        assert program not in files(name)
    assert files(name)["var/lib/dpkg/status"].size > 10_000
    assert not [path for path, member in files(name).items() if member.isfile() and member.mode & 0o6000]


def test_services_run_confined(container):
    state = ["--tmpfs", "/tmp", "--tmpfs", "/var/lib/fogflow:mode=1777"]
    system = container("fogflow", *FOREIGN, *state, command=["up"])
    url = f"http://{system.address}:8070"
    wait_for("readiness", lambda: http(f"{url}/readyz")[0] == 200)
    assert system.exec("/fogflow", "probe", "http://127.0.0.1:8070/readyz").returncode == 0
    failed = system.exec("/fogflow", "probe", "http://127.0.0.1:9/")
    assert failed.returncode == 1 and "127.0.0.1:9" in failed.stderr
    docker("stop", "--time", "20", system.id)
    assert docker("inspect", "--format", "{{.State.ExitCode}}", system.id) == "0"


@pytest.mark.parametrize("name", [*STATIC[1:], "fogflow-operator-python"])
def test_an_operator_runs_confined(name, container):
    operator = container(name, *FOREIGN, "--env", "myport=8123", "--env", "adminCfg=[]")
    wait_for("operator", lambda: http(f"http://{operator.address}:8123/admin", [])[0] == 200, 20)
    docker("stop", "--time", "10", operator.id)
    assert docker("inspect", "--format", "{{.State.ExitCode}}", operator.id) == "0"


def test_rabbitmq_runs_confined_with_the_login_of_a_file(container, tmp_path):
    settings = tmp_path / "rabbitmq.conf"
    settings.write_text("default_user = sensor\ndefault_pass = of-a-file\n")
    settings.chmod(0o644)
    writable = ["--tmpfs", "/tmp", "--tmpfs", "/var/lib/rabbitmq:mode=1777"]
    mount = ["--volume", f"{settings}:/etc/rabbitmq/conf.d/90-fogflow.conf:ro"]
    rabbitmq = container("rabbitmq", *FOREIGN, *writable, *mount)
    wait_for("RabbitMQ", lambda: rabbitmq.exec("rabbitmq-diagnostics", "-q", "check_port_connectivity").returncode == 0, 90)
    assert rabbitmq.exec("rabbitmqctl", "authenticate_user", "sensor", "of-a-file").returncode == 0
    assert rabbitmq.exec("rabbitmqctl", "authenticate_user", "guest", "guest").returncode != 0
    assert http(f"http://{rabbitmq.address}:15692/metrics")[0] == 200
    assert "Starting broker" in rabbitmq.logs()


def test_nginx_runs_confined(container, tmp_path):
    site = tmp_path / "site.conf"
    site.write_text("server { listen 8080; return 200 'here\\n'; }\n")
    site.chmod(0o644)
    nginx = container("nginx", *FOREIGN, "--tmpfs", "/tmp", "--volume", f"{site}:/etc/nginx/conf.d/site.conf:ro")
    assert wait_for("nginx", lambda: http(f"http://{nginx.address}:8080/"), 20) == (200, "here\n")
    wait_for("line in the log", lambda: '"GET / HTTP/1.1" 200' in nginx.logs(), 10)
    docker("stop", "--time", "10", nginx.id)
    assert docker("inspect", "--format", "{{.State.ExitCode}}", nginx.id) == "0"


def test_python_can_speak_tls():
    program = "import ssl, sqlite3, http.server; print(len(ssl.create_default_context().get_ca_certs()) > 50)"
    assert docker("run", "--rm", *CONFINED, *FOREIGN, image("python"), "python3", "-c", program) == "True"


def test_contexts_are_the_same_each_time(tmp_path):
    """What the layers are made of; with the list of what is built in, and for another builder."""
    if image("fogflow").startswith("local/"):
        pytest.skip("tests images that are there")
    contents = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        options = ["--profile", "dev", "--sbom", "--context", folder]
        run(DEPLOY / "build-images", *options, "operators", env=clean_environment())
        contents.append(run("sh", "-c", f"cd {folder} && find . -type f | sort | xargs sha256sum").stdout)
        with tarfile.open(next(folder.glob("operator/*/rootfs.tar"))) as archive:
            bill = json.load(archive.extractfile("usr/share/sbom/operator.cdx.json"))
    assert contents[0] == contents[1]
    assert bill["bomFormat"] == "CycloneDX"
    names = {component["name"] for component in bill["components"]}
    assert {"axum", "tokio", "serde_json"} <= names and "tempfile" not in names
    assert str(ROOT) not in json.dumps(bill)


def clean_environment():
    return {**os.environ, "RUSTFLAGS": "", "SOURCE_DATE_EPOCH": "1700000000"}


def test_the_script_says_when_no_engine_answers():
    environment = {**clean_environment(), "DOCKER_HOST": "unix:///nonexistent/docker.sock"}
    refused = run(DEPLOY / "build-images", "nginx", check=False, env=environment)
    assert refused.returncode == 1
    assert "no Docker engine answers" in refused.stderr and "start one" in refused.stderr
    assert run(DEPLOY / "build-images", "--frobnicate", check=False).returncode == 1
    assert "rabbitmq" in run(DEPLOY / "build-images", "--help").stdout
