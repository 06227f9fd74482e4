"""The pages on Kubernetes: their values are accepted, their commands are well-formed, their tables complete, their links lead on."""

import re
import subprocess

import pytest
import yaml

from conftest import CHART, ROOT, helm

PAGES = sorted((ROOT / "docs" / "kubernetes").glob("*.md")) + [ROOT / "docs" / "docker-and-systemd.md"]
MANUALS = [*PAGES, ROOT / "README.md", ROOT / "deploy" / "README.md", CHART / "README.md"]


def blocks(page, language):
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", page.read_text(), re.M | re.S)


def values():
    """(name, texts of values files): each block by itself, those of a cloud after what all clouds have in common."""
    for page in PAGES:
        texts = [text for text in blocks(page, "yaml") if "kind" not in yaml.safe_load(text)]
        common = [text for text in texts[:1] if page.name == "clouds.md"]
        for number, text in enumerate(texts):
            before = [] if text in common or "externalIPs" in text else common
            yield pytest.param([*before, text], id=f"{page.stem}-{number}")


@pytest.mark.parametrize("texts", list(values()))
def test_values_on_a_page_are_accepted(texts, tmp_path):
    files = []
    for number, text in enumerate(texts):
        file = tmp_path / f"{number}.yaml"
        file.write_text(text)
        files += ["-f", file]
    helm("template", "fogflow", CHART, "-n", "fogflow", "--kube-version", "1.34.0", *files)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_on_a_page_are_well_formed(page):
    for text in blocks(page, "sh"):
        done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True)
        assert done.returncode == 0 and not done.stderr, f"{done.stderr}\n{text}"


@pytest.mark.parametrize("page", MANUALS, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", target.read_text(), re.M)
            anchors = [re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings]
            assert anchor in anchors, link


def test_every_parameter_of_pods_is_explained():
    source = (ROOT / "worker" / "src" / "kubernetes" / "parameters.rs").read_text()
    page = (ROOT / "docs" / "kubernetes" / "tasks.md").read_text()
    names = re.findall(r'^ {12}"(\w+)" =>', source, re.M)
    assert len(names) > 10
    assert [name for name in names if f"`{name}`" not in page] == []


def test_every_key_of_pods_is_explained():
    source = (ROOT / "crates" / "service" / "src" / "config" / "sections" / "worker.rs").read_text()
    page = (ROOT / "docs" / "configuration.md").read_text()
    names = re.findall(r"`worker\.kubernetes\.(\w+)`", source)
    assert len(names) > 10
    assert [name for name in names if f"`{name}`" not in page] == []
