//! `~/.netrc`: which entry is taken, whose file is trusted, and that nothing of it is told.
use base64::Engine;

use super::*;
use crate::run::Ended;

/// With what an unquoted word cannot have.
const PASSWORD: &str = "a \"quoted\" pass\\word, with # and blanks";
/// The entry for it, as netrc writes it.
const QUOTED: &str =
    r#"machine 127.0.0.1 login ann password "a \"quoted\" pass\\word, with # and blanks""#;
/// Of other entries.
const OTHERS: [&str; 4] = ["0thersPw1", "0thersPw2", "0thersPw3", "0thersPw4"];

fn guarded() -> Livy {
    Livy::start(Plan {
        login: Some(("ann", PASSWORD, 401)),
        ..Plan::default()
    })
}

/// A home with a netrc of that mode.
fn home(netrc: &str, mode: u32) -> Home {
    let home = Home::new();
    write(&home, ".netrc", netrc, mode);
    home
}

fn write(home: &Home, name: &str, text: &str, mode: u32) -> String {
    let path = home.write(name, text);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
    std::fs::set_permissions(&path, mode).unwrap();
    path
}

/// A script with all of the exchange told: no password is in it, plain or as Basic carries it.
#[track_caller]
fn run(livy: &Livy, home: &Home, arguments: &[&str], netrc: Option<&str>) -> Ended {
    let url = livy.url();
    let job = home.livysh(&[&["-vv", "-e", "1 + 1"], arguments, &[&url]].concat());
    let job = match netrc {
        Some(path) => job.env("NETRC", path),
        None => job,
    };
    let ended = job.run();
    assert!(ended.err.contains("> POST /sessions"), "{}", ended.err);
    let basic = |password: &str| {
        let pair = format!("ann:{password}");
        base64::engine::general_purpose::STANDARD.encode(pair)
    };
    for secret in OTHERS.iter().chain([&PASSWORD, &"quoted"]) {
        for form in [(*secret).to_owned(), basic(secret)] {
            let told = ended.out.contains(&form) || ended.err.contains(&form);
            assert!(!told, "{form} in {}", ended.err);
        }
    }
    ended
}

/// It had no password that it trusts, sent none, and says what the server asks for.
#[track_caller]
fn refused(livy: &Livy, ended: Ended, said: &[&str]) {
    ended
        .exits(3)
        .says(said)
        .says(&["the server refuses POST /sessions"]);
    let requests = livy.requests();
    let sent = requests.iter().find_map(|it| it.header("authorization"));
    assert_eq!(sent, None);
    livy.assert_untouched();
}

#[test]
fn of_many_entries_that_of_the_host_and_the_user_is_taken_whatever_signs_the_password_has() {
    let [one, two, three, four] = OTHERS;
    let before = format!(
        "# machine 127.0.0.1 login ann password {one}\n\
         machine other.example login ann password {two}\n"
    );
    let after = format!(
        "\nmachine 127.0.0.1 login ann password {three}\ndefault login ann password {four}\n"
    );
    let of_bob = format!("machine 127.0.0.1 login bob password {one}\n");
    let macros = "macdef init\nmachine 127.0.0.1 login ann password no\n\n";
    let cases: [(String, &[&str]); 6] = [
        (format!("{QUOTED}\n"), &[]),
        (format!("{before}{QUOTED}{after}"), &[]),
        // the entry of the host counts, also where `default` stands before it
        (format!("default login ann password {four}\n{QUOTED}"), &[]),
        (
            format!("{before}{of_bob}{QUOTED}{after}"),
            &["--user", "ann"],
        ),
        (
            format!(
                "{macros}{}",
                QUOTED
                    .replacen(" l", "\n\tl", 1)
                    .replacen(" pass", "\n\tpass", 1)
            ),
            &[],
        ),
        (
            QUOTED.replace("machine 127.0.0.1", "default"),
            &["--auth", "basic"],
        ),
    ];
    for (netrc, arguments) in cases {
        let (livy, home) = (guarded(), home(&netrc, 0o600));
        let ended = run(&livy, &home, arguments, None).exits(0).prints("2\n");
        assert!(!ended.err.contains("netrc"), "{netrc}: {}", ended.err);
        livy.assert_clean();
    }
}

#[test]
fn the_entry_for_any_host_and_that_of_another_are_shown_to_nobody_who_did_not_ask() {
    let livy = guarded();
    for machine in ["default", "machine other.example"] {
        let home = home(&QUOTED.replace("machine 127.0.0.1", machine), 0o600);
        refused(&livy, run(&livy, &home, &[], None), &["--user NAME"]);
    }
}

#[test]
fn a_netrc_that_others_can_read_is_used_and_said() {
    for mode in [0o604, 0o640, 0o644] {
        let (livy, home) = (guarded(), home(QUOTED, mode));
        let path = home.path(".netrc").display().to_string();
        let ended = run(&livy, &home, &[], None).exits(0).prints("2\n");
        let ended = ended.says(&[&format!("Other users can read {path}"), "chmod 600"]);
        assert_eq!(ended.err.matches("can read").count(), 1, "{}", ended.err);
    }
}

#[test]
fn a_netrc_that_others_can_write_or_that_makes_no_sense_is_left_out_and_said() {
    let broken = format!("\n{QUOTED} passwort {}\n", OTHERS[0]);
    let unended = format!("{QUOTED}\nmachine h password \"{}\n", OTHERS[1]);
    let writable = "other users can write it";
    for (netrc, mode, why) in [
        (QUOTED, 0o602, writable),
        (QUOTED, 0o620, writable),
        (QUOTED, 0o666, writable),
        (broken.as_str(), 0o600, "line 2 cannot be read"),
        (unended.as_str(), 0o600, "line 2 cannot be read"),
    ] {
        let (livy, home) = (guarded(), home(netrc, mode));
        let path = home.path(".netrc").display().to_string();
        let said = format!("The netrc file {path} was left out: {why}");
        refused(&livy, run(&livy, &home, &[], None), &[&said]);
    }
}

#[test]
fn another_file_is_taken_in_its_place_and_missed_when_it_is_not_there() {
    let wrong = format!("machine 127.0.0.1 login ann password {}\n", OTHERS[0]);
    let (livy, home) = (guarded(), home(&wrong, 0o600));
    let other = write(&home, "other", QUOTED, 0o600);
    run(&livy, &home, &[], Some(&other)).exits(0).prints("2\n");
    livy.assert_clean();
    let livy = guarded();
    let gone = home.path("gone").display().to_string();
    let said = format!("The netrc file {gone} was left out");
    refused(&livy, run(&livy, &home, &[], Some(&gone)), &[&said]);
}
