//! The `@context`: which IRIs the terms of a document stand for (ETSI GS CIM 009, clauses 4.4 and 5.5.7; JSON-LD 1.1).
//!
//! Only what a broker needs of JSON-LD: names of types, attributes and vocabulary values are expanded and compacted, documents
//! stay as they are. A context is read once into tables; whoever calls fetches the documents it refers to, so reading one
//! needs neither network nor waiting.
//!
//! The core context is always there and none of its terms can be changed. Since its vocabulary comes last, the `@vocab` of
//! another context counts for the terms which that context defines, and for nothing else.

mod coercion;
mod core;
mod define;
mod iri;
mod read;
mod terms;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use foldhash::{HashMap, HashMapExt};
use serde_json::Value;

pub use self::coercion::Coercion;
pub use self::core::{CORE_CONTEXT, CORE_DOCUMENT, DEFAULT_VOCABULARY, is_core_context};
pub use self::iri::join;
use self::read::Reader;
pub use self::read::{ContextError, Document, MAX_DOCUMENT};
use self::terms::Active;
pub use self::terms::MAX_TERMS;
use crate::Name;

/// What the prefix `ngsi-ld` of the core stands for.
const NGSI_LD: &str = "https://uri.etsi.org/ngsi-ld/";

static CORE: LazyLock<Context> = LazyLock::new(|| Context::new(&Value::Null, Active::default()));

/// A context with all it refers to; cheap to clone.
#[derive(Clone)]
pub struct Context(Arc<Tables>);

struct Tables {
    /// The terms beside those of the core.
    terms: HashMap<Box<str>, Entry>,
    /// The term that stands for a stored name.
    names: HashMap<Name, Box<str>>,
    /// The user's term that stands for the beginning of IRIs.
    prefixes: HashMap<Box<str>, Box<str>>,
    /// How long the keys of `prefixes` are.
    prefix_lengths: BTreeSet<usize>,
    json: String,
    link: Option<String>,
}

struct Entry {
    name: Name,
    /// The IRI, if compact IRIs may begin with the term.
    prefix: Option<Box<str>>,
    coercion: Coercion,
}

impl Context {
    /// The core context alone.
    #[must_use]
    pub fn core() -> Self {
        CORE.clone()
    }

    /// Reads the value of a member `@context`: a URL, an object, or a list of them. `documents` gives what is at hand.
    ///
    /// # Errors
    /// [`ContextError::Missing`] names documents to be fetched before the next attempt, of which there may be several, as documents
    /// refer to others. [`ContextError::Invalid`] is a context that JSON-LD or the standard forbids, or one past a bound.
    pub fn parse(value: &Value, documents: &dyn Fn(&str) -> Option<Document>) -> Result<Self, ContextError> {
        let active = Reader::new(documents).read(value)?;
        Ok(if user_items(value).next().is_none() { Self::core() } else { Self::new(value, active) })
    }

    fn new(value: &Value, active: Active) -> Self {
        let json = json_of(value, active.ends_with_core());
        let terms = active.into_terms();
        let (mut names, mut prefixes) = (HashMap::new(), HashMap::new());
        let mut entries = HashMap::with_capacity(terms.len());
        for (term, definition) in terms {
            let name = stored(&definition.iri);
            if !definition.iri.starts_with('@') && self::core::term(name.as_str()).is_none() {
                prefer(names.entry(name.clone()).or_insert_with(|| term.clone()), &term);
            }
            let prefix = definition.prefix.then_some(definition.iri);
            if let Some(iri) = &prefix {
                prefer(prefixes.entry(iri.clone()).or_insert_with(|| term.clone()), &term);
            }
            entries.insert(term, Entry { name, prefix, coercion: definition.coercion });
        }
        let prefix_lengths = prefixes.keys().map(|iri| iri.len()).collect();
        let link = link_of(value);
        Self(Arc::new(Tables { terms: entries, names, prefixes, prefix_lengths, json, link }))
    }

    /// The stored name of a term, a compact IRI or an IRI: the IRI, or a short name where the core or its vocabulary has it. `id`
    /// and `type` for what stands for `@id` and `@type`.
    #[must_use]
    pub fn expand(&self, term: &str) -> Name {
        if let Some(definition) = self::core::term(term) {
            return stored(&definition.iri);
        }
        if let Some(entry) = self.0.terms.get(term) {
            return entry.name.clone();
        }
        if let Some((prefix, suffix)) = iri::split_compact(term)
            && let Some(iri) = self.prefix(prefix)
        {
            return self::core::shorten(&format!("{iri}{suffix}"));
        }
        stored(term)
    }

