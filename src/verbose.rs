//! `-v` and `-vv`: what is sent and received, on stderr, secrets hidden by the client already.
use std::fmt::Write as _;
use std::io::Write as _;

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
                    told = write!(text, "\n> {body}");
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
                write!(text, "\n< {begin}")
            } else {
                told
            }
        }
    };
    text
}
