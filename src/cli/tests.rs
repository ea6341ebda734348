use super::*;
use crate::settings::{Format, Kind, Source};
use std::time::Duration;

fn parsed(line: &[&str]) -> Invocation {
    parse(std::iter::once("livysh").chain(line.iter().copied())).unwrap()
}

fn refused(line: &[&str]) -> String {
    let error = parse(std::iter::once("livysh").chain(line.iter().copied())).unwrap_err();
    format!("{error}\n{error:?}")
}

fn shell(line: &[&str]) -> Given {
    match parsed(line) {
        Invocation::Shell(given) | Invocation::Local(given) => *given,
        other => panic!("{other:?}"),
    }
}

fn printed(line: &[&str]) -> String {
    match parsed(line) {
        Invocation::Print(text) => text.plain,
        other => panic!("{other:?}"),
    }
}

#[test]
fn clap_finds_no_fault_in_the_declarations() {
    Cli::command().debug_assert();
}

#[test]
fn a_bare_word_that_is_no_subcommand_is_the_server() {
    assert_eq!(shell(&["prod"]).server.as_deref(), Some("prod"));
    let given = shell(&["https://host", "-k", "sql"]);
    assert_eq!(given.server.as_deref(), Some("https://host"));
    assert_eq!(given.session.kind, Some(Kind::Sql));
    assert_eq!(shell(&[]).server, None);
}

#[test]
fn options_stand_on_either_side_of_a_subcommand() {
    let expected = [Source::Code("local".into()), Source::Code("2".into())];
    for line in [
        &["local", "-e", "local", "-e", "2"][..],
        &["-e", "local", "local", "-e", "2"],
        &["-elocal", "-e", "2", "local"],
        &["--execute=local", "local", "-qe", "2"],
    ] {
        assert!(matches!(parsed(line), Invocation::Local(_)), "{line:?}");
        assert_eq!(shell(line).run.sources, expected, "{line:?}");
    }
    for line in [
        &["sessions", "list", "prod", "-o", "json"][..],
        &["sessions", "-o", "json", "list", "prod"],
        &["-o", "json", "sessions", "list", "prod"],
        &["-o", "json", "sessions", "prod"],
    ] {
        let Invocation::Sessions(SessionsAction::List, given) = parsed(line) else {
            panic!("{line:?}");
        };
        assert_eq!(given.server.as_deref(), Some("prod"));
        assert_eq!(given.run.format, Some(Format::Json));
    }
}

#[test]
fn a_server_and_a_subcommand_exclude_each_other() {
    refused(&["prod", "local"]);
}

#[test]
fn code_and_files_keep_their_order() {
    let given = shell(&["-f", "a.py", "-e", "-x", "-f", "-", "-e", "1"]);
    assert_eq!(
        given.run.sources,
        [
            Source::File("a.py".into()),
            Source::Code("-x".into()),
            Source::Stdin,
            Source::Code("1".into())
        ]
    );
}

#[test]
fn every_field_of_a_new_session_has_its_option() {
    let line = "h --kind scala --name etl --conf a=1 --conf b=2=3 --jars x.jar,y.jar --jars z.jar \
                --py-files p.py --files f --archives a.zip --driver-memory 4g --driver-cores 1 \
                --executor-memory 2GB --executor-cores 2 --num-executors 3 --queue q \
                --proxy-user u --ttl 8h --idle-timeout 90 --heartbeat 0 --rows 5 \
                --start-timeout 2m";
    let words: Vec<&str> = line.split_whitespace().collect();
    let session = shell(&words).session;
    assert_eq!(session.kind, Some(Kind::Spark));
    assert_eq!(session.name.as_deref(), Some("etl"));
    assert_eq!(session.conf["b"], "2=3");
    assert_eq!(session.jars, ["x.jar", "y.jar", "z.jar"]);
    assert_eq!(
        (session.py_files, session.files),
        (vec!["p.py".into()], vec!["f".into()])
    );
    assert_eq!(session.archives, ["a.zip"]);
    assert_eq!(session.driver_memory.as_deref(), Some("4g"));
    assert_eq!(session.executor_memory.as_deref(), Some("2g"));
    assert_eq!(session.driver_cores, Some(1));
    assert_eq!(
        (session.executor_cores, session.num_executors),
        (Some(2), Some(3))
    );
    assert_eq!(session.queue.as_deref(), Some("q"));
    assert_eq!(session.proxy_user.as_deref(), Some("u"));
    assert_eq!(session.ttl.as_deref(), Some("8h"));
    assert_eq!(session.idle_timeout.as_deref(), Some("90s"));
    assert_eq!((session.heartbeat, session.rows), (Some(0), Some(5)));
    assert_eq!(session.start_timeout, Some(Duration::from_secs(120)));
}

