"""What the operator does: change this file."""


def handle(entity, publish, query, subscribe):
    """Called for every update of an input entity, one at a time.

    entity     {"entityId": {"id", "type"}, "attributes": {name: {"type", "value"}}, "metadata": {name: {"type", "value"}}};
               an entity without attributes has been deleted
    publish    takes an entity of the same form; without "entityId" it is the task's first output
    query      takes an NGSI-10 query, e.g. {"entities": [{"type": "Room", "isPattern": True}]}, and returns entities
    subscribe  takes an NGSI-10 subscription; its entities arrive here too
    """
    if not entity["attributes"]:
        return
    publish({"attributes": {"seen": {"type": "string", "value": entity["entityId"]["id"]}}})
