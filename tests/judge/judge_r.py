#!/usr/bin/env python3
"""Judges src/language/r.rs by R itself, on the R code of R.

    cargo build --example judge && tests/judge/judge_r.py [--sources GIT_OR_FOLDER] [--cuts N] [--seed N] [--judge PATH] [-v]

Texts: the *.R files of a folder or of a git repository's last commit (R's own: src/library/*/R, demo, tests); without
`--sources` the functions of the installed base packages, as R deparses them. Completeness: a prefix of a top-level
expression, cut at a line's end or (`chars`) anywhere, alone or with the two expressions before it; R waits for more
where `parse` meets the end of the input or an open string. The cut is never after an empty line, which submits by our
own rule. Parts: the source references of `parse`, by line and text. Tokens: `getParseData`, in lines of ASCII, as R counts
columns of others in two ways. Mutants: a few lines of a file with pieces put in, taken out or doubled; scored where R
does not call them wrong. `--cases` judges our own case list by R instead. Nothing is written.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys

# One process, a line in and a line out; line ends travel as U+0001.
DRIVER = r"""
options(keep.source = TRUE, warn = -1, keep.parse.data = TRUE)
input <- file("stdin", encoding = "UTF-8"); open(input)
out <- function(...) { cat(..., "\n", sep = ""); flush(stdout()) }
ends <- "unexpected end of input|INCOMPLETE_STRING"
bare <- function(x) gsub("\n", "\001", x, fixed = TRUE)
while (length(line <- readLines(input, 1, encoding = "UTF-8"))) {
  ask <- substr(line, 1, 1)
  text <- gsub("\001", "\n", substring(line, 2), fixed = TRUE)
  Encoding(text) <- "UTF-8"
  if (ask == "d") {
    for (package in c("base", "stats", "utils", "tools", "methods", "graphics", "grDevices", "grid", "parallel", "splines", "stats4", "compiler", "tcltk")) {
      space <- asNamespace(package)
      all <- lapply(ls(space, all.names = TRUE, sorted = TRUE), function(name) {
        value <- get(name, space)
        if (is.function(value) && !is.primitive(value))
          paste(c(paste0("`", name, "` <- "), deparse(value, control = c("keepNA", "keepInteger", "niceNames"))), collapse = "\n")
      })
      out(package, "\001", bare(paste(unlist(all), collapse = "\n\n")))
    }
    out("end")
    next
  }
  parsed <- tryCatch(parse(text = text, keep.source = TRUE), error = function(e) conditionMessage(e))
  if (is.character(parsed)) {
    out(if (grepl(ends, parsed[1])) "incomplete" else paste0("error ", bare(parsed[1])))
  } else if (ask == "p") {
    out("ok ", paste(vapply(attr(parsed, "srcref"), function(r) paste(as.integer(r)[1:4], collapse = ","), ""), collapse = " "))
  } else if (ask == "t") {
    data <- getParseData(parsed)
    data <- data[data$terminal, ]
    out("ok ", paste(data$line1, data$col1, data$token, sep = ",", collapse = " "))
  } else out("ok")
}
"""

# What R's tokens are to an editor; those not named here are not judged.
CLASSES = {
    "COMMENT": "Comment", "STR_CONST": "String", "NUM_CONST": "Number|Constant", "NULL_CONST": "Constant",
    "FUNCTION": "Keyword", "IF": "Keyword", "ELSE": "Keyword", "FOR": "Keyword", "WHILE": "Keyword", "REPEAT": "Keyword",
    "BREAK": "Keyword", "NEXT": "Keyword", "IN": "Keyword", "SYMBOL": "Name", "SYMBOL_FUNCTION_CALL": "Name|Builtin",
    "SYMBOL_SUB": "Name|String|Constant", "SYMBOL_FORMALS": "Name", "SYMBOL_PACKAGE": "Name", "SLOT": "Name", "SPECIAL": "Operator",
    "LEFT_ASSIGN": "Operator", "RIGHT_ASSIGN": "Operator", "EQ_ASSIGN": "Operator", "EQ_SUB": "Operator",
    "EQ_FORMALS": "Operator", "PIPE": "Operator", "NS_GET": "Operator", "NS_GET_INT": "Operator", "AND": "Operator",
    "AND2": "Operator", "OR": "Operator", "OR2": "Operator", "GT": "Operator", "LT": "Operator", "EQ": "Operator",
    "NE": "Operator", "GE": "Operator", "LE": "Operator", "'{'": "Bracket", "'}'": "Bracket", "'('": "Bracket",
    "')'": "Bracket", "'['": "Bracket", "']'": "Bracket", "LBB": "Bracket", "'+'": "Operator", "'-'": "Operator",
    "'*'": "Operator", "'/'": "Operator", "'^'": "Operator", "'$'": "Operator", "'@'": "Operator", "':'": "Operator",
    "'~'": "Operator", "'!'": "Operator", "';'": "Operator", "'?'": "Operator", "'\\\\'": "Operator",
}


class Ours:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def ask(self, what, text):
        json.dump({"language": "r", "ask": what, "text": text}, self.process.stdin)
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


class R:
    def __init__(self):
        env = dict(os.environ, LANGUAGE="en", LC_ALL="C.UTF-8")
        command = ["Rscript", "--vanilla", "-e", DRIVER]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=env)

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def ask(self, what, text):
        self.process.stdin.write(what + text.replace("\n", "\x01") + "\n")
        self.process.stdin.flush()
        return self.line()

    def deparsed(self):
        package = self.ask("d", "")
        while package != "end":
            name, _, text = package.partition("\x01")
            yield name, text.replace("\x01", "\n")
            package = self.line()


def sources(r, source):
    """(name, text) of the files to judge by."""
    if source is None:
        yield from r.deparsed()
        return
    folder = pathlib.Path(source)
    if (folder / "HEAD").exists() or (folder / ".git").exists():
        git = ["git", "-C", source]
        tree = subprocess.run([*git, "ls-tree", "-rz", "--name-only", "@"], capture_output=True, text=True, check=True).stdout
        for name in sorted(tree.split("\0")):
            if name.endswith(".R"):
                yield name, subprocess.run([*git, "show", f"@:{name}"], capture_output=True, check=False).stdout
        return
    for path in sorted(folder.rglob("*.R")):
        yield str(path), path.read_bytes()


def readable(text):
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError:
            return None
    # R counts lines by its own rules at a \r or a form feed, and #line changes them.
    odd = any(odd in text for odd in ("\r", "\f", "\x01", "\0", "#line"))
    return None if odd or len(text) > 400_000 else text.expandtabs(8)


def spans(answer):
    return [tuple(int(number) for number in part.split(",")) for part in answer.split()[1:]]


def cut_points(random_, lines, span, chars):
    """A line and a byte to cut before."""
    first, _, last, end = span
    line = random_.randint(first, last)
    while line > first and not lines[line - 1].strip():
        line -= 1
    width = len(lines[line - 1])
    if line == last and not chars:
        # Where another expression or a comment follows in the line, the cut is between them.
        return line, len(lines[line - 1].encode()[:end].decode())
    return line, random_.randint(1, width) if chars and width else width


def judge_cuts(r, ours, name, lines, found, random_, options, score):
    for _ in range(options.cuts):
        index = random_.randrange(len(found))
        chars = random_.random() < 0.3
        line, column = cut_points(random_, lines, found[index], chars)
        begin = found[max(0, index - 2)] if random_.random() < 0.5 else found[index]
        head = lines[begin[0] - 1].encode()[begin[1] - 1 :].decode()
        body = [head, *lines[begin[0] : line]]
        skipped = begin[1] - 1 if line == begin[0] else 0
        body[-1] = body[-1][: max(0, column - skipped)]
        text = "\n".join(body)
        if not body[-1].strip():
            continue
        wanted = r.ask("c", text)
        got = ours.ask("complete", text)
        right = (got == "incomplete") == (wanted == "incomplete")
        tally = score["chars" if chars else "lines"]
        tally[0] += right
        tally[1] += 1
        score["waits"] += wanted == "incomplete"
        if not right and options.verbose:
            print(f"{name}:{line}: R {wanted[:90]}, ours {got}: ...{text[-120:]!r}")


def without_comments(code, first):
    while code.lstrip().startswith("#"):
        head, _, code = code.partition("\n")
        first += 1
    body = code.lstrip()
    return first + code[: len(code) - len(body)].count("\n"), body


def judge_parts(ours, name, text, lines, found, options, score):
    wanted = []
    for first, start, last, end in found:
        body = "\n".join(lines[first - 1 : last]).encode()
        tail = len(lines[last - 1].encode()) - end
        wanted.append((first - 1, body[start - 1 : len(body) - tail].decode()))
    got = [without_comments(part["code"], part["first_line"]) for part in ours.ask("parts", text)]
    score["parts"][0] += len(set(got) & set(wanted))
    score["parts"][1] += len(set(got) | set(wanted))
    if got != wanted and options.verbose:
        print(f"{name}: parts: ours {[x for x in got if x not in wanted][:3]} R {[x for x in wanted if x not in got][:3]}")


def judge_tokens(r, ours, name, text, options, score):
    at, line, column = {}, 1, 1
    for kind, code in ours.ask("tokens", text):
        at[line, column] = kind
        *ended, last = code.split("\n")
        line += len(ended)
        column = len(last.encode()) + (1 if ended else column)
    rows = text.split("\n")
    for token in r.ask("t", text).split()[1:]:
        row, col, kind = token.split(",", 2)
        wanted = CLASSES.get(kind)
        if wanted is None or not rows[int(row) - 1].isascii() or (int(row), int(col)) == (0, 0):
            continue
        got = at.get((int(row), int(col)))
        score["tokens"][0] += got in wanted.split("|")
        score["tokens"][1] += 1
        if got not in wanted.split("|") and options.verbose:
            print(f"{name}:{row}:{col}: R {kind}, ours {got}: {rows[int(row) - 1][:100]!r}")


PIECES = """ ( ) [ ] [[ ]] { } " ' ` # #" ; , \\n \\n\\n \\\\ \\\\" % %% %in% %o|% |> => <- <<- -> ->> = == := : :: ::: $ @ ! != ~ ? ^ ** * / & && | ||
if else for while repeat function next break in TRUE NULL NA_real_ Inf \\\\(x) function(x) if(a) while(a) for(i\\tin\\tx) x .y ..1 ... _ a_b a.b é 1 1L
1e3 1e-3L 0x1F 0x1p3 0xAL 1i .5 5. 1e+ r"( )" R"-( )-" r"---[ ]---" R'{ }' r"" r"( r'--( u"a" "\\\\u{1F600}" `a\\\\`b` 'it"s' f( x$"a" x@`b` -1 +""".split()


