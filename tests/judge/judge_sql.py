#!/usr/bin/env python3
"""Judges src/language/sql.rs by Spark's own SQL lexer and parser, on Spark's TPC-H, TPC-DS, SSB and sql-tests files.

    cargo build --example judge && PYTHON tests/judge/judge_sql.py [--sql JAR] [--cuts N] [--seed N] [--judge PATH] [-v]

PYTHON is one with pyspark (3.5; Java on the PATH). The texts come from the jar `org.apache.spark:spark-sql_2.12:VERSION:tests`,
which Maven brings to target/judge/ unless `--sql` names one. Completeness: prefixes cut at a line's end or (`chars`) anywhere;
wanted complete where Spark's lexer has a `;` as the last token and no string, name or comment open, or nothing at all (the cut is
never after an empty line, which submits by our own rule). Parts: Spark's tokens between its `;`, against those of what we
send for each part (`clean`), against spark-sql's own splitter, and every part must parse where Spark's own piece parses.
Tokens: by Spark's lexer; a word that ANSI mode reserves must have a colour here, and what is no keyword must not be one. Mutants: a few lines with
pieces put in, taken out or doubled. `--cases` judges our own case list instead. Nothing is committed.
"""
import argparse
import functools
import json
import pathlib
import random
import re
import subprocess
import sys
import zipfile

import pyspark
from pyspark.java_gateway import launch_gateway

TOKEN = re.compile(r"\[@-?\d+,(-?\d+):(-?\d+)='")
TAIL = re.compile(r"',<(-?\d+)>(?:,channel=(\d+))?,\d+:\d+\](?:, )?")
COMMENTS = ("SIMPLE_COMMENT", "BRACKETED_COMMENT")
NUMBERS = ("BIGINT_LITERAL", "SMALLINT_LITERAL", "TINYINT_LITERAL", "INTEGER_VALUE", "EXPONENT_VALUE", "DECIMAL_VALUE",
           "FLOAT_LITERAL", "DOUBLE_LITERAL", "BIGDECIMAL_LITERAL")


class Ours:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def ask(self, what, text):
        json.dump({"language": "sql", "ask": what, "text": text}, self.process.stdin)
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


