//! Credentials: where they come from, where they go, and that nobody else sees them.
use super::support::{Reply, Server};
use super::*;
use crate::run::{Ended, Job};

const SECRET: &str = "s3cret-Passw0rd";

fn guarded() -> Livy {
    Livy::start(Plan {
        login: Some(("ann", SECRET, 401)),
        ..Plan::default()
    })
}

/// It logged in, and the secret is in no output.
#[track_caller]
fn logged_in(job: Job) -> Ended {
    job.run().exits(0).prints("2\n").hides(SECRET)
}

#[test]
fn a_password_comes_from_the_environment_a_file_or_a_command() {
    let (livy, home) = (guarded(), Home::new());
    let url = livy.url();
    logged_in(
        home.livysh(&["-e", "1 + 1", "--user", "ann", &url])
            .env("LIVYSH_PASSWORD", SECRET),
    );
    let file = home.write("password", format!("{SECRET}\nnot this\n"));
    logged_in(home.livysh(&[
        "-e",
        "1 + 1",
        "--user",
        "ann",
        "--password-file",
        &file,
        &url,
    ]));
    home.config(&format!(
        "[servers.prod]\nurl = \"{url}\"\nuser = \"ann\"\npassword-command = \"echo {SECRET}\"\n"
    ));
    logged_in(home.livysh(&["-e", "1 + 1", "prod"]));
}

#[test]
fn a_password_comes_from_netrc_without_a_word_about_it() {
    let (livy, home) = (guarded(), Home::new());
    let netrc = home.write(
        ".netrc",
        format!("machine 127.0.0.1 login ann password {SECRET}\n"),
    );
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(netrc, mode).unwrap();
    logged_in(home.livysh(&["-e", "1 + 1", &livy.url()])).silent();
}

#[test]
fn a_token_comes_from_a_command() {
    let (livy, home) = (Livy::new(), Home::new());
    logged_in(home.livysh(&[
        "-e",
        "1 + 1",
        "--token-command",
        &format!("echo {SECRET}"),
        &livy.url(),
    ]));
    let bearer = format!("Bearer {SECRET}");
    assert!(
        livy.requests()
            .iter()
            .all(|request| request.header("authorization") == Some(&bearer))
    );
}

#[test]
fn a_secret_that_cannot_be_had_is_told_and_nothing_is_sent() {
    let (livy, home) = (guarded(), Home::new());
    let url = livy.url();
    home.livysh(&["-e", "1", "--user", "ann", &url])
        .run()
        .exits(3)
        .says(&["no password for user 'ann'", "--password-file"]);
    home.livysh(&[
        "-e",
        "1",
        "--user",
        "ann",
        "--password-file",
        "nowhere",
        &url,
    ])
    .run()
    .exits(3)
    .says(&["nowhere cannot be read"]);
    home.livysh(&["-e", "1", "--token-command", "exit 3", &url])
        .run()
        .exits(3)
        .says(&["token-command failed"]);
    home.livysh(&["-e", "1", "--auth", "bearer", &url])
        .run()
        .exits(3)
        .says(&["no token"]);
    assert!(livy.requests().is_empty());
}

#[test]
fn verbose_shows_the_exchange_without_its_secrets() {
    let (livy, home) = (guarded(), Home::new());
    let conf = "spark.hadoop.fs.s3a.secret.key=hushhush";
    let url = livy.url();
    let base64 = "YW5uOnMzY3JldC1QYXNzdzByZA==";
    for level in ["-v", "-vv"] {
        let job = home.livysh(&[
            level,
            "-e",
            "1 + 1",
            "--user",
            "ann",
            "--conf",
            conf,
            "--header",
            "X-Key: quietquiet",
            &url,
        ]);
        let ended = job
            .env("LIVYSH_PASSWORD", SECRET)
            .run()
            .exits(0)
            .prints("2\n");
        let ended = ended.says(&["> POST /sessions", "< 201", "> DELETE /sessions/"]);
        for secret in [SECRET, base64, "hushhush", "quietquiet"] {
            assert!(!ended.err.contains(secret), "{secret} in {}", ended.err);
        }
        assert_eq!(
            ended.err.contains("x-requested-by"),
            level == "-vv",
            "{}",
            ended.err
        );
    }
}

#[test]
fn credentials_are_not_sent_in_the_open_to_another_machine() {
    let home = Home::new();
    let job = home
        .livysh(&["-e", "1", "--user", "ann", "http://livy.invalid"])
        .env("LIVYSH_PASSWORD", SECRET);
    job.run()
        .exits(2)
        .says(&["plain http to livy.invalid", "--insecure-http"])
        .hides(SECRET);
    let job = home.livysh(&[
        "-e",
        "1",
        "--user",
        "ann",
        "--insecure-http",
        "--no-proxy",
        "http://livy.invalid",
    ]);
    job.env("LIVYSH_PASSWORD", SECRET)
        .run()
        .exits(3)
        .says(&["cannot be reached"])
        .hides(SECRET);
}

