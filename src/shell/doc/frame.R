local({
x <- tryCatch(get(NAME, envir = globalenv(), inherits = FALSE), error = function(e) NULL)
q <- function(v) paste0("\"", gsub("([\"\\\\])", "\\\\\\1", gsub("[[:cntrl:]]", " ", enc2utf8(v))), "\"")
d <- if (is(x, "SparkDataFrame")) SparkR::dtypes(x) else if (is.data.frame(x)) lapply(names(x), function(n) c(n, class(x[[n]])[1L]))
k <- vapply(d, function(o) paste0("[", q(o[1L]), ",", q(o[2L]), ",\"\"]"), "")
cat("MARK[", paste(k, collapse = ","), "]\n", sep = "")
})
