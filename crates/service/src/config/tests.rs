#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

fn no_environment(_: &str) -> Option<String> {
    None
}

fn parse(json: &str) -> Result<Config, ConfigError> {
    Config::parse(json, no_environment)
}

#[test]
fn defaults_stand_where_the_file_is_silent() {
    let config = parse(r#"{"site_id":"001"}"#).unwrap();
    assert_eq!(config.discovery_url(), "http://127.0.0.1:8090");
    assert_eq!(config.broker_url(), "http://127.0.0.1:8070");
    assert_eq!(config.broker_external_url(), "http://127.0.0.1:8070");
    assert_eq!(config.master_url(), "http://127.0.0.1:8010");
    assert_eq!(config.master_agent_url(), "http://127.0.0.1:1060");
    assert_eq!(config.designer_url(), "http://127.0.0.1:8080");
    assert_eq!(config.rabbitmq_address(), ("127.0.0.1", 5672));
    assert_eq!(config.rabbitmq.username.expose(), "admin");
    assert_eq!(config.broker.heartbeat_interval, 30);
    assert_eq!((config.worker.heartbeat_interval, config.worker.detection_duration), (10, 3));
    assert_eq!(config.location, None);
    assert!(config.unknown_keys.is_empty());
}

#[test]
fn a_start_without_a_file_is_the_local_site() {
    assert_eq!(Config::load(None).unwrap().site_id, "local");
}

/// Resolution of addresses: extra keys, then the hosts of discovery, RabbitMQ, broker (inside, outside), master, designer.
#[test]
fn addresses_resolve_from_the_most_specific_key() {
    let table = [
        (r#""webportal_ip":"8.8.8.8""#, ["127.0.0.1"; 6]),
        (r#""my_hostip":"10.0.0.5""#, ["10.0.0.5"; 6]),
        (r#""internal_hostip":"10.0.0.5""#, ["10.0.0.5"; 6]),
        (
            r#""internal_hostip":"172.17.0.1","external_ip":"1.2.3.4""#,
            ["172.17.0.1", "172.17.0.1", "172.17.0.1", "1.2.3.4", "1.2.3.4", "172.17.0.1"],
        ),
        (
            r#""internal_hostip":"172.17.0.1","external_hostip":"1.2.3.4","coreservice_ip":"9.9.9.9""#,
            ["9.9.9.9", "9.9.9.9", "172.17.0.1", "1.2.3.4", "1.2.3.4", "172.17.0.1"],
        ),
        (
            r#""coreservice_ip":"9.9.9.9","discovery":{"host_ip":"d"},"rabbitmq":{"host_ip":"r"},"broker":{"host_ip":"b"},
               "master":{"host_ip":"m"},"designer":{"host_ip":"s"}"#,
            ["d", "r", "b", "b", "m", "s"],
        ),
        (r#""coreservice_ip":"","external_hostip":"""#, ["127.0.0.1"; 6]),
    ];
    for (keys, [discovery, rabbitmq, inside, outside, master, designer]) in table {
        let config = parse(&format!(r#"{{"site_id":"1",{keys}}}"#)).unwrap();
        assert_eq!(config.discovery_url(), format!("http://{discovery}:8090"), "{keys}");
        assert_eq!(config.rabbitmq_address().0, rabbitmq, "{keys}");
        assert_eq!(config.broker_url(), format!("http://{inside}:8070"), "{keys}");
        assert_eq!(config.broker_external_url(), format!("http://{outside}:8070"), "{keys}");
        assert_eq!(config.master_url(), format!("http://{master}:8010"), "{keys}");
        assert_eq!(config.designer_url(), format!("http://{designer}:8080"), "{keys}");
    }
}

#[test]
fn an_ipv6_address_gets_brackets() {
    let config = parse(r#"{"site_id":"1","my_hostip":"fd00::1"}"#).unwrap();
    assert_eq!(config.broker_url(), "http://[fd00::1]:8070");
}

#[test]
fn a_broker_behind_a_proxy_is_announced_with_the_port_of_the_proxy() {
    let hosts = r#""internal_hostip":"broker.fog.svc","external_hostip":"192.0.2.1""#;
    let config = parse(&format!(r#"{{"site_id":"1",{hosts},"broker":{{"external_port":80}}}}"#)).unwrap();
    assert_eq!(config.broker_url(), "http://broker.fog.svc:8070");
    assert_eq!(config.broker_external_url(), "http://192.0.2.1:80");
    assert_eq!(config.broker_listen().0.port(), 8070);
}

#[test]
fn https_changes_scheme_and_port() {
    let files = r#""my_certificate":"c","my_key":"k","my_ca":"a""#;
    let config = parse(&format!(r#"{{"site_id":"1","https":{{"enabled":true,{files}}}}}"#)).unwrap();
    assert_eq!(config.discovery_url(), "https://127.0.0.1:443");
    assert_eq!(config.broker_listen().1, "broker.https_port");
}

#[test]
fn refusals_name_the_key() {
    let table = [
        (r"{}", "site_id"),
        (r#"{"site_id":""}"#, "site_id"),
        (r#"{"site_id":"a b"}"#, "site_id"),
        (r#"{"site_id":"a*"}"#, "site_id"),
        (r#"{"site_id":7}"#, "site_id"),
        (r#"{"site_id":"1","broker":{"http_port":"8070"}}"#, "broker.http_port"),
        (r#"{"site_id":"1","broker":{"http_port":70000}}"#, "broker.http_port"),
        (r#"{"site_id":"1","broker":{"http_port":-1}}"#, "broker.http_port"),
        (r#"{"site_id":"1","broker":{"heartbeat_interval":0}}"#, "broker.heartbeat_interval"),
        (r#"{"site_id":"1","broker":[]}"#, "broker"),
        (r#"{"site_id":"1","worker":{"container_management":"podman"}}"#, "worker.container_management"),
        (r#"{"site_id":"1","worker":{"registry":{"password":1}}}"#, "worker.registry.password"),
        (r#"{"site_id":"1","physical_location":{"latitude":91,"longitude":0}}"#, "physical_location.latitude"),
        (r#"{"site_id":"1","physical_location":{"latitude":0,"longitude":-181}}"#, "physical_location.longitude"),
        (r#"{"site_id":"1","physical_location":{"latitude":"x","longitude":0}}"#, "physical_location.latitude"),
        (r#"{"site_id":"1","physical_location":{"longitude":0}}"#, "physical_location"),
        (r#"{"site_id":"1","my_hostip":"not a host"}"#, "internal_hostip"),
        (r#"{"site_id":"1","my_hostip":"http://host"}"#, "internal_hostip"),
        (r#"{"site_id":"1","external_hostip":"host:80"}"#, "external_hostip"),
        (r#"{"site_id":"1","broker":{"host_ip":"host/path"}}"#, "broker.host_ip"),
        (r#"{"site_id":"1","broker":{"external_port":0}}"#, "broker.external_port"),
        (r#"{"site_id":"1","broker":{"history_series":1000001}}"#, "broker.history_series"),
        (r#"{"site_id":"1","broker":{"history_series":-1}}"#, "broker.history_series"),
        (r#"{"site_id":"1","bind_ip":"x"}"#, "bind_ip"),
        (r#"{"site_id":"1","logging":{"format":"xml"}}"#, "logging.format"),
        (r#"{"site_id":"1","http":{"max_connections":0}}"#, "http.max_connections"),
        (r#"{"site_id":"1","https":{"enabled":true}}"#, "https.my_certificate"),
    ];
    for (json, expected) in table {
        match parse(json) {
            Err(ConfigError::Key { key, .. }) => assert_eq!(key, expected, "{json}"),
            other => panic!("{json}: {other:?}"),
        }
    }
}

#[test]
fn broken_json_is_refused_with_its_place() {
    for json in ["", "{", r#"{"site_id":"1"} x"#, r#"{"site_id":"1","broker":{"http_port":}}"#] {
        assert!(parse(json).is_err(), "{json}");
    }
    let error = parse(r#"{"site_id":"1","broker":{"http_port":}}"#).unwrap_err();
    let error = format!("{:#}", anyhow::Error::new(error));
    assert!(error.contains("line 1 column"), "{error}");
    let deep = format!(r#"{{"site_id":"1","x":{}"#, "[".repeat(100_000));
    assert!(parse(&deep).is_err());
}

#[test]
fn unknown_keys_are_named_at_every_level() {
    let json = r#"{"site_id":"1","colour":"red","Site_ID":"2","broker":{"htp_port":1},
        "worker":{"registry":{"realm":"x"}},"physical_location":{"latitude":1,"longitude":1,"altitude":3}}"#;
    let expected = ["Site_ID", "broker.htp_port", "colour", "physical_location.altitude", "worker.registry.realm"];
    assert_eq!(parse(json).unwrap().unknown_keys, expected);
}

#[test]
fn secrets_come_from_the_environment_or_a_file_it_names() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "from-file\n").unwrap();
    let environment = |name: &str| match name {
        "FOGFLOW_RABBITMQ_USERNAME" => Some("from-env".to_owned()),
        "FOGFLOW_RABBITMQ_PASSWORD_FILE" => Some(file.path().display().to_string()),
        _ => None,
    };
    let config = Config::parse(r#"{"site_id":"1","rabbitmq":{"password":"from-json"}}"#, environment).unwrap();
    assert_eq!(config.rabbitmq.username.expose(), "from-env");
    assert_eq!(config.rabbitmq.password.expose(), "from-file");
    let missing = |name: &str| (name == "FOGFLOW_REGISTRY_PASSWORD_FILE").then(|| "/nowhere".to_owned());
    let error = Config::parse(r#"{"site_id":"1"}"#, missing).unwrap_err().to_string();
    assert!(error.contains("FOGFLOW_REGISTRY_PASSWORD_FILE"), "{error}");
}

#[test]
fn secrets_are_not_printed() {
    let json = r#"{"site_id":"1","rabbitmq":{"password":"hunter2"},"worker":{"registry":{"username":"hunter2"}}}"#;
    let printed = format!("{:?}", parse(json).unwrap());
    assert!(!printed.contains("hunter2") && !printed.contains("mypass"), "{printed}");
}

#[test]
fn the_first_instance_has_no_number() {
    assert_eq!(node_id("Broker", "001", 1), "Broker.001");
    assert_eq!(node_id("Worker", "001", 2), "Worker.001.2");
}

#[test]
fn the_configuration_shipped_with_the_repository_is_understood() {
    let config = parse(include_str!("../../../../config.json")).unwrap();
    assert_eq!(config.unknown_keys, Vec::<String>::new());
}

#[test]
fn a_tile_server_is_a_url_with_places_for_the_tile() {
    let with = |url: &str| parse(&format!(r#"{{"site_id":"1","designer":{{"map_tiles":{{"url":"{url}"}}}}}}"#));
    let tiles = with("https://tiles.example.org/{z}/{x}/{y}.png").unwrap().designer.map_tiles.unwrap();
    assert_eq!((tiles.url.as_str(), tiles.attribution.as_str()), ("https://tiles.example.org/{z}/{x}/{y}.png", ""));
    for url in ["", "tiles/{z}/{x}/{y}", "ftp://a/{z}/{x}/{y}", "https://tiles.example.org/tile.png"] {
        let error = with(url).unwrap_err().to_string();
        assert!(error.contains("designer.map_tiles.url"), "{error}");
    }
}

#[test]
fn allowed_addresses_are_addresses_or_networks() {
    let config = parse(r#"{"site_id":"1","broker":{"allowed_addresses":["169.254.1.1","fe80::/10"]}}"#).unwrap();
    assert_eq!(config.broker.allowed_addresses.len(), 2);
    let error = parse(r#"{"site_id":"1","broker":{"allowed_addresses":["10.0.0.0/8","x"]}}"#).unwrap_err().to_string();
    assert!(error.contains("broker.allowed_addresses") && error.contains("`x`"), "{error}");
}
