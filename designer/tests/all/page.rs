//! The dashboard: served whole from here, with a policy that allows nothing else.
#![allow(clippy::unwrap_used)]

use crate::common::Designer;
use bytes::Bytes;
use http::{Method, Response};
use serde_json::{Value, json};

async fn page(designer: &Designer, path: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
    let mut request = http::Request::builder().method(Method::GET).uri(format!("{}{path}", designer.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    designer.node.client.send(request.body(Bytes::new()).unwrap()).await.unwrap()
}

fn text(answer: &Response<Bytes>) -> String {
    String::from_utf8(answer.body().to_vec()).unwrap()
}

fn header<'a>(answer: &'a Response<Bytes>, name: &str) -> &'a str {
    answer.headers()[name].to_str().unwrap()
}

/// The files that the page itself names.
fn linked(html: &str) -> Vec<String> {
    let links = html.split(['"', '\'']).filter(|part| part.starts_with('/') && part.contains('.'));
    links.map(str::to_owned).collect()
}

#[tokio::test]
async fn the_page_and_what_it_loads_are_here_under_a_strict_policy() {
    let dir = tempfile::tempdir().unwrap();
    let designer = Designer::start(dir.path()).await;
    let index = page(&designer, "/index.html", &[]).await;
    assert!(header(&index, "content-type").starts_with("text/html"));
    let links = linked(&text(&index));
    assert!(
        links.iter().any(|link| link.ends_with(".js")) && links.iter().any(|link| link.ends_with(".css")),
        "{links:?}"
    );
    for path in links.iter().map(String::as_str).chain(["/index.html", "/sw.js"]) {
        let answer = page(&designer, path, &[]).await;
        assert_eq!(answer.status(), 200, "{path}");
        let policy = header(&answer, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
        for loads in ["src=\"http", "href=\"http", "url(http", "url(\"http", "@import", "fetch(\"http", "src=\"//"] {
            assert!(!text(&answer).contains(loads), "{path} loads from elsewhere: {loads}");
        }
    }
    designer.stop().await;
}

#[tokio::test]
async fn files_are_compressed_and_kept_by_browsers() {
    let dir = tempfile::tempdir().unwrap();
    let designer = Designer::start(dir.path()).await;
    let plain = page(&designer, "/index.html", &[]).await;
    let packed = page(&designer, "/index.html", &[("accept-encoding", "br;q=1, gzip;q=0.5")]).await;
    assert_eq!(header(&packed, "content-encoding"), "gzip");
    assert_eq!(packed.body()[..2], [0x1f, 0x8b]);
    let refused = page(&designer, "/index.html", &[("accept-encoding", "gzip;q=0")]).await;
    assert_eq!(refused.body(), plain.body());
    let tag = header(&plain, "etag");
    let known = page(&designer, "/index.html", &[("if-none-match", tag)]).await;
    assert_eq!((known.status().as_u16(), known.body().len()), (304, 0));
    assert_eq!(header(&plain, "cache-control"), "no-cache");
    let script = linked(&text(&plain)).into_iter().find(|link| link.ends_with(".js")).unwrap();
    assert!(header(&page(&designer, &script, &[]).await, "cache-control").contains("immutable"));
    assert_eq!(page(&designer, "/assets/none.js", &[]).await.status(), 404);
    designer.stop().await;
}

#[tokio::test]
async fn pictures_may_come_from_the_tile_server_that_is_configured() {
    let dir = tempfile::tempdir().unwrap();
    let tiles = json!({ "webSrvPort": 0, "agentPort": 0,
        "map_tiles": { "url": "https://tiles.example.org/{z}/{x}/{y}.png" } });
    let designer = Designer::start_with(dir.path(), message_bus::Bus::in_process(), json!({ "designer": tiles })).await;
    let answer = page(&designer, "/index.html", &[]).await;
    let policy = header(&answer, "content-security-policy");
    assert!(policy.contains("img-src 'self' data: blob: https://tiles.example.org"), "{policy}");
    assert!(policy.contains("script-src 'self';"), "{policy}");
    designer.stop().await;
}

#[tokio::test]
async fn the_root_leads_to_the_page_and_config_js_names_the_services() {
    let dir = tempfile::tempdir().unwrap();
    let designer = Designer::start(dir.path()).await;
    let root = page(&designer, "/", &[]).await;
    assert_eq!((root.status().as_u16(), header(&root, "location")), (307, "/index.html"));
    let script = text(&page(&designer, "/config.js", &[]).await);
    let config = script.strip_prefix("var config = ").and_then(|rest| rest.strip_suffix("; ")).unwrap();
    let config: Value = serde_json::from_str(config).unwrap();
    assert_eq!((&config["brokerURL"], &config["discoveryURL"]), (&"./ngsi10".into(), &"./ngsi9".into()));
    designer.stop().await;
}
