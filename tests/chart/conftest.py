"""Renders the chart once for each file of values in ci/, with both Helms, for all tests."""

import functools
import os
import pathlib
import subprocess

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "fogflow-chart"
HELMS = {"helm3": os.environ["HELM3"], "helm4": os.environ["HELM4"]}
VALUES = sorted(path.stem for path in (CHART / "ci").glob("*.yaml"))


def helm(*arguments, which="helm3", check=True):
    """Runs Helm with a home of its own, so that nothing of the user's is read or written."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "KUBECONFIG": "/nonexistent"}
    done = subprocess.run([HELMS[which], *map(str, arguments)], capture_output=True, text=True, env=environment)
    if check and done.returncode != 0:
        pytest.fail(f"helm {' '.join(map(str, arguments))}\n{done.stderr}")
    return done


# Pure Python takes seconds for each rendering; libyaml a fraction of one.
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def documents(text):
    return [document for document in yaml.load_all(text, Loader=Loader) if document]


@functools.lru_cache(maxsize=None)
def rendered(*arguments, which="helm3", release="fogflow", namespace="fog"):
    """Objects for the given arguments of `helm template`, as text; parse it with `objects`."""
    return helm("template", release, CHART, "-n", namespace, "--kube-version", "1.34.0", *arguments, which=which).stdout


@functools.lru_cache(maxsize=None)
def _parsed(*arguments, **options):
    return documents(rendered(*arguments, **options))


def objects(values=None, *arguments, **options):
    """Objects for a file of ci/, by its name, and further arguments."""
    chosen = ("-f", str(CHART / "ci" / f"{values}.yaml")) if values else ()
    return _parsed(*chosen, *arguments, **options)


def pick(items, kind, suffix=""):
    found = [item for item in items if item["kind"] == kind and item["metadata"]["name"].endswith(suffix)]
    assert len(found) == 1, f"{len(found)} of {kind} {suffix}"
    return found[0]


def pod_of(item):
    """The pod's metadata and spec of a workload, else nothing."""
    if item["kind"] == "Pod":
        return item["metadata"], item["spec"]
    if item["kind"] in ("Deployment", "StatefulSet"):
        template = item["spec"]["template"]
        return template["metadata"], template["spec"]
    return None


def pods(items):
    """(name, metadata, spec) of each workload."""
    return [(f"{item['kind']}/{item['metadata']['name']}", *pod_of(item)) for item in items if pod_of(item)]
