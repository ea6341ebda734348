//! The host's Python source, embedded so that one binary is all there is to install.

/// Name and text of each file. All go into one private folder; `main.py` is the one to start.
pub const FILES: &[(&str, &str)] = &[
    ("interrupts.py", include_str!("interrupts.py")),
    ("java_errors.py", include_str!("java_errors.py")),
    ("launch.py", include_str!("launch.py")),
    ("main.py", include_str!("main.py")),
    ("make_archive.py", include_str!("make_archive.py")),
    ("output.py", include_str!("output.py")),
    ("pipe.py", include_str!("pipe.py")),
    ("progress.py", include_str!("progress.py")),
    ("python_kind.py", include_str!("python_kind.py")),
    ("python_magic.py", include_str!("python_magic.py")),
    ("r_kind.py", include_str!("r_kind.py")),
    ("scala_kind.py", include_str!("scala_kind.py")),
    ("scala_lines.py", include_str!("scala_lines.py")),
    ("scala_magic.py", include_str!("scala_magic.py")),
    ("session.py", include_str!("session.py")),
    ("spark.py", include_str!("spark.py")),
    ("sql_kind.py", include_str!("sql_kind.py")),
    ("sql_values.py", include_str!("sql_values.py")),
    ("watch.py", include_str!("watch.py")),
];
