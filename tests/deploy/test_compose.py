"""A cloud node and an edge node of containers, installed side by side, used, changed and removed."""

import json
import os

import pytest
from conftest import CONFINED, Node, bridge, docker, free_ports, http, image, update, wait_for

NEAR_THE_EDGE = {"latitude": 49.4, "longitude": 8.7}


@pytest.fixture(scope="module")
def ports():
    names = ["http", "amqp", "broker", "discovery", "worker", "master", "edge_broker", "edge_worker"]
    return dict(zip(names, free_ports(len(names))))


@pytest.fixture(scope="module")
def cloud(tmp_path_factory, ports):
    options = [text for name in ("http", "amqp", "broker", "discovery", "worker", "master") for text in (f"--{name}-port", ports[name])]
    node = Node(tmp_path_factory.mktemp("cloud"), "cloud", "--site-id", "cloud", "--location", "50.1,8.6", *options)
    node.base = f"http://{bridge()}:{ports['http']}"
    try:
        node.installed = node.install().stdout
        yield node
    finally:
        node.remove("--purge", check=False)


@pytest.fixture(scope="module")
def edge(tmp_path_factory, ports, cloud):
    joins = ["--coreservice-ip", bridge(), "--coreservice-port", ports["http"], "--amqp-port", ports["amqp"]]
    listens = ["--broker-port", ports["edge_broker"], "--worker-port", ports["edge_worker"]]
    password = ["--rabbitmq-password-file", cloud.dir / "secrets" / "rabbitmq_password"]
    where = ["--site-id", "shop-7", "--location", "49.4,8.7"]
    node = Node(tmp_path_factory.mktemp("edge"), "edge", *where, *joins, *listens, *password)
    node.base = f"http://{bridge()}:{ports['edge_broker']}"
    try:
        node.installed = node.install().stdout
        yield node
    finally:
        node.remove("--purge", check=False)


def entity(base, name):
    status, text = http(f"{base}/ngsi10/entity/{name}")
    return json.loads(text) if status == 200 else None


def workers(ports):
    return json.loads(http(f"http://127.0.0.1:{ports['master']}/workers")[1])


def check(cloud, *arguments):
    return docker("run", "--rm", "--network", "host", *CONFINED, image("fogflow"), "check", "--url", cloud.base, *arguments)


def test_the_cloud_node_says_what_to_do_next(cloud):
    assert f"The cloud node is ready: {cloud.base}/" in cloud.installed
    assert f"check --url {cloud.base}" in cloud.installed


def test_an_update_through_nginx_is_read_back(cloud):
    assert update(cloud.base, "Room.1")[0] == 200
    assert entity(cloud.base, "Room.1")["attributes"][0]["value"] == 21.5
    assert http(f"{cloud.base}/index.html")[0] == 200


def test_a_task_runs_as_a_container_and_its_result_comes_back(cloud):
    assert "the system works" in check(cloud, "--operator-image", image("fogflow-operator-dummy"), "--timeout", "60s")


def test_a_task_runs_as_a_function(cloud):
    assert "the system works" in check(cloud, "--timeout", "60s")


def test_containers_are_confined_and_know_only_their_own_secrets(cloud, ports):
    password = (cloud.dir / "secrets" / "rabbitmq_password").read_text()
    for name, container in cloud.containers().items():
        host, config = container["HostConfig"], container["Config"]
        assert config["User"].startswith("65532") and host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"], name
        assert host["Memory"] > 0 and not host["Privileged"] and host["RestartPolicy"]["Name"] == "unless-stopped", name
        assert password not in json.dumps(container), name
        told = [mount for mount in container["Mounts"] if "rabbitmq_password" in mount["Source"]]
        assert bool(told) == (name in ("master", "worker", "designer")), name
        outside = [b["HostPort"] for on in (container["NetworkSettings"]["Ports"] or {}).values() for b in on or [] if b["HostIp"] == "0.0.0.0"]
        assert outside == {"nginx": [str(ports["http"])], "rabbitmq": [str(ports["amqp"])]}.get(name, []), name


