use std::fs;
use std::path::PathBuf;

use super::*;
use crate::settings::{Format, Kind};

const CONFIG: &str = r#"
default = "prod"
[shell]
kind = "sparkr"
format = "csv"
colors = "never"
init = ["/i/all.py"]
[servers.prod]
url = "https://bob@prod.example/livy"
password-command = "pass prod"
init = ["/i/prod.py"]
session = { kind = "spark", driver-memory = "2g", queue = "night", conf = { a = 1, b = 2 } }
[servers.bare]
url = "http://bare.example"
"#;

/// Parses with a config file and variables of its own: nothing of this machine leaks in.
fn run(config: Option<&str>, env: &[(&str, &str)], line: &[&str]) -> Result<Command, UsageError> {
    let home = tempfile::tempdir().unwrap();
    if let Some(text) = config {
        fs::write(home.path().join("config.toml"), text).unwrap();
    }
    let home = home.path().to_str().unwrap();
    let env = |name: &str| match name {
        "LIVYSH_HOME" => Some(home.to_owned()),
        _ => env
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned()),
    };
    parse(std::iter::once("livysh").chain(line.iter().copied()), &env)
}

fn settings(config: Option<&str>, env: &[(&str, &str)], line: &[&str]) -> Settings {
    match run(config, env, line).unwrap() {
        Command::Run(settings) | Command::Sessions(_, settings) => *settings,
        other => panic!("{other:?}"),
    }
}

fn refused(config: Option<&str>, env: &[(&str, &str)], line: &[&str]) -> UsageError {
    run(config, env, line).unwrap_err()
}

fn target(settings: &Settings) -> &str {
    match &settings.target {
        Target::Local => "local",
        Target::Server { url, .. } => url.as_str(),
    }
}

#[test]
fn the_server_comes_from_the_line_then_the_environment_then_the_config() {
    let env = [("LIVYSH_SERVER", "bare")];
    assert_eq!(
        target(&settings(Some(CONFIG), &env, &["https://h/x"])),
        "https://h/x"
    );
    assert_eq!(
        target(&settings(Some(CONFIG), &env, &[])),
        "http://bare.example/"
    );
    let from_default = settings(Some(CONFIG), &[], &[]);
    assert_eq!(target(&from_default), "https://prod.example/livy");
    assert_eq!(from_default.target.name(), "prod");
    assert_eq!(
        target(&settings(None, &[("LIVYSH_SERVER", "local")], &[])),
        "local"
    );
    assert_eq!(
        target(&settings(Some("default = \"local\""), &[], &[])),
        "local"
    );
}

#[test]
fn without_any_server_the_three_ways_to_start_are_shown() {
    let error = refused(None, &[], &[]);
    assert!(matches!(error, UsageError::NoServer));
    for way in ["livysh local", "livysh https://", "livysh config init"] {
        assert!(error.to_string().contains(way), "{way}");
    }
}

#[test]
fn flags_beat_the_environment_which_beats_the_profile_which_beats_the_shell_section() {
    let kind = |env: &[(&str, &str)], line: &[&str]| settings(Some(CONFIG), env, line).session.kind;
    let env = [("LIVYSH_KIND", "pyspark")];
    assert_eq!(kind(&env, &["prod", "-k", "sql"]), Some(Kind::Sql));
    assert_eq!(kind(&env, &["prod"]), Some(Kind::Pyspark));
    assert_eq!(kind(&[], &["prod"]), Some(Kind::Spark));
    assert_eq!(kind(&[], &["bare"]), Some(Kind::Sparkr));
    assert_eq!(settings(None, &[], &["http://h"]).session.kind, None);
    let merged = settings(
        Some(CONFIG),
        &[("LIVYSH_DRIVER_MEMORY", "3GB")],
        &["prod", "--conf", "b=9"],
    );
    assert_eq!(merged.session.driver_memory.as_deref(), Some("3g"));
    assert_eq!(merged.session.queue.as_deref(), Some("night"));
    assert_eq!(
        (
            merged.session.conf["a"].as_str(),
            merged.session.conf["b"].as_str()
        ),
        ("1", "9")
    );
}

#[test]
fn the_shell_section_gives_form_and_colours_but_not_to_lists_of_sessions() {
    let run = settings(Some(CONFIG), &[], &["prod"]).run;
    assert_eq!(
        (run.format, run.color_or_default().as_str()),
        (Some(Format::Csv), "never")
    );
    let env = [("LIVYSH_FORMAT", "tsv"), ("LIVYSH_COLOR", "always")];
    let run = settings(Some(CONFIG), &env, &["prod"]).run;
    assert_eq!(
        (run.format, run.color_or_default().as_str()),
        (Some(Format::Tsv), "always")
    );
    assert_eq!(settings(Some(CONFIG), &[], &["sessions"]).run.format, None);
}

