"""Values: what is refused and how it says so, what they turn into, and that they are documented."""

import json
import re
import subprocess

import pytest
import yaml

from conftest import CHART, ROOT, VALUES, helm, objects, pick, pods

EDGE = "mode=edge,coreservice_ip=192.0.2.1"

# arguments of --set → what the message must contain: the path and, where it helps, the reason
REFUSED = [
    ("mode=fog", ["/mode", "'cloud', 'edge'"]),
    ("moode=edge", ["additional properties 'moode' not allowed"]),
    ("nginx.servce.type=x", ["/nginx", "'servce'"]),
    ("worker.tasks.resources.limit.cpu=1", ["/worker/tasks/resources", "'limit'"]),
    ("broker.replicaCount=2", ["/broker/replicaCount", "install more brokers as edge releases"]),
    ("discovery.replicaCount=2", ["/discovery/replicaCount", "a restart takes under a second and loses nothing"]),
    ("designer.replicaCount=0", ["/designer/replicaCount", "a restart takes under a second and loses nothing"]),
    ("rabbitmq.replicaCount=3", ["/rabbitmq/replicaCount", "rabbitmq.external"]),
    ("worker.replicaCount=-1", ["/worker/replicaCount"]),
    ("worker.replicaCount=many", ["/worker/replicaCount"]),
    ("worker.capacity=0", ["/worker/capacity"]),
    ("worker.container_management=docker", ["/worker/container_management"]),
    ("worker.app_namespace=My_Tasks", ["/worker/app_namespace"]),
    ("externalIPs={host.example.com}", ["/externalIPs/0"]),
    ("external_hostip=http://192.0.2.1", ["/external_hostip"]),
    ("site_id=a b", ["/site_id"]),
    ("physical_location.latitude=91", ["/physical_location/latitude"]),
    ("physical_location.latitude=90.5", ["/physical_location/latitude"]),
    ("physical_location.longitude=west", ["/physical_location/longitude"]),
    ("physical_location.latitude=1", ["physical_location: give both"]),
    ("image.tag=latest", ["/image/tag"]),
    ("image.digest=sha256:1", ["/image/digest"]),
    ("image.pullPolicy=Sometimes", ["/image/pullPolicy"]),
    ("nginx.service.type=External", ["/nginx/service/type"]),
    ("nginx.service.ports.http=70000", ["/nginx/service/ports/http"]),
    ("nginx.resources.limits.cpu=lots", ["/nginx/resources/limits/cpu"]),
    ("nginx.clientMaxBodySize=2MiB", ["/nginx/clientMaxBodySize"]),
    ("broker.persistence.size=big", ["/broker/persistence/size"]),
    ("persistence.enabled=maybe", ["/persistence/enabled"]),
    ("persistence.accessModes={Once}", ["/persistence/accessModes/0"]),
    ("tls.protocols={SSLv3}", ["/tls/protocols/0"]),
    ("rabbitmq.resources.limits.memory=half", ["/rabbitmq/resources/limits/memory"]),
    ("ingress.enabled=true", ["ingress.host: required"]),
    ("mode=edge", ["/coreservice_ip"]),
    (EDGE, ["rabbitmq.auth.password: required"]),
    (f"{EDGE},rabbitmq.auth.password=x,worker.keda.enabled=true", ["worker.keda.enabled: only in the cloud"]),
    ("rabbitmq.enabled=false", ["rabbitmq.external.host: required"]),
    ("rabbitmq.enabled=false,rabbitmq.external.host=bus", ["rabbitmq.external.existingSecret: required"]),
    ("broker.temporal.engine=mysql", ["/broker/temporal/engine", "'embedded', 'postgresql'"]),
    ("broker.temporal.keep=0", ["/broker/temporal/keep"]),
    ("broker.temporal.record=Car", ["/broker/temporal/record"]),
    ("broker.temporal.engine=postgresql", ["postgresql.host: required"]),
    ("broker.temporal.engine=postgresql,postgresql.host=db", ["postgresql.existingSecret: required"]),
    ("worker.autoscaling.enabled=true,worker.keda.enabled=true", ["worker.autoscaling.enabled and worker.keda.enabled"]),
    ("nginx.autoscaling.enabled=true,nginx.keda.enabled=true", ["nginx.autoscaling.enabled and nginx.keda.enabled"]),
    ("nginx.keda.enabled=true", ["nginx.keda.triggers"]),
    ("worker.keda.minReplicaCount=11", ["worker.keda.minReplicaCount: must not exceed"]),
    ("registryCredentials.server=registry.example.com", ["registryCredentials: username and password"]),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), REFUSED, ids=[given for given, _ in REFUSED])
