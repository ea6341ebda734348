use livysh::livy::{Credentials, Problem};

use super::support::{Reply, Server};
use super::*;

fn why<T: std::fmt::Debug>(answer: Result<T, livysh::livy::Error>) -> (String, &'static str) {
    match problem(answer) {
        Problem::Redirect { to, why, .. } => (to, why),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_307_keeps_method_body_headers_and_credentials() {
    let active = Server::start(|request| {
        assert_eq!(request.line(), "POST /v2/sessions/1/statements");
        assert_eq!(request.json()["code"], "1");
        assert!(request.is_from("u", "password"));
        assert!(request.header("x-requested-by").is_some());
        Reply::json(201, r#"{"id":0,"state":"waiting"}"#)
    });
    let target = active.url("/v2/sessions/1/statements");
    let standby = Server::start(move |_| Reply::redirect(307, &target));
    let mut connection = connection(&standby.url(""));
    connection.credentials = Credentials::Basic {
        user: "u".to_owned(),
        password: "password".into(),
    };
    let client = Client::new(connection).unwrap();
    client.submit(&id("1"), "1", None).await.unwrap();
    assert_eq!(active.requests().len(), 1);
}

#[tokio::test]
async fn a_redirect_to_another_host_gets_nothing() {
    let other = Server::start(|_| Reply::json(200, "{}"));
    let target = format!("http://localhost:{}/login?originalUrl=secret", other.port());
    let server = Server::start(move |_| Reply::redirect(307, &target));
    let (to, why) = why(client(&server).version().await);
    assert!(!to.contains("secret") && to.contains("localhost"), "{to}");
    assert!(why.contains("another host"), "{why}");
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn a_redirect_without_end_ends() {
    let server = Server::start(|request| Reply::redirect(302, &format!("{}x", request.target)));
    assert!(why(client(&server).version().await).1.contains('5'));
    assert_eq!(server.requests().len(), 6);
    let server = Server::start(|request| Reply::redirect(308, &request.target));
    why(client(&server).submit(&id("1"), "1", None).await);
}

#[tokio::test]
async fn a_login_page_is_told_from_an_answer() {
    let server = Server::start(|request| match request.target.as_str() {
        "/login" => Reply::html(200, "<html><title>Sign in</title>"),
        _ => Reply::redirect(302, "/login"),
    });
    let client = client(&server);
    let read = problem(client.session(&id("1")).await);
    assert!(
        matches!(&read, Problem::Garbled { reason, .. } if reason.contains("login")),
        "{read}"
    );
    let (_, why) = why(client.submit(&id("1"), "1", None).await);
    assert!(why.contains("login"));
    assert_eq!(
        server
            .lines()
            .iter()
            .filter(|line| *line == "GET /login")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_redirect_status_without_an_address_is_a_refusal() {
    let server = Server::start(|_| Reply::with(302, &[], ""));
    assert_eq!(refusal(client(&server).version().await).status, 302);
}
