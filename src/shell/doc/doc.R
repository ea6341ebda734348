local({
n <- NAME
p <- PACKAGE
g <- globalenv()
o <- !nzchar(p) && exists(n, envir = g, inherits = FALSE)
x <- if (!o || !bindingIsActive(as.name(n), g)) tryCatch(if (nzchar(p)) getExportedValue(p, n) else get(n, envir = g), error = function(e) NULL)
r <- list()
say <- function(label, text) for (one in text) r[[length(r) + 1L]] <<- c(label, one)
if (is.function(x)) {
a <- deparse(args(x), width.cutoff = 100L)
a <- a[trimws(a) != "NULL"]
say("Signature", sub("^function ", n, a))
}
if (o && bindingIsActive(as.name(n), g)) say("Type", "active binding, not evaluated") else if (!is.null(x)) say("Type", paste(class(x), collapse = ", "))
if (is.data.frame(x)) {
say("Size", paste(nrow(x), "x", ncol(x)))
say("Columns", paste(utils::head(names(x), 200L), collapse = ", "))
} else if (is.atomic(x) && !is.null(x)) say("Length", length(x))
h <- if (o) character() else tryCatch(as.character(if (nzchar(p)) utils::help((n), package = (p)) else utils::help((n))), error = function(e) character())
if (length(h)) {
t <- tryCatch(utils::capture.output(tools::Rd2txt(utils:::.getHelpFile(h[1L]), options = list(underline_titles = FALSE))), error = function(e) character())
if (length(h) > 1L) say("Help in", basename(dirname(dirname(h))))
say("Help", utils::head(t, 3000L))
}
q <- function(v) paste0("\"", gsub("([\"\\\\])", "\\\\\\1", gsub("[[:cntrl:]]", " ", iconv(enc2utf8(v), "UTF-8", "UTF-8", sub = "?"))), "\"")
k <- vapply(r, function(o) paste0("[", q(o[1L]), ",", q(o[2L]), "]"), "")
cat("MARK[", paste(k, collapse = ","), "]\n", sep = "")
})
