"""What operators may rely on in everything that the chart renders."""

import base64
import json
import re
import shutil
import subprocess

import pytest

from conftest import CHART, VALUES, objects, pick, pod_of, pods

ALL = [None, *VALUES]
FORMS = {values: objects(values) for values in ALL}
OPEN = {"everything"}  # replaces probes and contexts on purpose


def every_pod():
    return [(f"{values}: {name}", values, metadata, spec) for values in ALL for name, metadata, spec in pods(FORMS[values])]


def every_container():
    return [
        (f"{where} {container['name']}", values, spec, container)
        for where, values, _, spec in every_pod()
        for container in spec["containers"] + spec.get("initContainers", [])
    ]


def test_pods_fit_pod_security_restricted():
    for where, _, _, spec in every_pod():
        context = spec["securityContext"]
        assert context["runAsNonRoot"] is True, where
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, where
        assert context.get("runAsUser", 1) > 0, where
        for flag in ("hostNetwork", "hostPID", "hostIPC"):
            assert flag not in spec, where
        for volume in spec.get("volumes", []):
            assert set(volume) - {"name"} <= {"configMap", "secret", "emptyDir"}, (where, volume)
    for where, _, _, container in every_container():
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False, where
        assert context["capabilities"] == {"drop": ["ALL"]}, where
        assert context["readOnlyRootFilesystem"] is True, where
        assert not any("hostPort" in port for port in container.get("ports", [])), where


def test_openshift_chooses_the_numbers():
    for name, _, spec in pods(FORMS["openshift"]):
        assert not {"runAsUser", "runAsGroup", "fsGroup"} & set(spec["securityContext"]), name
    assert config(FORMS["openshift"])["worker"]["kubernetes"]["run_as_user"] is None


def test_requests_and_limits_are_given():
    for where, _, _, container in every_container():
        for kind in ("requests", "limits"):
            assert {"cpu", "memory"} <= set(container["resources"][kind]), where


def test_probes_are_given():
    for where, _, spec, container in every_container():
        if spec.get("restartPolicy") == "Never":
            continue
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert probe in container, (where, probe)
            kind = container[probe].get("httpGet") or container[probe].get("tcpSocket")
            assert kind["port"] in {port["name"] for port in container["ports"]}, (where, probe)


def test_services_are_probed_where_they_answer():
    for name, _, spec in pods(FORMS[None]):
        container = spec["containers"][0]
        if container["name"] in {"discovery", "broker", "master", "worker", "designer"}:
            assert container["livenessProbe"]["httpGet"]["path"] == "/healthz", name
            assert container["readinessProbe"]["httpGet"]["path"] == "/readyz", name


def test_images_are_pinned():
    for where, _, _, container in every_container():
        image = container["image"]
        assert re.search(r"(:[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})$", image), (where, image)
        assert not image.endswith(":latest"), (where, image)


def test_only_the_worker_has_a_token():
    for where, values, metadata, spec in every_pod():
        component = metadata["labels"]["app.kubernetes.io/component"]
        assert spec["automountServiceAccountToken"] is (component == "worker" and values != "all-off"), where
    for values in ALL:
        for item in FORMS[values]:
            assert not item["kind"].startswith("ClusterRole"), values
            if item["kind"] == "ServiceAccount":
                assert item["automountServiceAccountToken"] is False, values


def test_the_worker_may_only_what_it_needs():
    def rights(items):
        return {
            (item["metadata"]["namespace"], resource): set(rule["verbs"])
            for item in items
            if item["kind"] == "Role"
            for rule in item["rules"]
            for resource in rule["resources"]
        }

    crud = {"get", "list", "create", "update", "patch", "delete"}

    def tasks(namespace):
        return {
            (namespace, "deployments"): crud | {"watch"},
            (namespace, "services"): crud,
            (namespace, "configmaps"): crud,
            (namespace, "pods"): {"get", "list", "watch"},
            (namespace, "pods/log"): {"get"},
            (namespace, "events"): {"list"},
        }

    own = {("fog", "statefulsets"): {"get"}}
    assert rights(FORMS[None]) == tasks("fog") | own
    assert rights(FORMS["tasks-elsewhere"]) == tasks("tasks") | own
    assert rights(FORMS["all-off"]) == {}