def test_wrong_value_is_refused_with_its_path(given, expected):
    done = helm("template", "x", CHART, "--kube-version", "1.34.0", "--set", given, check=False)
    assert done.returncode != 0, f"{given} was taken"
    for part in expected:
        assert part in done.stderr, done.stderr


def test_helm_4_refuses_alike():
    done = helm("template", "x", CHART, "--set", "broker.replicaCount=2", which="helm4", check=False)
    assert done.returncode != 0 and "/broker/replicaCount" in done.stderr and "edge releases" in done.stderr


def test_reason_is_given_without_the_schema_too():
    done = helm("template", "x", CHART, "--kube-version", "1.34.0", "--set", "broker.replicaCount=2", "--skip-schema-validation", check=False)
    assert "broker.replicaCount: only 1 is possible: an entity" in done.stderr


def test_old_cluster_is_refused():
    done = helm("template", "x", CHART, "--kube-version", "1.26.9", check=False)
    assert done.returncode != 0 and ">=1.27" in done.stderr


def config(values=None, *arguments, **options):
    return json.loads(pick(objects(values, *arguments, **options), "ConfigMap", "-config")["data"]["config.json"])


def test_the_address_alone_makes_a_cloud():
    items = objects(None, "--set", "externalIPs={192.0.2.10}")
    made = {metadata["labels"]["app.kubernetes.io/component"] for _, metadata, _ in pods(items)}
    assert made == {"nginx", "discovery", "broker", "master", "worker", "designer", "rabbitmq", "check"}
    made = config(None, "--set", "externalIPs={192.0.2.10}")
    assert made["external_hostip"] == "192.0.2.10" and made["broker"]["external_port"] == 80
    assert made["internal_hostip"] == "fogflow-broker.fog.svc"
    assert made["discovery"]["host_ip"] == "fogflow-discovery.fog.svc"
    assert made["rabbitmq"] == {"host_ip": "fogflow-rabbitmq.fog.svc", "port": 5672}
    assert made["worker"]["kubernetes"]["stateful_set"] == "fogflow-worker"
    assert made["worker"]["app_namespace"] == "fog"
    service = pick(items, "Service", "-nginx")["spec"]
    assert service["externalIPs"] == ["192.0.2.10"]
    assert {port["name"]: port["port"] for port in service["ports"]} == {"http": 80, "amqp": 5672}


@pytest.mark.parametrize(
    ("values", "host", "port"),
    [
        (None, "fogflow-nginx.fog.svc", 80),
        ("many", "192.0.2.10", 80),
        ("nodeport", "192.0.2.10", 30080),
        ("loadbalancer", "fogflow-nginx.fog.svc", 80),
        ("ingress", "fogflow-nginx.fog.svc", 80),
        ("openshift", "fogflow.apps.example.com", 80),
        ("edge", "fogflow-broker.fog.svc", 8070),
        ("edge-exposed", "198.51.100.7", 8071),
        ("edge-nodeport", "2001:db8::7", 30070),
    ],
)
def test_address_for_others(values, host, port):
    made = config(values)
    assert (made["external_hostip"], made["broker"]["external_port"]) == (host, port)


