//! Files of many statements: what is sent, in which words and lines a failure is told, `--var`.
use serde_json::{Value, json};

use super::pty::Pty;
use super::shell::{enter, shell};
use super::*;

fn failed(name: &str, value: &str, traceback: &[&str]) -> Value {
    json!({"status": "error", "execution_count": 0, "ename": name, "evalue": value, "traceback": traceback})
}

const JOB: &str =
    "from __future__ import annotations\n\ndef f():\n    return 1 / 0\n\n\nf()\nlast\n";

/// A server on which `f()` fails as Python does.
fn dividing() -> Livy {
    Livy::answering(|code, kind| {
        if code.lines().last() != Some("f()") {
            return livy::interpret(code, kind);
        }
        let trace = [
            "Traceback (most recent call last):\n",
            "  File \"<stdin>\", line 3, in f\n",
            "ZeroDivisionError: division by zero\n",
        ];
        Ran::Ends(1, failed("ZeroDivisionError", "division by zero", &trace))
    })
}

#[test]
fn a_failure_is_told_with_the_lines_of_the_file_and_json_keeps_the_servers() {
    let (livy, home) = (dividing(), Home::new());
    home.write("job.py", JOB);
    let run = home.livysh(&["-f", "job.py", &livy.url()]).run().exits(1);
    run.says(&[
        "  File \"job.py\", line 4, in f\n",
        "stopped at statement 3 of 4 (job.py, line 7)",
    ]);
    let json = home.livysh(&["-o", "ndjson", "-f", "job.py", &livy.url()]);
    let json = json.run().exits(1);
    let last: Value = serde_json::from_str(json.out.lines().last().unwrap()).unwrap();
    assert_eq!(
        last["error"]["traceback"][1],
        "  File \"<stdin>\", line 3, in f\n"
    );
}

#[test]
fn a_future_import_goes_with_every_part_and_whole_sends_the_file_as_it_is() {
    let (livy, home) = (dividing(), Home::new());
    home.write("job.py", JOB);
    home.livysh(&["--continue", "-f", "job.py", &livy.url()])
        .run()
        .exits(1);
    let future = "from __future__ import annotations";
    assert_eq!(
        livy.submitted(),
        [
            future.to_owned(),
            format!("{future}\ndef f():\n    return 1 / 0"),
            format!("{future}\nf()"),
            format!("{future}\nlast"),
        ]
    );
    home.livysh(&["--whole", "-f", "job.py", &livy.url()])
        .run()
        .exits(0);
    assert_eq!(livy.submitted()[4..], [JOB.trim_end()]);
}

#[test]
fn an_error_of_sql_counts_the_lines_of_its_file() {
    let livy = Livy::answering(|code, kind| {
        if !code.contains("nope") {
            return livy::interpret(code, kind);
        }
        let value = "[UNRESOLVED] no column `nope`; line 2 pos 2;\n'Project\n";
        Ran::Ends(1, failed("Error", value, &[]))
    });
    let home = Home::new();
    home.write("q.sql", "-- two\nselect 1;\n\nselect\n  nope;\n");
    home.livysh(&["-f", "q.sql", &livy.url()])
        .run()
        .exits(1)
        .says(&["no column `nope`; line 5 pos 2;"]);
}

#[test]
fn given_names_are_replaced_in_files_and_nowhere_else() {
    let (livy, home) = (Livy::new(), Home::new());
    home.write("a.py", "print(f'${day} ${x} $${day}')\n");
    let url = livy.url();
    let mut arguments = vec!["--var", "day=1 = 1", "--var", "none=x"];
    arguments.extend(["-f", "a.py", "-e", "'${day}'", "-f", "-", &url]);
    home.livysh(&arguments)
        .stdin("'${day}'\n")
        .run()
        .exits(0)
        .says(&["--var none: no file has ${none}"]);
    assert_eq!(
        livy.submitted(),
        ["print(f'1 = 1 ${x} ${day}')", "'${day}'", "'1 = 1'"]
    );
}

#[test]
fn a_variable_that_is_none_is_refused_before_any_session() {
    let (livy, home) = (Livy::new(), Home::new());
    for bad in ["day", "1day=x", "a-b=x", "=x", "a=x\ny"] {
        home.livysh(&["--var", bad, "-e", "1", &livy.url()])
            .run()
            .exits(2)
            .says(&["--var", "NAME=VALUE"]);
    }
    livy.assert_untouched();
}

#[test]
fn a_long_file_says_which_part_runs() {
    let (livy, home) = (Livy::new(), Home::new());
    home.write("long.py", "a\nhang\nb\n");
    let mut pty: Pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    let file = home.path("long.py");
    enter(&mut pty, &format!(":load {}", file.display()));
    pty.wait_for("part 2 of 3: running (Ctrl-C cancels)");
    pty.send("\x03");
    pty.wait_for("cancelled");
    let said = format!("stopped at statement 2 of 3 ({}, line 2)", file.display());
    pty.wait_until(&said, |screen| {
        let text: String = screen.contents().split('\n').collect();
        text.contains(&said)
    });
    // one statement has no part
    enter(&mut pty, "hang");
    pty.wait_until("the wait for one statement", |screen| {
        let text = screen.contents();
        let last = text.trim_end().lines().last().unwrap_or_default();
        last.contains("running (Ctrl-C cancels)") && !last.contains("part")
    });
    pty.send("\x03");
    pty.wait_for("pyspark 4>");
    assert_eq!(pty.leave(), 0);
    livy.assert_clean();
}
