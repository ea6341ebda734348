#!/usr/bin/env python3
"""Judges src/language/scala by the Scala compiler's own parser, on published sources.

    cargo build --example judge && tests/judge/judge_scala.py --jars DIR [--texts N] [--seed N] [--judge PATH] [-v]

DIR holds scala-compiler, scala-library and scala-reflect jars of one version, as `pyspark/jars` does. The texts are source
files of libraries (fetched with mvn into target/judge-sources, never committed), whole and the bodies of their classes
and methods, whatever the parser takes as a script.

Completeness: prefixes cut at line ends, answered as the REPL would. Where a rule of ours goes beyond the REPL's, it is counted apart:
an operator at the end of a line waits for its operand. The cut is never after an empty line, which always submits.
Parts: each must parse alone, be no more than one statement (or a pair of companions), and all together give the trees of the whole.
Joins: Livy's way of running a text line by line is played; what it runs must be the trees of the whole.
"""
import argparse
import base64
import pathlib
import random
import re
import subprocess
import sys
import textwrap
import zipfile

from judge_python import Judge

SOURCES = [
    "org.scala-lang:scala-library:2.12.18",
    "org.scala-lang:scala-compiler:2.12.18",
    "org.scala-lang:scala-library:2.13.14",
    "org.apache.spark:spark-sql_2.12:3.5.3",
    "org.typelevel:cats-core_2.13:2.12.0",
]
HERE = pathlib.Path(__file__).parent