def test_edge_joins_the_cloud():
    made = config("edge")
    assert made["discovery"] == {"host_ip": "192.0.2.10", "http_port": 80}
    assert made["rabbitmq"]["host_ip"] == "192.0.2.10" and made["coreservice_ip"] == "192.0.2.10"
    assert {metadata["labels"]["app.kubernetes.io/component"] for _, metadata, _ in pods(objects("edge"))} == {"broker", "worker", "check"}
    assert "externalIPs" not in pick(objects("edge"), "Service", "-broker")["spec"]

    made = config("edge-exposed")
    assert made["site_id"] == "shop-7" and made["physical_location"] == {"latitude": 49.4, "longitude": 8.7}
    assert made["rabbitmq"] == {"host_ip": "fogflow.example.com", "port": 5671, "virtual_host": "fog", "tls": True}
    assert made["https"] == {"enabled": False, "my_ca": "/etc/ssl/authority/ca.crt"}
    assert made["worker"]["kubernetes"]["node_selector"] == {"fogflow.io/site": "shop-7"}
    assert made["worker"]["kubernetes"]["tolerations"][0]["key"] == "edge"
    service = pick(objects("edge-exposed"), "Service", "-broker")["spec"]
    assert service["externalIPs"] == ["198.51.100.7"]
    assert {port["name"]: port["port"] for port in service["ports"]} == {"http": 8070, "http-external": 8071}


def test_numbers_on_the_command_line():
    """`--set` makes text of a number with a point, and a number of a name that looks like one."""
    made = config(None, "--set", "physical_location.latitude=-49.4,physical_location.longitude=180.0,site_id=7")
    assert made["physical_location"] == {"latitude": -49.4, "longitude": 180} and made["site_id"] == "7"
    made = config(None, "--set-json", 'physical_location={"latitude": 1, "longitude": -0.5}', "--set-json", "site_id=12345678")
    assert made["physical_location"] == {"latitude": 1, "longitude": -0.5} and made["site_id"] == "12345678"


def test_config_of_the_user_wins():
    made = config("everything")
    assert made["broker"]["heartbeat_interval"] == 10 and made["http"]["max_body_bytes"] == 4194304
    assert made["broker"]["http_port"] == 8070


def test_numbers_stay_whole():
    text = pick(objects(None, "--set", "config.http.max_body_bytes=123456789012"), "ConfigMap", "-config")["data"]["config.json"]
    assert "123456789012" in text and "e+" not in text


def test_worker_tasks_settings():
    made = config("tasks-elsewhere")["worker"]
    assert made["app_namespace"] == "tasks"
    kubernetes = made["kubernetes"]
    assert kubernetes["node_selector"] == {"pool": "tasks"} and kubernetes["service_account"] == "task"
    assert kubernetes["limits"] == {"cpu": "200m", "memory": "64Mi"} and kubernetes["run_as_user"] is None
    numbers = config(None, "--set", "worker.tasks.resources.limits.cpu=2")["worker"]["kubernetes"]
    assert numbers["limits"] == {"cpu": "2", "memory": "256Mi"}


def test_histories_are_kept_where_they_are_told_to():
    bounds = {"keep": 1000, "max_instances": 10000, "max_waiting": 1000000}
    made = config()
    assert made["broker"]["temporal"] == {"record": [], "engine": "embedded", "keep_days": 30, **bounds}
    assert "postgresql" not in made and "https" not in made
    made = config("history")
    assert made["broker"]["temporal"] == {"record": ["Car", "Room"], "engine": "postgresql", "keep_days": 0, **bounds}
    assert made["postgresql"] == {"host_ip": "db.example.com", "port": 5433, "database": "history", "tls": True}
    made = config("history", "--set", "postgresql.username=me,broker.temporal.record={*}")
    assert made["postgresql"]["username"] == "me" and made["broker"]["temporal"]["record"] == ["*"]


def test_only_the_broker_logs_in_to_the_database():
    def variables(*arguments):
        return {
            (spec["containers"][0]["name"], variable["name"]): variable["valueFrom"]["secretKeyRef"]
            for _, _, spec in pods(objects(*arguments))
            for variable in spec["containers"][0].get("env", [])
            if "POSTGRESQL" in variable["name"]
        }

    password = {("broker", "FOGFLOW_POSTGRESQL_PASSWORD"): {"name": "db-user", "key": "pass"}}
    assert variables("history") == {("broker", "FOGFLOW_POSTGRESQL_USERNAME"): {"name": "db-user", "key": "user"}, **password}
    assert variables("history", "--set", "postgresql.username=me") == password
    assert variables(None) == {}


