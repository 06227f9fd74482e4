"""What is rendered fits the API of every Kubernetes version from 1.27 on."""

import concurrent.futures
import functools
import json
import os

import jsonschema
import kubernetes_validate
import pytest
import referencing
from kubernetes_validate import utils

from conftest import CHART, HELMS, VALUES, documents, helm, objects, rendered

OLDEST = (1, 27)
VERSIONS = sorted(
    {utils.major_minor(version) for version in utils.all_versions()}, key=lambda version: tuple(map(int, version.split(".")))
)
VERSIONS = [version for version in VERSIONS if tuple(map(int, version.split("."))) >= OLDEST]

# Of other projects: no schema of Kubernetes knows them.
FOREIGN = {"ServiceMonitor", "PrometheusRule", "ScaledObject", "TriggerAuthentication"}


@functools.lru_cache(maxsize=None)
def definitions(folder):
    contents = utils.schema_contents(f"kubernetes-json-schema/{folder}/_definitions.json", folder)
    return referencing.Resource.from_contents(contents) @ referencing.Registry()


@functools.lru_cache(maxsize=None)
def validator(version, kind, api_version):
    """As kubernetes_validate does it, but each schema is read only once."""
    full = [known for known in utils.all_versions() if utils.major_minor(known) == version][-1]
    folder = f"v{full}-local-strict"
    group = api_version.replace("/", "-") if "." not in api_version else api_version.split(".")[0] + "-" + api_version.split("/")[1]
    schema = utils.schema_contents(f"kubernetes-json-schema/{folder}/{kind.lower()}-{group}.json", version)
    return jsonschema.Draft202012Validator(schema, registry=definitions(folder))


def distinct_objects():
    seen = {}
    for values in [None, *VALUES]:
        for item in objects(values):
            seen.setdefault(json.dumps(item, sort_keys=True), (values, item))
    return list(seen.values())


def test_the_newest_version_is_among_those_checked():
    assert VERSIONS[0] == "1.27" and len(VERSIONS) >= 10, VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_fits_kubernetes(version):
    wrong = []
    for values, item in distinct_objects():
        if item["kind"] in FOREIGN:
            continue
        error = jsonschema.exceptions.best_match(validator(version, item["kind"], item["apiVersion"]).iter_errors(item))
        if error:
            path = ".".join(map(str, error.absolute_path))
            wrong.append(f"{values}: {item['kind']}/{item['metadata']['name']} {path}: {error.message}")
    assert not wrong, "\n".join(wrong)


def test_only_known_kinds_are_left_unchecked():
    kinds = {item["kind"] for _, item in distinct_objects()}
    assert FOREIGN <= kinds
    print("without a schema:", ", ".join(sorted(kinds & FOREIGN)))


def test_validation_notices_a_wrong_field():
    item = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"prots": []}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(item, "1.30", strict=True)
    assert list(validator("1.30", "Service", "v1").iter_errors(item))


@pytest.mark.parametrize("which", HELMS)
def test_lint(which):
    def lint(values):
        chosen = ("-f", CHART / "ci" / f"{values}.yaml") if values else ()
        return helm("lint", "--strict", "--quiet", CHART, *chosen, which=which)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lint, [None, *VALUES]))


@pytest.mark.parametrize("values", [None, *VALUES])
def test_both_helms_render_the_same(values):
    def comparable(which):
        chosen = ("-f", str(CHART / "ci" / f"{values}.yaml")) if values else ()
        items = documents(rendered(*chosen, which=which))
        for item in items:
            if item["kind"] == "Secret" and "uri" in item["data"]:
                item["data"] = sorted(item["data"])  # made anew each time
        return sorted(json.dumps(item, sort_keys=True) for item in items)

    assert comparable("helm3") == comparable("helm4")


@pytest.mark.parametrize("which", HELMS)
def test_package_can_be_installed_from(which, tmp_path):
    helm("package", CHART, "-d", tmp_path, which=which)
    [package] = tmp_path.glob("*.tgz")
    shown = helm("show", "all", package, which=which).stdout
    assert "FogFlow on Kubernetes" in shown and "coreservice_ip" in shown
    assert helm("template", "x", package, "--kube-version", "1.27.0", which=which).stdout.count("kind: StatefulSet") == 6


@pytest.mark.parametrize("values", [None, *VALUES])
def test_nothing_is_null(values):
    """The API server takes null for absent; a reader, and a tool that compares, does not."""

    def nulls(node, path):
        if node is None:
            yield path
        for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
            yield from nulls(value, f"{path}.{key}")

    for item in objects(values):
        assert not list(nulls(item, f"{item['kind']}/{item['metadata']['name']}"))
