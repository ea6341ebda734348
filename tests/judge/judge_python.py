#!/usr/bin/env python3
"""Judges src/language/python by CPython itself (the one that runs this), on files that we did not write.

    cargo build --example judge && tests/judge/judge_python.py [--files N] [--seed N] [--judge PATH] [--wheel NAME]... [-v] [DIR]...

The files: the standard library with its tests (without --wheel and DIR), the sources below DIR, and those in wheels
fetched with pip into target/judge-sources.

Completeness: prefixes of files, cut at line ends, answered by codeop on the top-level statement that the
cut falls in (alone, and with the two statements before it). The cut is never after an empty line: that one submits by
our own rule, which is counted apart. Then the same with cuts after any word of a line: Enter pressed early.
Parts: the spans of top-level statements by ast. Indentation: how often the white space that the next line is given is
the one it really has, for the lines after a cut; those that end a block, which nobody can foresee, are counted apart,
and so are `else`, `except`, `case` and the like, which move when their colon is typed.
"""
import argparse
import ast
import codeop
import json
import pathlib
import random
import re
import subprocess
import sys
import sysconfig
import tokenize
import io
import warnings
import zipfile


class Judge:
    """Our answers, from examples/judge.rs."""

    def __init__(self, path, language="python"):
        self.language = language
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def ask(self, what, text):
        json.dump({"language": self.language, "ask": what, "text": text}, self.process.stdin)
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def goes_on(source):
    """What CPython's prompt does: True for a continuation line, False when it runs the source or refuses it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return codeop.compile_command(source, "<judge>", "single") is None
        except (SyntaxError, ValueError, OverflowError):
            return False


def first_line(node):
    return min([node.lineno] + [decorator.lineno for decorator in getattr(node, "decorator_list", [])])


def is_string(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def spans(text, documented):
    """(first, last) line of each top-level statement; those that share a line are one, and so, where `documented`,
    are a docstring and what follows it, as in our parts."""
    found = []
    for node in ast.parse(text).body:
        first, last = first_line(node), node.end_lineno
        if found and found[-1][1] >= first:
            found[-1][1] = last
        else:
            found.append([first, last, node])
    if documented and len(found) > 1 and is_string(found[0][2]):
        found[1][0] = found[0][0]
        found.pop(0)
    return [(first, last) for first, last, _ in found]


def judge_cuts(judge, lines, statements, random_, per_file, score, verbose, name):
    for _ in range(per_file):
        index = random_.randrange(len(statements))
        first, last = statements[index]
        cut = random_.randint(first, last)
        while cut > first and not lines[cut - 1].strip():
            cut -= 1
        wanted = goes_on("\n".join(lines[first - 1 : cut]))
        begin = statements[max(0, index - 2)][0] if random_.random() < 0.5 else first
        text = "\n".join(lines[begin - 1 : cut])
        got = judge.ask("complete", text) == "incomplete"
        score["cuts"][0] += got == wanted
        score["cuts"][1] += 1
        score["waits"] += wanted
        if got != wanted and verbose:
            print(f"{name}:{begin}-{cut}: wanted {'more' if wanted else 'end'}: ...{text[-120:]!r}")
        # An empty line submits, also where CPython waits: count how often that differs.
        if not got or goes_on("\n".join(lines[first - 1 : cut]) + "\n") is False:
            score["blank"] += 1
        ends = [found.end() for found in re.finditer(r"\w+|[^\w\s]", lines[cut - 1])]
        if ends:
            early = [*lines[first - 1 : cut - 1], lines[cut - 1][: random_.choice(ends)]]
            wanted = goes_on("\n".join(early))
            got = judge.ask("complete", "\n".join(early)) == "incomplete"
            score["cuts inside a line"][0] += got == wanted
            score["cuts inside a line"][1] += 1
            if got != wanted and verbose:
                print(f"{name}:{cut}: early: wanted {'more' if wanted else 'end'}: ...{early[-1]!r}")


CLAUSE = re.compile(r"(else|elif|except|finally|case)\b")


def white(line):
    return line[: len(line) - len(line.lstrip())]


def strings(text):
    """The lines (from 1) that begin inside a string."""
    inside, open_at = set(), []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        if kind == "STRING":
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
        elif kind.endswith("STRING_START"):
            open_at.append(token.start[0])
        elif kind.endswith("STRING_END"):
            inside.update(range(open_at.pop() + 1, token.end[0] + 1))
    return inside


def moved(judge, before, given, line):
    """The white space of a line once it is typed."""
    wanted = judge.ask("redent", f"{before}\n{given}{line}")
    return given if wanted is None else wanted


def judge_indents(judge, text, lines, statements, random_, per_file, score, verbose, name):
    """The next line's white space as we would give it, against the real one."""
    inside = strings(text)
    for _ in range(per_file):
        first, last = statements[random_.randrange(len(statements))]
        cut = random_.randint(first, last)
        if cut >= last or not lines[cut - 1].strip() or not lines[cut].strip() or cut + 1 in inside or "\t" in white(lines[cut]):
            continue
        here, real = white(lines[cut - 1]), white(lines[cut])
        before = "\n".join(lines[first - 1 : cut])
        given = judge.ask("indent", before)
        clause = CLAUSE.match(lines[cut].lstrip())
        closing = lines[cut].lstrip()[:1] in (")", "]", "}")
        kind = "indents"
        if clause and lines[cut].rstrip().endswith(":"):
            kind = "clauses after their colon"
            given = moved(judge, before, given, lines[cut].strip())
        elif closing and len(lines[cut].strip()) == 1:
            kind = "closing brackets"
            given = moved(judge, before, given, lines[cut].strip())
        elif len(real) < len(here):
            kind = "dedents"
        score[kind][0] += given == real
        score[kind][1] += 1
        if given != real and verbose and kind != "dedents":
            print(f"{name}:{cut + 1}: {kind}: given {len(given)}, real {len(real)}: {lines[cut - 1]!r} {lines[cut]!r}")