def test_keda_asks_the_master():
    worker = pick(objects("keda"), "ScaledObject", "-worker")["spec"]
    assert worker["minReplicaCount"] == 0 and worker["maxReplicaCount"] == 20
    [demand, queue] = worker["triggers"]
    assert demand["type"] == "metrics-api"
    assert demand["metadata"] == {
        "url": "http://fogflow-master.fog.svc:8010/demand", "valueLocation": "instances", "targetValue": "5", "activationTargetValue": "0",
    }  # fmt: skip
    assert queue["authenticationRef"] == {"name": "fogflow-rabbitmq"}
    assert pick(objects("keda"), "TriggerAuthentication", "fogflow-rabbitmq")


def test_rabbitmq_knows_its_limit():
    def line(*arguments):
        text = pick(objects(*arguments), "ConfigMap", "-rabbitmq-files")["data"]["90-fogflow.conf"]
        return re.search("total_memory.* = (.*)", text)[1]

    assert line(None) == "512MiB"
    assert line("everything") == "1GB"
    assert line(None, "--set", "rabbitmq.resources.limits.memory=536870912") == "536870912"


def test_notes_name_the_next_step():
    def notes(*arguments):
        # Helm 3 asks a cluster for its version even here.
        chosen = helm("install", "fogflow", CHART, "-n", "fog", "--dry-run=client", *arguments, which="helm4").stdout
        return chosen[chosen.index("NOTES:") :]

    text = notes("--set", "externalIPs={192.0.2.10}")
    for part in (
        "ADDRESS=192.0.2.10", "/ngsi10/updateContext", "/index.html", "get secret fogflow-rabbitmq", "--set mode=edge",
        "--set coreservice_ip=192.0.2.10", "helm test fogflow -n fog", "rabbitmq.expose=false", "delete persistentvolumeclaims",
    ):  # fmt: skip
        assert part in text, part
    assert "WARNING" not in text
    assert "WARNING: nothing outside this cluster" in notes()
    assert "WARNING: persistence.enabled=false" in notes("--set", "persistence.enabled=false")
    text = notes("-f", CHART / "ci" / "edge.yaml")
    assert "joins the cloud at 192.0.2.10" in text and "rollout status" in text and "external_hostip" in text
    for values in VALUES:
        text = notes("-f", CHART / "ci" / f"{values}.yaml")
        assert "<no value>" not in text and "%!" not in text, values


def paths(node, prefix=""):
    """Dotted paths of values.yaml, down to what has no fixed keys."""
    schema = json.loads((CHART / "values.schema.json").read_text()) if node is None else node
    for key, value in schema.get("properties", {}).items():
        path = f"{prefix}{key}"
        if value.get("type") == "object" and "properties" in value:
            yield from paths(value, path + ".")
        else:
            yield path


def test_schema_and_values_name_the_same_keys():
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    in_schema = set(paths(None))

    def walk(node, prefix=""):
        for key, value in node.items():
            path = f"{prefix}{key}"
            if path in in_schema:
                yield path
            elif isinstance(value, dict):
                yield from walk(value, path + ".")
            else:
                yield path

    assert set(walk(values)) == in_schema


def test_schema_is_strict_everywhere():
    schema = json.loads((CHART / "values.schema.json").read_text())

    def check(node, path):
        if isinstance(node, dict):
            if "properties" in node and node.get("type") == "object" and path != "/properties/global":
                assert node.get("additionalProperties") is False, path
            for key, value in node.items():
                check(value, f"{path}/{key}")

    check({key: value for key, value in schema.items() if key not in ("if", "then", "definitions")}, "")


def test_every_value_is_documented():
    rows = (CHART / "README.md").read_text().splitlines()
    documented = {row.split("|")[1].strip(): row.split("|")[4].strip() for row in rows if row.startswith("| ") and row.count("|") >= 5}
    for path in paths(None):
        assert documented.get(path), f"{path} has no comment in values.yaml"


def test_readme_is_current():
    done = subprocess.run([ROOT / "helm" / "generate-readme", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
