//! Whole requests, in the form of HTTP/1.1 without a version, a line `---` between them: they meet a broker in this process
//! that has no listener. Whatever is asked, it answers, and never with a status that speaks of a fault of its own.
//!
//! Requests that name a host are left out, unless nobody listens there: nothing may be sent to the world, nor waited for.

use std::cell::RefCell;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use service::{Config, Node};
use storage::Store;
use tokio::runtime::Runtime;
use tower::ServiceExt;

use crate::parts;

/// How many inputs meet one broker: it fills.
const INPUTS: usize = 256;
const MAX_REQUESTS: usize = 6;
/// The longest answer: a page of entities that requests of a few KiB made, many times over.
const MAX_ANSWER: usize = 8 << 20;
const CONFIG: &str = r#"{ "site_id": "fuzz", "bind_ip": "127.0.0.1", "discovery": { "http_port": 9 },
    "broker": { "max_tenants": 4, "temporal": { "record": ["*"] } } }"#;
/// What may stand behind `://`: nobody listens at the one, and the others are not fetched.
const HOSTS: [&str; 3] =
    ["127.0.0.1:9/", "uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld", "uri.etsi.org/ngsi-ld/null"];

pub(crate) fn run(data: &[u8]) {
    let requests: Vec<_> = parts::documents(data).into_iter().take(MAX_REQUESTS).filter_map(request).collect();
    thread_local!(static BROKER: RefCell<Option<Broker>> = const { RefCell::new(None) });
    BROKER.with_borrow_mut(|broker| {
        if broker.as_ref().is_none_or(|broker| broker.inputs >= INPUTS) {
            *broker = None;
        }
        let broker = broker.get_or_insert_with(Broker::new);
        broker.inputs += 1;
        for request in requests {
            broker.answers(request);
        }
    });
}

struct Broker {
    router: Router,
    node: Node,
    store: Store,
    inputs: usize,
    runtime: Runtime,
    _directory: tempfile::TempDir,
}

impl Broker {
    fn new() -> Self {
        Self::try_new().unwrap_or_else(|error| panic!("no broker: {error:#}"))
    }

    fn try_new() -> Result<Self, Box<dyn std::error::Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let directory = tempfile::tempdir()?;
        let node = Node::new(Config::parse(CONFIG, |_| None)?, 1)?;
        let store = Store::open(directory.path())?;
        let router = runtime.block_on(broker::open(node.clone(), store.clone()))?;
        Ok(Self { router, node, store, inputs: 0, runtime, _directory: directory })
    }

    fn answers(&self, request: Request<Body>) {
        let asked = format!("{} {}", request.method(), request.uri());
        let answer = self.runtime.block_on(async {
            let answer = self.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
            let (head, body) = answer.into_parts();
            (head, to_bytes(body, MAX_ANSWER).await)
        });
        let (head, Ok(body)) = answer else { panic!("{asked}: more than {MAX_ANSWER} bytes") };
        // 501 is an operation, 503 and 504 a context or a provider at hand, that is not there; 502 one that answers nonsense.
        let documented = !head.status.is_server_error() || head.status.as_u16() > 500;
        assert!(documented, "{asked}: {} {}", head.status, String::from_utf8_lossy(&body));
        let is_json = head.headers.get(header::CONTENT_TYPE).is_some_and(|media| media.as_bytes().ends_with(b"json"));
        if is_json && head.status != StatusCode::NO_CONTENT && !body.is_empty() {
            crate::sample::json(&body);
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.node.shutdown.cancel();
        self.store.clone().close();
    }
}

fn request(text: &[u8]) -> Option<Request<Body>> {
    let (head, body) = match text.windows(2).position(|window| window == b"\n\n") {
        Some(at) => (&text[..at], &text[at + 2..]),
        None => (text, &[][..]),
    };
    if !stays_here(text) {
        return None;
    }
    let mut lines = head.split(|byte| *byte == b'\n');
    let (method, target) = std::str::from_utf8(lines.next()?).ok()?.split_once(' ')?;
    let uri: Uri = target.parse().ok().filter(|uri: &Uri| uri.scheme().is_none())?;
    let mut request = Request::new(Body::from(body.to_owned()));
    (*request.method_mut(), *request.uri_mut()) = (Method::from_bytes(method.as_bytes()).ok()?, uri);
    if !body.is_empty() {
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    for line in lines {
        let at = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..at]).ok()?;
        request.headers_mut().insert(name, HeaderValue::from_bytes(line[at + 1..].trim_ascii()).ok()?);
    }
    Some(request)
}

/// Whether no host is named but those that are allowed, however it is escaped.
fn stays_here(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text).replace("\\/", "/").to_lowercase();
    let escaped = ["\\u00", "%2f", "%3a"].iter().any(|escape| text.contains(escape));
    !escaped && text.split("://").skip(1).all(|rest| HOSTS.iter().any(|host| rest.starts_with(host)))
}
