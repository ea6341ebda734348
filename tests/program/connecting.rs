//! What answers is no Livy, or nothing answers.
use std::io::{Read, Write};
use std::time::Instant;

use super::support::{Reply, Server};
use super::*;

/// What goes back to every request.
type Answer = fn() -> Reply;

fn run(url: &str, more: &[&str]) -> run::Ended {
    let home = Home::new();
    home.livysh(&[&["-e", "1", url], more].concat()).run()
}

#[test]
fn a_port_where_nobody_listens_is_told_at_once() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let began = Instant::now();
    run(&format!("http://{free}"), &[])
        .exits(3)
        .prints("")
        .says(&["cannot be reached", "no server runs there"]);
    assert!(began.elapsed().as_secs() < 10);
}

#[test]
fn an_address_that_swallows_connections_is_given_up_at_the_connect_time_out() {
    // a listener that accepts nobody, with its queue full, is as silent as a firewall
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let listener = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        socket.listen(1).unwrap()
    });
    let address = listener.local_addr().unwrap();
    let queue: Vec<_> = (0..4)
        .map(|_| std::net::TcpStream::connect_timeout(&address, moment()))
        .collect();
    let ended = run(&format!("http://{address}"), &["--connect-timeout", "1"]).exits(3);
    ended.says(&["no connection to", "within 1 s", "--connect-timeout"]);
    drop((queue, listener));
}

#[test]
fn a_host_that_nobody_knows_is_told_as_that() {
    run("http://nobody.invalid", &["--no-proxy"])
        .exits(3)
        .says(&["nobody.invalid"]);
}

#[test]
fn html_nothing_garbage_and_half_an_answer_are_told_as_what_they_are() {
    let answers: [(Answer, &str); 5] = [
        (
            || Reply::html(200, "<html><title>Welcome</title></html>"),
            "not Livy's",
        ),
        (|| Reply::json(200, ""), "not Livy's"),
        (|| Reply::json(200, "%$&!"), "not Livy's"),
        (|| Reply::json(200, "{\"id\": 1, \"sta"), "not Livy's"),
        (
            || {
                Reply::raw(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"id\"",
                )
            },
            "connection broke",
        ),
    ];
    for (answer, said) in answers {
        let server = Server::start(move |_| answer());
        run(&server.url("/livy"), &[])
            .exits(3)
            .prints("")
            .says(&[said, "check"]);
        // a wrong address is told soon: nothing is waited for that no Livy ever was
        let asked = server.lines();
        assert!(asked.len() < 20, "{asked:?}");
    }
}

#[test]
fn a_connection_that_closes_without_a_word_is_told() {
    let server = Server::start(|_| Reply::dropped());
    run(&server.url("/livy"), &[])
        .exits(3)
        .says(&["the connection broke", "what to do"]);
    let creations = server
        .lines()
        .iter()
        .filter(|line| line.starts_with("POST"))
        .count();
    assert_eq!(
        creations, 1,
        "a creation may have been done: it is not repeated"
    );
}

#[test]
fn an_answer_without_end_is_cut_at_the_limit() {
    let server =
        Server::start(|_| Reply::flood(200, "{\"id\":1,\"log\":[\"", vec![b'x'; 1 << 20], 200));
    run(&server.url("/livy"), &[])
        .exits(3)
        .says(&["larger than 8 MiB"]);
}

#[test]
fn a_redirect_without_end_is_given_up() {
    let server = Server::start(|request| Reply::redirect(307, &request.target));
    run(&server.url("/livy"), &[]).exits(3).says(&["redirect"]);
    assert!(server.lines().len() < 30);
}

#[test]
fn a_redirect_to_another_host_is_not_followed_and_takes_no_credentials_there() {
    let other = Server::start(|_| Reply::json(200, "{}"));
    let place = format!("http://localhost:{}/sessions", other.port());
    let server = Server::start(move |_| Reply::redirect(307, &place));
    let home = Home::new();
    let job = home
        .livysh(&["-e", "1", &server.url(""), "--user", "u"])
        .env("LIVYSH_PASSWORD", "s3cret");
    job.run().exits(3).says(&["another host"]).hides("s3cret");
    assert_eq!(other.connections(), 0);
    assert!(server.requests()[0].is_from("u", "s3cret"));
}

