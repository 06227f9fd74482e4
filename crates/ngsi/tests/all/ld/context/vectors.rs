//! Expansion compared with that of a complete JSON-LD processor; `vectors.py` made the vectors.

use std::collections::BTreeMap;

use ngsi::ld::Context;
use ngsi::ld::context::ContextError;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Vector {
    contexts: Value,
    iris: Option<BTreeMap<String, String>>,
}

#[test]
fn terms_expand_as_json_ld_says() {
    let file = std::env::var("LD_VECTORS").map(|path| std::fs::read_to_string(path).unwrap());
    let text = file.unwrap_or_else(|_| include_str!("vectors.json").to_owned());
    let vectors: Vec<Vector> = serde_json::from_str(&text).unwrap();
    assert!(vectors.len() >= 300);
    let wrong: Vec<_> = vectors.iter().filter_map(difference).collect();
    assert!(
        wrong.is_empty(),
        "{} of {}, such as\n{}",
        wrong.len(),
        vectors.len(),
        wrong[..wrong.len().min(10)].join("\n")
    );
}

fn difference(vector: &Vector) -> Option<String> {
    let mut contexts = vec![Value::from(ngsi::ld::CORE_CONTEXT)];
    contexts.extend(vector.contexts.as_array().unwrap().iter().cloned());
    let contexts = Value::Array(contexts);
    let context = match (Context::parse(&contexts, &|_| None), &vector.iris) {
        (Err(ContextError::Invalid(_)), None) => return None,
        (Ok(context), Some(_)) => context,
        (outcome, iris) => return Some(format!("{contexts}: {outcome:?}, expected {iris:?}")),
    };
    vector.iris.iter().flatten().find_map(|(term, iri)| {
        let own = context.iri(&context.expand(term)).into_owned();
        (own != *iri).then(|| format!("{contexts}: {term} is {own}, expected {iri}"))
    })
}
