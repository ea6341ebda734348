#!/usr/bin/env python3
"""Judges src/language/python by CPython itself, on files of the standard library.

    cargo build --example judge && tests/judge/judge_python.py [--files N] [--seed N] [--judge PATH] [-v]

Completeness: prefixes of files, cut at line ends, answered by codeop on the top-level statement that the
cut falls in (alone, and with the two statements before it). The cut is never after an empty line: that one submits by
our own rule, which is counted apart. Parts: the spans of top-level statements by ast. Nothing is written.
"""
import argparse
import ast
import codeop
import json
import pathlib
import random
import subprocess
import sys
import sysconfig
import warnings


class Judge:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def ask(self, what, text):
        json.dump({"language": "python", "ask": what, "text": text}, self.process.stdin)
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


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--files", type=int, default=400)
    arguments.add_argument("--cuts", type=int, default=10, help="prefixes a file")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--judge", default="target/debug/examples/judge")
    arguments.add_argument("-v", "--verbose", action="store_true")
    options = arguments.parse_args()
    random_ = random.Random(options.seed)
    files = sorted(pathlib.Path(sysconfig.get_path("stdlib")).rglob("*.py"))
    files = [path for path in files if "site-packages" not in path.parts]
    random_.shuffle(files)
    judge = Judge(options.judge)
    score = {"cuts": [0, 0], "parts": [0, 0], "blank": 0, "waits": 0}
    used = 0
    for path in files:
        if used == options.files:
            break
        try:
            text = path.read_text(encoding="utf-8")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                statements, expected_parts = spans(text, False), spans(text, True)
        except (SyntaxError, ValueError):
            continue
        # ast counts lines at \n and \r\n only, as we do.
        lines = text.split("\n")
        if not statements or "\f" in text or len(text) > 400_000:
            continue
        used += 1
        judge_cuts(judge, lines, statements, random_, options.cuts, score, options.verbose, path)
        judge_parts(judge, text, lines, expected_parts, score, options.verbose, path)
    for what in ("cuts", "parts"):
        right, asked = score[what]
        print(f"{what}: {right}/{asked} = {100 * right / max(asked, 1):.2f} %")
    print(f"({used} files; CPython waits at {score['waits']} of the cuts; at {score['blank']} an empty line submits as with CPython)")
    return 0 if all(score[what][0] >= 0.99 * score[what][1] for what in ("cuts", "parts")) else 1


if __name__ == "__main__":
    sys.exit(main())