#[test]
fn init_files_are_the_shells_then_the_profiles() {
    let all = settings(Some(CONFIG), &[], &["prod"]).shell.init;
    assert_eq!(
        all,
        [PathBuf::from("/i/all.py"), PathBuf::from("/i/prod.py")]
    );
    assert_eq!(
        settings(Some(CONFIG), &[], &["local"]).shell.init,
        [PathBuf::from("/i/all.py")]
    );
}

#[test]
fn a_profiles_credentials_go_to_its_server_only() {
    let prod = settings(Some(CONFIG), &[], &["prod"]).connection;
    assert_eq!(prod.user.as_deref(), Some("bob"));
    assert_eq!(prod.password_command.as_deref(), Some("pass prod"));
    for line in [&["bare"][..], &["https://prod.example/livy"], &["local"]] {
        let other = settings(Some(CONFIG), &[], line).connection;
        assert!(
            other.user.is_none() && other.password_command.is_none(),
            "{line:?}"
        );
    }
    let named = settings(None, &[], &["https://eve@h"]);
    assert_eq!(
        (target(&named), named.connection.user.as_deref()),
        ("https://h/", Some("eve"))
    );
}

#[test]
fn a_wrong_word_is_explained() {
    let nearest = |line: &[&str]| match refused(Some(CONFIG), &[], line) {
        UsageError::NoProfile { nearest, .. } => nearest,
        other => panic!("{other}"),
    };
    assert_eq!(nearest(&["pord"]).as_deref(), Some("prod"));
    assert_eq!(nearest(&["sesions"]).as_deref(), Some("sessions"));
    assert_eq!(nearest(&["zzz"]), None);
    for word in ["localhost:8998", "host.example/livy", "localhost"] {
        assert!(
            matches!(refused(None, &[], &[word]), UsageError::NoScheme { .. }),
            "{word}"
        );
    }
    let text = refused(Some(CONFIG), &[], &["prod", "--no-config"]).to_string();
    assert!(text.contains("--no-config"), "{text}");
}

#[test]
fn no_refusal_repeats_a_password() {
    for (env, line) in [
        (&[][..], &["u:s3cret@host"][..]),
        (&[("LIVYSH_SERVER", "https://u:s3cret@h")], &[]),
        (&[("LIVYSH_PROXY", "https://u:s3cret@h")], &["http://h"]),
        (&[("LIVYSH_USER", "u:s3cret")], &["http://h"]),
        (&[], &["sessions", "kill", "https://u:s3cret@h"]),
        (&[], &["sessions", "kill", "1", "https://u:s3cret@h"]),
    ] {
        let error = refused(None, env, line);
        let text = format!("{error} {error:?}");
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[test]
fn the_last_word_of_kill_may_be_the_server() {
    let Ok(Command::Sessions(action, settings)) =
        run(Some(CONFIG), &[], &["sessions", "kill", "1", "bare"])
    else {
        panic!();
    };
    assert_eq!(action, SessionsAction::Kill(vec!["1".into()]));
    assert_eq!(target(&settings), "http://bare.example/");
    let Ok(Command::Sessions(action, settings)) =
        run(Some(CONFIG), &[], &["sessions", "kill", "1", "etl"])
    else {
        panic!();
    };
    assert_eq!(action, SessionsAction::Kill(vec!["1".into(), "etl".into()]));
    assert_eq!(target(&settings), "https://prod.example/livy");
}

#[test]
fn a_local_spark_has_no_sessions_to_look_at() {
    for (config, line) in [
        (None, &["sessions", "list", "local"][..]),
        (Some("default = \"local\""), &["sessions"]),
    ] {
        assert!(matches!(
            refused(config, &[], line),
            UsageError::LocalSessions
        ));
    }
}

#[test]
fn a_bad_variable_is_named() {
    let error = refused(None, &[("LIVYSH_DRIVER_CORES", "many")], &["local"]);
    assert!(
        error
            .to_string()
            .starts_with("The environment variable LIVYSH_DRIVER_CORES: 'many'")
    );
}

#[test]
fn help_and_the_like_read_no_config_file() {
    let broken = Some("this is no toml");
    for line in [
        &["--help"][..],
        &["man"],
        &["config", "check"],
        &["history"],
        &["setup"],
        &["serve"],
    ] {
        run(broken, &[], line).unwrap();
    }
    assert!(matches!(
        refused(broken, &[], &["local"]),
        UsageError::Config(_)
    ));
    settings(broken, &[], &["local", "--no-config"]);
}

#[test]
fn a_key_needs_its_certificate() {
    assert!(matches!(
        refused(None, &[], &["http://h", "--key", "k"]),
        UsageError::KeyWithoutCert
    ));
}
