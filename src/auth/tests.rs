use std::cell::Cell;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;
use secrecy::ExposeSecret;

fn sources(method: Method) -> Sources {
    Sources {
        method,
        ..Sources::default()
    }
}

fn with_user(method: Method) -> Sources {
    Sources {
        user: Some("alice".into()),
        ..sources(method)
    }
}

/// A world of its own: variables, a home with a netrc, perhaps somebody to ask.
struct World {
    env: Vec<(&'static str, &'static str)>,
    home: tempfile::TempDir,
    answer: Option<&'static str>,
    asked: Cell<u32>,
    named_at_start: bool,
}

impl World {
    fn new(env: &[(&'static str, &'static str)]) -> Self {
        Self {
            env: env.to_vec(),
            home: tempfile::tempdir().unwrap(),
            answer: None,
            asked: Cell::new(0),
            named_at_start: true,
        }
    }

    fn netrc(self, text: &str) -> Self {
        self.file(".netrc", text, 0o600);
        self
    }

    fn file(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.home.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn find(&self, url: &str, sources: &Sources) -> Result<Found, AuthError> {
        let env = |name: &str| {
            let found = self.env.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let ask = |_: &str| {
            self.asked.set(self.asked.get() + 1);
            Ok(SecretString::from(self.answer.unwrap_or_default()))
        };
        let around = Surroundings {
            env: &env,
            named_at_start: self.named_at_start,
            home: Some(self.home.path()),
            ask: self.answer.is_some().then_some(&ask),
        };
        find(&Url::parse(url).unwrap(), sources, &around)
    }
}

/// Credentials as one text that tests can compare.
fn text(found: &Found) -> String {
    match &found.credentials {
        Credentials::None => "none".into(),
        Credentials::Basic { user, password } => format!("{user}:{}", password.expose_secret()),
        Credentials::Bearer { token } => format!("bearer {}", token.expose_secret()),
    }
}

fn got(world: &World, sources: &Sources) -> String {
    text(&world.find("https://h/livy", sources).unwrap())
}

#[test]
fn auto_takes_a_token_then_a_login_then_netrc_then_nothing() {
    let token_and_password = World::new(&[("LIVYSH_TOKEN", "t0ken"), ("LIVYSH_PASSWORD", "pw")]);
    assert_eq!(
        got(&token_and_password, &with_user(Method::Auto)),
        "bearer t0ken"
    );
    let password = World::new(&[("LIVYSH_PASSWORD", "pw")]);
    assert_eq!(got(&password, &with_user(Method::Auto)), "alice:pw");
    let netrc = World::new(&[]).netrc("machine h login bob password n");
    assert_eq!(got(&netrc, &sources(Method::Auto)), "bob:n");
    assert_eq!(got(&World::new(&[]), &sources(Method::Auto)), "none");
    assert_eq!(got(&token_and_password, &sources(Method::None)), "none");
}

#[test]
fn netrcs_default_is_for_those_who_ask_for_a_login() {
    let world = World::new(&[]).netrc("default login any password d");
    assert_eq!(got(&world, &sources(Method::Auto)), "none");
    assert_eq!(got(&world, &sources(Method::Basic)), "any:d");
}

#[test]
fn a_netrc_entry_of_another_user_gives_no_password() {
    let world = World::new(&[]).netrc("machine h login bob password n");
    let error = world
        .find("https://h", &with_user(Method::Auto))
        .unwrap_err();
    assert!(matches!(error, AuthError::NoPassword { .. }));
}

#[test]
fn flags_beat_the_environment_which_beats_a_profile() {
    let world = World::new(&[("LIVYSH_PASSWORD", "env"), ("LIVYSH_TOKEN", "env")]);
    let mut basic = with_user(Method::Basic);
    basic.password_file = Some(world.file("pw", "file\nmore", 0o600));
    assert_eq!(got(&world, &basic), "alice:env");
    basic.from_flags = true;
    assert_eq!(got(&world, &basic), "alice:file");
    basic.method = Method::Auto;
    assert_eq!(got(&world, &basic), "alice:file");
    let mut bearer = sources(Method::Bearer);
    bearer.token_command = Some("echo made".into());
    assert_eq!(got(&world, &bearer), "bearer env");
    bearer.from_flags = true;
    assert_eq!(got(&world, &bearer), "bearer made");
}

#[test]
fn a_command_gives_the_password_and_does_not_see_our_secrets() {
    let world = World::new(&[]);
    let mut basic = with_user(Method::Auto);
    basic.password_command = Some("echo \"pw${LIVYSH_PASSWORD}${LIVYSH_TOKEN}\"".into());
    let found = world.find("https://h", &basic).unwrap();
    assert_eq!(
        (text(&found).as_str(), found.origin),
        ("alice:pw", Origin::Command)
    );
}

#[test]
fn a_prompt_is_the_last_way_and_needs_a_terminal() {
    let mut world = World::new(&[]);
    let error = world
        .find("https://h", &with_user(Method::Auto))
        .unwrap_err();
    assert!(matches!(error, AuthError::NoPassword { .. }));
    world.answer = Some("typed");
    let found = world.find("https://h", &with_user(Method::Auto)).unwrap();
    assert_eq!(
        (text(&found).as_str(), found.origin),
        ("alice:typed", Origin::Prompt)
    );
    assert!(matches!(
        world.find("https://h", &sources(Method::Basic)),
        Err(AuthError::NoUser)
    ));
}

#[test]
fn plain_http_to_another_machine_is_refused_before_anybody_is_asked() {
    let mut world = World::new(&[]);
    world.answer = Some("typed");
    let basic = with_user(Method::Auto);
    for url in [
        "http://h",
        "http://10.0.0.1:8998",
        "http://[fe80::1]",
        "http://localhost.example",
    ] {
        assert!(
            matches!(world.find(url, &basic), Err(AuthError::PlainHttp { .. })),
            "{url}"
        );
    }
    assert_eq!(world.asked.get(), 0);
    for url in [
        "http://localhost:8998",
        "http://127.1.2.3",
        "http://[::1]:1",
        "https://h",
    ] {
        assert_eq!(
            text(&world.find(url, &basic).unwrap()),
            "alice:typed",
            "{url}"
        );
    }
    let accepted = Sources {
        insecure_http: true,
        ..basic
    };
    assert_eq!(
        text(&world.find("http://h", &accepted).unwrap()),
        "alice:typed"
    );
    let bearer = World::new(&[("LIVYSH_TOKEN", "t")]);
    assert!(matches!(
        bearer.find("http://h", &sources(Method::Auto)),
        Err(AuthError::PlainHttp { .. })
    ));
    assert_eq!(
        text(&bearer.find("http://h", &sources(Method::None)).unwrap()),
        "none"
    );
}

#[test]
fn the_environments_secrets_are_for_the_server_named_at_start() {
    let mut world = World::new(&[("LIVYSH_TOKEN", "t"), ("LIVYSH_PASSWORD", "p")]);
    world.named_at_start = false;
    assert_eq!(got(&world, &sources(Method::Auto)), "none");
    assert!(world.find("https://h", &sources(Method::Bearer)).is_err());
    assert!(world.find("https://h", &with_user(Method::Basic)).is_err());
}

#[test]
fn files_that_others_can_read_are_used_and_warned_about_once() {
    let world = World::new(&[]);
    let mut basic = with_user(Method::Basic);
    let path = world.file("pw", "file\r\n", 0o644);
    basic.password_file = Some(path.clone());
    let found = world.find("https://h", &basic).unwrap();
    assert_eq!(text(&found), "alice:file");
    assert_eq!(found.warnings, [Warning::Readable { path }]);
    let world = World::new(&[]);
    let path = world.file(".netrc", "machine h login bob password n", 0o640);
    let found = world.find("https://h", &sources(Method::Auto)).unwrap();
    assert_eq!(found.warnings, [Warning::Readable { path }]);
}

#[test]
fn a_netrc_that_cannot_be_read_stops_nobody() {
    let world = World::new(&[]).netrc("nonsense");
    let found = world.find("https://h", &sources(Method::Auto)).unwrap();
    assert_eq!(text(&found), "none");
    assert!(matches!(found.warnings[..], [Warning::Netrc { .. }]));
    let world = World::new(&[("NETRC", "/nowhere/at/all")]);
    assert_eq!(
        world
            .find("https://h", &sources(Method::Auto))
            .unwrap()
            .warnings
            .len(),
        1
    );
}

#[test]
fn what_cannot_stand_in_a_header_is_refused_without_repeating_it() {
    for token in [
        "{\"accessToken\": \"s3cret\"}",
        "s3cret two",
        "s3cr\u{e9}t",
        "s3cret\r\nX: y",
    ] {
        let token: &'static str = token;
        let world = World::new(&[("LIVYSH_TOKEN", token)]);
        let error = world
            .find("https://h", &sources(Method::Bearer))
            .unwrap_err();
        assert!(matches!(error, AuthError::BadToken), "{token}");
        assert!(!format!("{error} {error:?}").contains("s3cr"));
    }
    let world = World::new(&[("LIVYSH_PASSWORD", "s3cret\n")]);
    assert!(matches!(
        world.find("https://h", &with_user(Method::Basic)),
        Err(AuthError::BadLogin)
    ));
}

#[test]
fn an_empty_or_missing_password_file_is_named() {
    let world = World::new(&[]);
    let mut basic = with_user(Method::Basic);
    basic.password_file = Some(world.file("pw", "\nsecond", 0o600));
    assert!(matches!(
        world.find("https://h", &basic),
        Err(AuthError::EmptyFile { .. })
    ));
    basic.password_file = Some(world.home.path().join("none"));
    assert!(matches!(
        world.find("https://h", &basic),
        Err(AuthError::File { .. })
    ));
}

#[test]
fn nothing_that_was_found_can_be_printed() {
    let world = World::new(&[]).netrc("machine h login bob password s3cret");
    let found = world.find("https://h", &sources(Method::Auto)).unwrap();
    assert!(!format!("{found:?}").contains("s3cret"));
}
