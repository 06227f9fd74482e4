//! Contexts: of requests, of answers, and as a resource.

use serde_json::{Value, json};
use testkit::Receiver;

use super::common::{SOON, Site};
use super::context_server::ContextServer;
use super::{Answer, call, call_with, check, get};

const CORE: &str = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld";
const JSON: (&str, &str) = ("content-type", "application/json");
const JSON_LD: (&str, &str) = ("content-type", "application/ld+json");

fn link(url: &str) -> String {
    format!("<{url}>; rel=\"http://www.w3.org/ns/json-ld#context\"; type=\"application/ld+json\"")
}

fn room(temp: i64) -> Value {
    json!({ "id": "urn:ngsi-ld:Room:1", "type": "Room", "temp": { "type": "Property", "value": temp } })
}

async fn get_with(site: &Site, path: &str, url: &str) -> Answer {
    call_with(site, "GET", path, &[("link", &link(url))], "").await
}

async fn create_with(site: &Site, url: &str, entity: &Value) -> Answer {
    call_with(site, "POST", "/entities", &[JSON, ("link", &link(url))], &entity.to_string()).await
}

/// What the broker says of a request for entities with a context.
async fn outcome(site: &Site, url: &str) -> (u16, String) {
    get_with(site, "/entities?type=Room", url).await.outcome()
}

fn unavailable() -> (u16, String) {
    (503, "LdContextNotAvailable".to_owned())
}

#[tokio::test]
async fn names_are_those_of_the_context_in_the_link_header() {
    let (site, server) = (Site::alone().await, ContextServer::start().await);
    let url = server.context("/c", &json!({ "ex": "https://example.org/", "Room": "ex:Room", "temp": "ex:temp" }));
    assert_eq!(create_with(&site, &url, &room(20)).await.status, 201);

    let own = get_with(&site, "/entities/urn:ngsi-ld:Room:1", &url).await;
    assert_eq!((own.json()["type"].clone(), own.json()["temp"]["value"].clone()), (json!("Room"), json!(20)));
    assert_eq!(own.header("link"), link(&url));
    assert_eq!(own.header("content-type"), "application/json");
    assert_eq!(get_with(&site, "/entities?type=Room&q=temp==20", &url).await.json().as_array().unwrap().len(), 1);

    let core = get(&site, "/entities/urn:ngsi-ld:Room:1").await;
    assert_eq!(core.json()["type"], "https://example.org/Room");
    assert_eq!(core.json()["https://example.org/temp"]["value"], 20);
    assert_eq!(core.header("link"), link(CORE));
    assert_eq!(get(&site, "/entities?type=Room").await.json(), json!([]));
    assert_eq!(server.hits("/c"), 1);
}

#[tokio::test]
async fn names_are_those_of_the_context_in_the_body() {
    let (site, server) = (Site::alone().await, ContextServer::start().await);
    let url = server.context("/c", &json!({ "temp": "https://example.org/temp" }));
    let mut entity = room(20);
    entity["@context"] = json!([url, { "Room": "https://example.org/Room" }, CORE]);
    let created = call_with(&site, "POST", "/entities", &[JSON_LD], &entity.to_string()).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let headers = [("accept", "application/ld+json"), ("link", &*link(&url))];
    let answer = call_with(&site, "GET", "/entities/urn:ngsi-ld:Room:1", &headers, "").await;
    assert_eq!(answer.header("content-type"), "application/ld+json");
    assert_eq!(answer.header("link"), "");
    assert_eq!(answer.json()["@context"], json!([url, CORE]));
    assert_eq!(
        (answer.json()["type"].clone(), answer.json()["temp"]["value"].clone()),
        (json!("https://example.org/Room"), json!(20))
    );
}

