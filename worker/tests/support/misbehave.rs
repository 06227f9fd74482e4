//! A program for a container that does not do as it should: it ends at once, eats memory until it is stopped, or talks all the time.

use std::net::TcpListener;
use std::time::Duration;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("talk") => talk(),
        Some("eat") => eat(),
        _ => println!("bye"),
    }
    std::process::exit(3);
}

fn eat() {
    println!("bye");
    let mut eaten = Vec::new();
    loop {
        eaten.push(vec![1_u8; 1024 * 1024]);
    }
}

fn talk() {
    let port: u16 = std::env::var("myport").unwrap().parse().unwrap();
    let _listening = TcpListener::bind(("0.0.0.0", port)).unwrap();
    for number in 1.. {
        println!("line {number}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