def mutant(random_, lines):
    first = random_.randrange(len(lines))
    text = "\n".join(lines[first : first + random_.randint(1, 5)])
    for _ in range(random_.randint(1, 3)):
        at = random_.randint(0, len(text))
        kind = random_.random()
        piece = random_.choice(PIECES).replace("\\n", "\n").replace("\\t", " ").replace("\\\\", "\\")
        if kind < 0.5:
            text = text[:at] + random_.choice(["", " ", "\n"]) + piece + random_.choice(["", " "]) + text[at:]
        elif kind < 0.8:
            text = text[:at] + text[at + random_.randint(1, 8) :]
        else:
            text = text[: at + random_.randint(1, 30)] + text[at:]
    return text


def judge_mutants(r, ours, name, lines, random_, options, score):
    for _ in range(options.mutants):
        text = mutant(random_, lines)
        if not text.strip() or not text.split("\n")[-1].strip():
            continue
        wanted = r.ask("c", text)
        if wanted.startswith("error"):
            score["refused"] += 1
            continue
        got = ours.ask("complete", text)
        right = got == {"ok": "complete", "incomplete": "incomplete"}[wanted]
        score["mutants"][0] += right
        score["mutants"][1] += 1
        if not right and options.verbose:
            print(f"{name}: mutant: R {wanted}, ours {got}: {text!r}")


