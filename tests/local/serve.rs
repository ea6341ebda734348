//! `livysh serve`: the Livy REST API for other clients, guarded.
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base64::Engine;
use rustix::process::Signal;

use super::*;

/// Status and body of a GET that is sent as it stands here.
fn get(address: &str, target: &str, headers: &[String]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let headers: String = headers.iter().map(|it| format!("{it}\r\n")).collect();
    write!(
        stream,
        "GET {target} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    let body = text.split_once("\r\n\r\n").unwrap().1;
    (status, body.to_owned())
}

#[test]
fn serve_answers_clients_that_know_the_password_until_it_is_interrupted() {
    let _slot = spark::slot();
    let home = Home::new();
    let mut server = livysh(&home, &["serve", "--port", "0"]).start();
    let mut out = BufReader::new(server.child.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains("for example:") {
        assert_ne!(out.read_line(&mut said).unwrap(), 0, "it ended: {said}");
    }
    let url = said
        .split_whitespace()
        .find(|word| word.starts_with("http://127.0.0.1:"))
        .unwrap();
    let address = url.trim_start_matches("http://");
    let file = said
        .split_once("the password is in ")
        .and_then(|(_, rest)| rest.lines().next())
        .unwrap();
    let mode = std::fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{file}");
    let password = std::fs::read_to_string(file).unwrap();
    guards(address, password.trim());

    let client = ["--user", "x", "--password-file", file, url];
    let run = |arguments: &[&str]| livysh(&home, &[arguments, &client].concat()).run();
    run(&["-e", "1 + 1"]).exits(0).prints("2\n").silent();
    run(&["sessions", "list"])
        .exits(0)
        .hides("pyspark")
        .hides(password.trim());
    livysh(&home, &["-e", "1 + 1", url])
        .run()
        .exits(3)
        .prints("")
        .says(&["401"]);

    server.signal(Signal::INT);
    server.end().exits(0);
    assert!(!Path::new(file).exists(), "{file} is left");
    assert!(
        processes::of(&home).is_empty(),
        "{:?}",
        processes::of(&home)
    );
}

fn guards(address: &str, password: &str) {
    let host = format!("Host: {address}");
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("any:{password}"));
    let known = format!("Authorization: Basic {pair}");
    let (status, body) = get(address, "/sessions", &[host.clone(), known.clone()]);
    assert_eq!(status, 200, "with the password: {body}");
    assert!(body.contains("\"total\":0"), "{body}");
    let wrong = base64::engine::general_purpose::STANDARD.encode("any:wrong");
    for (what, headers, expected) in [
        ("no password", vec![host.clone()], 401),
        (
            "a wrong one",
            vec![host.clone(), format!("Authorization: Basic {wrong}")],
            401,
        ),
        (
            "a web page's request",
            vec![
                host.clone(),
                known.clone(),
                "Origin: https://example.net".into(),
            ],
            403,
        ),
        (
            "a name that a web page points here",
            vec!["Host: example.net".into(), known.clone()],
            403,
        ),
    ] {
        let (status, body) = get(address, "/sessions", &headers);
        assert_eq!(status, expected, "{what}: {body}");
        assert!(!body.contains(password), "{what}: {body}");
    }
}
