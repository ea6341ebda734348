use super::*;

fn at(text: &str) -> Option<(&str, Place)> {
    python(text).map(|wanted| {
        assert_eq!(&text[wanted.start..], wanted.word);
        (wanted.word, wanted.place)
    })
}

fn steps(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn name(call: &str) -> Place {
    Place::Name { call: steps(call) }
}

fn attribute(of: &str) -> Place {
    Place::Attribute { of: steps(of) }
}

#[test]
fn a_name_and_an_attribute_are_told_apart() {
    for (text, word, place) in [
        ("spa", "spa", name("")),
        ("x = ", "", name("")),
        ("f(a, b", "b", name("f")),
        ("df.join(other, ho", "ho", name("df .join")),
        ("x = df.sel", "sel", attribute("df")),
        ("x = [df.", "", attribute("df")),
        ("größe.än", "än", attribute("größe")),
        (
            "spark.read.format('csv').op",
            "op",
            attribute("spark .read .format ()"),
        ),
        ("a[0].b(1)(2).c", "c", attribute("a [] .b () ()")),
        (
            "df\\\n  .filter(df.x > 1)\\\n  .se",
            "se",
            attribute("df .filter ()"),
        ),
        ("f\"{df.co", "co", attribute("df")),
    ] {
        assert_eq!(at(text), Some((word, place)), "{text}");
    }
    for text in [
        "# df.",
        "1.e",
        "def f",
        "class A",
        "(a + b).c",
        "\"a\".j",
        "'closed'",
        "x = 12",
    ] {
        assert_eq!(at(text), None, "{text}");
    }
}

#[test]
fn imports_want_modules_and_what_is_in_them() {
    let module = |of: &str| Place::Module { of: of.to_owned() };
    let member = |of: &str| Place::Member { of: of.to_owned() };
    for (text, word, place) in [
        ("import pys", "pys", module("")),
        ("x = 1; import pyspark.s", "s", module("pyspark")),
        ("import os, pyspark.sql.f", "f", module("pyspark.sql")),
        ("from pyspark.sql.f", "f", module("pyspark.sql")),
        ("from ", "", module("")),
        ("from pyspark.sql import fu", "fu", member("pyspark.sql")),
        ("from a.b import (c,\n  d", "d", member("a.b")),
    ] {
        assert_eq!(at(text), Some((word, place)), "{text}");
    }
    for text in ["import numpy as n", "from a imp"] {
        assert_eq!(at(text), None, "{text}");
    }
    assert_eq!(at("imported.x"), Some(("x", attribute("imported"))));
}

#[test]
fn a_string_is_a_key_a_column_or_a_file() {
    let key = |of: &str| Place::Key { of: steps(of) };
    let text = |of: &[&str], column| Place::Text {
        of: of.iter().map(|of| steps(of)).collect(),
        column,
    };
    for (code, word, place) in [
        ("df[\"na", "na", key("df")),
        ("df.select(df['a b", "a b", key("df")),
        ("col(\"x", "x", text(&[], true)),
        ("F.col('x", "x", text(&["F"], true)),
        ("df.where(F.col('", "", text(&["F", "df"], true)),
        ("df.select(\"a\", \"", "", text(&["df"], false)),
        ("open('/tm", "/tm", text(&[], false)),
        ("x = '/tm", "/tm", text(&[], false)),
        ("[\"a", "a", text(&[], false)),
    ] {
        assert_eq!(at(code), Some((word, place)), "{code}");
    }
    assert_eq!(at("x = 'a\\"), None);
}

#[test]
fn sql_wants_tables_where_they_stand_and_columns_of_those_that_are_named() {
    let of = |text: &str| {
        let pos = text.find('|').unwrap();
        let text = text.replace('|', "");
        sql(&text, pos).map(|wanted| {
            let relations = wanted.relations.into_iter();
            let relations: Vec<String> = relations
                .map(|it| match it.alias {
                    Some(alias) => format!("{} {alias}", it.name),
                    None => it.name,
                })
                .collect();
            (
                wanted.word.to_owned(),
                wanted.of,
                wanted.table,
                relations.join(","),
            )
        })
    };
    let is = |word: &str, qualifier: &str, table, relations: &str| {
        let (word, qualifier) = (word.to_owned(), qualifier.to_owned());
        Some((word, qualifier, table, relations.to_owned()))
    };
    assert_eq!(of("sel|"), is("sel", "", false, ""));
    assert_eq!(of("select na| from t"), is("na", "", false, "t"));
    assert_eq!(of("select * from t|"), is("t", "", true, ""));
    assert_eq!(of("select * from |"), is("", "", true, ""));
    assert_eq!(of("select * from db.|"), is("", "db", true, ""));
    assert_eq!(
        of("SELECT a.| FROM t AS a JOIN db.`u v` b"),
        is("", "a", false, "t a,db.u v b")
    );
    assert_eq!(of("select * from a x, b|"), is("b", "", true, "a x"));
    assert_eq!(
        of("select 1; select | from t; select 2 from u"),
        is("", "", false, "t")
    );
    assert_eq!(of("select a, b from t where |"), is("", "", false, "t"));
    assert_eq!(of("describe ta|"), is("ta", "", true, ""));
    for nothing in ["select 'a|", "select 'a|b'", "-- from |", "select `a|"] {
        assert_eq!(of(nothing), None, "{nothing}");
    }
    assert!(of("select 'a' |").is_some());
    assert!(of("-- words\nsel|").is_some());
}

#[test]
fn any_text_has_an_answer() {
    for text in [
        "",
        ".",
        "'",
        "((((",
        ")",
        "a.",
        "..b",
        "\u{fffd}.",
        "from",
        "[\"",
        "`",
        "a.b.",
        ";",
    ] {
        let _ = python(text);
        for pos in 0..=text.len() {
            let _ = sql(text, pos);
        }
    }
}
