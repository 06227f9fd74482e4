//! The messages as they stand on the wire.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value, missing_docs)]

use flow::{
    DecodeError, Envelope, GroupBy, InputStream, LogLease, Message, Parameter, ReportedInstance, TaskRef, Topology,
    TryError, TryOut, TryOutput, TryReport, WorkerOrder, WorkerProfile, WorkerReply, WorkerRequest, routing,
};
use serde_json::json;

fn decoded(message_type: &str, payload: serde_json::Value) -> Result<Message, DecodeError> {
    let body = json!({"Type": message_type, "RoutingKey": "x.", "From": "test", "PayLoad": payload}).to_string();
    Envelope::parse(body.as_bytes()).unwrap().message()
}

#[test]
fn a_command_of_the_original_master_is_understood() {
    let payload = json!({
        "ID": "Task.t.a.00000001", "TopologyName": "t", "TaskName": "a", "ServiceIntentID": "ServiceIntent.1",
        "OperatorName": "anomaly", "TaskType": "", "FunctionCode": "", "DockerImage": "fogflow/anomaly:3.2",
        "Parameters": [{"name": "p", "value": "1"}], "WorkerID": "Worker.edge1", "IsExclusive": false, "PriorityLevel": 50,
        "Status": "scheduled", "Inputs": [{"Type": "PowerPanel", "ID": "p1", "AttributeList": null}],
        "Outputs": [{"Type": "Anomaly", "StreamID": "Anomaly.00000001.1", "Annotations": null}]});
    let Message::AddTask(instance) = decoded("ADD_TASK", payload).unwrap() else { panic!("not an ADD_TASK") };
    assert_eq!(instance.generation, 0);
    assert_eq!(instance.inputs[0].id, "p1");
    assert_eq!(instance.outputs[0].stream_id, "Anomaly.00000001.1");
}

#[test]
fn our_command_has_the_members_of_the_original_and_only_additions() {
    let instance = flow::TaskInstance { id: "Task.t.a.1".into(), generation: 3, ..Default::default() };
    let envelope = Envelope::new(routing::worker(&"Worker.e".into()), "Master.m", &Message::AddTask(instance)).unwrap();
    let body: serde_json::Value = serde_json::to_value(&envelope).unwrap();
    assert_eq!(body["Type"], "ADD_TASK");
    assert_eq!(body["RoutingKey"], "Worker.e.");
    let payload = body["PayLoad"].as_object().unwrap();
    let expected = [
        "ID",
        "TopologyName",
        "TaskName",
        "ServiceIntentID",
        "OperatorName",
        "TaskType",
        "FunctionCode",
        "DockerImage",
        "Parameters",
        "WorkerID",
        "IsExclusive",
        "PriorityLevel",
        "Status",
        "Inputs",
        "Outputs",
        "Generation",
    ];
    assert_eq!(payload.len(), expected.len());
    assert!(expected.iter().all(|name| payload.contains_key(*name)), "{payload:?}");
}

#[test]
fn a_profile_of_the_original_worker_is_understood() {
    let payload = json!({"id": "Worker.edge1", "location": {"latitude": 1, "longitude": 2}, "geohash_id": "", "os": "linux",
        "hardware": "amd64", "capacity": 10, "workload": 0, "CAdvisorPort": 9092, "EdgeAddress": "10.0.0.1",
        "Last_Heartbeat_Update": "0001-01-01T00:00:00Z"});
    let Message::WorkerHeartbeat(profile) = decoded("WORKER_HEARTBEAT", payload).unwrap() else { panic!() };
    assert_eq!((profile.capacity, profile.instances), (10, None));
}

#[test]
fn unknown_types_and_wrong_payloads_are_told_apart() {
    assert_eq!(decoded("MAKE_COFFEE", json!({})), Err(DecodeError::UnknownType("MAKE_COFFEE".into())));
    let Err(DecodeError::Payload { source, .. }) = decoded("ADD_TASK", json!({"ID": "x", "Inputs": [{"Type": 5}]}))
    else {
        panic!("accepted")
    };
    assert_eq!(source.path, "PayLoad.Inputs[0].Type");
}

#[test]
fn every_message_survives_the_wire() {
    let profile = WorkerProfile {
        id: "Worker.a".into(),
        instances: Some(vec![ReportedInstance::default()]),
        ..Default::default()
    };
    for message in [
        Message::WorkerJoin(profile),
        Message::TaskUpdate(flow::TaskUpdate::default()),
        Message::ServiceIntent(flow::ServiceIntent { topology: "t".into(), ..Default::default() }),
        Message::AddInput(flow::InputChange::default()),
        Message::PrefetchImage(flow::DockerImage::default()),
        Message::Report(flow::ReportRequest::default()),
    ] {
        let body = serde_json::to_vec(&Envelope::new("k.", "me", &message).unwrap()).unwrap();
        assert_eq!(Envelope::parse(&body).unwrap().message().unwrap(), message);
    }
}

fn survives(message: Message) -> serde_json::Value {
    let body = serde_json::to_vec(&Envelope::new("k.", "me", &message).unwrap()).unwrap();
    assert_eq!(Envelope::parse(&body).unwrap().message().unwrap(), message);
    serde_json::from_slice::<serde_json::Value>(&body).unwrap()["PayLoad"].take()
}

