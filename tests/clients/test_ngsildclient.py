"""ngsildclient of Python's package index through the whole life of entities, subscriptions, contexts and histories."""

import urllib.parse

import pytest
from ngsildclient import Client, Entity, SubscriptionBuilder
from ngsildclient.model.constants import CORE_CONTEXT


@pytest.fixture
def client(broker):
    address = urllib.parse.urlsplit(broker)
    with Client(address.hostname, address.port, tenant="ngsildclient", verbose=False) as client:
        yield client
        client.subscriptions.purge()


def device(number, temperature):
    entity = Entity("Device", f"D{number}", ctx=[CORE_CONTEXT])
    entity.prop("temperature", temperature, unitcode="CEL", observedat="2026-01-01T00:00:00Z")
    entity.rel("room", "urn:ngsi-ld:Room:1")
    entity.loc((49.4, 8.7))
    return entity


def test_entities_live(client):
    first, second = device(1, 20), device(2, 30)
    assert client.create(first) and client.create(second)
    kept = client.get(first)
    assert kept["temperature"]["value"] == 20 and kept["temperature"]["unitCode"] == "CEL"
    assert kept["room"]["object"] == "urn:ngsi-ld:Room:1"
    assert kept["location"]["value"]["coordinates"] == [8.7, 49.4]
    assert client.exists(first) and client.count(type="Device") == 2
    assert [entity.id for entity in client.query(type="Device", q="temperature>25")] == [second.id]

    client.update(device(1, 21))
    assert client.get(first)["temperature"]["value"] == 21
    client.upsert(device(1, 22), device(3, 40))
    assert sorted(entity["temperature"]["value"] for entity in client.query(type="Device")) == [22, 30, 40]
    assert "Device" in client.types.list()
    client.delete(first)
    assert not client.exists(first)
    client.delete_where(type="Device", q="temperature>35")
    assert [entity.id for entity in client.query(type="Device")] == [second.id]
    client.drop("Device")
    assert client.count(type="Device") == 0


def test_a_batch_says_what_it_did(client):
    devices = [device(number, number) for number in range(10, 15)]
    assert client.batch.create(devices).ok
    assert client.batch.update([device(10, 100)]).ok
    assert client.get(devices[0])["temperature"]["value"] == 100
    result = client.batch.delete(devices)
    assert result.ok and result.n_ok == len(devices)


def test_a_subscription_notifies(client, receiver):
    wanted = SubscriptionBuilder(receiver.url).description("hot").select_type("Device").watch(["temperature"])
    identifier = client.subscriptions.create(wanted.query("temperature>50").notif(["temperature"]).build())
    client.create(device(7, 60))
    told = receiver.wait(lambda body: body["subscriptionId"] == identifier)
    assert [(entity["id"], entity["temperature"]["value"]) for entity in told["data"]] == [(device(7, 0).id, 60)]
    assert client.subscriptions.exists(identifier)
    assert [subscription["id"] for subscription in client.subscriptions.list("hot")] == [identifier]
    assert client.subscriptions.delete("hot")
    assert not client.subscriptions.exists(identifier)
    client.delete(device(7, 0))


def test_contexts_are_hosted(client):
    client.contexts.add({"@context": {"speed": "https://example.org/speed"}})
    (identifier,) = client.contexts.list()
    assert client.contexts.exists(identifier)
    assert client.contexts.get(identifier)["@context"]["speed"] == "https://example.org/speed"
    client.contexts.delete(identifier)
    assert not client.contexts.exists(identifier)
