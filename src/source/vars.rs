//! `--var NAME=VALUE`: what `${NAME}` in a file stands for.

/// Names and what they stand for.
pub type Vars = [(String, String)];

/// The text with `${NAME}` replaced for the given names, and which of them were found. `$${NAME}` stands for
/// `${NAME}` itself. All other dollars stay: they may be Scala's, or R's, or nobody's.
pub fn filled(text: &str, vars: &Vars) -> (String, Vec<String>) {
    let mut out = String::with_capacity(text.len());
    let mut found: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (head, tail) = rest.split_at(at);
        let behind = &tail[2..];
        // the last one given counts; no further is looked than a name is long, or many open braces take for ever
        let known = vars.iter().rev().find_map(|var| {
            let after = behind.strip_prefix(var.0.as_str())?.strip_prefix('}')?;
            Some((var, after))
        });
        let Some(((name, value), after)) = known else {
            out.push_str(head);
            out.push_str("${");
            rest = behind;
            continue;
        };
        if let Some(head) = head.strip_suffix('$') {
            out.push_str(head);
            out.extend(["${", name, "}"]);
        } else {
            out.push_str(head);
            out.push_str(value);
        }
        if !found.contains(name) {
            found.push(name.clone());
        }
        rest = after;
    }
    out.push_str(rest);
    (out, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(text: &str) -> String {
        let vars = [("day", "2026-11-24"), ("n", "1"), ("n", "2")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        filled(text, &vars).0
    }

    #[test]
    fn the_given_names_are_replaced_and_nothing_else_is() {
        assert_eq!(fill("'${day}' ${n}${n}"), "'2026-11-24' 22");
        for text in [
            "s\"${x} $day\"",
            "${",
            "$${x}",
            "${day",
            "${ day }",
            "$",
            "${}",
        ] {
            assert_eq!(fill(text), text);
        }
        assert_eq!(fill("${a ${n}"), "${a 2");
    }

    #[test]
    fn a_second_dollar_keeps_what_would_be_replaced() {
        assert_eq!(fill("$${day} ${day}"), "${day} 2026-11-24");
    }

    #[test]
    fn a_value_is_not_searched_for_names() {
        let vars = [
            ("a".to_owned(), "${b}".to_owned()),
            ("b".to_owned(), "x".to_owned()),
        ];
        let (text, found) = filled("${a}", &vars);
        assert_eq!((text.as_str(), found), ("${b}", vec!["a".to_owned()]));
    }
}