def test_the_edge_node_joins_and_takes_the_task_near_it(cloud, edge, ports):
    profile = wait_for("edge worker", lambda: workers(ports).get("Worker.shop-7"))
    assert profile["location"] == NEAR_THE_EDGE and "docker" in profile["engines"]
    assert "Broker.shop-7" in json.loads(http(f"{cloud.base}/ngsi9/broker")[1])
    # A device of the edge; an operator and a fog function at the cloud.
    assert update(edge.base, "Shelf.1", "Shelf", location=NEAR_THE_EDGE)[0] == 200
    name, tag = image("fogflow-operator-dummy").rsplit(":", 1)
    operator = {"name": "pass", "description": "", "parameters": [],
                "dockerimages": [{"name": name, "tag": tag, "hwType": "X86", "osType": "Linux", "prefetched": False}]}  # fmt: skip
    task = {"name": "main", "operator": "pass", "output_streams": [{"entity_type": "Passed"}],
            "input_streams": [{"selected_type": "Shelf", "selected_attributes": [], "groupby": "EntityID", "scoped": False}]}  # fmt: skip
    topology = {"name": "shelves", "description": "", "tasks": [task]}
    intent = {"id": "ServiceIntent.shelves", "topology": "shelves", "stype": "ASYN", "action": "ADD",
              "priority": {"exclusive": False, "level": 0}, "qos": "", "geoscope": {"scopeType": "global", "scopeValue": "global"}}  # fmt: skip
    function = {"name": "shelves", "topology": topology, "intent": intent, "designboard": {}, "status": "enabled"}
    assert http(f"{cloud.base}/operator", [operator])[0] == 200
    assert http(f"{cloud.base}/fogfunction", [function])[0] == 200
    filters = ["--filter", "label=fogflow.worker=Worker.shop-7", "--filter", "label=fogflow.topology=shelves"]
    wait_for("task at the edge", lambda: docker("ps", "--quiet", *filters))

    def passed():
        update(edge.base, "Shelf.1", "Shelf", location=NEAR_THE_EDGE)
        found = http(f"{cloud.base}/ngsi10/queryContext", {"entities": [{"type": "Passed", "isPattern": True}]})[1]
        return json.loads(found).get("contextResponses")

    # Held by the edge's broker, read through the cloud's.
    wait_for("result", passed)
    assert http(f"{cloud.base}/fogfunction/shelves", method="DELETE")[0] == 200
    wait_for("end of the task", lambda: not docker("ps", "--quiet", *filters))


def test_data_outlive_containers_and_a_change_reaches_those_it_concerns(cloud, ports):
    before = {name: container["Id"] for name, container in cloud.containers().items()}
    cloud.install()
    assert {name: container["Id"] for name, container in cloud.containers().items()} == before
    cloud.install("--capacity", "3")
    after = {name: container["Id"] for name, container in cloud.containers().items()}
    concerned = {"broker", "discovery", "designer", "master", "worker"}
    assert {name for name in after if after[name] != before[name]} == concerned
    assert wait_for("worker", lambda: workers(ports).get("Worker.cloud"))["capacity"] == 3
    # nginx finds the broker's new container, and the broker its entities.
    assert wait_for("entity", lambda: entity(cloud.base, "Room.1"))


def test_removal_keeps_data_until_they_are_purged(cloud, edge):
    said = edge.remove("--purge").stdout
    assert "Everything is gone" in said and os.listdir(edge.folder) == []
    assert edge.leftovers() == ["", "", ""]
    said = cloud.remove().stdout
    assert f"Docker volume {cloud.project}_broker" in said and "rabbitmq_password" in said
    assert [bool(kind) for kind in cloud.leftovers()] == [False, False, True]
    cloud.install()
    assert wait_for("entity", lambda: entity(cloud.base, "Room.1"))
    cloud.remove("--purge")
    assert cloud.leftovers() == ["", "", ""] and os.listdir(cloud.folder) == []
    for site in ("cloud", "shop-7"):
        assert not docker("ps", "--all", "--quiet", "--filter", f"label=fogflow.worker=Worker.{site}")
