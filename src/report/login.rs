//! A login that was refused, as a person reads it: by what was sent, and by what the server would take.
use super::Report;
use crate::livy::{Failure, Renewed, Scheme};

const PASSWORD: &str =
    "--user NAME asks for a password; LIVYSH_PASSWORD and --password-file give one to scripts";
const TOKEN: &str = "--auth bearer with --token-command COMMAND, or with LIVYSH_TOKEN";
const SAME: &str = "the token or password command was asked again, and gave the secret again that the server had refused";
const OTHERS: &str =
    "the token or password command was asked again, and what it gave was refused as well";
const COMMAND: &str = "run the command in a terminal (--token-command or password-command): its secret is a wrong one or has expired, and a login behind it may have run out";
const OTHER_WAY: &str = "ask its operator for a way in with a password or a token: a gateway such as Knox often has one";

pub(super) fn refused(report: Report, failure: &Failure) -> Report {
    let takes = |scheme| failure.asks_for.contains(&scheme);
    // a login of another sort than the server takes is the better reason
    let fits = failure.asks_for.is_empty() || failure.sent.is_some_and(takes);
    match failure.renewed {
        Renewed::Same if fits => return report.because(SAME).advise(COMMAND),
        Renewed::Refused if fits => return report.because(OTHERS).advise(COMMAND),
        _ => {}
    }
    match failure.sent {
        Some(Scheme::Basic) if takes(Scheme::Basic) => report
            .because("user or password are wrong")
            .advise(PASSWORD),
        Some(Scheme::Bearer) if takes(Scheme::Bearer) => report
            .because("the token is wrong or has expired")
            .advise("get a new one; --token-command COMMAND fetches it at each start"),
        _ if takes(Scheme::Basic) => report
            .because("the server asks for a user and a password")
            .advise(PASSWORD),
        _ if takes(Scheme::Bearer) => report
            .because("the server asks for a token")
            .advise(TOKEN),
        _ if takes(Scheme::Negotiate) => report
            .because("the server asks for Kerberos (Negotiate), which this version of livysh does not speak yet")
            .advise(OTHER_WAY),
        _ if takes(Scheme::Other) => report
            .because("the server offers no way in that livysh speaks (neither Basic nor Bearer)")
            .advise(OTHER_WAY),
        _ => report
            .because("user, password or token are missing or wrong")
            .advise("--user NAME asks for a password; LIVYSH_PASSWORD, --password-file and --token-command give one to scripts"),
    }
}