    /// [`Context::expand`] for the type of an entity.
    #[must_use]
    pub fn expand_type(&self, term: &str) -> Name {
        self.expand(term)
    }

    /// What a stored name is called in this context: its shortest term, failing that a compact IRI, failing that its IRI.
    #[must_use]
    pub fn compact<'a>(&'a self, stored: &'a Name) -> Cow<'a, str> {
        if let Some(term) = self.0.names.get(stored) {
            return Cow::Borrowed(term);
        }
        let name = stored.as_str();
        if self.is_plain(name) || !iri::is_absolute(name) && self.expand(name) == *stored {
            return Cow::Borrowed(name);
        }
        let iri = self::core::lengthen(name);
        self.compact_iri(&iri, stored).map_or(iri, Cow::Owned)
    }

    /// Whether a name is nothing but one behind the default vocabulary.
    fn is_plain(&self, name: &str) -> bool {
        !name.starts_with('@')
            && !name.contains(':')
            && self::core::term(name).is_none()
            && !self.0.terms.contains_key(name)
    }

    /// The IRI of a stored name, whatever the context.
    #[must_use]
    pub fn iri<'a>(&self, stored: &'a Name) -> Cow<'a, str> {
        self::core::lengthen(stored.as_str())
    }

    /// What the values of a term are.
    #[must_use]
    pub fn coercion(&self, term: &str) -> Coercion {
        match self::core::term(term) {
            Some(definition) => definition.coercion,
            None => self.0.terms.get(term).map(|entry| entry.coercion).unwrap_or_default(),
        }
    }

    /// The JSON of a member `@context` that says the same. The core context is at its end, unless the last document it names has it
    /// there.
    #[must_use]
    pub fn to_json(&self) -> &str {
        &self.0.json
    }

    /// The URL for a `Link` header. Nothing for a context that is a list or an object, which is found at no URL.
    #[must_use]
    pub fn link(&self) -> Option<&str> {
        self.0.link.as_deref()
    }

    /// Whether it has nothing but the core.
    #[must_use]
    pub fn is_core(&self) -> bool {
        self.link() == Some(CORE_CONTEXT)
    }

    fn prefix(&self, term: &str) -> Option<&str> {
        match self::core::term(term) {
            Some(definition) => definition.prefix.then_some(&*definition.iri),
            None => self.0.terms.get(term)?.prefix.as_deref(),
        }
    }

    fn compact_iri(&self, iri: &str, stored: &Name) -> Option<String> {
        let shorter = self.0.prefix_lengths.range(..iri.len()).filter_map(|length| iri.split_at_checked(*length));
        let with_prefix =
            shorter.filter_map(|(start, suffix)| Some(format!("{}:{suffix}", self.0.prefixes.get(start)?)));
        let with_core = iri.strip_prefix(NGSI_LD).map(|suffix| format!("ngsi-ld:{suffix}"));
        let compact = with_prefix.chain(with_core).filter(|compact| self.expand(compact) == *stored);
        compact.min_by(|a, b| (a.len(), a).cmp(&(b.len(), b)))
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.json)
    }
}

/// The stored name of what a term stands for.
fn stored(iri: &str) -> Name {
    match iri {
        "@id" => Name::from("id"),
        "@type" => Name::from("type"),
        iri => self::core::shorten(iri),
    }
}

/// Of two terms for the same, the shorter, then the first in the order of letters.
fn prefer(best: &mut Box<str>, term: &str) {
    if (term.len(), term) < (best.len(), &**best) {
        *best = term.into();
    }
}

/// What there is beside the core.
fn user_items(value: &Value) -> impl Iterator<Item = &Value> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        Value::Null => &[],
        other => std::slice::from_ref(other),
    };
    items.iter().filter(|item| item.as_str().is_none_or(|url| !is_core_context(url)))
}

fn json_of(value: &Value, ends_with_core: bool) -> String {
    let mut items: Vec<_> = user_items(value).cloned().collect();
    if !ends_with_core {
        items.push(Value::from(CORE_CONTEXT));
    }
    match items.as_slice() {
        [only] => only.to_string(),
        _ => Value::Array(items).to_string(),
    }
}

fn link_of(value: &Value) -> Option<String> {
    let mut items = user_items(value);
    match (items.next(), items.next()) {
        (None, _) => Some(CORE_CONTEXT.to_owned()),
        (Some(Value::String(url)), None) => Some(url.clone()),
        _ => None,
    }
}