#[test]
fn a_root_that_is_another_service_is_tried_once_below_livy_and_that_is_said() {
    let (home, livy) = (
        Home::new(),
        Livy::start(Plan {
            base: "/livy",
            ..Plan::default()
        }),
    );
    let root = livy.url().replace("/livy", "");
    let ended = home
        .livysh(&["-e", "1 + 1", &root])
        .run()
        .exits(0)
        .prints("2\n");
    ended.says(&["is no Livy server", "/livy is: that one is used"]);
    assert_eq!(livy.asked("POST /sessions"), 1);
    livy.assert_clean();
}

#[test]
fn a_root_of_pages_is_tried_below_livy_as_well() {
    // a welcome, and what a servlet container says of a path that nobody has
    for page in [
        || Reply::html(200, "<html>Welcome</html>"),
        || Reply::html(404, ""),
    ] {
        let livy = Livy::start(Plan {
            base: "/livy",
            fault: Box::new(move |request| {
                if request.target.starts_with("/livy") {
                    Fault::None
                } else {
                    Fault::Instead(page())
                }
            }),
            ..Plan::default()
        });
        let root = livy.url().replace("/livy", "");
        Home::new()
            .livysh(&["-e", "1 + 1", &root])
            .run()
            .exits(0)
            .prints("2\n")
            .says(&["that one is used"]);
        livy.assert_clean();
    }
}

#[test]
fn where_neither_is_livy_the_first_answer_is_told() {
    let server = Server::start(|_| Reply::html(404, "<title>Nothing here</title>"));
    run(&server.url(""), &[])
        .exits(3)
        .says(&["404", "not that of a Livy server"]);
    assert!(server.lines().len() <= 3, "{:?}", server.lines());
}

#[test]
fn a_server_that_never_answers_is_left_at_the_start_time_out() {
    let server = Server::start(|_| Reply::never());
    let began = Instant::now();
    run(&server.url(""), &["--start-timeout", "1"])
        .exits(3)
        .says(&["no answer within 1 s", "may still be there"]);
    assert!(began.elapsed().as_secs() < 40);
}

#[test]
fn https_on_a_port_of_http_and_the_reverse_are_told_as_that() {
    let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", plain.local_addr().unwrap());
    // as an http server answers what is no http; it ends with the test
    std::thread::spawn(move || {
        for stream in plain.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        }
    });
    run(&url, &[])
        .exits(3)
        .says(&["plain http", "http:// instead of https://"]);
    let authority = support::tls::Authority::new();
    let tls = Livy::run(Plan::default(), Some(authority.server(&["127.0.0.1"])));
    let url = tls.url().replace("https://", "http://");
    run(&url, &[]).exits(3).says(&["https"]);
}

#[test]
fn a_certificate_for_another_name_is_told_as_that() {
    let authority = support::tls::Authority::new();
    let livy = Livy::run(Plan::default(), Some(authority.server(&["other.example"])));
    let ca = authority.file();
    let ended = run(&livy.url(), &["--cacert", ca.to_str().unwrap()]).exits(3);
    ended.says(&["another host name"]);
    let ended = run(
        &livy.url(),
        &[
            "--cacert",
            support::tls::Authority::new().file().to_str().unwrap(),
        ],
    );
    ended
        .exits(3)
        .says(&["did not sign the server's certificate", "--cacert FILE"]);
    run(&livy.url(), &[])
        .exits(3)
        .says(&["private authority", "--cacert FILE"]);
    let strict = Livy::run(Plan::default(), Some(authority.strict_server()));
    run(&strict.url(), &["--cacert", ca.to_str().unwrap()])
        .exits(3)
        .says(&["wants a client certificate", "--cert FILE"]);
    run(&livy.url(), &["--cacert", "nowhere.pem"])
        .exits(3)
        .says(&["nowhere.pem"]);
}