class Spark:
    def __init__(self):
        self.gateway = launch_gateway()
        jvm = self.gateway.jvm
        self.jvm = jvm
        self.catalyst = jvm.org.apache.spark.sql.catalyst.parser
        self.parser = jvm.org.apache.spark.sql.execution.SparkSqlParser()
        words = self.catalyst.SqlBaseLexer.VOCABULARY
        count = words.getMaxTokenType() + 1
        self.names = [words.getSymbolicName(kind) or "" for kind in range(count)]
        literals = [words.getLiteralName(kind) or "" for kind in range(count)]
        self.keywords = {name for name, literal in zip(self.names, literals) if literal.strip("'").replace("_", "").isalpha()}
        self.reserved = self.reserved_words()
        self.driver = self.cli()

    def reserved_words(self):
        """What ANSI mode lets nobody use as a name, as `sql_keywords()` shows it."""
        words = self.jvm.org.apache.spark.sql.catalyst.util.SQLKeywordUtils
        conf = self.jvm.org.apache.spark.sql.internal.SQLConf.get()
        switches = ("spark.sql.ansi.enabled", "spark.sql.ansi.enforceReservedKeywords")
        for switch in switches:
            conf.setConfString(switch, "true")
        listed = zip(words.keywords().mkString(" ").split(), words.getReservedList().mkString(" ").split())
        found = {word for word, reserved in listed if reserved == "true"}
        for switch in switches:
            conf.unsetConf(switch)
        return found

    def cli(self):
        """spark-sql's driver, for its splitter alone: its constructor would want a Hive session."""
        reflect = self.jvm.java.lang.Class
        field = reflect.forName("sun.misc.Unsafe").getDeclaredField("theUnsafe")
        field.setAccessible(True)
        return field.get(None).allocateInstance(reflect.forName("org.apache.spark.sql.hive.thriftserver.SparkSQLCLIDriver"))

    @functools.cache
    def lex(self, text):
        """[(name, text, start, hidden)]"""
        stream = self.catalyst.UpperCaseCharStream(self.jvm.org.antlr.v4.runtime.CharStreams.fromString(text))
        lexer = self.catalyst.SqlBaseLexer(stream)
        lexer.removeErrorListeners()
        shown = lexer.getAllTokens().toString()
        tokens, at = [], 1
        while match := TOKEN.match(shown, at):
            start, stop = int(match[1]), int(match[2])
            code = text[start : stop + 1]
            escaped = code.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
            tail = TAIL.match(shown, match.end() + len(escaped))
            assert tail, shown[at : at + 200]
            tokens.append((self.names[max(0, int(tail[1]))], code, start, tail[2] is not None))
            at = tail.end()
        return tokens

    def waits(self, text):
        """Whether a `;` is still missing at the end of the text."""
        tokens = self.lex(text)
        solid = [token for token in tokens if not token[3]]
        # An open comment is a token that its end does not close; an open quote one that the lexer does not know.
        opened = [code for name, code, _, _ in tokens if name == "BRACKETED_COMMENT" and not closed(code)]
        quoted = [code for name, code, _, _ in tokens if name == "UNRECOGNIZED" and code in "'\"`"]
        return bool(opened or quoted or self.hinted(tokens) or (solid and solid[-1][1] != ";"))

    def hinted(self, tokens):
        """Whether a hint is open at the end; to the lexer a `;` in it is one like any other, to us it is not."""
        hints = [name for name, _, _, _ in tokens if name in ("HENT_START", "HENT_END")]
        return hints[-1:] == ["HENT_START"]

    def odd(self, text):
        """Whether the lexer goes on after a quote or hint without its end, or a hint's end stands alone: parts mean nothing."""
        tokens = self.lex(text)
        hints = [name == "HENT_START" for name, _, _, _ in tokens if name in ("HENT_START", "HENT_END")]
        paired = len(hints) % 2 == 0 and all(start == (index % 2 == 0) for index, start in enumerate(hints))
        inside = re.search(r"/\*\+[^*]*;", text)
        return not paired or inside or any(name == "UNRECOGNIZED" and code in "'\"`" for name, code, _, _ in tokens)

    def statements(self, text):
        """The texts between the `;` of the lexer, without those that have no token."""
        tokens = self.lex(text)
        found, start, solid = [], 0, False
        for name, code, at, hidden in tokens:
            if code == ";" and not hidden:
                if solid:
                    found.append(text[start:at])
                start, solid = at + 1, False
            else:
                solid |= not hidden
        return found + ([text[start:]] if solid else [])

    def split(self, text):
        return [piece for piece in self.driver.splitSemiColon(text) if self.solid(piece)]

    def solid(self, text):
        return [(name, code) for name, code, _, hidden in self.lex(text) if not hidden]

    def parses(self, text):
        try:
            self.parser.parsePlan(text)
            return True
        except Exception:  # Whatever Spark throws, it does not take the text.
            return False


def closed(comment):
    depth, at = 0, 0
    while at < len(comment):
        if comment.startswith("/*", at):
            depth, at = depth + 1, at + 2
        elif comment.startswith("*/", at):
            depth, at = depth - 1, at + 2
        else:
            at += 1
    return depth <= 0


