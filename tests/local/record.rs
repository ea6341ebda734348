//! What one shell ran, the next one recalls.
use super::*;

#[test]
fn a_second_shell_recalls_the_first_ones_lines_whole() {
    let home = Home::new();
    {
        let _slot = spark::slot();
        let mut first = shell(&home, &["local"]);
        first.wait_for("pyspark 1>");
        enter(&mut first, "for word in ('alpha', 'beta'):");
        enter(&mut first, "print(word * 2)");
        first.send("\r");
        first.wait_for("betabeta");
        enter(&mut first, "'gamma'.upper()");
        first.wait_for("GAMMA");
        first.wait_for("pyspark 3>");
        assert_eq!(first.leave(), 0);
        assert!(
            processes::of(&home).is_empty(),
            "{:?}",
            processes::of(&home)
        );
    }
    // to recall needs no session
    let mut second = shell(&home, &["http://127.0.0.1:1"]);
    second.wait_for("cannot be reached");
    second.send("\x1b[A");
    second.wait_for("'gamma'.upper()");
    second.send("\x1b[A");
    second.wait_until("the loop whole", whole_loop);
    // between two reads the terminal would take Ctrl-R for its own
    second.send("\x03");
    prompt(&second, "pyspark 1>");
    second.send("\x12");
    second.wait_for("search)");
    second.send("alpha");
    second.wait_until("the loop found whole", whole_loop);
    // out of the search first, then the line away: each key after the one before has acted
    second.send("\x07");
    second.wait_until("the end of the search", |screen| {
        !screen.contents().contains("search)")
    });
    second.send("\x03");
    prompt(&second, "pyspark 1>");
    // as Python's own shell is left; it never had a session
    enter(&mut second, "exit()");
    assert_eq!(second.exit_code(), 3);
}

/// Both lines stand on the screen, one below the other.
fn whole_loop(screen: &vt100::Screen) -> bool {
    let text = screen.contents();
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines.windows(2).any(|pair| {
        pair[0].ends_with("for word in ('alpha', 'beta'):")
            && pair[1].trim_end().ends_with("    print(word * 2)")
    })
}
