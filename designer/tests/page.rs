//! The status page: served whole from here, with a policy that allows nothing else.
#![allow(clippy::unwrap_used)]

mod common;

use common::Designer;
use http::Method;

#[tokio::test]
async fn the_page_needs_no_other_host_and_allows_none() {
    let dir = tempfile::tempdir().unwrap();
    let designer = Designer::start(dir.path()).await;
    for (path, kind) in [("/index.html", "text/html"), ("/status.css", "text/css"), ("/status.js", "text/javascript")] {
        let answer = designer.call(Method::GET, path, "").await;
        let text = String::from_utf8(answer.body().to_vec()).unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with(kind), "{path}");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert!(!text.is_empty(), "{path}");
        for loads in ["src=\"http", "href=\"http", "url(http", "url(\"http", "@import", "fetch(\"http", "src=\"//"] {
            assert!(!text.contains(loads), "{path} loads from elsewhere: {loads}");
        }
    }
    let root = designer.call(Method::GET, "/", "").await;
    assert_eq!((root.status().as_u16(), root.headers()["location"].to_str().unwrap()), (307, "/index.html"));
    let script = designer.call(Method::GET, "/config.js", "").await;
    let script = String::from_utf8(script.body().to_vec()).unwrap();
    let config = script.strip_prefix("var config = ").and_then(|rest| rest.strip_suffix("; ")).unwrap();
    let config: serde_json::Value = serde_json::from_str(config).unwrap();
    assert_eq!((&config["brokerURL"], &config["discoveryURL"]), (&"./ngsi10".into(), &"./ngsi9".into()));
    designer.stop().await;
}
