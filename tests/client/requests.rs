use livysh::livy::{Credentials, Problem, ProxyChoice, Renewal, Trace};
use tokio::sync::mpsc;

use super::support::{Gate, Reply, Server};
use super::*;

#[tokio::test]
async fn any_base_path_leads_to_the_same_routes_and_ids_stay_one_segment() {
    let server = Server::start(|_| Reply::json(200, r#"{"id":1,"state":"idle"}"#));
    for base in ["", "/", "/livy", "/livy/", "/gateway/default/livy/v1//"] {
        let client = Client::new(connection(&server.url(base))).unwrap();
        client.session(&id("a b/../c?d#e%2f")).await.unwrap();
    }
    let session = "sessions/a%20b%2F..%2Fc%3Fd%23e%252f";
    assert_eq!(
        server.lines(),
        [
            format!("GET /{session}"),
            format!("GET /{session}"),
            format!("GET /livy/{session}"),
            format!("GET /livy/{session}"),
            format!("GET /gateway/default/livy/v1/{session}"),
        ]
    );
    for odd in ["", ".", ".."] {
        let refused = problem(client(&server).delete(&id(odd)).await);
        assert!(matches!(refused, Problem::Setup(_)), "{refused}");
    }
}

#[tokio::test]
async fn a_read_asks_for_json_and_a_write_carries_what_filters_want() {
    let server = Server::start(|_| Reply::json(200, r#"{"id":1,"candidates":[]}"#));
    let mut connection = connection(&server.url(""));
    connection.headers = vec![
        ("X-XSRF-Header".to_owned(), "token-1".into()),
        ("user-agent".to_owned(), "mine".into()),
    ];
    connection.do_as = Some("bob & co".to_owned());
    let client = Client::new(connection).unwrap();
    client.log(&id("1"), Some(-1), Some(-1)).await.unwrap();
    client.connect(&id("1")).await.unwrap();
    client.delete(&id("1")).await.unwrap();
    let [read, write, delete] = server.requests().try_into().unwrap();
    assert_eq!(
        read.target,
        "/sessions/1/log?from=-1&size=-1&doAs=bob+%26+co"
    );
    assert_eq!(read.header("accept"), Some("application/json"));
    assert_eq!(read.header("content-type"), None);
    for request in [&write, &delete] {
        assert_eq!(
            request.header("content-type"),
            Some("application/json"),
            "{request:?}"
        );
        assert!(request.header("x-requested-by").is_some());
    }
    assert_eq!(write.body, b"{}");
    assert_eq!(delete.body, b"");
    for request in [read, write, delete] {
        assert_eq!(request.header("x-xsrf-header"), Some("token-1"));
        assert_eq!(request.header("user-agent"), Some("mine"));
        assert!(request.target.ends_with("doAs=bob+%26+co"));
    }
}

#[tokio::test]
async fn one_connection_serves_all_calls() {
    let server = Server::start(|_| Reply::json(200, r#"{"state":"idle"}"#));
    let client = client(&server);
    for _ in 0..20 {
        client.state(&id("1")).await.unwrap();
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn connections_that_may_be_dead_are_left_and_looks_under_way_asked_again() {
    let gate = Gate::default();
    let held = gate.clone();
    let first = std::sync::atomic::AtomicBool::new(true);
    let server = Server::start(move |request| match request.method.as_str() {
        "POST" => Reply::json(200, r#"{"id":1}"#).held(&held),
        _ if first.swap(false, std::sync::atomic::Ordering::SeqCst) => Reply::never(),
        _ => Reply::json(200, r#"{"state":"idle"}"#),
    });
    let client = client(&server);
    let asker = client.clone();
    let look = tokio::spawn(async move { asker.state(&id("1")).await });
    let asker = client.clone();
    let call = tokio::spawn(async move { asker.connect(&id("1")).await });
    while server.requests().len() < 2 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    client.reconnect();
    look.await.unwrap().unwrap();
    assert_eq!(server.connections(), 3);
    client.reconnect();
    client.state(&id("1")).await.unwrap();
    assert_eq!(server.connections(), 4, "the pool is left as well");
    gate.open();
    call.await.unwrap().unwrap();
    let posts = server.requests();
    let posts = posts.iter().filter(|it| it.method == "POST").count();
    assert_eq!(posts, 1, "what changes something is not sent twice");
}

#[tokio::test]
async fn a_cookie_comes_back_and_is_dropped_when_it_is_refused() {
    let cookie = "hadoop.auth=\"u=bob&p=bob&t=ldap&e=1&s=x=\"";
    let server = Server::start(move |request| match request.target.as_str() {
        "/version" => Reply::with(
            200,
            &[("Set-Cookie", &format!("{cookie}; Path=/; HttpOnly"))],
            "{}",
        ),
        "/sessions/1" => Reply::json(200, r#"{"id":1}"#),
        _ => Reply::with(401, &[], ""),
    });
    let client = client(&server);
    client.version().await.unwrap();
    client.session(&id("1")).await.unwrap();
    refusal(client.session(&id("2")).await);
    client.session(&id("1")).await.unwrap();
    let sent: Vec<Option<String>> = server
        .requests()
        .iter()
        .map(|request| request.header("cookie").map(str::to_owned))
        .collect();
    assert_eq!(
        sent,
        [None, Some(cookie.to_owned()), Some(cookie.to_owned()), None]
    );
}

#[tokio::test]
async fn cookies_without_end_are_not_kept() {
    let server = Server::start(move |request| {
        let number = request.target.strip_prefix("/sessions/").unwrap();
        let long = "x".repeat(5000);
        let cookies = [
            ("Set-Cookie", &*format!("n{number}=v; Path=/")),
            ("Set-Cookie", &*format!("big=v{long}; Path=/")),
            ("Set-Cookie", "login=new; Path=/"),
        ];
        Reply::with(200, &cookies, r#"{"id":1}"#)
    });
    let client = client(&server);
    for number in 0..200 {
        client.session(&id(&number.to_string())).await.unwrap();
    }
    for request in server.requests().iter().skip(1) {
        let sent = request.header("cookie").unwrap();
        assert!(sent.contains("login=new"), "{sent}");
        let few = sent.split(';').count() <= 50;
        assert!(few && !sent.contains("big="), "{sent}");
    }
    let last = server.requests().pop().unwrap();
    let sent = last.header("cookie").unwrap();
    assert!(sent.contains("n198="), "the newest stays: {sent}");
}

#[tokio::test]
async fn loopback_goes_through_no_proxy() {
    let server = Server::start(|_| Reply::json(200, "{}"));
    let proxy = Server::start(|_| Reply::json(200, "{}"));
    let mut connection = connection(&server.url(""));
    connection.proxy = ProxyChoice::Url(proxy.url("").parse().unwrap());
    Client::new(connection.clone())
        .unwrap()
        .version()
        .await
        .unwrap();
    assert_eq!((server.connections(), proxy.connections()), (1, 0));
    connection.base = "http://livy.invalid:8998".parse().unwrap();
    Client::new(connection).unwrap().version().await.unwrap();
    assert_eq!(proxy.lines(), ["GET http://livy.invalid:8998/version"]);
}

#[tokio::test]
async fn secrets_are_in_no_trace_no_error_and_no_debug_output() {
    let server = Server::start(|request| {
        let all: Vec<String> = request
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        Reply::json(500, serde_json::Value::String(all.join(" ")).to_string())
    });
    let (sender, mut events) = mpsc::unbounded_channel();
    let mut connection = connection(&server.url(""));
    connection.credentials = Credentials::Bearer {
        token: "tok-3n-s3cret".into(),
    };
    connection.headers = vec![("X-Api-Key".to_owned(), "k3y-s3cret".into())];
    connection.trace = Some(sender);
    let mut shown = format!("{connection:?}");
    let client = Client::new(connection).unwrap();
    let error = client.version().await.unwrap_err();
    shown += format!("{client:?} {error} {error:?}").as_str();
    while let Ok(event) = events.try_recv() {
        assert!(
            matches!(&event, Trace::Sent { method: "GET", path, body: None, .. } if path == "/version")
                || matches!(&event, Trace::Received { status: 500, .. })
        );
        shown += format!("{event:?}").as_str();
    }
    assert!(!shown.contains("s3cret"), "{shown}");
    assert_eq!(
        shown.matches("authorization").count(),
        4,
        "sent, received, error twice: {shown}"
    );
}

#[test]
fn an_address_or_header_that_cannot_serve_is_refused_without_repeating_secrets() {
    for base in [
        "http://u:hunter22@h/livy",
        "http://hunter22@h",
        "http://h/?token=hunter22",
        "ftp://h",
        "file:///hunter22",
    ] {
        let refused = problem(Client::new(connection(base)));
        assert!(
            matches!(&refused, Problem::Setup(text) if !text.contains("hunter22")),
            "{refused}"
        );
    }
    for (name, value) in [
        ("a b", "hunter22"),
        ("x", "hunter22\r\nY: z"),
        ("Content-Length", "5"),
    ] {
        let mut connection = connection("http://h");
        connection.headers = vec![(name.to_owned(), value.into())];
        let refused = problem(Client::new(connection));
        assert!(
            matches!(&refused, Problem::Setup(text) if !text.contains("hunter22")),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn a_client_that_shares_nothing_with_another_begins_with_its_newest_token() {
    let server = Server::start(|request| match request.header("authorization") {
        Some("Bearer new") => Reply::json(200, r#"{"id":1,"state":"idle"}"#),
        _ => Reply::json(401, "{}"),
    });
    let bearer = |token: &str| Credentials::Bearer {
        token: token.into(),
    };
    // whoever hands tokens out does so once
    let once = std::sync::atomic::AtomicBool::new(true);
    let mut connection = connection(&server.url(""));
    connection.credentials = bearer("old");
    connection.renewal = Some(Renewal::new(move || {
        let first = once.swap(false, std::sync::atomic::Ordering::SeqCst);
        first.then(|| bearer("new"))
    }));
    let client = Client::new(connection).unwrap();
    client.session(&id("1")).await.unwrap();
    client.anew().unwrap().delete(&id("1")).await.unwrap();
    assert_eq!(server.requests().len(), 3);
}
