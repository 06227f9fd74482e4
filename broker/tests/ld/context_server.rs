//! A server of contexts somewhere in the network.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, Uri};
use serde_json::{Value, json};
use service::http::Limits;
use service::{Config, Node, Running};

#[derive(Clone)]
enum Page {
    Text(String),
    Status(u16),
    Redirect(String),
    Hangs,
}

#[derive(Default)]
struct Pages {
    pages: HashMap<String, Page>,
    /// How often each was asked for.
    hits: HashMap<String, usize>,
}

pub(crate) struct ContextServer {
    node: Node,
    running: Running,
    pages: Arc<Mutex<Pages>>,
}

impl ContextServer {
    pub(crate) async fn start() -> Self {
        let node = Node::new(Config::load(None).unwrap(), 1).unwrap();
        let listener = service::http::bind(SocketAddr::from(([127, 0, 0, 1], 0)), "test.port").await.unwrap();
        let pages = Arc::<Mutex<Pages>>::default();
        let router = Router::new().fallback(serve).with_state(pages.clone());
        let running = service::http::serve(&node, listener, router, Limits::default());
        Self { node, running, pages }
    }

    /// The URL of a path such as `/a`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.url())
    }

    /// Serves a context from now on. Gives its URL.
    pub(crate) fn context(&self, path: &str, context: &Value) -> String {
        self.text(path, &json!({ "@context": context }).to_string())
    }

    pub(crate) fn text(&self, path: &str, text: &str) -> String {
        self.page(path, Page::Text(text.to_owned()))
    }

    pub(crate) fn status(&self, path: &str, status: u16) -> String {
        self.page(path, Page::Status(status))
    }

    pub(crate) fn redirect(&self, path: &str, target: &str) -> String {
        self.page(path, Page::Redirect(target.to_owned()))
    }

    pub(crate) fn hangs(&self, path: &str) -> String {
        self.page(path, Page::Hangs)
    }

    pub(crate) fn hits(&self, path: &str) -> usize {
        self.pages.lock().unwrap().hits.get(path).copied().unwrap_or_default()
    }

    pub(crate) async fn stop(self) {
        self.node.shutdown.cancel();
        self.running.drained().await;
    }

    fn page(&self, path: &str, page: Page) -> String {
        self.pages.lock().unwrap().pages.insert(path.to_owned(), page);
        self.url(path)
    }
}

async fn serve(State(pages): State<Arc<Mutex<Pages>>>, uri: Uri) -> Response {
    let page = {
        let mut pages = pages.lock().unwrap();
        *pages.hits.entry(uri.path().to_owned()).or_default() += 1;
        pages.pages.get(uri.path()).cloned().unwrap_or(Page::Status(404))
    };
    match page {
        Page::Text(text) => ([("content-type", "application/ld+json")], text).into_response(),
        Page::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Page::Redirect(target) => (StatusCode::FOUND, [("location", target)]).into_response(),
        Page::Hangs => std::future::pending().await,
    }
}
