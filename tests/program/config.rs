//! The config file, profiles, and the order of what says something.
use serde_json::json;

use super::*;

#[test]
fn the_file_is_found_made_once_shown_and_checked() {
    let home = Home::new();
    let path = home.path("livysh/config.toml");
    let place = path.to_str().unwrap();
    home.livysh(&["config", "path"])
        .run()
        .exits(0)
        .prints(&format!("{place}\n"));
    home.livysh(&["config", "show"])
        .run()
        .exits(2)
        .says(&["cannot be read", "config init"]);
    home.livysh(&["config", "init"])
        .run()
        .exits(0)
        .prints(&format!("{place} is written\n"));
    home.livysh(&["config", "init"])
        .run()
        .exits(2)
        .says(&["a config file already"]);
    let text = std::fs::read_to_string(&path).unwrap();
    home.livysh(&["config", "show"])
        .run()
        .exits(0)
        .prints(&text);
    home.livysh(&["config", "check"])
        .run()
        .exits(0)
        .prints(&format!("{place}: well formed, 0 server profiles\n"));
    let other = home.path("other.toml");
    let job = home
        .livysh(&["config", "path"])
        .env("LIVYSH_CONFIG", other.to_str().unwrap());
    job.run().exits(0).prints(&format!("{}\n", other.display()));
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_key() {
    let (livy, home) = (Livy::new(), Home::new());
    home.config(&format!(
        "[servers.prod]\nurl = \"{}\"\n\n[servers.prod.session]\ndriver-memroy = \"1g\"\n",
        livy.url()
    ));
    for run in [
        &["prod", "-e", "1"][..],
        &["config", "check"],
        &["sessions", "prod"],
    ] {
        home.livysh(run).run().exits(2).prints("").says(&[
            "line 5",
            "driver-memroy",
            "'driver-memory'",
        ]);
    }
    assert!(livy.requests().is_empty());
    home.livysh(&["--no-config", "-e", "1", &livy.url()])
        .run()
        .exits(0);
}

#[test]
fn a_file_that_is_no_toml_is_told_with_its_line() {
    let home = Home::new();
    home.config("[servers.prod]\nurl = \n");
    home.livysh(&["config", "check"])
        .run()
        .exits(2)
        .says(&["line 2", "no TOML"]);
}

#[test]
fn a_file_of_the_wrong_sort_is_named_and_a_mark_or_crlf_does_no_harm() {
    let good = "[servers.prod]\nurl = \"http://127.0.0.1:1\"\n";
    let with = |bytes: &[u8]| {
        let home = Home::new();
        home.write("livysh/config.toml", bytes);
        home
    };
    for (bytes, said) in [
        (b"default = \"\xff\"\n".to_vec(), "UTF-8"),
        (vec![b'#'; 10 << 20], "larger than 1 MiB"),
        (
            b"servers = []\n".to_vec(),
            "line 1: servers must be a table",
        ),
        (
            format!("{good}insecure = 'maybe'\n").into(),
            "line 3: insecure",
        ),
        (
            format!("{good}{good}").into(),
            "line 3: this is no TOML: duplicate key",
        ),
        (b"[servers.local]\nurl='http://h'\n".to_vec(), "subcommand"),
        (b"[servers.prod]\nurl='ftp://h'\n".to_vec(), "http://"),
        (
            format!("{good}proxy = 'http://u:s3cret@p'\n").into(),
            "password",
        ),
    ] {
        with(&bytes)
            .livysh(&["-e", "1", "prod"])
            .run()
            .exits(2)
            .says(&["config.toml", said])
            .hides("s3cret");
    }
    for bytes in [format!("\u{feff}{good}"), good.replace('\n', "\r\n")] {
        with(bytes.as_bytes())
            .livysh(&["-e", "1", "prod"])
            .run()
            .exits(3)
            .says(&["cannot be reached"]);
    }
    let home = Home::new();
    std::fs::create_dir_all(home.path("livysh/config.toml")).unwrap();
    home.livysh(&["-e", "1", "prod"])
        .run()
        .exits(2)
        .says(&["config.toml cannot be read", "directory"]);
}

#[test]
fn the_default_profile_is_used_and_its_options_reach_the_server() {
    let (livy, home) = (Livy::new(), Home::new());
    home.config(&format!(
        "default = \"prod\"\n[shell]\nformat = \"csv\"\n[servers.prod]\nurl = \"{}\"\nheader.X-Team = \"blue\"\n\
         [servers.prod.session]\nkind = \"sql\"\ndriver-memory = \"3g\"\njars = [\"/a.jar\"]\nconf = {{ \"spark.x\" = 1 }}\n",
        livy.url()
    ));
    home.livysh(&["-e", "select 1"])
        .run()
        .exits(0)
        .prints("a,b\n1,x\n2,\n");
    let body = &livy.bodies("POST /sessions")[0];
    assert_eq!(
        (
            &body["kind"],
            &body["driverMemory"],
            &body["jars"],
            &body["conf"]
        ),
        (
            &json!("sql"),
            &json!("3g"),
            &json!(["/a.jar"]),
            &json!({"spark.x": "1"})
        )
    );
    assert!(
        livy.requests()
            .iter()
            .all(|request| request.header("x-team") == Some("blue"))
    );
}

#[test]
fn flags_come_before_the_environment_and_that_before_the_profile() {
    let (livy, home) = (Livy::new(), Home::new());
    home.config(&format!(
        "default = \"prod\"\n[servers.prod]\nurl = \"{}\"\n[servers.prod.session]\ndriver-memory = \"1g\"\nqueue = \"p\"\nexecutor-cores = 1\n",
        livy.url()
    ));
    let job = home.livysh(&["prod", "--driver-memory", "3g", "-e", "1"]);
    job.env("LIVYSH_DRIVER_MEMORY", "2g")
        .env("LIVYSH_QUEUE", "e")
        .run()
        .exits(0);
    let body = &livy.bodies("POST /sessions")[0];
    assert_eq!(
        (
            &body["driverMemory"],
            &body["queue"],
            &body["executorCores"]
        ),
        (&json!("3g"), &json!("e"), &json!(1))
    );
}

#[test]
fn the_environment_may_name_the_server() {
    let (livy, home) = (Livy::new(), Home::new());
    home.livysh(&["-e", "1"])
        .env("LIVYSH_SERVER", &livy.url())
        .run()
        .exits(0)
        .prints("1\n");
    let wrong = home
        .livysh(&["-e", "1", &livy.url()])
        .env("LIVYSH_DRIVER_CORES", "many")
        .run();
    wrong.exits(2).says(&["LIVYSH_DRIVER_CORES"]);
}

#[test]
fn an_unknown_profile_is_told_with_the_nearest() {
    let home = Home::new();
    home.config("[servers.production]\nurl = \"http://127.0.0.1:1\"\n");
    home.livysh(&["productoin", "-e", "1"])
        .run()
        .exits(2)
        .says(&["no profile 'productoin'", "'production'"]);
    home.livysh(&["localhost:8998", "-e", "1"])
        .run()
        .exits(2)
        .says(&["is no URL", "http://"]);
}

#[test]
fn help_version_and_completions_need_no_server_and_no_file() {
    let home = Home::new();
    home.config("this is no toml");
    for (run, text) in [
        (&["--help"][..], "Exit codes"),
        (&["-h"], "livysh local"),
        (&["--version"], env!("CARGO_PKG_VERSION")),
        (&["completions", "bash"], "livysh"),
        (&["man"], ".TH"),
    ] {
        let ended = home.livysh(run).run().exits(0).silent();
        assert!(ended.out.contains(text), "{run:?}");
    }
}
