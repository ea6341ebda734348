local({
n <- NAME
e <- globalenv()
x <- if (exists(n, envir = e, inherits = FALSE) && !bindingIsActive(as.name(n), e)) get(n, envir = e, inherits = FALSE)
q <- function(v) paste0("\"", gsub("([\"\\\\])", "\\\\\\1", gsub("[[:cntrl:]]", " ", iconv(enc2utf8(v), "UTF-8", "UTF-8", sub = "?"))), "\"")
f <- is(x, "SparkDataFrame") || is.data.frame(x)
d <- if (is(x, "SparkDataFrame")) SparkR::dtypes(x) else if (f) lapply(names(x), function(n) c(n, class(x[[n]])[1L]))
k <- vapply(d, function(o) paste0("[", q(o[1L]), ",", q(o[2L]), ",\"\"]"), "")
cat("MARK", if (f) paste0("[", paste(k, collapse = ","), "]") else "null", "\n", sep = "")
})