#[test]
fn a_header_that_is_a_credential_is_not_sent_in_the_open_to_another_machine() {
    let home = Home::new();
    let cookie = format!("Cookie: hadoop-jwt={SECRET}");
    home.livysh(&["-e", "1", "--header", &cookie, "http://livy.invalid"])
        .run()
        .exits(2)
        .says(&["The header Cookie", "livy.invalid", "--insecure-http"])
        .hides(SECRET);
    for name in [
        "Authorization",
        "proxy-authorization",
        "Cookie",
        "X-Api-Key",
    ] {
        home.config(&format!(
            "[servers.prod]\nurl = \"http://livy.invalid\"\nauth = \"none\"\nheader.{name} = \"{SECRET}\"\n"
        ));
        home.livysh(&["-e", "1", "prod"])
            .run()
            .exits(2)
            .says(&[name, "--insecure-http"])
            .hides(SECRET);
        home.livysh(&["sessions", "list", "prod"])
            .run()
            .exits(2)
            .hides(SECRET);
        home.livysh(&["-e", "1", "--insecure-http", "--no-proxy", "prod"])
            .run()
            .exits(3)
            .says(&["cannot be reached"])
            .hides(SECRET);
    }
    home.livysh(&[
        "-e",
        "1",
        "--no-proxy",
        "--header",
        "X-Team: blue",
        "http://livy.invalid",
    ])
    .run()
    .exits(3)
    .says(&["cannot be reached"]);
}

#[test]
fn a_header_that_is_a_credential_does_not_go_along_to_another_host() {
    let other = Server::start(|_| Reply::json(200, "{}"));
    let place = format!("http://localhost:{}/sessions", other.port());
    let server = Server::start(move |_| Reply::redirect(307, &place));
    let home = Home::new();
    home.config(&format!(
        "[servers.prod]\nurl = \"{}\"\nheader.Authorization = \"Bearer {SECRET}\"\n",
        server.url("")
    ));
    home.livysh(&["-e", "1", "prod"])
        .run()
        .exits(3)
        .says(&["another host"])
        .hides(SECRET);
    assert_eq!(other.connections(), 0);
    let bearer = format!("Bearer {SECRET}");
    assert_eq!(
        server.requests()[0].header("authorization"),
        Some(bearer.as_str())
    );
}

#[test]
fn a_password_in_a_url_is_refused_without_repeating_it() {
    let home = Home::new();
    for url in [
        format!("http://ann:{SECRET}@127.0.0.1:1"),
        format!("ann:{SECRET}@127.0.0.1"),
    ] {
        home.livysh(&["-e", "1", &url])
            .run()
            .exits(2)
            .says(&["password"])
            .hides(SECRET);
        home.livysh(&["-e", "1"])
            .env("LIVYSH_SERVER", &url)
            .run()
            .exits(2)
            .hides(SECRET);
    }
    home.config(&format!(
        "[servers.prod]\nurl = \"https://ann:{SECRET}@h/\"\n"
    ));
    home.livysh(&["-e", "1", "prod"])
        .run()
        .exits(2)
        .says(&["line 2"])
        .hides(SECRET);
}

#[test]
fn a_refused_login_is_told_by_what_the_server_asks_for_and_what_it_got() {
    let token = format!("echo {SECRET}");
    let token = ["--token-command", token.as_str()];
    let user = ["--user", "ann"];
    let cases: [(&[&str], &[&str], &[&str]); 9] = [
        (
            &["Negotiate"],
            &[],
            &["asks for Kerberos", "does not speak yet"],
        ),
        (&["Negotiate"], &user, &["asks for Kerberos"]),
        (&["Negotiate", "NTLM"], &user, &["asks for Kerberos"]),
        (
            &["Digest realm=\"x\", nonce=\"y\""],
            &user,
            &["no way in that livysh speaks", "ask its operator"],
        ),
        (
            &["Negotiate", "Basic realm=\"x\""],
            &[],
            &["a user and a password", "--user NAME"],
        ),
        (
            &["Basic realm=\"x\""],
            &user,
            &["user or password are wrong"],
        ),
        (
            &["Basic realm=\"x\""],
            &token,
            &["asks for a user and a password"],
        ),
        (&["Bearer"], &[], &["asks for a token", "--auth bearer"]),
        (
            &["Bearer error=\"invalid_token\""],
            &token,
            &["expired", "--token-command"],
        ),
    ];
    for (offered, given, said) in cases {
        let offered: Vec<(String, String)> = offered
            .iter()
            .map(|it| ("WWW-Authenticate".to_owned(), (*it).to_owned()))
            .collect();
        let server = Server::start(move |_| {
            let headers: Vec<(&str, &str)> = offered
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            Reply::with(401, &headers, "")
        });
        let home = Home::new();
        home.livysh(&[&["-e", "1", &server.url("/livy")], given].concat())
            .env("LIVYSH_PASSWORD", if given == user { SECRET } else { "" })
            .run()
            .exits(3)
            .says(said)
            .hides(SECRET);
    }
}

