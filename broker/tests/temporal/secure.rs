//! PostgreSQL over TLS, with a certificate of a private authority.

use serde_json::json;
use service::config::Logging;
use testkit::{Authority, DEADLINE, Postgres, wait_until};

use crate::common::Site;
use crate::{get, read, values, with_database};

/// A broker that trusts an authority, and serves without TLS; its database.
async fn trusting(authority: &Authority, postgres: &Postgres) -> (Site, String) {
    let mut config = with_database(json!({ "record": ["Car"] }), postgres);
    config["https"] = json!({ "my_ca": authority.file() });
    let database = config["postgresql"]["database"].as_str().unwrap().to_owned();
    (Site::with_config(config).await, database)
}

#[tokio::test(flavor = "multi_thread")]
async fn with_tls_the_authority_is_all_that_counts() {
    let authority = Authority::new().unwrap();
    let postgres = Postgres::start_secure(&authority).await.unwrap();
    let (site, database) = trusting(&authority, &postgres).await;
    site.set("urn:ngsi-ld:Car:1", "Car", 1).await;
    assert_eq!(values(&read(&site, "/temporal/entities/urn:ngsi-ld:Car:1").await, "value"), [1]);
    let encrypted = "select distinct ssl from pg_stat_ssl join pg_stat_activity using (pid)
        where application_name = 'fogflow'";
    assert_eq!(postgres.query(&database, encrypted).unwrap(), "t");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_whose_certificate_is_not_trusted_is_as_one_that_is_away() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log.txt");
    let (error, info) = (Some(log.display().to_string()), Some("discard".to_owned()));
    let to_file = Logging { error, info, ..Logging::default() };
    service::logging::init(&to_file).unwrap();
    let (authority, other) = (Authority::new().unwrap(), Authority::new().unwrap());
    let postgres = Postgres::start_secure(&authority).await.unwrap();
    let (site, _) = trusting(&other, &postgres).await;
    for value in 1..=3 {
        assert_eq!(site.set("urn:ngsi-ld:Car:1", "Car", value).await["code"], 200);
    }
    wait_until(DEADLINE, "the log says why", async || {
        let log = std::fs::read_to_string(&log).unwrap();
        let said = |line: &str| line.contains("the history waits on disk") && line.contains("UnknownIssuer");
        log.lines().any(said).then_some(())
    })
    .await;
    assert_eq!(get(&site, "/temporal/entities/urn:ngsi-ld:Car:1").await.status, 503);
    std::fs::copy(authority.file(), other.file()).unwrap();
    let site = site.restart().await;
    wait_until(DEADLINE, "what waited is there", async || {
        let answer = get(&site, "/temporal/entities/urn:ngsi-ld:Car:1").await;
        (answer.status == 200 && values(&answer.json(), "value") == [1, 2, 3]).then_some(())
    })
    .await;
}