#[tokio::test]
async fn the_core_cannot_be_changed() {
    let (site, server) = (Site::alone().await, ContextServer::start().await);
    let url = server
        .context("/c", &json!({ "location": "https://example.org/place", "observedAt": "https://example.org/x" }));
    let mut entity = room(20);
    entity["temp"]["observedAt"] = json!("2026-01-01T00:00:00Z");
    entity["location"] = json!({ "type": "GeoProperty", "value": { "type": "Point", "coordinates": [1, 2] } });
    assert_eq!(create_with(&site, &url, &entity).await.status, 201);
    let core = get(&site, "/entities/urn:ngsi-ld:Room:1").await.json();
    assert_eq!(core["location"]["value"]["coordinates"], json!([1, 2]));
    assert!(core["temp"]["observedAt"].as_str().unwrap().starts_with("2026-01-01T00:00:00"));
}

#[tokio::test]
async fn an_answer_names_a_list_or_an_object_by_a_url_of_the_broker() {
    let site = Site::alone().await.restart().await;
    call(&site, "POST", "/entities", &room(20)).await;
    let query = json!({
        "@context": { "Zimmer": "https://uri.etsi.org/ngsi-ld/default-context/Room" },
        "type": "Query",
        "entities": [{ "type": "Zimmer" }],
    });
    let ask = async || call_with(&site, "POST", "/entityOperations/query", &[JSON_LD], &query.to_string()).await;
    let answer = ask().await;
    assert_eq!(answer.json()[0]["type"], "Zimmer", "{}", answer.text);
    let url = answer.header("link").trim_start_matches('<').split('>').next().unwrap().to_owned();
    assert!(url.starts_with(&site.url), "{url}");
    assert_eq!(ask().await.header("link"), answer.header("link"));
    assert_eq!(get_with(&site, "/entities?type=Zimmer", &url).await.json()[0]["type"], "Zimmer");
    let served = get(&site, url.strip_prefix(&format!("{}/ngsi-ld/v1", site.url)).unwrap()).await;
    assert_eq!(served.json(), json!({ "@context": [query["@context"], CORE] }));
    assert_eq!(get(&site, "/jsonldContexts?kind=ImplicitlyCreated").await.json(), json!([url]));
}

#[tokio::test]
async fn a_context_comes_either_in_the_header_or_in_the_body() {
    let (site, server) = (Site::alone().await, ContextServer::start().await);
    let url = server.context("/c", &json!({}));
    let (named, mut with_context) = (link(&url), room(20));
    with_context["@context"] = json!({});
    let post = async |headers: &[(&str, &str)], body: &Value| {
        call_with(&site, "POST", "/entities", headers, &body.to_string()).await
    };
    for (headers, body, member) in [
        (vec![JSON], &with_context, "@context"),
        (vec![JSON_LD], &room(20), "@context"),
        (vec![JSON_LD, ("link", &*named)], &with_context, "Link"),
        (vec![JSON, ("link", &*named), ("link", &*named)], &room(20), "Link"),
        (vec![JSON, ("link", "nonsense")], &room(20), "Link"),
        (vec![JSON, ("link", "<file:///c>; rel=\"http://www.w3.org/ns/json-ld#context\"")], &room(20), "Link"),
    ] {
        let answer = post(&headers, body).await;
        assert_eq!(answer.outcome(), (400, "BadRequestData".to_owned()), "{headers:?} {body}");
        assert!(answer.json()["detail"].as_str().unwrap().starts_with(member), "{}", answer.text);
    }
    let batch = json!([with_context]).to_string();
    let headers = [JSON_LD, ("link", &*named)];
    let answer = call_with(&site, "POST", "/entityOperations/create", &headers, &batch).await;
    assert_eq!(answer.outcome(), (400, "BadRequestData".to_owned()), "{}", answer.text);
    with_context["@context"] = json!({ "a": 1 });
    let wrong = post(&[JSON_LD], &with_context).await;
    assert_eq!(wrong.outcome(), (400, "BadRequestData".to_owned()));
    assert!(wrong.json()["detail"].as_str().unwrap().starts_with("@context.a: "), "{}", wrong.text);
}

