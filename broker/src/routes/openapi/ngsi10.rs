//! NGSI-10, as existing programs of the system speak it.

use super::describe::{JSON, NONE, Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[
    operation(
        "post",
        "/ngsi10/updateContext",
        "Updates, creates or deletes entities",
        &[],
        JSON,
        &[200, 400, 413, 503],
    ),
    operation(
        "post",
        "/ngsi10/queryContext",
        "Finds entities of all brokers",
        &["limit", "offset", "details"],
        JSON,
        &[200, 400],
    ),
    operation("post", "/ngsi10/subscribeContext", "Subscribes to changes of entities", &[], JSON, &[200, 400, 503]),
    operation("post", "/ngsi10/unsubscribeContext", "Ends a subscription", &[], JSON, &[200, 400]),
    operation("post", "/ngsi10/notifyContext", "Takes a notification of another broker", &[], JSON, &[200, 400]),
    operation("get", "/ngsi10/entity", "Lists the entities of this broker", &[], NONE, &[200]),
    operation("get", "/ngsi10/entity/{id}", "Reads an entity", &[], NONE, &[200, 404]),
    operation("delete", "/ngsi10/entity/{id}", "Deletes an entity", &[], NONE, &[200, 404]),
    operation("get", "/ngsi10/entity/{id}/{attribute}", "Reads an attribute", &[], NONE, &[200, 404]),
    operation(
        "get",
        "/ngsi10/entity/{id}/{attribute}/history",
        "Reads the latest numbers of an attribute",
        &[],
        NONE,
        &[200, 404],
    ),
    operation("get", "/ngsi10/subscription", "Lists subscriptions", &["statistics", "status"], NONE, &[200, 400]),
    operation("get", "/ngsi10/subscription/{id}", "Reads a subscription", &["statistics"], NONE, &[200, 404]),
    operation("delete", "/ngsi10/subscription/{id}", "Ends a subscription", &[], NONE, &[200, 404]),
];
