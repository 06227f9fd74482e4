"""FiLiP, the FIWARE Library for Python, through the whole life of entities, subscriptions and registrations."""

import pytest
import requests
from filip.clients.ngsi_ld.cb import ContextBrokerLDClient
from filip.clients.ngsi_v2 import ContextBrokerClient
from filip.models.base import FiwareHeader, FiwareLDHeader
from filip.models.ngsi_ld.context import (
    ActionTypeLD,
    ContextLDEntity,
    ContextProperty,
    NamedContextProperty,
    NamedContextRelationship,
)
from filip.models.ngsi_ld.subscriptions import SubscriptionLD
from filip.models.ngsi_v2.base import NamedMetadata
from filip.models.ngsi_v2.context import ActionType, ContextAttribute, ContextEntity, NamedContextAttribute, Query
from filip.models.ngsi_v2.registrations import Registration
from filip.models.ngsi_v2.subscriptions import Subscription


@pytest.fixture
def v2(broker):
    with ContextBrokerClient(url=broker, fiware_header=FiwareHeader(service="filip", service_path="/rooms")) as client:
        yield client


@pytest.fixture
def ld(broker):
    with ContextBrokerLDClient(url=broker, fiware_header=FiwareLDHeader(ngsild_tenant="filip_ld")) as client:
        yield client


def room(number, temperature):
    accuracy = NamedMetadata(name="accuracy", type="Number", value=0.5)
    entity = ContextEntity(id=f"urn:ngsi-ld:Room:{number}", type="Room")
    entity.add_attributes([
        NamedContextAttribute(name="temperature", type="Number", value=temperature, metadata=[accuracy]),
        NamedContextAttribute(name="position", type="geo:point", value=f"49.{number},8.7"),
    ])
    return entity


def test_entities_of_ngsi_v2_live(v2):
    assert v2.get_version()["orion"]["version"]
    assert set(v2.get_resources()) >= {"entities_url", "types_url", "subscriptions_url", "registrations_url"}
    first, second = room(1, 20.5), room(2, 25)
    for entity in (first, second):
        v2.post_entity(entity)
    with pytest.raises(requests.RequestException):
        v2.post_entity(first)
    assert v2.get_entity(first.id) == first
    assert [entity.id for entity in v2.get_entity_list(entity_types=["Room"], q="temperature>21")] == [second.id]
    near = v2.get_entity_list(georel="near;maxDistance:1000", geometry="point", coords="49.1,8.7")
    assert [entity.id for entity in near] == [first.id]
    assert v2.does_entity_exist(first.id, "Room") and not v2.does_entity_exist("urn:nobody", "Room")

    v2.update_attribute_value(entity_id=first.id, attr_name="temperature", value=22.5)
    assert v2.get_attribute_value(first.id, "temperature") == 22.5
    assert v2.get_attribute(first.id, "temperature").metadata["accuracy"].value == 0.5
    name = NamedContextAttribute(name="name", type="Text", value="hall", metadata=[NamedMetadata(name="lang", type="Text", value="en")])
    v2.update_or_append_entity_attributes(first.id, [name])
    v2.update_entity_attribute(first.id, ContextAttribute(type="Number", value=5), attr_name="temperature")
    assert v2.get_entity_attributes(first.id)["temperature"].value == 5
    v2.delete_entity_attribute(first.id, "name")
    assert "name" not in v2.get_entity_attributes(first.id)

    v2.update(entities=[room(1, 30), room(3, 31)], action_type=ActionType.APPEND)
    found = v2.query(query=Query(entities=[{"idPattern": ".*", "type": "Room"}], attrs=["temperature"]))
    assert sorted(entity.temperature.value for entity in found) == [25, 30, 31]
    (kind,) = v2.get_entity_types()
    assert (kind["type"], kind["count"]) == ("Room", 3)
    v2.delete_entities([room(1, 0), room(2, 0)])
    v2.delete_entity(room(3, 0).id, "Room")
    assert v2.get_entity_list() == []


def test_a_subscription_of_ngsi_v2_notifies(v2, receiver):
    subscription = Subscription.model_validate({
        "description": "hot rooms",
        "subject": {
            "entities": [{"idPattern": ".*", "type": "Room"}],
            "condition": {"attrs": ["temperature"], "expression": {"q": "temperature>30"}},
        },
        "notification": {"http": {"url": receiver.url}, "attrs": ["temperature"]},
        "throttling": 0,
    })
    identifier = v2.post_subscription(subscription)
    v2.post_entity(room(7, 35))
    told = receiver.wait(lambda body: body["subscriptionId"] == identifier)
    assert [(entity["id"], entity["temperature"]["value"]) for entity in told["data"]] == [(room(7, 0).id, 35)]

    kept = v2.get_subscription(identifier)
    assert kept.description == "hot rooms" and kept.notification.timesSent >= 1
    v2.update_subscription(kept.model_copy(update={"description": "others"}))
    assert [(other.id, other.description) for other in v2.get_subscription_list()] == [(identifier, "others")]
    v2.delete_subscription(identifier)
    assert v2.get_subscription_list() == []
    v2.delete_entity(room(7, 0).id)