fn sample() -> ngsi::v1::ContextElement {
    serde_json::from_str(
        r#"{"entityId":{"id":"Sensor.1","type":"Sensor"},"attributes":[{"name":"t","type":"float","value":{"a":[1.5]}}]}"#,
    )
    .unwrap()
}

#[test]
fn every_request_to_a_worker_has_one_member_that_says_what_it_asks_for() {
    let task_id = flow::TaskId::from("Task.t.a.1");
    let outputs = vec![TryOutput { id: "Out.1".into(), r#type: "Out".into() }];
    let parameters = vec![Parameter { name: "memory_mb".into(), value: "64".into() }];
    for (name, order) in [
        ("Log", WorkerOrder::Log(LogLease { task_id: task_id.clone(), seconds: 30 })),
        ("Restart", WorkerOrder::Restart(TaskRef { task_id })),
        ("Try", WorkerOrder::Try(TryOut { code: "exports.handler = f".into(), entity: sample(), outputs, parameters })),
        ("End", WorkerOrder::End("lease-1".into())),
    ] {
        let payload =
            survives(Message::WorkerRequest(WorkerRequest { id: "r1".into(), from: "Designer.d".into(), order }));
        let members = payload.as_object().unwrap();
        assert!(
            members.len() == 3 && ["ID", "From", name].iter().all(|name| members.contains_key(*name)),
            "{members:?}"
        );
    }
}

#[test]
fn a_request_is_read_whatever_else_a_newer_designer_says() {
    let request = |payload| match decoded("WORKER_REQUEST", payload).unwrap() {
        Message::WorkerRequest(request) => request.order,
        other => panic!("{other:?}"),
    };
    let lease = LogLease { task_id: "Task.1".into(), seconds: 0 };
    let known = json!({"ID": "r", "From": null, "Hurry": 1, "Log": {"TaskID": "Task.1", "Colour": true}, "Try": null});
    assert_eq!(request(known), WorkerOrder::Log(lease));
    assert_eq!(request(json!({"ID": "r", "Inspect": {}})), WorkerOrder::Other);
}

#[test]
fn a_request_that_cannot_be_used_names_the_member() {
    let path = |payload| match decoded("WORKER_REQUEST", payload) {
        Err(DecodeError::Payload { source, .. }) => source.path,
        other => panic!("{other:?}"),
    };
    assert_eq!(path(json!({"ID": "r", "Log": {"TaskID": 5}})), "PayLoad.Log.TaskID");
    assert_eq!(
        path(json!({"ID": "r", "Try": {"Code": "", "Entity": sample(), "Outputs": [{"id": 1}]}})),
        "PayLoad.Try.Outputs[0].id"
    );
    assert_eq!(path(json!({"ID": "r", "End": "a", "Restart": {"TaskID": "b"}})), "PayLoad");
}

#[test]
fn an_answer_of_a_worker_survives_the_wire() {
    let empty = survives(Message::WorkerReply(WorkerReply { id: "r".into(), ..Default::default() }));
    assert_eq!(empty, json!({"ID": "r", "Worker": "", "Last": false}));
    let error = Some(TryError { message: "x is not defined".into(), line: Some(3), column: Some(7) });
    let tried = TryReport { published: vec![sample()], error, took_ms: 4, ..Default::default() };
    let reply = WorkerReply {
        id: "r".into(),
        worker: "Worker.e".into(),
        last: true,
        lines: vec!["one".into()],
        reset: true,
        tried: Some(tried),
        problem: "the instance was removed".into(),
        not_found: true,
    };
    let payload = survives(Message::WorkerReply(reply));
    assert_eq!(payload["Tried"]["error"], json!({"message": "x is not defined", "line": 3, "column": 7}));
    assert_eq!(payload["Tried"]["published"][0]["entityId"]["id"], "Sensor.1");
    assert!(matches!(
        decoded("WORKER_REPLY", json!({"ID": "r", "Lines": null, "Mood": "good"})).unwrap(),
        Message::WorkerReply(reply) if reply.lines.is_empty() && !reply.last
    ));
}

#[test]
fn a_topology_reads_as_the_designer_writes_it() {
    let topology: Topology = serde_json::from_value(json!({"name": "anomaly-detection", "description": "d", "tasks": [
        {"name": "Counting", "operator": "counter",
         "input_streams": [{"selected_type": "Anomaly", "selected_attributes": ["all"], "groupby": "ALL", "scoped": true}],
         "output_streams": [{"entity_type": "Stat"}]}]}))
    .unwrap();
    let input = &topology.tasks[0].input_streams[0];
    assert_eq!((input.groupby.clone(), input.attributes()), (GroupBy::All, vec![]));
    assert_eq!(serde_json::to_value(&topology).unwrap()["tasks"][0]["input_streams"][0]["groupby"], "ALL");
}

#[test]
fn a_fingerprint_ignores_order_and_repetition() {
    let input = |id: &str| InputStream { r#type: "T".into(), id: id.into(), attribute_list: vec!["x".into()] };
    let print = ReportedInstance::fingerprint;
    assert_eq!(print(&[input("a"), input("b")]), print(&[input("b"), input("a"), input("b")]));
    assert_ne!(print(&[input("a")]), print(&[input("b")]));
    assert_ne!(print(&[]), print(&[input("a")]));
}