def judge_cases(r, ours, path):
    """Our own cases by R: what they say of completeness and of parts. 0 when R agrees with all."""
    answers = {"complete": "ok", "incomplete": "incomplete", "wrong": "error"}
    asked = wrong = 0
    for case in path.read_text(encoding="utf-8").split("=== ")[1:]:
        what, _, body = case.partition("\n")
        body = body.removesuffix("\n")
        fault = None
        if what in answers and body.strip() and body.split("\n")[-1].strip():
            answer = r.ask("c", body)
            fault = None if answer.split()[0] == answers[what] else answer
        elif what == "parts":
            text = body.replace("---", "")
            answer = r.ask("p", text)
            marks = spans(answer) if answer.startswith("ok") else []
            got = [without_comments(part["code"], part["first_line"])[0] for part in ours.ask("parts", text)]
            fault = None if [first - 1 for first, _, _, _ in marks] == got else answer
        else:
            continue
        asked += 1
        if fault is not None:
            wrong += 1
            print(f"{what}: R {fault}: {body!r}")
    print(f"cases: {asked - wrong}/{asked}")
    return int(wrong > 0)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sources", help="a folder or git directory with *.R files")
    arguments.add_argument("--files", type=int, default=500)
    arguments.add_argument("--cuts", type=int, default=0, help="prefixes a file; else 2,500 in all")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--judge", default="target/debug/examples/judge")
    arguments.add_argument("-v", "--verbose", action="store_true")
    arguments.add_argument("--mutants", type=int, default=5, help="mutants a file")
    arguments.add_argument("--cases", type=pathlib.Path, help="judge this case list by R")
    options = arguments.parse_args()
    random_ = random.Random(options.seed)
    r, ours = R(), Ours(options.judge)
    if options.cases:
        return judge_cases(r, ours, options.cases)
    files = list(sources(r, options.sources))
    random_.shuffle(files)
    files = files[: options.files]
    options.cuts = options.cuts or -(-2_500 // max(1, len(files) * 3 // 4))
    score = {"lines": [0, 0], "chars": [0, 0], "parts": [0, 0], "tokens": [0, 0], "mutants": [0, 0], "waits": 0, "refused": 0}
    used = 0
    for name, text in files:
        text = readable(text)
        answer = "" if text is None else r.ask("p", text)
        found = spans(answer) if answer.startswith("ok") else []
        if not found:
            continue
        used += 1
        lines = text.split("\n")
        judge_cuts(r, ours, name, lines, found, random_, options, score)
        judge_parts(ours, name, text, lines, found, options, score)
        judge_tokens(r, ours, name, text, options, score)
        judge_mutants(r, ours, name, lines, random_, options, score)
    kinds = ("lines", "chars", "parts", "tokens", "mutants")
    for what in kinds:
        right, asked = score[what]
        print(f"{what}: {right}/{asked} = {100 * right / max(asked, 1):.2f} %")
    print(f"({used} files, seed {options.seed}; R waits for more at {score['waits']} of the cuts and refuses {score['refused']} mutants)")
    return 0 if used and all(score[what][0] >= 0.99 * score[what][1] for what in kinds) else 1


if __name__ == "__main__":
    sys.exit(main())