#[tokio::test]
async fn a_context_that_cannot_be_had_is_named() {
    let (site, server) = (Site::alone().await, ContextServer::start().await);
    for url in [
        server.status("/missing", 404),
        server.text("/text", "no JSON"),
        server.text("/list", "[]"),
        server.text("/empty", "{}"),
        server.text("/large", &format!("{{\"@context\":{{\"a\":\"urn:{}\"}}}}", "a".repeat(1024 * 1024))),
        server.context("/scoped", &json!({ "a": { "@id": "urn:a", "@context": {} } })),
        server.context("/leads", &json!(["missing"])),
        server.redirect("/circle", "/circle"),
        "http://127.0.0.1:9/refused".to_owned(),
    ] {
        let answer = get_with(&site, "/entities?type=Room", &url).await;
        assert_eq!(answer.outcome(), unavailable(), "{url}");
        let shown = url.replace("/leads", "/missing");
        assert!(answer.json()["detail"].as_str().unwrap().contains(&shown), "{}", answer.text);
    }
    assert_eq!(server.hits("/circle"), 4);
}

#[tokio::test]
async fn a_server_that_hangs_is_not_asked_again_at_once() {
    let (site, server) = (Site::alone().await, ContextServer::start().await);
    let url = server.hangs("/hangs");
    let both = tokio::join!(outcome(&site, &url), outcome(&site, &url));
    assert_eq!(both, (unavailable(), unavailable()));
    assert_eq!(outcome(&site, &url).await, unavailable());
    assert_eq!(server.hits("/hangs"), 1);
}

