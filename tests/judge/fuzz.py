#!/usr/bin/env python3
"""Feeds a language's reading with real texts damaged at random, and stops at the first that it does not survive.

    cargo build --example judge && tests/judge/fuzz.py LANGUAGE [--minutes N] [--seed N] [--judge PATH] [DIR|JAR]...

The texts: the files of the language below the folders and in the archives given. What must hold: an answer to every question, tokens that
make up the text, parts in order and within it, and an entry that ends in an empty line complete.
"""
import argparse
import pathlib
import random
import sys
import time
import zipfile

from judge_python import Judge

ENDINGS = {"python": (".py",), "scala": (".scala",), "r": (".R", ".r"), "sql": (".sql",)}
PIECES = list("()[]{}\"'`\\\n\t\r #/*:;,.=@$%+-<>|&!_ax0é日\u0301\u0000\ufeff\u2028\U0001f469") + [
    '"""', "'''", 'f"', 's"""', 'r"--(', "${", "/*", "*/", "//", "--", "\\\n", "\r\n", "=>", "<-", "%in%", "%json x\n", "else", "case ", "def ", "\n\n",
]


def texts(roots, endings):
    for root in map(pathlib.Path, roots):
        if root.is_dir():
            for path in sorted(root.rglob("*")):
                if path.name.endswith(endings) and path.is_file():
                    yield path.read_bytes().decode("utf-8", "replace")
        else:
            with zipfile.ZipFile(root) as archive:
                for entry in archive.namelist():
                    if entry.endswith(endings):
                        yield archive.read(entry).decode("utf-8", "replace")


def damaged(text, random_):
    """A stretch of a text with characters and words lost, doubled, moved or put in."""
    start = random_.randrange(max(1, len(text)))
    chars = list(text[start : start + random_.randint(1, 600)])
    for _ in range(random_.randint(0, 8)):
        at, end = random_.randrange(len(chars) + 1), random_.randrange(len(chars) + 1)
        match random_.randrange(4):
            case 0: chars[at : at + random_.randint(1, 4)] = []
            case 1: chars[at:at] = random_.choice(PIECES)
            case 2: chars[at:at] = chars[end : end + random_.randint(1, 20)]
            case 3: chars[at : at + 1] = random_.choice(PIECES)
    return "".join(chars)


def fault(judge, text):
    if "".join(part for _, part in judge.ask("tokens", text)) != text:
        return "the tokens are not the text"
    at = 0
    for part in judge.ask("parts", text):
        found = text.find(part["code"], at)
        if found < 0 or part["clean"] is None or text[:found].count("\n") > part["first_line"]:
            return "a part is not where it should be"
        at = found + len(part["code"])
    if set(judge.ask("indent", text)) - set(" \t"):
        return "the indentation is not white"
    for ask in ("complete", "redent", "clean"):
        judge.ask(ask, text)
    if judge.ask("complete", text + "\n") != "complete":
        return "an empty line does not end the entry"
    return None


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("language", choices=ENDINGS)
    arguments.add_argument("--minutes", type=float, default=10)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--judge", default="target/debug/examples/judge")
    arguments.add_argument("roots", nargs="+", metavar="DIR|JAR")
    options = arguments.parse_args()
    random_ = random.Random(options.seed)
    real = [text for text in texts(options.roots, ENDINGS[options.language]) if text]
    judge = Judge(options.judge, options.language)
    tried, until = 0, time.monotonic() + 60 * options.minutes
    while time.monotonic() < until:
        text = damaged(random_.choice(real), random_)
        try:
            found = fault(judge, text)
        except (ValueError, OSError) as error:
            found = f"no answer ({error})"
        if found:
            print(f"{found}, after {tried} texts: {text!r}")
            return 1
        tried += 1
    print(f"{options.language}: {tried} damaged texts of {len(real)} real ones, seed {options.seed}: nothing found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