def test_a_registration_of_ngsi_v2_is_kept(v2):
    registration = Registration.model_validate({
        "description": "elsewhere",
        "dataProvided": {"entities": [{"id": "urn:ngsi-ld:Room:far", "type": "Room"}], "attrs": ["temperature"]},
        "provider": {"http": {"url": "http://127.0.0.1:9/v2"}, "supportedForwardingMode": "query"},
    })
    identifier = v2.post_registration(registration)
    kept = v2.get_registration(identifier)
    assert (kept.description, kept.dataProvided.attrs) == ("elsewhere", ["temperature"])
    assert [other.id for other in v2.get_registration_list()] == [identifier]
    v2.delete_registration(identifier)
    assert v2.get_registration_list() == []


def car(number, speed):
    entity = ContextLDEntity(id=f"urn:ngsi-ld:Car:{number}", type="Car")
    entity.add_properties([NamedContextProperty(name="speed", value=speed, unitCode="KMH")])
    entity.add_relationships([NamedContextRelationship(name="owner", object="urn:ngsi-ld:Person:1")])
    return entity


def test_entities_of_ngsi_ld_live(ld):
    first, second = car(1, 50), car(2, 70)
    ld.post_entity(first)
    ld.post_entity(second)
    kept = ld.get_entity(first.id)
    assert (kept.speed.value, kept.speed.unitCode, kept.owner.object) == (50, "KMH", "urn:ngsi-ld:Person:1")
    assert [entity.id for entity in ld.get_entity_list(entity_type="Car", q="speed>60")] == [second.id]
    ld.update_entity_attribute(first.id, ContextProperty(value=55), attr_name="speed")
    assert ld.get_entity(first.id).speed.value == 55

    more = ContextLDEntity(id=first.id, type="Car")
    more.add_properties([NamedContextProperty(name="colour", value="red")])
    ld.append_entity_attributes(more)
    ld.replace_existing_attributes_of_entity(car(1, 80))
    kept = ld.get_entity(first.id)
    assert (kept.speed.value, kept.colour.value) == (80, "red")
    ld.delete_attribute(first.id, "colour")
    assert "colour" not in ld.get_entity(first.id).model_dump()

    ld.entity_batch_operation(entities=[car(1, 1), car(3, 3)], action_type=ActionTypeLD.UPSERT)
    ld.entity_batch_operation(entities=[car(3, 4)], action_type=ActionTypeLD.UPDATE)
    assert sorted(entity.speed.value for entity in ld.get_entity_list(entity_type="Car")) == [1, 4, 70]
    ld.entity_batch_operation(entities=[first, second], action_type=ActionTypeLD.DELETE)
    ld.delete_entity_by_id(car(3, 0).id)
    assert ld.get_entity_list(entity_type="Car") == []


def test_a_subscription_of_ngsi_ld_notifies(ld, receiver):
    identifier = "urn:ngsi-ld:Subscription:fast"
    subscription = SubscriptionLD.model_validate({
        "id": identifier,
        "type": "Subscription",
        "entities": [{"type": "Car"}],
        "watchedAttributes": ["speed"],
        "q": "speed>60",
        "notification": {"attributes": ["speed"], "format": "normalized", "endpoint": {"uri": receiver.url, "accept": "application/json"}},
    })
    assert ld.post_subscription(subscription) == identifier
    ld.post_entity(car(9, 90))
    told = receiver.wait(lambda body: body["subscriptionId"] == identifier)
    assert [(entity["id"], entity["speed"]["value"]) for entity in told["data"]] == [(car(9, 0).id, 90)]

    kept = ld.get_subscription(identifier)
    assert kept.q == "speed>60"
    ld.update_subscription(kept.model_copy(update={"q": "speed>70"}))
    assert [(other.id, other.q) for other in ld.get_subscription_list()] == [(identifier, "speed>70")]
    ld.delete_subscription(identifier)
    assert ld.get_subscription_list() == []
    ld.delete_entity_by_id(car(9, 0).id)