def judge_parts(judge, text, lines, statements, score, verbose, name):
    parts = judge.ask("parts", text)
    got = set()
    for part in parts:
        code = part["code"].split("\n")
        first = part["first_line"] + 1
        # Comments before a statement belong to its part, but not to the node.
        bare = 0
        while bare < len(code) and (not code[bare].strip() or code[bare].lstrip().startswith("#")):
            bare += 1
        last = len(code)
        while last > bare and (not code[last - 1].strip() or code[last - 1].lstrip().startswith("#")):
            last -= 1
        if lines[first - 1 : first - 1 + len(code)][-1:] and not "\n".join(lines[first - 1 :]).lstrip().startswith(code[0].strip()):
            print(f"{name}: line {first} is not where the part begins")
        got.add((first + bare, first + last - 1))
    wanted = set(statements)
    score["parts"][0] += len(got & wanted)
    score["parts"][1] += len(got | wanted)
    if got != wanted and verbose:
        print(f"{name}: parts: ours {sorted(got - wanted)[:5]} wanted {sorted(wanted - got)[:5]}")


def sources(options):
    """(name, text) of the files to judge by."""
    if not options.roots and not options.wheel:
        options.roots = [sysconfig.get_path("stdlib")]
    for root in options.roots:
        for path in sorted(pathlib.Path(root).rglob("*.py")):
            if "site-packages" not in path.relative_to(root).parts:
                yield str(path), path.read_bytes()
    for wheel in options.wheel:
        target = pathlib.Path(options.sources) / wheel
        if not target.exists():
            fetch = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", str(target), wheel]
            subprocess.run(fetch, check=True)
        for path in target.glob("*.whl"):
            with zipfile.ZipFile(path) as archive:
                for entry in sorted(archive.namelist()):
                    if entry.endswith(".py"):
                        yield entry, archive.read(entry)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--files", type=int, default=400)
    arguments.add_argument("--cuts", type=int, default=10, help="prefixes a file")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--judge", default="target/debug/examples/judge")
    arguments.add_argument("-v", "--verbose", action="store_true")
    arguments.add_argument("--wheel", action="append", default=[], help="a package to fetch and judge by")
    arguments.add_argument("--sources", default="target/judge-sources", help="where the fetched packages are kept")
    arguments.add_argument("roots", nargs="*", metavar="DIR")
    options = arguments.parse_args()
    random_ = random.Random(options.seed)
    files = list(sources(options))
    random_.shuffle(files)
    judge = Judge(options.judge)
    counted = ["cuts", "cuts inside a line", "parts", "indents", "closing brackets", "clauses after their colon", "dedents"]
    score = {"blank": 0, "waits": 0, **{what: [0, 0] for what in counted}}
    used = 0
    for path, content in files:
        if used == options.files:
            break
        try:
            text = content.decode("utf-8")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                statements, expected_parts = spans(text, False), spans(text, True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        # ast counts lines at \n and \r\n only, as we do.
        lines = text.split("\n")
        if not statements or "\f" in text or "\r" in text or len(text) > 400_000:
            continue
        used += 1
        judge_cuts(judge, lines, statements, random_, options.cuts, score, options.verbose, path)
        judge_indents(judge, text, lines, statements, random_, options.cuts, score, options.verbose, path)
        judge_parts(judge, text, lines, expected_parts, score, options.verbose, path)
    for what in counted:
        right, asked = score[what]
        print(f"{what}: {right}/{asked} = {100 * right / max(asked, 1):.2f} %")
    print(f"({used} files; CPython waits at {score['waits']} of the cuts; at {score['blank']} an empty line submits as with CPython)")
    return 0 if all(score[what][0] >= 0.99 * score[what][1] for what in ("cuts", "parts")) else 1


if __name__ == "__main__":
    sys.exit(main())
