//! The real RabbitMQ, PostgreSQL and Docker start, stop and leave nothing behind.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::process::Command;
use std::time::Duration;

use testkit::process::{Farewell, ProcessGroup};
use testkit::{Behaviour, DEADLINE, Docker, Postgres, RabbitMq, Receiver, wait_until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn rabbitmq_keeps_its_data_over_stop_and_kill() {
    let mut rabbitmq = RabbitMq::start().await.unwrap();
    rabbitmq.control(&["add_user", "kept", "secret"]).unwrap();
    rabbitmq.stop().await.unwrap();
    rabbitmq.resume().await.unwrap();
    rabbitmq.kill();
    rabbitmq.resume().await.unwrap();
    let users = rabbitmq.control(&["list_users"]).unwrap();
    assert!(users.contains("admin") && users.contains("kept"), "{users}");
}

#[tokio::test]
async fn postgresql_keeps_its_data_over_stop_and_kill() {
    let mut postgres = Postgres::start().await.unwrap();
    postgres.create_database("kept").unwrap();
    postgres.stop().await.unwrap();
    assert!(postgres.query("kept", "select 1").is_err());
    postgres.resume().await.unwrap();
    postgres.query("kept", "create table one (number integer); insert into one values (1)").unwrap();
    postgres.kill();
    postgres.resume().await.unwrap();
    assert_eq!(postgres.query("kept", "select number from one").unwrap(), "1");
}

#[tokio::test]
async fn docker_answers() {
    let docker = Docker::start().await.unwrap();
    assert!(!docker.run(&["version", "--format", "{{.Server.Version}}"]).unwrap().is_empty());
    assert!(docker.gateway().unwrap().parse::<std::net::IpAddr>().is_ok());
}

#[tokio::test]
async fn a_dropped_group_is_gone_with_its_children() {
    let mut command = Command::new("sh");
    let group = ProcessGroup::spawn(command.args(["-c", "sleep 1000 & sleep 1000"]), Farewell::Kill).unwrap();
    let id = group.id();
    assert!(group.resident_kib().unwrap() > 0);
    drop(group);
    let alive = || Command::new("kill").args(["-0", "--", &format!("-{id}")]).output().unwrap().status.success();
    wait_until(DEADLINE, "the group is gone", async || (!alive()).then_some(())).await;
}

#[tokio::test]
async fn the_receiver_records_and_behaves() {
    let receiver = Receiver::start().await.unwrap();
    let post = async |path: &str| {
        let mut stream = tokio::net::TcpStream::connect(receiver.address()).await.unwrap();
        let request =
            format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 7\r\n\r\n{{\"a\":1}}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let read = tokio::time::timeout(Duration::from_millis(500), stream.read_to_string(&mut answer)).await;
        read.is_ok().then_some(answer)
    };
    assert!(post("/notify?x=1").await.unwrap().starts_with("HTTP/1.1 200"));
    receiver.behave(Behaviour::Refuse(http::StatusCode::SERVICE_UNAVAILABLE));
    assert!(post("/notify").await.unwrap().starts_with("HTTP/1.1 503"));
    receiver.behave(Behaviour::Hang);
    assert_eq!(post("/notify").await, None);
    let received = receiver.wait_for(3, DEADLINE).await;
    assert_eq!(received[0].path, "/notify?x=1");
    assert_eq!(received[0].json(), serde_json::json!({ "a": 1 }));
}
