//! Packs the dashboard that `npm run build` left in `ui/dist` for the binary: each file compressed, with a tag of its content.

use std::error::Error;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

const BUILT: &str = "ui/dist";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={BUILT}");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let root = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join(BUILT);
    let mut files = Vec::new();
    collect(&root, &mut files).map_err(|error| format!("{}: {error}; `npm run build` makes it", root.display()))?;
    files.sort();
    let mut table = String::from("&[\n");
    for (index, file) in files.iter().enumerate() {
        let content = std::fs::read(file)?;
        let packed = out.join(format!("{index}.gz"));
        std::fs::write(&packed, compressed(&content)?)?;
        let path = file.strip_prefix(&root)?.to_str().ok_or("a file's name is not text")?;
        let tag = format!("\"{:016x}\"", hash(&content));
        writeln!(table, "    Asset {{ path: {path:?}, tag: {tag:?}, gzip: include_bytes!({packed:?}) }},")?;
    }
    table.push(']');
    std::fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn compressed(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}

fn hash(content: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}
