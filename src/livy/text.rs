//! A server's text made fit for people: no control characters, a bounded length, the cause first.

/// Longest first line that is kept of an error.
const LONGEST_MESSAGE: usize = 1000;
/// Longest rest that is kept of an error.
const LONGEST_DETAIL: usize = 64 * 1024;
/// Classes that only wrap what went wrong; Livy adds some for whatever its driver throws.
const WRAPPERS: [&str; 4] = [
    "java.util.concurrent.ExecutionException: ",
    "java.util.concurrent.CompletionException: ",
    "org.apache.livy.rsc.rpc.RpcException: ",
    "java.lang.RuntimeException: ",
];

/// The text without control characters, but for line ends and tabs.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .filter(|&c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

/// At most `most` characters of the text, with `…` where it was cut.
pub(super) fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

/// The text on one line of at most `most` characters.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .collect();
    shorten(printable(&spaced).trim(), most)
}

/// An error's text as (cause, rest): the first line without the classes that only wrap it, and
/// the lines after it.
pub(super) fn cause_and_rest(text: &str) -> (String, Option<String>) {
    let mut text = text.trim();
    while let Some(inner) = WRAPPERS.iter().find_map(|wrap| text.strip_prefix(wrap)) {
        text = inner.trim_start();
    }
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let rest = printable(rest.trim_end());
    (
        one_line(first, LONGEST_MESSAGE),
        (!rest.trim().is_empty()).then(|| shorten(&rest, LONGEST_DETAIL)),
    )
}

/// What a page says to a reader: its title, else its first words. The title of Livy 0.7's Jetty is a bare
/// `Error 403`: there, the reason stands in the body.
pub(super) fn page_title(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|tag| {
        let start = tag + lower[tag..].find('>')? + 1;
        let end = start + lower[start..].find("</title")?;
        Some(page[start..end].to_owned())
    });
    let bare = title.as_deref().is_some_and(|title| {
        let status = title.trim().strip_prefix("Error ");
        status.is_some_and(|status| status.chars().all(|c| c.is_ascii_digit()))
    });
    let reason = lower.find("reason:").filter(|_| bare).map(|at| {
        let told = &page[at + "reason:".len()..];
        let end = told.to_ascii_lowercase().find("</pre>");
        without_tags(&told[..end.unwrap_or(told.len())])
    });
    let text = reason.or(title).unwrap_or_else(|| without_tags(page));
    one_line(&unescape(&text), LONGEST_MESSAGE)
}

fn without_tags(page: &str) -> String {
    let mut text = String::new();
    let mut in_tag = false;
    for c in page.chars() {
        match c {
            '<' => {
                in_tag = true;
                if !text.ends_with(' ') {
                    text.push(' ');
                }
            }
            '>' => in_tag = false,
            _ if !in_tag => text.push(c),
            _ => {}
        }
        if text.len() > LONGEST_MESSAGE {
            break;
        }
    }
    text
}

fn unescape(text: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_stands_first_without_its_wrappers_and_the_trace_is_the_rest() {
        let (cause, rest) = cause_and_rest(
            "java.util.concurrent.ExecutionException: org.apache.livy.rsc.rpc.RpcException: \
             java.lang.IllegalArgumentException: Invalid kind: SQL\n\tat a.B\n\tat c.D",
        );
        assert_eq!(
            cause,
            "java.lang.IllegalArgumentException: Invalid kind: SQL"
        );
        assert_eq!(rest.as_deref(), Some("\tat a.B\n\tat c.D"));
    }

    #[test]
    fn escape_sequences_lose_their_escape_and_long_lines_are_cut() {
        let (cause, rest) = cause_and_rest("a\u{1b}]0;title\u{7}b\u{9b}c");
        assert_eq!(cause, "a]0;titlebc");
        assert_eq!(rest, None);
        assert_eq!(one_line(&"é".repeat(50), 3), "ééé…");
    }

    #[test]
    fn a_page_speaks_by_its_title_or_its_first_words() {
        assert_eq!(
            page_title("<html><TITLE>Error 403 &amp; more</TITLE><p>x"),
            "Error 403 & more"
        );
        let jetty = "<html><head><title>Error 403 </title></head><body><h2>HTTP ERROR: 403</h2>\n\
                     <p>Problem accessing /sessions. Reason:\n<pre>    User not authorised to use Livy.</pre></p>\n\
                     <hr />Powered by Jetty:// 9.3</body></html>";
        assert_eq!(page_title(jetty), "User not authorised to use Livy.");
        assert_eq!(page_title("<h1>Bad</h1> <b>gateway</b>"), "Bad  gateway");
        assert_eq!(page_title("<title>never closed"), "never closed");
    }
}