def test_no_secret_in_config_maps_environment_or_arguments():
    for values in ALL:
        for item in FORMS[values]:
            if item["kind"] == "ConfigMap":
                text = json.dumps(item["data"]).replace("rabbitmq_password", "")
                for secret in ("secret-of-the-cloud", '\\"password', "default_pass", "dockerconfigjson"):
                    assert secret not in text, (values, item["metadata"]["name"], secret)
    for where, _, _, container in every_container():
        for variable in container.get("env", []):
            if re.search("PASS|USERNAME|TOKEN|SECRET", variable["name"]):
                assert "secretKeyRef" in variable["valueFrom"], (where, variable)
        assert "secret" not in json.dumps([container.get("args"), container.get("command")]), where


def test_state_is_on_claims_that_outlive_the_release():
    for item in FORMS[None]:
        if item["kind"] == "StatefulSet":
            [claim] = item["spec"]["volumeClaimTemplates"]
            assert claim["spec"]["resources"]["requests"]["storage"], item["metadata"]["name"]
            assert item["spec"]["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
            assert item["spec"]["podManagementPolicy"] == "Parallel"
    assert not any("volumeClaimTemplates" in item["spec"] for item in FORMS["all-off"] if item["kind"] == "StatefulSet")


def test_claims_do_not_change_with_the_chart_or_its_labels():
    """A claim template cannot be changed: an upgrade that tried would be refused by the API server."""
    changed = objects("everything", "--set", "commonLabels.owner=else,podLabels.x=y")
    for before, after in zip(FORMS["everything"], changed):
        if before["kind"] == "StatefulSet":
            assert before["spec"]["volumeClaimTemplates"] == after["spec"]["volumeClaimTemplates"]
            assert before["spec"]["selector"] == after["spec"]["selector"]
            assert "helm.sh/chart" not in json.dumps(before["spec"])


@pytest.mark.parametrize("values", ALL)
def test_selectors_and_references_meet(values):
    items = FORMS[values]
    found = {(item["kind"], item["metadata"]["name"]) for item in items}
    labels = [(metadata["labels"], spec) for _, metadata, spec in pods(items)]

    def selected(selector):
        return [spec for own, spec in labels if selector.items() <= own.items()]

    for item in items:
        name = item["metadata"]["name"]
        spec = item.get("spec", {})
        if item["kind"] == "Service":
            backends = selected(spec["selector"])
            assert backends, (values, name)
            ports = {port["name"] for backend in backends for port in backend["containers"][0]["ports"]}
            assert {port["targetPort"] for port in spec["ports"]} <= ports, (values, name)
        if item["kind"] in ("Deployment", "StatefulSet"):
            own = spec["template"]["metadata"]["labels"]
            assert spec["selector"]["matchLabels"].items() <= own.items(), (values, name)
            if item["kind"] == "StatefulSet":
                assert ("Service", spec["serviceName"]) in found, (values, name)
            pod = spec["template"]["spec"]
            account = pod["serviceAccountName"]
            assert ("ServiceAccount", account) in found or account in ("default", "somebody"), (values, name, account)
            volumes = {volume["name"] for volume in pod.get("volumes", [])}
            volumes |= {claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", [])}
            mounts = [mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]]
            assert {mount["name"] for mount in pod["containers"][0]["volumeMounts"]} <= volumes, (values, name)
            assert len(mounts) == len(set(mounts)), (values, name)
            for volume in pod.get("volumes", []):
                if "configMap" in volume:
                    assert ("ConfigMap", volume["configMap"]["name"]) in found, (values, name)
        if item["kind"] in ("PodDisruptionBudget", "NetworkPolicy"):
            selector = (spec.get("selector") or spec["podSelector"])["matchLabels"]
            assert selected(selector) or "fogflow-task" in selector.values(), (values, name)
        if item["kind"] in ("HorizontalPodAutoscaler", "ScaledObject"):
            target = pick(items, spec["scaleTargetRef"]["kind"], spec["scaleTargetRef"]["name"])
            assert "replicas" not in target["spec"], (values, name)
        if item["kind"] == "Ingress":
            backend = spec["rules"][0]["http"]["paths"][0]["backend"]["service"]
            ports = pick(items, "Service", backend["name"])["spec"]["ports"]
            assert backend["port"]["name"] in {port["name"] for port in ports}


def names(items):
    return {(item["apiVersion"], item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"]) for item in items}


LONG = "a-release-with-a-name-that-is-as-long-as-helm-allows1"


@pytest.mark.parametrize("values", ALL)
def test_names_are_short_enough(values):
    for item in objects(values, release=LONG, namespace="n" * 63):
        name = item["metadata"]["name"]
        # A StatefulSet's name and eleven characters more become a label of its pods.
        assert len(name) <= (52 if item["kind"] == "StatefulSet" else 63), (item["kind"], name)
        for value in item["metadata"]["labels"].values():
            assert len(value) <= 63
    site = config(objects(values, release=LONG, namespace="n" * 63))["site_id"]
    assert len(f"Worker.{site}.10") <= 63


def test_releases_in_one_namespace_do_not_collide():
    releases = [
        ("fogflow", None), ("fogflow-2", None), ("fogflow-worker", None), ("fogflow-rabbitmq", None), ("edge", "edge"), ("edge-2", "edge"),
        ("fogflow-broker", "edge-exposed"), (LONG, None), (LONG[:-1] + "2", None),
    ]  # fmt: skip
    seen = {}
    sites = set()
    for release, values in releases:
        items = objects(values, release=release)
        for name in names(items):
            assert name not in seen, f"{name}: {seen[name]} and {release}"
            seen[name] = release
        sites.add(config(items)["site_id"])
        # No Service of one release leads to a pod of another, either.
        for item in items:
            if item["kind"] == "Service":
                assert item["spec"]["selector"]["app.kubernetes.io/instance"] == release
    assert len(sites) == len(releases)


def test_releases_of_two_namespaces_share_one_for_tasks():
    first = objects("tasks-elsewhere", namespace="one")
    second = objects("tasks-elsewhere", namespace="two")
    shared = {name for name in names(first) & names(second) if name[1] != "Secret"}
    assert not shared


def config(items):
    return json.loads(pick(items, "ConfigMap", "-config")["data"]["config.json"])


def test_nothing_waits_by_a_timer():
    for where, _, spec, container in every_container():
        assert not spec.get("initContainers"), where
        assert "sleep" not in json.dumps([container.get("command"), container.get("args"), container.get("startupProbe")]), where


def test_singletons_have_no_budget_unless_wanted():
    def budgets(values):
        return {item["metadata"]["labels"]["app.kubernetes.io/component"] for item in FORMS[values] if item["kind"] == "PodDisruptionBudget"}

    assert budgets(None) == set()
    assert budgets("many") == {"nginx", "master", "worker"}
    assert budgets("hpa") == {"nginx", "worker"}
    assert len(budgets("everything")) == 7


def test_generated_secret_outlives_the_release_and_holds_a_long_password():
    secret = pick(FORMS[None], "Secret", "-rabbitmq")
    assert secret["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert len(base64.b64decode(secret["data"]["password"])) == 32


def test_existing_secrets_are_used_and_none_is_made():
    for values, name, keys in (
        ("existing-secret", "my-bus", {"user.name", "pass.word"}),
        ("external-rabbitmq", "bus-user", {"user", "pass"}),
        ("edge-exposed", "cloud-user", {"user", "pass"}),
        ("edge-nodeport", "cloud-user", {"username", "password"}),
    ):
        assert not [item for item in FORMS[values] if item["kind"] == "Secret"], values
        references = [
            variable["valueFrom"]["secretKeyRef"]
            for _, _, spec in pods(FORMS[values])
            for variable in spec["containers"][0].get("env", [])
            if "secretKeyRef" in variable.get("valueFrom", {})
        ]
        assert references and {reference["name"] for reference in references} == {name}, values
        assert {reference["key"] for reference in references} == keys, values


def test_the_authority_is_in_every_pod_that_is_told_of_it():
    """A service does not start without a file that its configuration names."""

    def authorities(values):
        volumes = {spec["containers"][0]["name"]: spec["volumes"] for _, _, spec in pods(FORMS[values]) if "config" in {v["name"] for v in spec["volumes"]}}
        return {name: [v["secret"]["secretName"] for v in own if v["name"] == "authority"] for name, own in volumes.items()}

    for values in ALL:
        told = "https" in config(FORMS[values])
        for name, secrets in authorities(values).items():
            assert len(secrets) == told, (values, name)
    assert authorities("history") == {"broker": ["db-ca"], **{name: ["bus-ca"] for name in ("discovery", "master", "worker", "designer")}}
    assert set(map(tuple, authorities("external-rabbitmq").values())) == {("bus-ca",)}


def test_private_registry_reaches_every_pod_and_every_task():
    items = FORMS["private-registry"]
    secret = pick(items, "Secret", "-registry")
    login = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))["auths"]["registry.example.com"]
    assert base64.b64decode(login["auth"]).decode() == "robot:secret"
    for name, _, spec in pods(items):
        assert [entry["name"] for entry in spec["imagePullSecrets"]] == ["site-pull", "other-pull", "fogflow-registry"], name
    images = {spec["containers"][0]["name"]: spec["containers"][0]["image"] for _, _, spec in pods(items)}
    assert images["broker"] == "registry.example.com/mirror/fogflow/fogflow:0.1.0"
    assert images["nginx"].startswith("nginx.example.com/nginx:")
    assert images["rabbitmq"].startswith("registry.example.com/mirror/rabbitmq@sha256:")
    assert config(items)["worker"]["kubernetes"]["image_pull_secrets"] == ["site-pull", "other-pull", "fogflow-registry", "task-pull"]


def test_changes_roll_the_pods_they_concern():
    def checksums(*arguments):
        return {name.split("-")[-1]: metadata["annotations"] for name, metadata, _ in pods(objects(None, *arguments)) if "check" not in name}

    before = checksums()

    def rolled(*arguments):
        after = checksums(*arguments)
        return {name for name in before if before[name] != after[name]}

    assert rolled("--set", "worker.capacity=3") == {"worker"}
    assert rolled("--set", "broker.temporal.record={Car}") == {"broker"}
    assert rolled("--set", "config.http.max_body_bytes=1000") == {"discovery", "broker", "master", "worker", "designer"}
    assert rolled("--set", "nginx.clientMaxBodySize=4m") == {"nginx"}
    assert rolled("--set", "rabbitmq.logLevel=info") == {"rabbitmq"}
    assert rolled("--set", "rabbitmq.auth.password=x") == {"master", "worker", "designer", "rabbitmq"}
    assert rolled() == set()


def test_network_policies_cover_every_pod():
    items = FORMS[None]
    selectors = [item["spec"]["podSelector"]["matchLabels"] for item in items if item["kind"] == "NetworkPolicy"]
    for name, metadata, spec in pods(items):
        if spec.get("restartPolicy") != "Never":
            assert any(selector.items() <= metadata["labels"].items() for selector in selectors), name
    for item in items:
        if item["kind"] == "NetworkPolicy" and item["metadata"]["name"] == "fogflow-rabbitmq":
            assert [rule["ports"][0]["port"] for rule in item["spec"]["ingress"] if "from" not in rule] == [5672]
    assert not [item for item in FORMS["all-off"] if item["kind"] == "NetworkPolicy"]
    # The sending side of a rule: without exposure RabbitMQ is open to nobody.
    policy = pick(FORMS["ingress"], "NetworkPolicy", "-rabbitmq")
    assert all("from" in rule for rule in policy["spec"]["ingress"])


def test_helm_test_is_a_hook_that_cleans_up():
    pod = pick(FORMS[None], "Pod", "-check")
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert pod_of(pod)[1]["containers"][0]["args"] == [
        "check", "--url", "http://fogflow-nginx.fog.svc:80", "--operator-image", "fogflow/fogflow-operator-dummy:0.1.0", "--timeout", "120s",
    ]  # fmt: skip
    assert "--operator-image" not in pod_of(pick(FORMS["tasks-elsewhere"], "Pod", "-check"))[1]["containers"][0]["args"]


def test_metrics_named_by_dashboard_and_alerts_exist():
    sources = "".join(path.read_text() for path in CHART.parents[1].glob("**/src/metrics.rs"))
    registered = set(re.findall(r'"((?:broker|discovery|master|worker|http)_[a-z_]+)"', sources))
    assert len(registered) > 20
    used = set()
    for name in ("dashboard.json", "alerts.yaml"):
        used |= set(re.findall(r"\bfogflow_([a-z_]+)", (CHART / "files" / name).read_text()))
    used -= {"http_requests_total, namespace"}
    for metric in used:
        assert re.sub("_(total|bucket)$", "", metric) in registered, metric


@pytest.mark.parametrize("values", [None, "tls", "everything"])
def test_nginx_takes_its_configuration(values, tmp_path):
    """With the real nginx, which resolves its upstreams when it starts: here they are this machine."""
    files = pick(FORMS[values], "ConfigMap", "-nginx-files")["data"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout", tmp_path / "tls.key", "-out", tmp_path / "tls.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    shutil.copy(tmp_path / "tls.crt", tmp_path / "ca.crt")
    for name, text in files.items():
        text = text.replace("/etc/ssl/fogflow", str(tmp_path)).replace("/tmp/nginx.pid", str(tmp_path / "pid"))
        (tmp_path / name).write_text(re.sub(r"server \S+:(\d+) ", r"server 127.0.0.1:\1 ", text))
    done = subprocess.run(["nginx", "-t", "-e", "stderr", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "[emerg]" not in done.stderr and "[warn]" not in done.stderr, done.stderr