#[test]
fn a_secret_in_code_is_run_and_not_recorded() {
    let (livy, home) = (Livy::new(), Home::new());
    let code = "password = 'hunter2hunter2'";
    home.livysh(&["-e", code, &livy.url()])
        .run()
        .exits(0)
        .says(&["not recorded"]);
    assert_eq!(livy.submitted(), [code]);
    home.livysh(&["history", "export"])
        .run()
        .exits(0)
        .hides("hunter2");
}

#[test]
fn a_dry_run_hides_the_settings_that_hold_a_secret() {
    let home = Home::new();
    let run = home.livysh(&[
        "--dry-run",
        "-e",
        "1",
        "--conf",
        "spark.hadoop.fs.azure.account.key.a=hushhush",
        "--conf",
        "spark.my.password=hushhush",
        "--conf",
        "spark.a=shown",
        "http://127.0.0.1:1",
    ]);
    let ended = run.run().exits(0).hides("hushhush");
    assert!(
        ended.out.contains("shown") && ended.out.contains("(hidden)"),
        "{}",
        ended.out
    );
}

#[test]
fn a_file_with_a_secret_that_others_can_write_is_not_used() {
    let (livy, home) = (guarded(), Home::new());
    let file = home.write("pw", SECRET);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o622);
    std::fs::set_permissions(&file, mode).unwrap();
    let url = livy.url();
    home.livysh(&["-e", "1", "--user", "ann", "--password-file", &file, &url])
        .run()
        .exits(3)
        .says(&["Other users can write", "chmod 600"])
        .hides(SECRET);
    home.livysh(&["-e", "1", "--cert", &file, "https://127.0.0.1:1"])
        .run()
        .exits(3)
        .says(&["other users can write the client certificate", "chmod go-w"])
        .hides(SECRET);
    assert!(livy.requests().is_empty());
}

#[test]
fn no_core_dump_of_it_or_of_its_children_is_written() {
    let (livy, home) = (Livy::new(), Home::new());
    let seen = home.path("seen");
    let command = format!(
        "ulimit -S -c >{0}; ulimit -H -c >>{0}; echo token",
        seen.display()
    );
    home.livysh(&["-e", "1", "--token-command", &command, &livy.url()])
        .run()
        .exits(0);
    assert_eq!(std::fs::read_to_string(seen).unwrap(), "0\n0\n");
}

/// Of a process that other programs of its user may look into, the memory is that user's; else it is the superuser's.
#[test]
#[cfg(target_os = "linux")]
fn no_other_program_of_the_user_may_look_into_its_memory() {
    use std::os::unix::fs::{MetadataExt, chown};
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    /// Lent to the run where we are the superuser, who owns all.
    const NOBODY: u32 = 65_534;
    let gate = support::Gate::default();
    let held = gate.clone();
    let livy = Livy::failing(move |request| match request.line().as_str() {
        "POST /sessions" => Fault::Held(held.clone()),
        _ => Fault::None,
    });
    let home = Home::new();
    // a copy: the build's folders may be their owner's alone
    let program = home.path("program");
    std::fs::copy(env!("CARGO_BIN_EXE_livysh"), &program).unwrap();
    let mut command = Command::new(&program);
    if rustix::process::geteuid().is_root() {
        chown(home.path(""), Some(NOBODY), Some(NOBODY)).unwrap();
        command.uid(NOBODY).gid(NOBODY);
    }
    let mut child = command
        .args(["-e", "1", &livy.url()])
        .env_clear()
        .env("HOME", home.path(""))
        .current_dir(home.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    livy.until("POST /sessions");
    let process = format!("/proc/{}", child.id());
    let owner = |name| std::fs::metadata(format!("{process}/{name}")).map(|it| it.uid());
    let (whole, memory) = (owner("."), owner("mem"));
    gate.open();
    assert!(child.wait().unwrap().success());
    assert_ne!(whole.unwrap(), 0, "its own user's");
    assert_eq!(memory.unwrap(), 0);
    livy.assert_clean();
}
