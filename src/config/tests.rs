use super::*;
use crate::auth::Method;
use crate::settings::{EditMode, Format, Kind};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

const PATH: &str = "/c/config.toml";

fn read(text: &str) -> Config {
    Config::parse(text, Path::new(PATH), Some(Path::new("/h"))).unwrap()
}

fn refused(text: &str) -> String {
    Config::parse(text, Path::new(PATH), None)
        .unwrap_err()
        .to_string()
}

/// The template with its examples switched on.
fn full() -> String {
    let lines = TEMPLATE.lines().map(|line| match line.strip_prefix('#') {
        Some(rest) if !rest.starts_with(' ') && !rest.is_empty() => rest,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_template_changes_nothing_as_it_stands() {
    let config = read(TEMPLATE);
    assert!(config.default.is_none() && config.servers.is_empty());
    assert_eq!(config.shell, ShellSettings::default());
}

#[test]
fn the_templates_examples_are_true_and_show_every_key() {
    let config = read(&full());
    let prod = &config.servers["prod"];
    assert_eq!(config.default.as_deref(), Some("prod"));
    assert_eq!(prod.url.as_str(), "https://mycluster.example.net/livy");
    assert_eq!(prod.connection.auth, Some(Method::Basic));
    assert_eq!(
        prod.connection.password_file,
        Some("/h/.spark-password".into())
    );
    assert_eq!(prod.connection.cacert, Some("/c/ca.pem".into()));
    assert_eq!(prod.connection.headers[0].name, "X-Team");
    assert_eq!(
        prod.connection.connect_timeout,
        Some(Duration::from_secs(10))
    );
    assert_eq!(prod.init, [PathBuf::from("/c/prod.py")]);
    assert_eq!(prod.session.conf["spark.sql.shuffle.partitions"], "8");
    assert_eq!(prod.session.jars, ["hdfs:///libs/a.jar"]);
    assert_eq!(config.shell.init, [PathBuf::from("/h/spark/init.py")]);
    assert_eq!(config.shell.edit_mode, Some(EditMode::Emacs));
    assert_eq!(
        (config.shell.kind, config.shell.format),
        (Some(Kind::Pyspark), Some(Format::Text))
    );
    let keys = [
        ConnectionSettings::SCALARS,
        SessionSettings::SCALARS,
        SessionSettings::LISTS,
        ShellSettings::SCALARS,
    ];
    for key in keys.concat() {
        let shown = full()
            .lines()
            .any(|line| line.starts_with(&format!("{key} = ")));
        assert!(shown, "{key}");
    }
}

#[test]
fn an_unknown_key_names_its_line_and_the_nearest_known_key() {
    let text = "[servers.a]\nurl = \"http://h\"\n\n[servers.a.session]\nkind = \"sql\"\ndriver_memory = \"4g\"\n";
    assert_eq!(
        refused(text),
        "/c/config.toml, line 6: 'driver_memory' means nothing in [servers.a.session]. Did you mean 'driver-memory'?"
    );
    assert!(
        refused("defualt = \"a\"").contains(
            "line 1: 'defualt' means nothing in the config file. Did you mean 'default'?"
        )
    );
    assert!(refused("[shell]\nzzz = 1").ends_with("'zzz' means nothing in [shell]."));
    assert!(refused("[servers.a]\nuserr = \"x\"\nurl=\"http://h\"").contains("'user'"));
}

#[test]
fn a_bad_value_names_its_line_and_key() {
    let text = refused("[servers.a]\nurl = \"http://h\"\nsession.driver-memory = 4");
    assert!(
        text.starts_with("/c/config.toml, line 3: driver-memory: '4' is no memory size"),
        "{text}"
    );
    assert!(refused("[shell]\nkind = [1]").contains("line 2: kind must be a text"));
    assert!(refused("shell = 1").contains("shell must be a table"));
    assert!(refused("[shell]\nkind = \"sql\"\nkind = \"sql\"").contains("line 3"));
}

#[test]
fn no_message_repeats_a_secret() {
    for text in [
        "[servers.a]\nurl = \"https://u:s3cret@h\"",
        "[servers.a]\nurl = \"https://h\"\nproxy = \"http://u:s3cret@h\"",
        "[servers.a]\nurl = \"https://h\"\nuser = \"u:s3cret\"",
        "[servers.a]\nurl = \"https://h\"\nheader.X = \"s3cret\\nb\"",
        "[servers.a]\nurl = \"https://h\"\nheader.X = s3cret",
        "default = \"https://u:s3cret@h\"",
        "[servers.a]\nurl = \"https://h\"\nheader.X = \"s3cret",
    ] {
        let error = refused(text);
        assert!(!error.contains("s3cret"), "{error}");
    }
    let shown = format!(
        "{:?}",
        read("[servers.a]\nurl = \"https://h\"\nheader.X = \"s3cret\"")
    );
    assert!(!shown.contains("s3cret"));
}

#[test]
fn a_profile_needs_a_url_and_a_name_that_can_be_typed() {
    assert!(refused("\n[servers.a]\nuser = \"x\"").contains("line 2: the profile 'a' has no url"));
    assert!(refused("[servers.local]\nurl = \"http://h\"").contains("subcommand"));
    assert!(refused("[servers.\"a b\"]\nurl = \"http://h\"").contains("begins with a letter"));
}

#[test]
fn default_names_a_profile_a_url_or_local() {
    let text = "[servers.prod]\nurl = \"http://h\"";
    let error = refused(&format!("default = \"prd\"\n{text}"));
    assert!(
        error.contains("no [servers.prd]. Did you mean 'prod'?"),
        "{error}"
    );
    for good in ["prod", "local", "http://h:8998"] {
        read(&format!("default = \"{good}\"\n{text}"));
    }
}

#[test]
fn a_user_in_a_profiles_url_is_the_user() {
    let config = read("[servers.a]\nurl = \"https://alice@h/livy\"");
    assert_eq!(
        config.servers["a"].connection.user.as_deref(),
        Some("alice")
    );
    assert_eq!(config.servers["a"].url.as_str(), "https://h/livy");
}

#[test]
fn no_file_is_an_empty_config_and_init_makes_a_private_one_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    assert!(Config::load(&path, None).unwrap().servers.is_empty());
    init(&path).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    Config::load(&path, None).unwrap();
    fs::write(&path, "default = \"local\"").unwrap();
    assert!(matches!(init(&path), Err(ConfigError::Exists { .. })));
    assert_eq!(
        Config::load(&path, None).unwrap().default.as_deref(),
        Some("local")
    );
}

#[test]
fn a_file_that_others_can_write_or_that_is_no_text_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o622)).unwrap();
    assert!(matches!(
        Config::load(&path, None),
        Err(ConfigError::Writable { .. })
    ));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&path, [0xff, 0xfe, 0]).unwrap();
    assert!(matches!(
        Config::load(&path, None),
        Err(ConfigError::Read { .. })
    ));
    assert!(matches!(
        Config::load(folder.path(), None),
        Err(ConfigError::Read { .. })
    ));
    fs::write(&path, "#".repeat(1_100_000)).unwrap();
    assert!(matches!(
        Config::load(&path, None),
        Err(ConfigError::TooLarge { .. })
    ));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "[a-z\\[\\]{}=.\"'#\\n ,0-9é-]{0,80}") {
        drop(Config::parse(&text, Path::new(PATH), None));
    }

    #[test]
    fn no_damage_to_a_good_file_makes_the_reader_panic(at in 0usize..3000, with in ".{0,3}") {
        let mut text: Vec<char> = full().chars().collect();
        let at = at.min(text.len());
        text.splice(at..(at + 1).min(text.len()), with.chars());
        let text: String = text.into_iter().collect();
        drop(Config::parse(&text, Path::new(PATH), None));
    }
}

#[test]
fn a_pipe_is_read_to_its_end_and_one_without_an_end_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = |name: &str| {
        let path = folder.path().join(name);
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        path
    };
    let path = pipe("nobody writes");
    let nobody = Config::load_within(&path, None, Duration::ZERO);
    assert!(matches!(nobody, Err(ConfigError::Endless { .. })));
    // lets the reader go that was left behind
    fs::write(&path, "").unwrap();
    let path = pipe("written");
    let to = path.clone();
    let writer = thread::spawn(move || fs::write(to, "[servers.a]\nurl = \"http://h/\"\n"));
    let config = Config::load_within(&path, None, Duration::from_secs(600)).unwrap();
    assert!(config.servers.contains_key("a"));
    writer.join().unwrap().unwrap();
}
