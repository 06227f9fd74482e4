//! A program for a container that does not do as it should: it ends at once, or eats memory until it is stopped.

fn main() {
    println!("bye");
    if std::env::args().nth(1).as_deref() == Some("eat") {
        let mut eaten = Vec::new();
        loop {
            eaten.push(vec![1_u8; 1024 * 1024]);
        }
    }
    std::process::exit(3);
}