#[tokio::test]
async fn redirects_are_followed_but_not_to_where_nobody_may_go() {
    let (site, server) = (Site::alone().await, ContextServer::start().await);
    server.context("/there", &json!({ "Room": "https://example.org/Room" }));
    let moved = server.redirect("/moved", "/there");
    create_with(&site, &moved, &room(20)).await;
    assert_eq!(get(&site, "/entities/urn:ngsi-ld:Room:1").await.json()["type"], "https://example.org/Room");

    for url in [
        server.redirect("/metadata", "http://169.254.169.254/latest/meta-data"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "http://[fe80::1]/".to_owned(),
        "http://2852039166/".to_owned(),
    ] {
        let answer = get_with(&site, "/entities?type=Room", &url).await;
        assert_eq!(answer.outcome(), unavailable());
        assert!(answer.json()["detail"].as_str().unwrap().contains("may not go to"), "{}", answer.text);
    }
}

#[tokio::test]
async fn one_fetch_serves_all_who_want_the_context() {
    let (site, server) = (Site::alone().await, ContextServer::start().await);
    let url = server.context("/c", &json!({ "Room": "https://example.org/Room" }));
    let all = tokio::join!(outcome(&site, &url), outcome(&site, &url), outcome(&site, &url), outcome(&site, &url));
    let ok = (200, String::new());
    assert_eq!(all, (ok.clone(), ok.clone(), ok.clone(), ok));
    assert_eq!(server.hits("/c"), 1);
}

#[tokio::test]
async fn contexts_outlive_the_uplink_and_a_restart() {
    let (site, server) = (Site::alone().await, ContextServer::start().await);
    server.context("/base", &json!({ "ex": "https://example.org/" }));
    let url = server.context("/c", &json!(["base", { "Room": "ex:Room" }]));
    create_with(&site, &url, &room(20)).await;
    let hosted =
        call(&site, "POST", "/jsonldContexts", &json!({ "@context": { "Raum": "https://example.org/Room" } })).await;
    let hosted = hosted.header("location").to_owned();
    server.stop().await;

    let site = site.restart().await;
    assert_eq!(get_with(&site, "/entities?type=Room", &url).await.json()[0]["type"], "Room");
    let hosted = format!("{}{hosted}", site.url);
    assert_eq!(get_with(&site, "/entities?type=Raum", &hosted).await.json()[0]["type"], "Raum");
}

#[tokio::test]
async fn a_hosted_context_is_created_used_and_deleted() {
    let site = Site::alone().await;
    let context = json!({ "Raum": "https://example.org/Room", "temp": "https://example.org/temp" });
    let created = call(&site, "POST", "/jsonldContexts", &json!({ "@context": context, "beside": 1 })).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let path = created.header("location").strip_prefix("/ngsi-ld/v1").unwrap().to_owned();
    assert_eq!(get(&site, &path).await.json(), json!({ "@context": context }));

    let url = format!("{}/ngsi-ld/v1{path}", site.url);
    let entity = json!({ "id": "urn:ngsi-ld:Room:1", "type": "Raum", "temp": { "value": 20 } });
    assert_eq!(create_with(&site, &url, &entity).await.status, 201);
    assert_eq!(get(&site, "/entities/urn:ngsi-ld:Room:1").await.json()["type"], "https://example.org/Room");

    assert_eq!(get(&site, "/jsonldContexts").await.json(), json!([url]));
    let details = get(&site, &format!("{path}?details=true")).await.json();
    assert_eq!(details["URL"], url.as_str());
    assert_eq!(details["localId"], path.rsplit('/').next().unwrap());
    assert_eq!((details["kind"].clone(), details["numberOfHits"].clone()), (json!("Hosted"), json!(2)));
    assert!(details["createdAt"].is_string() && details["lastUsage"].is_string() && details.get("expiresAt").is_none());
    let listed = get(&site, "/jsonldContexts?details=true&kind=Hosted").await.json();
    assert_eq!((&listed[0]["URL"], &listed[0]["numberOfHits"]), (&details["URL"], &json!(3)));
    assert_eq!(get(&site, "/jsonldContexts?kind=Cached").await.json(), json!([]));

    assert_eq!(call(&site, "DELETE", &format!("{path}?reload=true"), &Value::Null).await.outcome().0, 400);
    assert_eq!(call(&site, "DELETE", &path, &Value::Null).await.status, 204);
    assert_eq!(outcome(&site, &url).await, unavailable());
    let site = site.restart().await;
    assert_eq!(get(&site, "/jsonldContexts").await.json(), json!([]));
}

#[tokio::test]
async fn requests_for_contexts_are_checked() {
    let site = Site::alone().await;
    let table = [
        ("POST", "/jsonldContexts", json!({}), 400, "InvalidRequest"),
        ("POST", "/jsonldContexts", json!([]), 400, "InvalidRequest"),
        ("POST", "/jsonldContexts", json!({ "@context": 1 }), 400, "BadRequestData"),
        ("POST", "/jsonldContexts", json!({ "@context": { "a": { "@id": 1 } } }), 400, "BadRequestData"),
        ("GET", "/jsonldContexts?kind=Other", Value::Null, 400, "BadRequestData"),
        ("GET", "/jsonldContexts?details=perhaps", Value::Null, 400, "BadRequestData"),
        ("GET", "/jsonldContexts/unknown", Value::Null, 404, "ResourceNotFound"),
        ("GET", "/jsonldContexts/unknown?details=true", Value::Null, 404, "ResourceNotFound"),
        ("DELETE", "/jsonldContexts/unknown", Value::Null, 404, "ResourceNotFound"),
        ("DELETE", "/jsonldContexts/unknown?reload=true", Value::Null, 400, "BadRequestData"),
    ];
    check(&site, &table).await;
}

#[tokio::test]
async fn a_cached_context_is_reloaded_and_deleted_by_its_url() {
    let (site, server) = (Site::alone().await, ContextServer::start().await);
    let url = server.context("/c", &json!({ "Room": "https://example.org/1" }));
    let expanded = async || {
        create_with(&site, &url, &room(20)).await;
        let entity = get(&site, "/entities/urn:ngsi-ld:Room:1").await.json();
        call(&site, "DELETE", "/entities/urn:ngsi-ld:Room:1", &Value::Null).await;
        entity["type"].clone()
    };
    assert_eq!(expanded().await, "https://example.org/1");
    let escaped = url.replace(':', "%3A").replace('/', "%2F");
    for path in [format!("/jsonldContexts/{url}"), format!("/jsonldContexts/{escaped}")] {
        assert_eq!(get(&site, &path).await.outcome(), (422, "OperationNotSupported".to_owned()));
        let details = get(&site, &format!("{path}?details=true")).await.json();
        assert_eq!((details["URL"].clone(), details["kind"].clone()), (json!(url), json!("Cached")));
        assert!(details["expiresAt"].is_string());
    }

    server.context("/c", &json!({ "Room": "https://example.org/2" }));
    assert_eq!(expanded().await, "https://example.org/1");
    let path = format!("/jsonldContexts/{escaped}");
    let reload = async || call(&site, "DELETE", &format!("{path}?reload=true"), &Value::Null).await.outcome();
    assert_eq!(reload().await, (204, String::new()));
    assert_eq!(expanded().await, "https://example.org/2");
    server.status("/c", 500);
    assert_eq!(reload().await, unavailable());
    assert_eq!(expanded().await, "https://example.org/2");
    assert_eq!(call(&site, "DELETE", &path, &Value::Null).await.status, 204);
    assert_eq!(outcome(&site, &url).await, unavailable());
}

#[tokio::test]
async fn a_subscription_names_the_context_that_was_kept_for_it() {
    let (site, server) = (Site::alone().await, ContextServer::start().await);
    let urls = ["/a", "/b"].map(|path| server.context(path, &json!({ "Room": format!("https://example.org{path}") })));
    let (receiver, path) = (Receiver::start().await.unwrap(), "/subscriptions/urn:s:1");
    let subscription = json!({ "@context": urls, "id": "urn:s:1", "type": "Subscription", "entities": [{ "type": "Room" }],
        "notification": { "endpoint": { "uri": receiver.url(), "accept": "application/json" } } });
    let mut refused = subscription.clone();
    refused["q"] = json!("a=(");
    assert_eq!(call_with(&site, "POST", "/subscriptions", &[JSON_LD], &refused.to_string()).await.status, 400);
    assert_eq!(get(&site, "/jsonldContexts?kind=ImplicitlyCreated").await.json(), json!([]));
    let created = call_with(&site, "POST", "/subscriptions", &[JSON_LD], &subscription.to_string()).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let site = site.restart().await;
    let shown = get(&site, path).await.json()["jsonldContext"].as_str().unwrap().to_owned();
    assert_eq!(get(&site, "/jsonldContexts?kind=ImplicitlyCreated").await.json(), json!([shown]));
    assert_eq!(create_with(&site, &shown, &room(20)).await.status, 201);
    let told = &receiver.wait_for(1, SOON).await[0];
    assert_eq!(
        (told.headers["link"].to_str().unwrap(), &told.json()["data"][0]["type"]),
        (&*link(&shown), &json!("Room"))
    );

    let mut with_one = subscription;
    with_one["@context"] = json!(urls[0]);
    check(&site, &[("DELETE", path, Value::Null, 204, "")]).await;
    assert_eq!(call_with(&site, "POST", "/subscriptions", &[JSON_LD], &with_one.to_string()).await.status, 201);
    assert_eq!(get(&site, path).await.json().get("jsonldContext"), None);
}

#[tokio::test]
async fn contexts_are_bounded_in_number() {
    let (site, server) = (Site::with_broker(json!({ "max_contexts": 2 })).await, ContextServer::start().await);
    let urls = ["/a", "/b", "/c"].map(|path| server.context(path, &json!({})));
    for url in [&urls[0], &urls[1], &urls[0], &urls[2]] {
        assert_eq!(outcome(&site, url).await.0, 200);
    }
    let mut kept: Vec<_> = serde_json::from_value::<Vec<String>>(get(&site, "/jsonldContexts").await.json()).unwrap();
    kept.sort();
    assert_eq!(kept, [urls[0].clone(), urls[2].clone()]);

    let host = async || call(&site, "POST", "/jsonldContexts", &json!({ "@context": {} })).await.outcome();
    assert_eq!((host().await.0, host().await.0), (201, 201));
    assert_eq!(host().await, (422, "OperationNotSupported".to_owned()));
}

#[tokio::test]
async fn the_core_is_served_and_stays() {
    let site = Site::alone().await;
    for version in ["v1.6", "v1.8"] {
        let path = format!("/jsonldContexts/{}", CORE.replace("v1.8", version));
        let described = get(&site, &format!("{path}?details=true")).await;
        assert_eq!((described.status, &described.json()["kind"]), (200, &json!("Cached")), "{}", described.text);
        check(
            &site,
            &[
                ("DELETE", &path, Value::Null, 400, "BadRequestData"),
                ("DELETE", &format!("{path}?reload=true"), Value::Null, 204, ""),
            ],
        )
        .await;
    }
    assert_eq!(get(&site, "/jsonldContexts").await.json(), json!([]));
}

#[tokio::test]
async fn nothing_is_acknowledged_that_is_not_on_disk() {
    let site = Site::alone().await;
    site.lose_disk();
    let answer = call(&site, "POST", "/jsonldContexts", &json!({ "@context": {} })).await;
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert_eq!(get(&site, "/jsonldContexts").await.json(), json!([]));
}

#[tokio::test]
async fn a_failure_to_reload_is_forgotten_with_the_context() {
    let (site, server) = (Site::alone().await, ContextServer::start().await);
    let url = server.context("/c", &json!({}));
    assert_eq!(outcome(&site, &url).await.0, 200);
    let path = format!("/jsonldContexts/{url}");
    server.status("/c", 500);
    check(
        &site,
        &[
            ("DELETE", &format!("{path}?reload=true"), Value::Null, 503, "LdContextNotAvailable"),
            ("DELETE", &path, Value::Null, 204, ""),
        ],
    )
    .await;
    server.context("/c", &json!({}));
    assert_eq!(outcome(&site, &url).await.0, 200);
}

#[tokio::test]
async fn lists_of_types_have_their_context() {
    let (site, server) = (Site::alone().await, ContextServer::start().await);
    let url = server.context("/c", &json!({ "Room": "https://example.org/Room" }));
    create_with(&site, &url, &room(20)).await;
    let plain = get_with(&site, "/types", &url).await;
    assert_eq!((plain.json()["typeList"].clone(), plain.header("link")), (json!(["Room"]), &*link(&url)));
    let headers = [("accept", "application/ld+json"), ("link", &*link(&url))];
    let linked = call_with(&site, "GET", "/types", &headers, "").await;
    assert_eq!(linked.json()["@context"], json!([url, CORE]));
    let refused = call_with(&site, "GET", "/types", &[("accept", "application/geo+json")], "").await;
    assert_eq!(refused.status, 406, "{}", refused.text);
}

#[tokio::test]
async fn the_broker_says_who_it_is() {
    let site = Site::alone().await;
    let answer = get(&site, "/info/sourceIdentity").await;
    let identity = answer.json();
    assert_eq!(answer.header("link"), link(CORE));
    assert_eq!(
        (identity["type"].clone(), identity["contextSourceAlias"].clone()),
        (json!("ContextSourceIdentity"), json!("Broker.alone"))
    );
    assert!(identity["contextSourceUptime"].as_str().unwrap().starts_with("PT"));
    assert!(identity["contextSourceTimeAt"].is_string() && identity["id"].is_string());
}

#[tokio::test]
async fn what_no_resource_answers_is_answered_in_the_words_of_ngsi_ld() {
    let site = Site::alone().await;
    let table = [
        ("GET", "/nothing", Value::Null, 404, "ResourceNotFound"),
        ("PUT", "/jsonldContexts", json!({}), 405, "about:blank"),
        ("GET", "/types/%FF", Value::Null, 400, "InvalidRequest"),
    ];
    check(&site, &table).await;
    let refused = call(&site, "PUT", "/jsonldContexts", &json!({})).await;
    assert_eq!(refused.header("allow"), "GET,HEAD,POST");
    assert_eq!(refused.header("content-type"), "application/json");
}
