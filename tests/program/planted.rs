//! Secrets planted by every way that they can come: after thousands of statements none is in anything that
//! the program wrote, told, or handed to a program that it started.
use std::fs;
use std::path::{Path, PathBuf};

use super::livy::text;
use super::typing::{ask, enter, prompt, shell};
use super::*;

const STATEMENTS: usize = 5_000;

/// Twenty, each by its own way. What looks like none by itself is told by where it stands.
const PLANTED: [&str; 20] = [
    "plantedPasswordFile01",
    "plantedPasswordEnv02",
    "plantedNetrc03",
    "plantedTokenCommand04",
    "plantedTokenEnv05",
    "plantedPasswordCommand06",
    "plantedHeader07",
    "plantedCookie08",
    "plantedConfKey09",
    "plantedConfPassword10",
    "plantedConfToken11",
    "plantedCodePassword12",
    "plantedCodeAccountKey13",
    "plantedCodeUrl14",
    "plantedCodeSignature15",
    "plantedCodeOption16",
    "plantedCodeBearer17",
    "plantedCodeToken18",
    "plantedTyped19",
    "plantedTypedSql20",
];

/// Lines of code that each hold one of them.
fn code() -> [String; 7] {
    let [password, key, url, signature, option, bearer, token] =
        std::array::from_fn(|at| PLANTED[11 + at]);
    [
        format!("db_password = \"{password}\""),
        format!("spark.conf.set('fs.azure.account.key.a.blob.core.windows.net', '{key}')"),
        format!("df = read('postgresql://u:{url}@h/db')"),
        format!("u = 'https://a.blob.core.windows.net/b?sv=1&sig={signature}'"),
        format!("df = r.option(\"password\", \"{option}\")"),
        format!("h = {{'Authorization': 'Bearer {bearer}'}}"),
        format!("api_key = '{token}'"),
    ]
}

/// A script that writes down all that a child can see of us, then does `last`.
fn spy(home: &Home, name: &str, last: &str) -> String {
    let seen = home.path("seen");
    let seen = seen.display();
    let path = home.write(
        name,
        format!(
            "#!/bin/sh\n{{ echo '{name}'; env; tr '\\0' '\\n' </proc/$$/environ; tr '\\0' ' ' </proc/$$/cmdline; \
             tr '\\0' ' ' </proc/$PPID/cmdline; echo; }} >>'{seen}' 2>/dev/null\n{last}\n"
        ),
    );
    set_mode(&path, 0o700);
    path
}

fn set_mode(path: &str, mode: u32) {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
    fs::set_permissions(path, mode).unwrap();
}

/// What the user wrote: there the secrets are.
fn is_the_users(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_str().unwrap();
    path.components().any(|part| part.as_os_str() == "given")
        || matches!(name, ".netrc" | "config.toml")
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if !is_the_users(&path) {
            into.push(path);
        }
    }
}

/// Which of them stand in the bytes, plain or as Basic carries them.
fn found(bytes: &[u8]) -> Vec<&'static str> {
    use base64::Engine;
    let text = String::from_utf8_lossy(bytes);
    let basic =
        |secret: &str| base64::engine::general_purpose::STANDARD.encode(format!("ann:{secret}"));
    let all = PLANTED.into_iter();
    all.filter(|secret| text.contains(secret) || text.contains(&basic(secret)))
        .collect()
}

fn private(home: &Home, name: &str, secret: &str) -> String {
    let path = home.write(&format!("given/{name}"), format!("{secret}\n"));
    set_mode(&path, 0o600);
    path
}

fn configure(home: &Home, url: &str) {
    let token = private(home, "token", PLANTED[3]);
    let password = private(home, "password", PLANTED[5]);
    let token = spy(home, "token-command", &format!("cat '{token}'"));
    let password = spy(home, "password-command", &format!("cat '{password}'"));
    let shared = format!(
        "url = \"{url}\"\nheader.X-Team = \"{}\"\nheader.Cookie = \"jwt={}\"\n",
        PLANTED[6], PLANTED[7]
    );
    let conf = format!(
        "conf = {{ \"spark.hadoop.fs.azure.account.key.a\" = \"{}\", \"my.db.password\" = \"{}\", \"my.token\" = \"{}\" }}\n",
        PLANTED[8], PLANTED[9], PLANTED[10]
    );
    home.config(&format!(
        "[servers.token]\n{shared}token-command = \"{token}\"\n[servers.token.session]\n{conf}\
         [servers.command]\n{shared}user = \"ann\"\npassword-command = \"{password}\"\n\
         [servers.plain]\n{shared}user = \"ann\"\n"
    ));
    set_mode(home.path("livysh/config.toml").to_str().unwrap(), 0o600);
}