#[test]
fn what_was_not_asked_for_stays_open() {
    let given = shell(&["h"]);
    assert_eq!(given.session, SessionSettings::default());
    assert_eq!(given.run, RunSettings::default());
    assert!(given.connection.insecure.is_none() && given.connection.no_proxy.is_none());
}

#[test]
fn bad_values_are_refused() {
    for line in [
        &["h", "--driver-memory", "4"][..],
        &["h", "--driver-cores", "0"],
        &["h", "--name", "123"],
        &["h", "--name", ""],
        &["h", "--conf", "x"],
        &["h", "--jars", "a,,b"],
        &["h", "--header", "x"],
        &["h", "--ttl", "soon"],
        &["h", "--timeout", "0"],
        &["h", "-k", "ruby"],
        &["h", "-o", "xml"],
        &["h", "--auth", "magic"],
        &["h", "-q", "-v"],
        &["h", "--proxy", "http://p", "--no-proxy"],
        &["ftp://h"],
        &["serve", "--port", "99999"],
        &["setup", "--spark", "3"],
        &["sessions", "kill"],
        &["sessions", "show", "-1"],
        &["history", "show", "x"],
        &["local", "--auth", "none"],
        &["h", "--nonsense"],
    ] {
        refused(line);
    }
}

#[test]
fn no_refusal_repeats_a_password() {
    for line in [
        &["https://u:s3cret@h/"][..],
        &["prod", "https://u:s3cret@h/"],
        &["h", "--proxy", "http://u:s3cret@p:1"],
        &["h", "--user", "u:s3cret"],
        &["h", "--header", "Authorization: s3cret"],
        &["h", "--header", "s3cret"],
        &["h", "--password=s3cret"],
        &["sessions", "show", "https://u:s3cret@h/"],
        &["--conf", "fs.key s3cret", "h"],
    ] {
        let text = refused(line);
        assert!(!text.contains("s3cret"), "{line:?}: {text}");
    }
}

#[test]
fn the_short_help_is_shorter_and_both_show_the_three_ways_to_start() {
    let (short, long) = (printed(&["-h"]), printed(&["--help"]));
    assert!(short.len() < long.len());
    for text in [&short, &long] {
        assert!(text.contains("livysh local "));
        assert!(!text.contains('\u{1b}'));
    }
}

#[test]
fn the_help_promises_only_what_is_built() {
    let help = printed(&["--help"]) + &printed(&["sessions", "--help"]);
    for later in ["kerberos", "sigv4", "markdown", "html"] {
        assert!(!help.contains(later), "{later}");
    }
}

