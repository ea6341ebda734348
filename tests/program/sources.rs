//! Files as input: read whole and judged before any session is made.
use super::*;

#[test]
fn a_missing_a_binary_and_a_folder_as_file_are_refused_before_any_session() {
    let (livy, home) = (Livy::new(), Home::new());
    let url = livy.url();
    home.livysh(&["-e", "1", "-f", "nowhere.py", &url])
        .run()
        .exits(2)
        .says(&["nowhere.py cannot be read"]);
    let binary = home.write("a.py", [0x7f, b'E', 0, 0xff]);
    home.livysh(&["-f", &binary, &url])
        .run()
        .exits(2)
        .says(&["a.py is no text", "UTF-8"]);
    let nul = home.write("nul.py", "x = 1\0\n");
    home.livysh(&["-f", &nul, &url])
        .run()
        .exits(2)
        .says(&["nul.py is no text"]);
    let folder = home.path("");
    home.livysh(&["-f", folder.to_str().unwrap(), &url])
        .run()
        .exits(2)
        .says(&["cannot be read"]);
    home.livysh(&[&url])
        .stdin([0xff, 0xfe])
        .run()
        .exits(2)
        .says(&["standard input is no text"]);
    assert!(livy.requests().is_empty());
}

#[test]
fn a_file_without_a_statement_is_said_and_makes_no_session() {
    let (livy, home) = (Livy::new(), Home::new());
    let url = livy.url();
    for (name, content) in [
        ("empty.py", ""),
        ("blank.sql", " ;\n;-- only this\n"),
        ("bom.py", "\u{feff}\n"),
    ] {
        let file = home.write(name, content);
        home.livysh(&["-f", &file, &url])
            .run()
            .exits(0)
            .prints("")
            .says(&[name, "no statement"]);
    }
    home.livysh(&["-o", "json", &url])
        .run()
        .exits(0)
        .prints("[]\n");
    assert!(livy.requests().is_empty());
}

#[test]
fn a_notebook_is_refused_with_the_way_round() {
    let (livy, home) = (Livy::new(), Home::new());
    let file = home.write("a.ipynb", "{}");
    home.livysh(&["-f", &file, &livy.url()])
        .run()
        .exits(2)
        .says(&["a.ipynb is a notebook", "nbconvert"]);
    assert!(livy.requests().is_empty());
}

#[test]
fn a_files_language_is_its_extensions_unless_a_kind_is_asked_for() {
    let (livy, home) = (Livy::new(), Home::new());
    let url = livy.url();
    for (name, kind) in [
        ("a.py", "pyspark"),
        ("a.scala", "spark"),
        ("a.sc", "spark"),
        ("a.R", "sparkr"),
        ("a.sql", "sql"),
        ("a.txt", "pyspark"),
    ] {
        let file = home.write(name, "x\n");
        home.livysh(&["-f", &file, &url]).run().exits(0);
        let bodies = livy.bodies("POST /sessions");
        assert_eq!(bodies.last().unwrap()["kind"], kind, "{name}");
    }
    let file = home.write("b.py", "x\n");
    home.livysh(&["-k", "sql", "-f", &file, &url])
        .run()
        .exits(0);
    assert_eq!(livy.bodies("POST /sessions").last().unwrap()["kind"], "sql");
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_do_not_reach_the_server() {
    let (livy, home) = (Livy::new(), Home::new());
    let file = home.write("a.py", "\u{feff}x = 1\r\nif x:\r\n    y = 2\r\n");
    home.livysh(&["-f", &file, &livy.url()]).run().exits(0);
    assert_eq!(livy.submitted(), ["x = 1", "if x:\n    y = 2"]);
}

#[test]
fn a_statement_of_a_megabyte_arrives_whole() {
    let (livy, home) = (
        Livy::answering(|code, _| Ran::Ends(1, livy::text(&code.len().to_string()))),
        Home::new(),
    );
    let code = format!("x = '{}'", "é".repeat(600_000));
    let file = home.write("big.py", format!("{code}\n"));
    home.livysh(&["-f", &file, &livy.url()])
        .run()
        .exits(0)
        .prints(&format!("{}\n", code.len()));
    assert_eq!(livy.submitted(), [code]);
    livy.assert_clean();
}

#[test]
fn a_files_ending_beats_the_kind_of_the_settings_and_a_flag_beats_both() {
    let kinds = |livy: &Livy| -> Vec<String> {
        let bodies = livy.bodies("POST /sessions/0/statements");
        let kind = |body: &serde_json::Value| body["kind"].as_str().unwrap().to_owned();
        bodies.iter().map(kind).collect()
    };
    let home = Home::new();
    let file = home.write("report.sql", "select 1;\n");
    let livy = Livy::new();
    home.livysh(&["-f", &file, &livy.url()])
        .env("LIVYSH_KIND", "pyspark")
        .run()
        .exits(0);
    assert_eq!(kinds(&livy), ["sql"]);
    let livy = Livy::new();
    home.livysh(&["-k", "spark", "-f", &file, &livy.url()])
        .run()
        .exits(0);
    assert_eq!(kinds(&livy), ["spark"]);
}