/// The great run: a token from a command, headers, settings, and code.
fn many_statements(home: &Home) -> String {
    let mut secret = code().into_iter();
    let lines: Vec<String> = (0..STATEMENTS)
        .map(|n| match n % 700 {
            350 => secret.next().unwrap_or_else(|| "x = 0".to_owned()),
            _ => format!("x{n} = {n}"),
        })
        .collect();
    assert!(secret.next().is_none());
    let script = home.write("given/script.py", lines.join("\n"));
    let log = home.write("log", "");
    home.livysh(&["-vv", "-f", &script, "token"])
        .env("LIVYSH_PASSWORD", PLANTED[1])
        .errors_to(&log)
        .run()
        .exits(0);
    log
}

#[test]
fn none_of_twenty_secrets_is_in_what_was_written_told_or_handed_on_after_5000_statements() {
    let livy = Livy::answering(|_, _| Ran::Ends(1, text("ok")));
    let home = Home::new();
    configure(&home, &livy.url());
    let log = many_statements(&home);
    assert_eq!(livy.submitted().len(), STATEMENTS);
    let log = fs::read_to_string(log).unwrap();
    // the log is one: each exchange is in it, and what is missing is named
    assert!(log.matches("> POST /sessions/0/statements").count() >= STATEMENTS);
    assert!(log.matches("(hidden: it looks like").count() >= 7, "{log}");
    assert_eq!(found(log.as_bytes()), [""; 0], "in the log");

    // the other ways that a secret comes
    let file = private(&home, "pw", PLANTED[0]);
    let netrc = format!("machine 127.0.0.1 login ann password {}\n", PLANTED[2]);
    set_mode(&home.write(".netrc", netrc), 0o600);
    let by_file = ["-vv", "-e", "1", "--password-file", &file, "plain"];
    let ways: [(&[&str], &str, &str); 5] = [
        (&by_file, "LIVYSH_TOKEN_OF_NOBODY", PLANTED[4]),
        (&["-vv", "-e", "1", "plain"], "LIVYSH_PASSWORD", PLANTED[1]),
        (&["-vv", "-e", "1", "plain"], "NETRC", ""),
        (&["-vv", "-e", "1", "command"], "NETRC", ""),
        (&["-vv", "-e", "1", "token"], "LIVYSH_TOKEN", PLANTED[4]),
    ];
    for (arguments, variable, value) in ways {
        let ended = home.livysh(arguments).env(variable, value).run().exits(0);
        assert_eq!(found((ended.out + &ended.err).as_bytes()), [""; 0]);
    }
    // each arrived
    let sent: Vec<String> = livy
        .requests()
        .iter()
        .flat_map(|it| {
            [
                format!("{:?}", it.headers),
                String::from_utf8_lossy(&it.body).into_owned(),
            ]
        })
        .collect();
    let sent = sent.concat();
    let missing: Vec<_> = PLANTED[..18]
        .iter()
        .filter(|it| !found(sent.as_bytes()).contains(it))
        .collect();
    assert!(missing.is_empty(), "never sent: {missing:?}");

    typed(&home);
    assert_none_written(&home);
}

/// None is in any file, and the files are those that the program writes, and what its children saw.
fn assert_none_written(home: &Home) {
    let mut written = Vec::new();
    files(home.path("").as_path(), &mut written);
    let names: Vec<_> = written
        .iter()
        .map(|path| path.file_name().unwrap())
        .collect();
    for expected in ["record.sqlite", "seen", "log"] {
        assert!(names.iter().any(|name| *name == expected), "{names:?}");
    }
    for path in &written {
        assert_eq!(
            found(&fs::read(path).unwrap()),
            [""; 0],
            "{}",
            path.display()
        );
    }
    let seen = fs::read_to_string(home.path("seen")).unwrap();
    for child in [
        "token-command",
        "password-command",
        "editor",
        "pager",
        "shell",
    ] {
        assert!(seen.contains(&format!("{child}\n")), "{child} in {seen}");
    }
}

/// At a prompt, and in an editor.
fn typed(home: &Home) {
    let pager = spy(home, "pager", "cat >/dev/null");
    let secrets = vec![
        ("LIVYSH_PASSWORD", PLANTED[1].to_owned()),
        ("PAGER", pager),
        ("SHELL", spy(home, "shell", "true")),
    ];
    let mut pty = shell(home, secrets, &["plain"]);
    prompt(&pty, "pyspark 1>");
    ask(
        &mut pty,
        &format!("my_password = '{}'", PLANTED[18]),
        "ok",
        "pyspark 2>",
    );
    ask(
        &mut pty,
        &format!(":sql create user u identified by '{}'", PLANTED[19]),
        "ok",
        "pyspark 3>",
    );
    for command in [":help", ":!true"] {
        enter(&mut pty, command);
        pty.wait_for(command);
        prompt(&pty, "pyspark 3>");
    }
    enter(&mut pty, ":quit");
    pty.exit_code();
    let editor = spy(home, "editor", "true");
    home.livysh(&["config", "edit"])
        .env("EDITOR", &editor)
        .env("LIVYSH_PASSWORD", PLANTED[1])
        .env("LIVYSH_TOKEN", PLANTED[4])
        .run()
        .exits(0);
}