class Parser:
    """The real one, in a JVM."""

    def __init__(self, jars, target):
        found = [str(jar) for name in ("compiler", "library", "reflect") for jar in pathlib.Path(jars).glob(f"scala-{name}*.jar")]
        classes = target / ("classes-" + pathlib.Path(found[0]).stem)
        path = ":".join(found)
        if not (classes / "ScalaJudge.class").exists():
            classes.mkdir(parents=True, exist_ok=True)
            compiler = ["java", "-cp", path, "scala.tools.nsc.Main", "-usejavacp", "-nowarn", "-d", str(classes)]
            subprocess.run([*compiler, str(HERE / "ScalaJudge.scala")], check=True)
        command = ["java", "-Xss16m", "-cp", f"{path}:{classes}", "ScalaJudge"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def parse(self, text):
        """(status, trees)"""
        self.process.stdin.write(base64.b64encode(text.encode()).decode() + "\n")
        self.process.stdin.flush()
        status, *trees = self.process.stdout.readline().rstrip("\n").split("\t")
        return status, trees


def sources(target):
    """(name, text) of every file of the libraries."""
    target.mkdir(parents=True, exist_ok=True)
    for artifact in SOURCES:
        _, name, version = artifact.split(":")
        jar = target / f"{name}-{version}-sources.jar"
        if not jar.exists():
            fetch = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={artifact}:jar:sources", f"-DoutputDirectory={target}"]
            subprocess.run(fetch, check=True)
        with zipfile.ZipFile(jar) as archive:
            for entry in sorted(archive.namelist()):
                if entry.endswith(".scala"):
                    yield f"{name}-{version}/{entry}", archive.read(entry).decode("utf-8", "replace")


def script(text):
    """A source file without its licence and package clauses, which no REPL takes."""
    lines = text.split("\n")
    last = max([at for at, line in enumerate(lines[:60]) if re.match(r"package +[\w.`]+ *$", line)], default=-1)
    return "\n".join(lines[last + 1 :]).strip("\n")


def bodies(text):
    """What stands between a line that ends in an opening brace and the closing one under it, moved to the left."""
    lines = text.split("\n")
    for at, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if line.rstrip().endswith("{") and not line.lstrip().startswith("*"):
            end = next((n for n in range(at + 1, len(lines)) if lines[n].rstrip() == " " * indent + "}"), None)
            if end and end - at > 4:
                yield at, textwrap.dedent("\n".join(lines[at + 1 : end])).strip("\n")


def texts(parser, options, target, random_):
    """(name, text, trees) of texts that parse."""
    candidates = []
    for name, text in sources(target):
        if "\r" in text or "\t" in text or not text.isprintable() and any(ord(c) > 0xFFFF for c in text):
            continue
        whole = script(text)
        candidates.append((name, whole))
        inner = list(bodies(whole))
        candidates.extend((f"{name}:{at}", body) for at, body in random_.sample(inner, min(len(inner), 3)))
    random_.shuffle(candidates)
    taken = 0
    for name, text in candidates:
        if taken == options.texts:
            return
        if not 3 <= text.count("\n") <= 300:
            continue
        status, trees = parser.parse(text)
        if status == "success" and trees and not any(bodiless(tree) for tree in trees):
            taken += 1
            yield name, text, trees


def bodiless(tree):
    """A method or type without a body, which a REPL waits for as long as it takes."""
    tree = base64.b64decode(tree)
    return tree.startswith(b"DefDef(") and tree.endswith(b", EmptyTree)") or tree.startswith(b"TypeDef(") and b", TypeBoundsTree(" in tree


class Score:
    def __init__(self, options):
        self.verbose = options.verbose
        self.counts = {}

    def add(self, what, right, explain=""):
        count = self.counts.setdefault(what, [0, 0])
        count[0] += bool(right)
        count[1] += 1
        if not right and self.verbose and explain:
            print(f"{what}: {explain}")

    def show(self, what, note=""):
        right, asked = self.counts.get(what, (0, 0))
        print(f"{what}: {right}/{asked} = {100 * right / max(asked, 1):.2f} %{note}")
        return right / max(asked, 1)


OPERAND = re.compile(r"(^|[\w\s)\]}\"'`])[-!#%&*+/:<=>?@\\^|~]+$")


def judge_cuts(judge, parser, name, text, per_text, random_, score):
    lines = text.split("\n")
    for number in range(2 * per_text):
        cut = random_.randint(1, len(lines))
        while cut > 1 and not lines[cut - 1].strip():
            cut -= 1
        kind, prefix = "cuts", "\n".join(lines[:cut])
        if number >= per_text:
            # Enter anywhere: after some word of the line.
            ends = [found.end() for found in re.finditer(r"\w+|[^\w\s]+", lines[cut - 1])]
            if len(ends) < 2:
                continue
            kind, prefix = "cuts inside a line", "\n".join([*lines[: cut - 1], lines[cut - 1][: random_.choice(ends)]])
        if not prefix.strip():
            continue
        status, _ = parser.parse(prefix)
        got = judge.ask("complete", prefix)
        wanted = status == "incomplete"
        explain = f"{name}:{cut} REPL {status}, ours {got}: ...{prefix[-150:]!r}"
        code = prefix.rsplit("\n", 1)[-1].split("//")[0].rstrip()
        if got == "incomplete" and not wanted and OPERAND.search(code):
            score.add("operators at an end", True)
            continue
        score.add(kind, (got == "incomplete") == wanted, explain)
        if wanted:
            score.add("waits", got == "incomplete")


PIECES = ["(", ")", "{", "}", "[", "]", '"', '\"\"\"', "'", "'a'", "'b", "/*", "*/", "//", "=", "=>", ":", ".", ",", ";", "else", "if", "val", "def",
          "match", "case", "@a", "for", "do", "while", "yield", "new", "type", "with", "import", "_", "`", "+", "s\"", "${", "$x"]


def mutated(text, random_):
    """The text with a few of its words lost, doubled or replaced."""
    words = re.findall(r"\s+|\w+|[^\w\s]", text)
    for _ in range(random_.randint(1, 3)):
        at = random_.randrange(len(words))
        words[at : at + 1] = random_.choice([[], [words[at]] * 2, [random_.choice(PIECES)], [words[at], "\n"], [random_.choice(PIECES), words[at]]])
        words = words or [""]
    return "".join(words).rstrip()


def judge_mutations(judge, parser, name, text, per_text, random_, score):
    """Texts with mistakes: the REPL must not run what we keep, nor wait where we send. What it refuses is not asked."""
    lines = text.split("\n")
    for _ in range(per_text):
        first = random_.randrange(len(lines))
        code = mutated("\n".join(lines[first : first + random_.randint(1, 12)]).strip() or "x", random_)
        status, _ = parser.parse(code)
        if not code.strip() or status == "error" or OPERAND.search(code.split("//")[-1]):
            continue
        got = judge.ask("complete", code)
        kind = "kept though it would run" if status == "success" else "sent though the REPL waits"
        score.add("texts with mistakes", (got == "incomplete") == (status == "incomplete"), f"{kind}: {name} ours {got}: {code[-300:]!r}")


def judge_indents(judge, name, text, per_text, random_, score):
    """The next line's white space as we would give it, against the real one."""
    lines = text.split("\n")
    for _ in range(per_text):
        cut = random_.randrange(1, len(lines))
        here, next_line = lines[cut - 1], lines[cut]
        if not here.strip() or not next_line.strip() or '"""' in text or here.lstrip()[:2] in ("/*", "*", "* ") or here.rstrip().endswith("*/"):
            continue
        before = "\n".join(lines[:cut])
        given = judge.ask("indent", before)
        real = next_line[: len(next_line) - len(next_line.lstrip())]
        first = next_line.split()[0]
        kind = "indents"
        if re.match(r"[)}\]]|case$", first):
            kind = "closing brackets and cases"
            wanted = judge.ask("redent", f"{before}\n{given}{first if first == 'case' else first[0]}")
            given = given if wanted is None else wanted
        elif first.startswith("."):
            kind = "lines that begin with a dot"
        elif len(real) < len(here) - len(here.lstrip()):
            kind = "dedents"
        score.add(kind, given == real, f"{name}:{cut} given {len(given)} real {len(real)}: {here!r} {next_line!r}" if kind != "dedents" else "")


def livy(parser, code):
    """What Livy runs of a statement: a list of requests, each a list of trees; None when it would fail."""
    requests = []
    lines = code.strip().split("\n")
    at = 0
    while at < len(lines):
        end = at + 1
        status, trees = parser.parse(lines[at])
        while status == "incomplete" and end < len(lines):
            end += 1
            status, trees = parser.parse("\n".join(lines[at:end]))
        if status != "success":
            return None
        requests.append(trees)
        at = end
    return [trees for trees in requests if trees]


def template(tree):
    """The kind and the name of a class or an object."""
    tree = base64.b64decode(tree).decode()
    kind = tree.split("(")[0]
    name = {"ClassDef": r"\), TypeName\((\"[^\"]*\")\), List\(", "ModuleDef": r"\), TermName\((\"[^\"]*\")\), Template\("}.get(kind)
    found = name and re.search(name, tree)
    return found and (kind, found[1])


def companions(trees):
    """The places where a class and its object follow each other."""
    named = [template(tree) for tree in trees]
    return [at for at, (a, b) in enumerate(zip(named, named[1:])) if a and b and a[1] == b[1] and a[0] != b[0]]


def could_be_two(parser, code, trees):
    lines = code.split("\n")
    for at in range(1, len(lines)):
        halves = [parser.parse("\n".join(half)) for half in (lines[:at], lines[at:])]
        if all(status == "success" and some for status, some in halves) and halves[0][1] + halves[1][1] == trees:
            return True
    return False


def judge_parts(judge, parser, name, text, trees, score):
    together, sent = [], []
    for part in judge.ask("parts", text):
        status, own = parser.parse(part["code"])
        together += own
        one = len(own) == 1 or bool(companions(own)) or not could_be_two(parser, part["code"], own)
        score.add("parts", status == "success" and own and one, f"{name}:{part['first_line']} {status} {len(own)}: {part['code'][:200]!r}")
        sent.append(livy(parser, part["clean"] or ""))
    score.add("texts whose parts are the whole", together == trees, name)
    ran = None if None in sent else [request for requests in sent for request in requests]
    score.add("parts as Livy runs them", ran is not None and sum(ran, []) == trees, name)
    ran = livy(parser, judge.ask("clean", text) or "")
    score.add("texts as Livy runs them", ran is not None and sum(ran, []) == trees, name)
    plain = livy(parser, text)
    score.add("the same without our joins", plain is not None and sum(plain, []) == trees)
    pairs = len(companions(trees))
    if pairs and ran is not None:
        score.add("companions compiled as one", sum(len(companions(request)) for request in ran) == pairs, name)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--jars", required=True, help="the folder with the Scala compiler's jars")
    arguments.add_argument("--texts", type=int, default=400)
    arguments.add_argument("--cuts", type=int, default=8, help="prefixes a text")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--judge", default="target/debug/examples/judge")
    arguments.add_argument("--sources", default="target/judge-sources", help="where the fetched sources are kept")
    arguments.add_argument("-v", "--verbose", action="store_true")
    options = arguments.parse_args()
    random_ = random.Random(options.seed)
    target = pathlib.Path(options.sources)
    parser, judge, score = Parser(options.jars, target), Judge(options.judge, "scala"), Score(options)
    for name, text, trees in texts(parser, options, target, random_):
        judge_cuts(judge, parser, name, text, options.cuts, random_, score)
        judge_mutations(judge, parser, name, text, options.cuts, random_, score)
        judge_indents(judge, name, text, options.cuts, random_, score)
        judge_parts(judge, parser, name, text, trees, score)
    reached = score.show("cuts"), score.show("cuts inside a line"), score.show("parts"), score.show("texts whose parts are the whole")
    joined = score.show("parts as Livy runs them"), score.show("texts as Livy runs them"), score.show("companions compiled as one")
    for what in ("texts with mistakes", "indents", "closing brackets and cases", "lines that begin with a dot", "dedents"):
        score.show(what)
    score.show("the same without our joins")
    score.show("waits", " (of the cuts where the REPL waits)")
    print(f"({score.counts.get('operators at an end', [0])[0]} cuts after an operator wait by our rule and are not among the cuts)")
    parser.process.stdin.close()
    return 0 if min(reached + joined) >= 0.98 else 1


if __name__ == "__main__":
    sys.exit(main())
