//! R's names: R itself completes the line.
use std::time::Duration;

use super::answer::mark;
use crate::livy::Kind;
use crate::session::Question;

/// Hands the line to R's own completion. The answer's first pair is the token that the names are to replace.
const PROGRAM: &str = r#"local({
u <- asNamespace("utils")
g <- globalenv()
b <- LINE
u$.assignLinebuffer(b)
u$.assignEnd(nchar(b, "bytes"))
u$.guessTokenFromLine()
u$.completeToken()
f <- gsub("//+", "/", utils::head(u$.retrieveCompletions(), 500L))
k <- vapply(f, function(n) {
x <- if (exists(n, envir = g, inherits = FALSE) && bindingIsActive(as.name(n), g)) "active binding" else if (exists(n, envir = g, mode = "function")) "function" else if (exists(n, envir = g)) class(get(n, envir = g))[1L] else ""
if (x == "function") x <- paste0(x, sub("^function ", "", sub(" *NULL$", "", paste(trimws(utils::head(deparse(args(get(n, envir = g, mode = "function"))), 2L)), collapse = " "))))
substr(x, 1L, 80L)
}, "")
q <- function(x) paste0("\"", gsub("([\"\\\\])", "\\\\\\1", gsub("[[:cntrl:]]", " ", x)), "\"")
p <- paste0("[", q(c(u$.CompletionEnv[["token"]], f)), ",", q(c("", k)), "]")
cat("MARK[", paste(p, collapse = ","), "]\n", sep = "")
})"#;

/// What to ask the session, and the mark of the answer; `line` is the line up to the cursor.
pub(super) fn question(line: &str, limit: Duration) -> (Question, String) {
    let mark = mark();
    // not as a text: where the words of a plot stand in a statement, Livy opens a picture for it
    let letters: Vec<String> = line.chars().map(|c| u32::from(c).to_string()).collect();
    let text = format!("intToUtf8(c({}))", letters.join(","));
    let question = Question {
        about: "completion",
        kind: Kind::Sparkr,
        code: PROGRAM.replace("LINE", &text).replace("MARK", &mark),
        limit,
    };
    (question, mark)
}
