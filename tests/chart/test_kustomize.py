"""The Kustomize base is what the chart renders, and the example overlay builds on it."""

import json
import os
import shutil
import subprocess

import pytest

from conftest import HELMS, ROOT, documents, pick, pods

KUSTOMIZE = ROOT / "deploy" / "kustomize"


def test_base_is_current(tmp_path):
    subprocess.run([KUSTOMIZE / "render", tmp_path], check=True, env={**os.environ, "HELM": HELMS["helm3"]})
    made = {path.name: path.read_text() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_text() for path in (KUSTOMIZE / "base").iterdir()}
    assert made == kept, "run deploy/kustomize/render"


@pytest.fixture(scope="module")
def overlay(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kustomize")
    shutil.copytree(KUSTOMIZE, folder, dirs_exist_ok=True)
    (folder / "overlays" / "example" / "rabbitmq.env").write_text("username=fogflow\npassword=from-the-overlay\n")
    command = [*os.environ["KUSTOMIZE"].split(), str(folder / "overlays" / "example")]
    return documents(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def test_overlay_changes_address_image_and_storage_class(overlay):
    assert pick(overlay, "Service", "-nginx")["spec"]["externalIPs"] == ["192.0.2.10"]
    [config] = [item for item in overlay if item["kind"] == "ConfigMap" and item["metadata"]["name"].startswith("fogflow-config-")]
    config = json.loads(config["data"]["config.json"])
    assert config["external_hostip"] == "192.0.2.10" and config["internal_hostip"] == "fogflow-broker.fogflow.svc"
    for item in overlay:
        if item["kind"] == "StatefulSet":
            assert item["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"] == "fast"
    images = {spec["containers"][0]["name"]: spec["containers"][0]["image"] for _, _, spec in pods(overlay)}
    assert {images[name] for name in ("discovery", "broker", "master", "worker", "designer")} == {"registry.example.com/fogflow/fogflow:0.1.0"}


def test_overlay_is_whole(overlay):
    kinds = [item["kind"] for item in overlay]
    assert kinds.count("StatefulSet") == 6 and kinds.count("Secret") == 1 and "Namespace" in kinds
    found = {(item["kind"], item["metadata"]["name"]) for item in overlay}
    for name, metadata, spec in pods(overlay):
        # A change of a file changes its ConfigMap's name and so rolls the pods; sums of the chart would be stale.
        assert not any(key.startswith("checksum/") for key in metadata.get("annotations", {})), name
        for volume in spec["volumes"]:
            if "configMap" in volume:
                assert ("ConfigMap", volume["configMap"]["name"]) in found, name
        for variable in spec["containers"][0].get("env", []):
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            assert not reference or ("Secret", reference["name"]) in found, name
    for item in overlay:
        assert item["metadata"].get("labels", {}).get("app.kubernetes.io/managed-by") != "Helm"
