//! What stands between livysh and Livy: CSRF protection, and a gateway that asks who is there.
use super::raw::Answer;
use super::support::{Reply, Request, Server};
use super::*;

#[test]
fn every_write_passes_csrf_protection() {
    let _slot = spark::slot();
    let livy = Genuine::start(&["livy.server.csrf-protection.enabled = true"]);
    let refused = raw::send(&livy.url, "POST", "/sessions", &[], b"{}").unwrap();
    assert_eq!(refused.status, 400, "it is on");
    let home = Home::new();
    let data = home.write("data.txt", "uploaded\n");
    let mut pty = shell(&home, &[&livy.url]);
    prompt(&pty, "pyspark 1>");
    ask(&mut pty, "1 + 1", "\n2", "pyspark 2>");
    ask(
        &mut pty,
        &format!(":upload {data}"),
        "data.txt is in the session",
        "pyspark 2>",
    );
    let read = "from pyspark import SparkFiles; open(SparkFiles.get('data.txt')).read()";
    ask(&mut pty, read, "uploaded", "pyspark 3>");
    enter(
        &mut pty,
        "spark.range(10**12).selectExpr(\"sum(id)\").collect()",
    );
    until("the job runs", || raw::statement(&livy) == "running");
    pty.send("\x03");
    prompt(&pty, "pyspark 4>");
    pty.wait_for("cancelled");
    assert_eq!(pty.leave(), 0, "{}", pty.screen());
    nothing_left(&livy);
}

/// A gateway that serves Livy below /livy to one user, as Knox does.
fn gateway(livy: &Genuine, tls: Option<rustls::ServerConfig>) -> Server {
    let url = livy.url.clone();
    let script = move |request: &Request| {
        let Some(path) = request.target.strip_prefix("/livy/") else {
            return Reply::html(404, "<html>no such service</html>");
        };
        if !request.is_from("ann", "right") {
            let asks = [("WWW-Authenticate", "Basic realm=\"gateway\"")];
            return Reply::with(401, &asks, "<html>who are you?</html>");
        }
        forward(&url, request, &format!("/{path}"))
    };
    match tls {
        Some(tls) => Server::start_tls(tls, script),
        None => Server::start(script),
    }
}

fn forward(url: &str, request: &Request, path: &str) -> Reply {
    let kept = |name: &str| ["content-type", "accept", "x-requested-by"].contains(&name);
    let headers: Vec<(&str, &str)> = request
        .headers
        .iter()
        .filter(|(name, _)| kept(name))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let answer = raw::send(url, &request.method, path, &headers, &request.body);
    let Some(Answer {
        status,
        headers,
        body,
    }) = answer
    else {
        return Reply::html(502, "<html>bad gateway</html>");
    };
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    Reply::with(status, &headers, body)
}

#[test]
fn a_gateway_below_a_path_lets_the_right_password_in_and_no_other() {
    let livy = Genuine::bare(&[]);
    let plain = gateway(&livy, None);
    let home = Home::new();
    let url = plain.url("/livy");
    let run = |password: &str, url: &str, more: &[&str]| {
        let arguments = [&[url, "--user", "ann", "-e", "6 * 7"], more].concat();
        home.livysh(&arguments)
            .env("LIVYSH_PASSWORD", password)
            .run()
    };
    run("no-such-word", &url, &[])
        .exits(3)
        .prints("")
        .says(&["401", "password"])
        .hides("no-such-word");
    assert!(raw::sessions(&livy).is_empty());
    home.livysh(&[&url, "-e", "1"])
        .run()
        .exits(3)
        .prints("")
        .says(&["401"]);
    run("right", &url, &[]).exits(0).prints("42\n");
    nothing_left(&livy);
    let authority = support::tls::Authority::new();
    let secure = gateway(&livy, Some(authority.server(&["127.0.0.1"])));
    let file = authority.file();
    let more = ["--cacert", file.to_str().unwrap()];
    run("right", &secure.url("/livy"), &more)
        .exits(0)
        .prints("42\n");
    nothing_left(&livy);
}
