//! What makes an instance another program, so that it must be restarted rather than told.

use flow::TaskInstance;

/// Whether both run the same image, code and parameters.
#[must_use]
pub fn same_program(one: &TaskInstance, other: &TaskInstance) -> bool {
    one.docker_image == other.docker_image
        && one.function_code == other.function_code
        && one.parameters == other.parameters
}

/// A fingerprint of image, code and parameters: FNV-1a 64. Equal for the same program across restarts of the worker.
#[must_use]
pub fn program_fingerprint(instance: &TaskInstance) -> u64 {
    let parameters = instance.parameters.iter().flat_map(|p| [p.name.as_str(), p.value.as_str()]);
    let texts = [instance.docker_image.as_str(), instance.function_code.as_str()].into_iter().chain(parameters);
    flow::fnv64(texts.flat_map(|text| text.bytes().chain([0xff])))
}
