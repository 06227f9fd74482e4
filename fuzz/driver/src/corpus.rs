//! Between the folders of inputs that libFuzzer works with and the corpus that is kept.
//!
//!     corpus targets               names the targets
//!     corpus unpack TARGET FOLDER  writes the inputs of a target as files
//!     corpus pack TARGET FOLDER    makes the files of a folder the inputs of a target

use std::io;
use std::path::Path;

use fuzz::{TARGETS, corpus};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["targets"] => TARGETS.iter().for_each(|target| println!("{}", target.name)),
        ["unpack", target, folder] => unpack(target, Path::new(folder))?,
        ["pack", target, folder] => pack(target, Path::new(folder))?,
        _ => return Err(io::Error::other("usage: corpus targets | unpack TARGET FOLDER | pack TARGET FOLDER")),
    }
    Ok(())
}

fn unpack(target: &str, folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (index, input) in corpus::read(target)?.into_iter().enumerate() {
        std::fs::write(folder.join(format!("kept-{index}")), input)?;
    }
    Ok(())
}

fn pack(target: &str, folder: &Path) -> io::Result<()> {
    let files = std::fs::read_dir(folder)?;
    let inputs = files.map(|file| std::fs::read(file?.path())).collect::<io::Result<_>>()?;
    corpus::write(target, inputs)
}