def texts(options):
    jar = options.sql
    if jar is None:
        folder = pathlib.Path("target/judge")
        artifact = f"org.apache.spark:spark-sql_2.12:{pyspark.__version__}:jar:tests"
        jar = folder / f"spark-sql_2.12-{pyspark.__version__}-tests.jar"
        if not jar.exists():
            subprocess.run(["mvn", "-q", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={folder.resolve()}"], check=True)
    with zipfile.ZipFile(jar) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".sql"):
                text = archive.read(name).decode("utf-8")
                if "\r" not in text and len(text) < 200_000:
                    yield name, text


def judge_cuts(spark, ours, name, text, random_, options, score):
    lines = text.split("\n")
    for _ in range(options.cuts):
        last = random_.randrange(len(lines))
        while last and not lines[last].strip():
            last -= 1
        chars = random_.random() < 0.3
        body = lines[max(0, last - random_.randint(0, 40)) : last + 1]
        if chars:
            body[-1] = body[-1][: random_.randint(1, max(1, len(body[-1])))]
        cut = "\n".join(body)
        if not cut.split("\n")[-1].strip():
            continue
        wanted = spark.waits(cut)
        got = ours.ask("complete", cut)
        tally = score["chars" if chars else "lines"]
        tally[0] += (got == "incomplete") == wanted
        tally[1] += 1
        score["waits"] += wanted
        if (got == "incomplete") != wanted and options.verbose:
            print(f"{name}:{last + 1}: Spark {'waits' if wanted else 'ends'}, ours {got}: ...{cut[-150:]!r}")


def judge_parts(spark, ours, name, text, options, score):
    wanted = spark.statements(text)
    parts = ours.ask("parts", text)
    got = [part["clean"] for part in parts]
    lines = text.split("\n")
    for part in parts:
        first = part["code"].split("\n")[0]
        if first not in lines[part["first_line"]]:
            print(f"{name}: line {part['first_line']} is not where the part begins")
    for what, others in (("parts", wanted), ("spark-sql", spark.split(text))):
        ours_, theirs = [spark.solid(piece) for piece in got], [spark.solid(piece) for piece in others]
        right = sum(piece in theirs for piece in ours_)
        score[what][0] += right
        score[what][1] += len(ours_) + sum(piece not in ours_ for piece in theirs)
        if ours_ != theirs and options.verbose:
            index = next((i for i, (a, b) in enumerate(zip(ours_, theirs)) if a != b), min(len(ours_), len(theirs)))
            print(f"{name}: {what}: ours {got[index : index + 1]} Spark {others[index : index + 1]}")
    for piece in wanted:
        if spark.parses(piece):
            mine = next((other for other in got if spark.solid(other) == spark.solid(piece)), None)
            right = mine is not None and spark.parses(mine)
            score["parse"][0] += right
            score["parse"][1] += 1
            if not right and options.verbose:
                print(f"{name}: does not parse: {mine!r}")


def wanted_class(spark, name, code, before):
    if name in COMMENTS:
        return "Comment"
    if name == "BINARY_HEX":
        return None  # Any `x` is one to the lexer, also where no string follows.
    if name in ("STRING_LITERAL", "DOUBLEQUOTED_STRING"):
        return None if before in ("x", "X") else "String"
    if name in NUMBERS:
        return "Number"
    if name in spark.keywords:
        # Words like `year` and `name` are more often columns: only what is reserved must have a colour.
        return "Keyword|Constant|Builtin" + ("" if code.upper() in spark.reserved and before != "." else "|Name")
    if name == "IDENTIFIER":
        return "Name|Builtin" + ("|Number" if code[0].isdigit() else "")
    if name == "BACKQUOTED_IDENTIFIER":
        return "Name"
    if code in "()[]":
        return "Bracket"
    return "Operator" if code and code in "+-*/%=<>!&|^~.,;:<=>=<>||->!==>" else None


def judge_tokens(spark, ours, name, text, options, score):
    at, place = {}, 0
    for kind, code in ours.ask("tokens", text):
        at[place] = kind
        place += len(code)
    before, hint = "", False
    for kind, code, start, hidden in spark.lex(text):
        hint = kind == "HENT_START" or (hint and kind != "HENT_END")
        wanted = wanted_class(spark, kind, code, before)
        before = code if not hidden else before
        if wanted is None or hint or kind == "HENT_END" or (code == ">" and start not in at):
            continue
        right = at.get(start) in wanted.split("|")
        score["tokens"][0] += right
        score["tokens"][1] += 1
        if not right:
            score["words"][kind, code.lower()[:30], at.get(start)] = score["words"].get((kind, code.lower()[:30], at.get(start)), 0) + 1


PIECES = """; ; ; ' " ` '' \\\\' \\\\" -- --; \\\\ --a\\\\\\n --'\\n /* */ /*+ /**/ /*/ */ '--' "/*" '*/' r'\\\\' r" R' `a;b` `` ( ) , . select from 1 .5 1e-3
a:b :: => -> <=> || \\n \\n\\n é '日;' b"c" x'1F' date'2020-01-01' ${a} @x $1 case end""".split()


def mutant(random_, lines):
    first = random_.randrange(len(lines))
    text = "\n".join(lines[first : first + random_.randint(1, 6)])
    for _ in range(random_.randint(1, 4)):
        at = random_.randint(0, len(text))
        kind = random_.random()
        piece = random_.choice(PIECES).replace("\\n", "\n").replace("\\\\", "\\")
        if kind < 0.6:
            text = text[:at] + random_.choice(["", " ", "\n"]) + piece + random_.choice(["", " "]) + text[at:]
        elif kind < 0.8:
            text = text[:at] + text[at + random_.randint(1, 8) :]
        else:
            text = text[: at + random_.randint(1, 30)] + text[at:]
    return text + random_.choice(["", ";", ""])


def judge_mutants(spark, ours, name, text, random_, options, score):
    lines = text.split("\n")
    for _ in range(options.mutants):
        mutated = mutant(random_, lines)
        if not mutated.split("\n")[-1].strip():
            continue
        wanted, got = spark.waits(mutated), ours.ask("complete", mutated)
        pieces = [spark.solid(piece) for piece in spark.statements(mutated)]
        parts = [spark.solid(part["clean"]) for part in ours.ask("parts", mutated)]
        right = (got == "incomplete") == wanted and (pieces == parts or bool(spark.odd(mutated)))
        score["mutants"][0] += right
        score["mutants"][1] += 1
        if not right and options.verbose:
            print(f"{name}: mutant: Spark {'waits' if wanted else 'ends'}, ours {got}: {mutated!r}")


def judge_cases(spark, ours, path):
    asked = wrong = 0
    for case in path.read_text(encoding="utf-8").split("=== ")[1:]:
        what, _, body = case.partition("\n")
        body = body.removesuffix("\n")
        if re.search(r"\bbegin\b(?! from|'| work| transaction|;)", body, re.I):
            continue  # A script: Spark 3 has none.
        if what in ("complete", "incomplete") and body.strip() and body.split("\n")[-1].strip():
            right = spark.waits(body) == (what == "incomplete")
        elif what == "parts":
            text = re.sub(r"---(?=\S)", "", body) if "-----" not in body else body.replace("---", "")
            right = [spark.solid(piece) for piece in spark.statements(text)] == [spark.solid(p["clean"]) for p in ours.ask("parts", text)]
        else:
            continue
        asked += 1
        wrong += not right
        if not right:
            print(f"{what}: Spark does not agree: {body!r}")
    print(f"cases: {asked - wrong}/{asked}")
    return int(wrong > 0)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sql", type=pathlib.Path, help="a jar or zip with *.sql files")
    arguments.add_argument("--files", type=int, default=1000)
    arguments.add_argument("--cuts", type=int, default=8, help="prefixes a file")
    arguments.add_argument("--mutants", type=int, default=5, help="mutants a file")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--judge", default="target/debug/examples/judge")
    arguments.add_argument("--cases", type=pathlib.Path, help="judge this case list by Spark's lexer")
    arguments.add_argument("-v", "--verbose", action="store_true")
    options = arguments.parse_args()
    random_ = random.Random(options.seed)
    spark, ours = Spark(), Ours(options.judge)
    try:
        return judge_cases(spark, ours, options.cases) if options.cases else judge(spark, ours, random_, options)
    finally:
        spark.gateway.shutdown()
        spark.gateway.proc.stdin.close()


def judge(spark, ours, random_, options):
    kinds = ("lines", "chars", "parts", "spark-sql", "parse", "tokens", "mutants")
    score = {what: [0, 0] for what in kinds} | {"waits": 0, "words": {}}
    files = list(texts(options))
    random_.shuffle(files)
    for name, text in files[: options.files]:
        judge_cuts(spark, ours, name, text, random_, options, score)
        judge_parts(spark, ours, name, text, options, score)
        judge_tokens(spark, ours, name, text, options, score)
        judge_mutants(spark, ours, name, text, random_, options, score)
    for what in kinds:
        right, asked = score[what]
        print(f"{what}: {right}/{asked} = {100 * right / max(asked, 1):.2f} %")
    print(f"({len(files[: options.files])} files of Spark {pyspark.__version__}, seed {options.seed}; Spark waits at {score['waits']} of the cuts)")
    if options.verbose:
        for (kind, code, got), count in sorted(score["words"].items(), key=lambda item: -item[1])[:80]:
            print(f"  {count} x {kind} {code!r} is {got}")
    return 0 if files and all(score[what][0] >= 0.99 * score[what][1] for what in kinds) else 1


if __name__ == "__main__":
    sys.exit(main())
