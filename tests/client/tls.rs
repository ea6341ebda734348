use livysh::livy::{Connection, Reach, TlsWhy};

use super::support::tls::Authority;
use super::support::{Reply, Server};
use super::*;

fn over(server: &Server, change: impl FnOnce(&mut Connection)) -> Client {
    let mut connection = connection(&server.url(""));
    change(&mut connection);
    Client::new(connection).unwrap()
}

fn tls_why<T: std::fmt::Debug>(answer: Result<T, livysh::livy::Error>) -> TlsWhy {
    match unreached(answer) {
        Reach::Tls { why, .. } => why,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_private_ca_is_trusted_when_named_and_only_then() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.server(&["127.0.0.1"]), |_| Reply::json(200, "{}"));
    over(&server, |connection| {
        connection.cacert = Some(authority.file());
    })
    .version()
    .await
    .unwrap();
    over(&server, |connection| connection.insecure = true)
        .version()
        .await
        .unwrap();
    for (stranger, why) in [
        ("stranger", TlsWhy::UnknownIssuer),
        ("private authority", TlsWhy::WrongIssuer),
    ] {
        let stranger = Authority::named(stranger);
        let misled = over(&server, |connection| {
            connection.cacert = Some(stranger.file());
        });
        assert_eq!(tls_why(misled.version().await), why);
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.server(&["other.example.net"]), |_| {
        Reply::json(200, "{}")
    });
    let why = tls_why(
        over(&server, |connection| {
            connection.cacert = Some(authority.file());
        })
        .version()
        .await,
    );
    assert_eq!(why, TlsWhy::OtherName);
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_one_is_wanted() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.strict_server(), |_| Reply::json(200, "{}"));
    let (cert, key) = authority.client();
    let known = over(&server, |connection| {
        connection.cacert = Some(authority.file());
        connection.cert = Some(cert.clone());
        connection.key = Some(key.clone());
    });
    known.version().await.unwrap();
    let unknown = over(&server, |connection| {
        connection.cacert = Some(authority.file());
    });
    let why = tls_why(unknown.version().await);
    assert_eq!(why, TlsWhy::ClientCertificate);
    let keyless = over(&server, |connection| connection.cert = Some(cert));
    assert!(
        keyless
            .version()
            .await
            .unwrap_err()
            .to_string()
            .contains("key")
    );
}

#[tokio::test]
async fn the_wrong_scheme_is_hinted_at_both_ways() {
    let authority = Authority::new();
    let plain = Server::start(|_| Reply::json(200, "{}"));
    // The scripted server waits for a request line that never comes, as some servers do; most answer 400.
    let talkative = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = talkative.local_addr().unwrap().port();
    let answering = std::thread::spawn(move || {
        use std::io::Write;
        let (mut stream, _) = talkative.accept().unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
        stream
    });
    let mut tls_on_plain = connection(&format!("https://127.0.0.1:{port}"));
    tls_on_plain.cacert = Some(authority.file());
    let why = tls_why(Client::new(tls_on_plain).unwrap().version().await);
    assert_eq!(why, TlsWhy::NotTls);
    drop(answering.join());

    let mut silent = connection(&plain.url("").replace("http:", "https:"));
    silent.cacert = Some(authority.file());
    silent.connect_timeout = Duration::from_millis(300);
    let reach = unreached(Client::new(silent).unwrap().version().await);
    assert!(matches!(reach, Reach::ConnectTimeout { .. }), "{reach}");

    let secure = Server::start_tls(authority.server(&["127.0.0.1"]), |_| Reply::json(200, "{}"));
    let wrong = Client::new(connection(&secure.url("").replace("https:", "http:"))).unwrap();
    match unreached(wrong.version().await) {
        Reach::Broken { cause } => assert!(cause.contains("https://"), "{cause}"),
        other => panic!("{other}"),
    }
}

/// A way to a server of which the first connection carries one exchange and the others end in the handshake.
fn restarting(server: &Server) -> String {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (url, to) = (listener.local_addr().unwrap(), server.port());
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut server = std::net::TcpStream::connect(("127.0.0.1", to)).unwrap();
        let (mut back, mut there) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut back, &mut there));
        let mut begin = [0; 4096];
        while let Ok(read @ 1..) = client.read(&mut begin) {
            server.write_all(&begin[..read]).unwrap();
        }
        while let Ok((mut client, _)) = listener.accept() {
            // what is left unread would reset the connection
            let _ = client.read(&mut begin);
        }
    });
    format!("https://{url}")
}

#[tokio::test]
async fn a_connection_that_ends_in_the_handshake_is_passing_once_the_server_has_spoken() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.server(&["127.0.0.1"]), |_| {
        Reply::with(200, &[("Connection", "close")], "{}")
    });
    let mut connection = connection(&restarting(&server));
    connection.cacert = Some(authority.file());
    let client = Client::new(connection.clone()).unwrap();
    client.version().await.unwrap();
    let error = client.version().await.unwrap_err();
    assert!(error.is_passing() && !error.may_have_arrived(), "{error}");
    assert!(error.to_string().contains("handshake"), "{error}");
    // one that never spoke is told as what it may be, and is not plain http for sure
    let why = tls_why(Client::new(connection).unwrap().version().await);
    assert_eq!(why, TlsWhy::Closed);
}

#[tokio::test]
async fn a_ca_file_that_is_missing_is_named() {
    let mut connection = connection("https://127.0.0.1:1");
    connection.cacert = Some("/nonexistent/ca.pem".into());
    let error = Client::new(connection)
        .unwrap()
        .version()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("/nonexistent/ca.pem"), "{error}");
    assert!(!error.may_have_arrived());
}
