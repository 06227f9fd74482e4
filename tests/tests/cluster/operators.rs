//! Operators whose images are on the nodes.

use serde_json::{Value, json};

/// Registry and first part of the images' names, and their tag.
fn image(name: &str) -> (String, String) {
    let given = |variable: &str, default: &str| std::env::var(variable).unwrap_or_else(|_| default.to_owned());
    (given("CLUSTER_OPERATORS", "local/fogflow-operator-") + name, given("CLUSTER_TAG", "dev"))
}

/// An operator with the image of that name.
pub(crate) fn operator(name: &str, image_name: &str, parameters: &[(&str, &str)]) -> Value {
    let (image, tag) = image(image_name);
    with_image(name, &image, &tag, parameters)
}

/// An operator with any image.
pub(crate) fn with_image(name: &str, image: &str, tag: &str, parameters: &[(&str, &str)]) -> Value {
    let parameters: Vec<Value> =
        parameters.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({ "name": name, "description": "", "parameters": parameters, "dockerimages": [
        { "name": image, "tag": tag, "hwType": "X86", "osType": "Linux", "prefetched": false }
    ] })
}

/// Counts updates of its entity; its results have the type `counterResult`.
pub(crate) fn counter() -> Value {
    operator("counter", "counter", &[])
}
