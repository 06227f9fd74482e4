#!/usr/bin/env python3
"""What a complete JSON-LD processor makes of random contexts, for `ld_context.rs`.

    pip install pyld && ./vectors.py [SEED [COUNT]] > vectors.json

Each vector has the contexts of a user, which the core context precedes and follows, and the IRI of each of some terms;
`null` for all of them when the processor refuses the context because a term leads back to itself.
"""

import json
import pathlib
import random
import sys

from pyld import jsonld

CORE = json.loads((pathlib.Path(__file__).parents[2] / "src/ld/context/core.jsonld").read_text())["@context"]
WORDS = ["a", "b", "c", "d", "temp", "ex", "foo", "foo-bar"]
OF_CORE = ["location", "value", "description", "observedAt", "ngsi-ld", "geojson"]
IRIS = ["https://example.org/", "https://example.org/ns#", "urn:x:", "https://example.org/ns#a", "urn:x:y", "http://other.org/q?"]


def term(pick):
    forms = [lambda: pick.choice(WORDS)] * 5
    forms += [lambda: f"{pick.choice(WORDS)}:{pick.choice(WORDS)}", lambda: pick.choice(IRIS) + "z"]
    return pick.choice(forms)()


def target(pick):
    forms = [
        lambda: pick.choice(IRIS),
        lambda: f"{pick.choice(WORDS + ['ngsi-ld', 'geojson'])}:{pick.choice(WORDS)}",
        lambda: pick.choice(WORDS),
        lambda: pick.choice(OF_CORE),
        lambda: f"{pick.choice(WORDS)}:",
        lambda: f"{pick.choice(WORDS)}/x",
    ]
    return pick.choice(forms)()


def definition(pick):
    if pick.random() < 0.6:
        return target(pick)
    members = {"@id": target(pick)} if pick.random() < 0.85 else {}
    if pick.random() < 0.5:
        members["@type"] = pick.choice(["@id", "@vocab", "@json", "DateTime", "https://example.org/T"])
    if pick.random() < 0.3:
        members["@prefix"] = pick.random() < 0.7
    return members


def context(pick):
    members = {term(pick): definition(pick) for _ in range(pick.randint(0, 5))}
    if pick.random() < 0.3:
        members["@vocab"] = pick.choice(["https://vocab.org/", "urn:v:", "https://example.org/ns#"])
    return members


def expanded(contexts, terms):
    document = {"@context": [CORE, *contexts, CORE]}
    document.update({name: {"@id": f"urn:mark:{index}"} for index, name in enumerate(terms)})
    found = {}
    for node in jsonld.expand(document):
        for iri, values in node.items():
            text = json.dumps(values)
            found.update({name: iri for index, name in enumerate(terms) if f'"urn:mark:{index}"' in text})
    return found


def vector(pick):
    contexts = [context(pick) for _ in range(pick.randint(1, 3))]
    terms = {term(pick) for _ in range(6)} | {name for one in contexts for name in one if name[0] != "@"}
    terms = sorted(terms | {pick.choice(OF_CORE)})
    try:
        iris = expanded(contexts, terms)
    except jsonld.JsonLdError as error:
        code = error.cause.code if getattr(error, "cause", None) is not None and hasattr(error.cause, "code") else error.code
        if code != "cyclic IRI mapping":
            return None
        return {"contexts": contexts, "iris": None}
    return {"contexts": contexts, "iris": iris} if iris else None


def main():
    seed, count = (int(given) for given in (sys.argv[1:] + ["1", "300"][len(sys.argv) - 1 :]))
    pick = random.Random(seed)
    vectors = []
    while len(vectors) < count:
        one = vector(pick)
        if one is not None:
            vectors.append(json.dumps(one))
    print("[\n" + ",\n".join(vectors) + "\n]")


main()
