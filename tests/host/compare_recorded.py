"""Replays the recorded statements on the host in faithful mode and compares the answers.

Usage: compare_recorded.py [FILE...] [--show] (FILE: python scala sql r cancel completion).
A difference that differences.txt does not list fails, and so does a listed one that is gone.
"""

import json
import os
import shutil
import sys

import normal
from host_process import HERE, Host

RECORDED = os.path.join(HERE, "..", "recorded")
FILES = ("python", "scala", "sql", "r", "cancel", "completion")
SESSION_KIND = {"python": "pyspark", "scala": "spark", "sql": "sql", "r": "sparkr", "cancel": "spark",
                "completion": "spark"}
KINDS = {"scala": "spark", "python": "pyspark", "r": "sparkr"}
# How the names of the R cases begin that need the SparkR package; the others run in any R.
NEED_SPARKR = ("spark-",)
NO_R = "R is missing: the recorded R statements are run in it. Install it (Debian: apt install r-base-core)."
# What Python says of an error differs from release to release: on another one than the record's, Python's errors are
# compared by their sort alone.
RECORDED_PYTHON = (3, 11)

# The record leaves out some cases; these make the names that later ones use. Scala's imports
# count too: each moves the line numbers of compile errors.
SEEDS = {
    "python/print-and-expression": "x = 41",
    "python/df-show":
        "df = spark.createDataFrame([(1, 'a', 1.5), (2, None, None)], 'id long, s string, d double')",
    "scala/dataset-echo": 'val people = Seq(Person("ann", 30)).toDS()',
    "scala/effect-before-incomplete": "val r1 = 5",
    "r/spark-df-echo": 'df <- createDataFrame(data.frame(id = 1:2, s = c("a", "b")))',
}


def load(name):
    with open(os.path.join(RECORDED, name + ".json"), encoding="utf-8") as file:
        return json.load(file)


def listed():
    """The known differences: case to reason."""
    found = {}
    with open(os.path.join(HERE, "differences.txt"), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                case, _, reason = line.strip().partition(" ")
                found[case] = reason.strip()
    return found


def expected_output(case):
    """The recorded output, or None where the answer was no statement."""
    for answer in reversed(case.get("answers", [])):
        body = answer.get("body")
        if isinstance(body, dict):
            return body.get("output")
    return None


def has_sparkr():
    return os.path.isdir(os.path.join(os.environ.get("SPARK_HOME", ""), "R", "lib", "SparkR"))


def new_host(name):
    plain = {"livysh.r.plain": "true"} if name == "r" and not has_sparkr() else {}
    host = Host(kind=SESSION_KIND[name], name="rec-" + name, faithful=True, conf=plain)
    host.wait("ready")
    return host


def statement_cases(name):
    """Yields each case's name, what was recorded and what the host answers."""
    host = None
    try:
        for case in load(name):
            if "code" not in case:
                continue  # an HTTP exchange: the server's business
            if name == "r" and case["case"].startswith(NEED_SPARKR) and not has_sparkr():
                continue
            if host is None or case["case"].startswith("setup-of-a-new-session"):
                if host is not None:
                    host.close()
                host = new_host(name)
            key = "%s/%s" % (name, case["case"])
            kind = KINDS.get(case["kind"], case["kind"]) or SESSION_KIND[name]
            if key in SEEDS and (name != "r" or has_sparkr()):
                host.run(SEEDS[key], kind)
            yield key, expected_output(case), answer(host, case, kind)
    finally:
        if host is not None:
            host.close()


def answer(host, case, kind):
    cancel = case.get("cancel")
    if not cancel:
        return host.run(case["code"], kind)
    number = host.submit(case["code"], kind)
    host.wait("running", id=number)
    host.send(op="cancel", id=number)
    return host.wait("done", id=number)["output"]


def completion_cases():
    with new_host("completion") as host:
        host.run("val r = 1", "spark")
        for case in load("completion"):
            body = case.get("request", {}).get("body")
            answered = case.get("response", {}).get("body")
            if not isinstance(answered, dict) or "candidates" not in answered:
                continue  # an HTTP error: the server's business, not the host's
            found = host.complete(body["code"], body.get("cursor", 0), body["kind"])
            if case.get("shortened"):  # only the first ones were kept
                found = found[:len(answered["candidates"])]
            yield "completion/" + case["case"], answered["candidates"], found


def cases(name):
    if name == "completion":
        return completion_cases()
    return statement_cases(name)


def by_sort(name):
    return name == "python" and sys.version_info[:2] != RECORDED_PYTHON


def sort_of(output):
    """An error without its words; any other output as it is."""
    if isinstance(output, dict) and output.get("status") == "error":
        return {key: output[key] for key in ("status", "ename") if key in output}
    return output


def compare(name, show):
    """Keys of all cases, and of those that differ."""
    keys, differing = [], []
    for key, recorded, found in cases(name):
        keys.append(key)
        recorded, found = normal.normal(recorded), normal.normal(found)
        if by_sort(name):
            recorded, found = sort_of(recorded), sort_of(found)
        if not normal.same(recorded, found):
            differing.append(key)
            if show:
                print("--- %s\nrecorded: %s\nhere:     %s" % (
                    key, json.dumps(recorded)[:1500], json.dumps(found)[:1500]), flush=True)
    return keys, differing


def wanted(arguments):
    names = [argument for argument in arguments if not argument.startswith("--")] or list(FILES)
    if "r" in names and shutil.which("R") is None:
        sys.exit(NO_R)
    if "r" in names and not has_sparkr():
        print("r: without the cases that need Spark, SPARK_HOME has no SparkR")
    return names


def main(arguments):
    show = "--show" in arguments
    known = listed()
    failed = False
    for name in wanted(arguments):
        keys, differing = compare(name, show)
        unlisted = [key for key in differing if key not in known]
        if by_sort(name):
            print("%s: errors by their sort alone, this is Python %d.%d" % ((name,) + sys.version_info[:2]))
        gone = [key for key in keys if key in known and key not in differing and not by_sort(name)]
        print("%s: %d equal, %d differ as listed, %d differ unlisted, %d listed but equal" % (
            name, len(keys) - len(differing), len(differing) - len(unlisted), len(unlisted), len(gone)))
        for key in unlisted:
            print("  unlisted difference: " + key)
        for key in gone:
            print("  listed, but equal now: " + key)
        failed = failed or bool(unlisted or gone)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
