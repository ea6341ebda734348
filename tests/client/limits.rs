use std::io::Write;
use std::time::Duration;

use livysh::livy::{Problem, Reach};

use super::support::{Reply, Server};
use super::*;

const MIB: u64 = 1 << 20;

fn gzip(before: &str, zeros_mib: u64) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(before.as_bytes()).unwrap();
    let block = vec![b' '; 1 << 20];
    for _ in 0..zeros_mib {
        packed.write_all(&block).unwrap();
    }
    packed.finish().unwrap()
}

fn limit<T: std::fmt::Debug>(answer: Result<T, livysh::livy::Error>) -> u64 {
    match problem(answer) {
        Problem::TooLarge { limit } => limit,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn an_answer_of_200_mb_is_given_up_at_the_limit_of_its_call() {
    let server =
        Server::start(|_| Reply::flood(200, "{\"id\":0,\"x\":\"", vec![b'a'; 1 << 20], 200));
    let client = client(&server);
    assert_eq!(limit(client.session(&id("1")).await), 8 * MIB);
    assert_eq!(limit(client.statement(&id("1"), 0).await), 128 * MIB);
}

#[tokio::test]
async fn a_list_of_large_pages_is_given_up_before_it_fills_the_memory() {
    let server = Server::start(|request| {
        let (_, rest) = request.target.split_once("from=").unwrap();
        let from: u64 = rest.split('&').next().unwrap().parse().unwrap();
        let sessions: Vec<String> = (from..from + 100)
            .map(|id| format!(r#"{{"id":{id}}}"#))
            .collect();
        let blank = " ".repeat(7 << 20);
        let sessions = sessions.join(",");
        let page = format!(r#"{{"total":1000,"sessions":[{sessions}{blank}]}}"#);
        Reply::json(200, page)
    });
    assert_eq!(limit(client(&server).all_sessions().await), 64 * MIB);
    assert_eq!(server.requests().len(), 10);
}

#[tokio::test]
async fn a_list_that_is_longer_than_what_is_read_of_it_is_said_to_be_cut() {
    for (has, total, cut) in [
        (10_001, 10_001, true),
        (10_001, 100, true),
        (10_000, 10_000, false),
        (9_999, 9_999, false),
    ] {
        let server = Server::start(move |request| {
            let (_, rest) = request.target.split_once("from=").unwrap();
            let from: u64 = rest.split('&').next().unwrap().parse().unwrap();
            let sessions: Vec<String> = (from..has.min(from + 100))
                .map(|id| format!(r#"{{"id":{id}}}"#))
                .collect();
            let sessions = sessions.join(",");
            Reply::json(
                200,
                format!(r#"{{"total":{total},"sessions":[{sessions}]}}"#),
            )
        });
        let list = client(&server).all_sessions().await.unwrap();
        let read = usize::try_from(has.min(10_000)).unwrap();
        assert_eq!(
            (list.sessions.len(), list.cut),
            (read, cut),
            "{has}, {total}"
        );
    }
}

#[tokio::test]
async fn a_gzip_bomb_is_counted_unpacked() {
    let bomb = gzip("{", 200);
    assert!(bomb.len() < 1 << 20);
    let server = Server::start(move |request| {
        assert!(
            request
                .header("accept-encoding")
                .is_some_and(|how| how.contains("gzip"))
        );
        Reply::with(200, &[("Content-Encoding", "gzip")], &bomb)
    });
    assert_eq!(limit(client(&server).session(&id("1")).await), 8 * MIB);
}

#[tokio::test]
async fn a_large_answer_within_the_limit_is_whole_packed_or_not() {
    let text = "x".repeat(20 << 20);
    let body = format!(
        "{{\"id\":0,\"state\":\"available\",\"output\":{{\"status\":\"ok\",\"data\":{{\"text/plain\":\"{text}\"}}}}}}"
    );
    let packed = gzip(&body, 0);
    let server = Server::start(move |request| match request.target.as_str() {
        "/sessions/1/statements/0" => Reply::with(200, &[("Content-Encoding", "gzip")], &packed),
        _ => Reply::json(200, &body),
    });
    let client = client(&server);
    for number in [0, 1] {
        let statement = client.statement(&id("1"), number).await.unwrap();
        assert_eq!(
            statement.output.unwrap().data["text/plain"]
                .as_str()
                .map(str::len),
            Some(20 << 20)
        );
    }
}

#[tokio::test]
async fn what_claims_to_be_packed_and_is_not_is_garbled() {
    let server = Server::start(|_| Reply::with(200, &[("Content-Encoding", "gzip")], "{\"id\":1}"));
    let problem = problem(client(&server).session(&id("1")).await);
    assert!(matches!(problem, Problem::Garbled { .. }), "{problem}");
}

#[tokio::test]
async fn a_refusal_without_end_is_still_a_refusal() {
    let server = Server::start(|_| Reply::flood(500, "", vec![b'a'; 1 << 20], 20));
    let failure = refusal(client(&server).session(&id("1")).await);
    assert_eq!(failure.status, 500);
    assert!(failure.message.len() < 2000);
}

#[tokio::test]
async fn a_server_that_never_answers_is_left_after_the_time_out() {
    let server = Server::start(|_| Reply::never());
    let client = hasty(&server);
    let error = client.version().await.unwrap_err();
    assert!(error.may_have_arrived() && error.is_passing());
    let reach = unreached(client.delete(&id("1")).await);
    assert!(
        matches!(reach, Reach::Timeout { after } if after == Duration::from_millis(400)),
        "{reach}"
    );
    let reach = unreached(client.submit(&id("1"), "1", None).await);
    assert!(
        matches!(reach, Reach::Timeout { after } if after == Duration::from_millis(200)),
        "{reach}"
    );
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_slow_answer_within_the_time_out_arrives() {
    let server = Server::start(|_| Reply::json(200, "{}").after(Duration::from_millis(300)));
    client(&server).version().await.unwrap();
}

#[tokio::test]
async fn a_statement_may_flow_for_longer_than_the_time_out_and_a_session_may_not() {
    // Twelve pieces in three seconds: no gap is near the time-out, and all of them are beyond it.
    let mut pieces = [" "; 12];
    pieces[11] = r#"{"id":0,"state":"available","output":null}"#;
    let server = Server::start(move |_| Reply::chunks(&pieces, Duration::from_millis(250)));
    let mut connection = connection(&server.url(""));
    connection.read_timeout = Duration::from_secs(2);
    let client = Client::new(connection).unwrap();
    client.statement(&id("1"), 0).await.unwrap();
    assert!(matches!(
        unreached(client.session(&id("1")).await),
        Reach::Timeout { .. }
    ));
}

#[tokio::test]
async fn an_answer_that_drips_for_ever_ends() {
    let pieces = [" "; 1000];
    let server = Server::start(move |_| Reply::chunks(&pieces, Duration::from_millis(20)));
    let reach = unreached(hasty(&server).statement(&id("1"), 0).await);
    // Two seconds for the whole answer, long before its end; a busy machine may make a gap too long first.
    assert!(matches!(reach, Reach::Timeout { .. }), "{reach}");
}

#[tokio::test]
async fn a_torn_answer_is_broken_and_bytes_that_are_no_http_are_an_error() {
    for raw in [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":1",
        "HTTP/1.1 2",
        "\u{15}\u{3}\u{3}\u{0}\u{2}\u{2}\u{28}",
        "SSH-2.0-OpenSSH_9\r\n",
    ] {
        let server = Server::start(move |_| Reply::raw(raw));
        let reach = unreached(client(&server).session(&id("1")).await);
        assert!(matches!(reach, Reach::Broken { .. }), "{raw:?}: {reach}");
    }
}

#[tokio::test]
async fn a_header_without_end_is_an_error() {
    let server = Server::start(|_| {
        let mut raw = b"HTTP/1.1 200 OK\r\nX: ".to_vec();
        raw.resize(2 << 20, b'a');
        Reply::raw(raw)
    });
    assert!(matches!(
        unreached(client(&server).version().await),
        Reach::Broken { .. }
    ));
}
