//! Answers what `src/language/` makes of texts, for the scripts in tests/judge/: a JSON object a line in
//! (`{"language", "ask": "complete" | "parts" | "clean" | "tokens" | "indent" | "redent", "text"}`), a JSON value a line out.

use std::io::{self, BufRead, Write};

use livysh::language::{Completeness, Language};
use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let asked: Value = serde_json::from_str(&line?)?;
        let text = asked["text"].as_str().unwrap_or("");
        let language = asked["language"].as_str().and_then(Language::parse);
        let answer = language.map_or(Value::Null, |language| {
            answer(language, &asked["ask"], text)
        });
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn answer(language: Language, ask: &Value, text: &str) -> Value {
    match ask.as_str() {
        Some("complete") => json!(match language.completeness(text) {
            Completeness::Complete => "complete",
            Completeness::Incomplete => "incomplete",
            Completeness::Wrong => "wrong",
        }),
        Some("parts") => language
            .parts(text)
            .into_iter()
            .map(|part| {
                let code = text.get(part.range).unwrap_or("");
                json!({"first_line": part.first_line, "code": code, "clean": language.clean(code)})
            })
            .collect(),
        Some("indent") => json!(language.next_indent(text)),
        Some("redent") => json!(language.redent(text)),
        Some("clean") => json!(language.clean(text)),
        Some("tokens") => language
            .tokens(text)
            .into_iter()
            .map(|token| json!([format!("{:?}", token.class), text.get(token.range)]))
            .collect(),
        _ => Value::Null,
    }
}