#[test]
fn version_completions_and_manual_are_texts() {
    assert_eq!(
        printed(&["--version"]).trim(),
        concat!("livysh ", env!("CARGO_PKG_VERSION"))
    );
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            printed(&["completions", shell]).contains("driver-memory"),
            "{shell}"
        );
    }
    let page = printed(&["man"]);
    for part in [
        ".TH livysh",
        "LIVYSH SESSIONS",
        "driver\\-memory",
        "no\\-auth",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn the_names_that_no_profile_may_have_are_the_subcommands() {
    let mut command = Cli::command();
    command.build();
    let names: Vec<&str> = command
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    assert_eq!(names, crate::settings::SUBCOMMANDS);
}

#[test]
fn sessions_takes_ids_then_the_server() {
    let Invocation::Sessions(action, given) = parsed(&["sessions", "logs", "3", "prod", "-f"])
    else {
        panic!();
    };
    let id = "3".to_owned();
    assert_eq!(action, SessionsAction::Logs { id, follow: true });
    assert_eq!(given.server.as_deref(), Some("prod"));
    let Invocation::Sessions(action, _) = parsed(&["sessions", "kill", "3", "4", "https://h"])
    else {
        panic!();
    };
    let ids = ["3", "4", "https://h"].map(str::to_owned).to_vec();
    assert_eq!(action, SessionsAction::Kill(ids));
}

#[test]
fn history_and_config_have_defaults() {
    let Invocation::History(action, _) = parsed(&["history"]) else {
        panic!()
    };
    assert_eq!(action, HistoryAction::Recent { limit: 50 });
    let Invocation::History(action, run) = parsed(&["history", "export", "--output", "x.json"])
    else {
        panic!()
    };
    assert_eq!(action, HistoryAction::Export);
    assert_eq!(run.output, Some("x.json".into()));
    for (line, expected) in [
        (&["config"][..], ConfigAction::Show),
        (&["config", "check"], ConfigAction::Check),
    ] {
        let Invocation::Config(action) = parsed(line) else {
            panic!()
        };
        assert_eq!(action, expected);
    }
}

/// What each subcommand offers, beside --help: no more than what acts there.
#[test]
fn a_subcommand_offers_only_options_that_act_there() {
    const CONNECTION: &str = "auth user password-file token-command do-as header cacert cert key \
                              insecure insecure-http proxy no-proxy connect-timeout";
    let offered = |path: &[&str]| {
        let mut command = Cli::command();
        command.build();
        let mut at = &command;
        for name in path {
            at = at.find_subcommand(name).unwrap();
        }
        let mut names: Vec<String> = at
            .get_arguments()
            .filter_map(|argument| argument.get_long().map(str::to_owned))
            .filter(|name| name != "help")
            .collect();
        names.sort();
        names
    };
    for (path, remote, more) in [
        (&["serve"][..], false, "port no-auth spark-home quiet"),
        (&["setup"], false, "spark quiet"),
        (&["sessions"], true, "format color verbose no-config"),
        (
            &["sessions", "list"],
            true,
            "format color verbose no-config",
        ),
        (
            &["sessions", "show"],
            true,
            "format color verbose no-config",
        ),
        (
            &["sessions", "statements"],
            true,
            "format color verbose no-config",
        ),
        (&["sessions", "logs"], true, "follow verbose no-config"),
        (&["sessions", "kill"], true, "quiet verbose no-config"),
        (&["sessions", "clean"], true, "quiet verbose no-config"),
        (&["history"], false, "limit format color"),
        (&["history", "search"], false, "limit format color"),
        (&["history", "show"], false, ""),
        (&["history", "export"], false, "output"),
        (&["config"], false, ""),
        (&["config", "path"], false, ""),
        (&["config", "check"], false, ""),
        (&["completions"], false, ""),
        (&["man"], false, ""),
    ] {
        let all = format!("{} {more}", if remote { CONNECTION } else { "" });
        let mut all: Vec<&str> = all.split_whitespace().collect();
        all.sort_unstable();
        assert_eq!(offered(path), all, "{path:?}");
    }
}

#[test]
fn serve_listens_where_livy_does() {
    let Invocation::Serve(serve) = parsed(&["serve", "-q"]) else {
        panic!()
    };
    assert_eq!(
        (serve.port, serve.no_auth, serve.quiet),
        (8998, false, true)
    );
}

#[test]
fn an_output_file_is_refused_where_it_would_do_nothing() {
    for words in [
        "sessions list",
        "history",
        "history search x",
        "config show",
        "setup",
    ] {
        let mut arguments = vec!["--output", "x"];
        arguments.extend(words.split(' '));
        refused(&arguments);
    }
}
