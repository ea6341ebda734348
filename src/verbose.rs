//! `-v` and `-vv`: what is sent and received, on stderr, secrets hidden by the client already.
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write as _;

use livysh_history::looks_secret;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::editor;
use crate::livy::Trace;
use crate::render::safe;

/// Starts telling; `prompt` is where a person types at the same time.
pub fn start(
    runtime: &Handle,
    verbose: u8,
    prompt: Option<editor::Handle>,
) -> Option<UnboundedSender<Trace>> {
    if verbose == 0 {
        return None;
    }
    let (sender, mut events) = unbounded_channel();
    runtime.spawn(async move {
        while let Some(event) = events.recv().await {
            let text = safe(&told(&event, verbose), true).into_owned();
            let shown = prompt.as_ref().is_some_and(|prompt| prompt.print(&text));
            if !shown {
                let _ = writeln!(std::io::stderr(), "{text}");
            }
        }
    });
    Some(sender)
}

fn told(event: &Trace, verbose: u8) -> String {
    let mut text = String::new();
    // writing to a String cannot fail
    let _ = match event {
        Trace::Sent {
            method,
            path,
            headers,
            body,
        } => {
            let mut told = write!(text, "> {method} {path}");
            if verbose > 1 {
                for (name, value) in headers {
                    told = write!(text, "\n> {name}: {value}");
                }
                if let Some(body) = body {
                    told = write!(text, "\n> {}", without_code(body));
                }
            }
            told
        }
        Trace::Received {
            status,
            took,
            bytes,
            begin,
        } => {
            let told = write!(
                text,
                "< {status}, {bytes} bytes, {:.1} ms",
                took.as_secs_f64() * 1000.0
            );
            if verbose > 1 && !begin.is_empty() {
                write!(text, "\n< {}", without_code(begin))
            } else {
                told
            }
        }
    };
    text
}

/// A body as it is told: code, and an answer to it, not when it looks like it holds a credential. What is
/// kept out of the record must not stand in a log.
fn without_code(body: &str) -> Cow<'_, str> {
    let of_a_statement = ["\"code\"", "\"output\""]
        .iter()
        .any(|key| body.contains(key));
    let plain = || body.replace("\\\"", "\"").replace("\\n", "\n");
    match of_a_statement
        .then(plain)
        .and_then(|code| looks_secret(&code))
    {
        Some(what) => format!("(hidden: it looks like it holds {what})").into(),
        None => body.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_looks_like_it_holds_a_credential_is_not_told_and_any_other_is() {
        let body = r#"{"code":"print(\"a\")\ndb_pass = \"hunter2\"","kind":"pyspark"}"#;
        assert_eq!(
            without_code(body),
            "(hidden: it looks like it holds a password)"
        );
        for body in [
            r#"{"code":"1 + 1","kind":"pyspark"}"#,
            r#"{"conf":{"my.password":"(hidden)"}}"#,
        ] {
            assert_eq!(without_code(body), body);
        }
    }
}
