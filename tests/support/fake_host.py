"""A host without Spark, for tests of the local server: it keeps to the pipe's protocol and does as its code says.

Code is one command a line, the last line's text is the answer:
  sleep S      until S seconds have passed or it is cancelled
  stubborn S   the same, deaf to cancel
  until PATH   until the file exists, deaf to cancel
  fail         an error
  die          ends the process as a crash would
  dead         tells that the session cannot go on
  log TEXT     a line on stderr
  progress P   a progress event
  big N        an answer of N characters
  garbage      a line that is no JSON
  child        starts a child that ignores everything, tells its pid
  whoami       pid, environment, arguments and folder, as JSON
  started      the start request, as JSON
Anything else is the answer itself, or evaluated where that works.
"""

import json
import os
import queue
import subprocess
import sys
import threading
import time

START = {}
CANCELLED = set()
WORK = queue.Queue()
LOCK = threading.Lock()


def send(**event):
    with LOCK:
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()


def wait(seconds, statement, deaf):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not deaf and statement in CANCELLED:
            raise KeyboardInterrupt("cancelled part of cancelled job group")
        time.sleep(0.005)


def command(line, statement):
    word, _, rest = line.partition(" ")
    if word == "sleep":
        wait(float(rest), statement, False)
    elif word == "stubborn":
        wait(float(rest), statement, True)
    elif word == "until":
        while not os.path.exists(rest):
            time.sleep(0.005)
    elif word == "fail":
        raise ValueError("boom")
    elif word == "die":
        os._exit(3)
    elif word == "dead":
        send(event="dead", error="the SparkContext was stopped")
    elif word == "log":
        sys.stderr.write(rest + "\n")
        sys.stderr.flush()
    elif word == "progress":
        send(event="progress", id=statement, progress=float(rest))
    elif word == "big":
        return "x" * int(rest)
    elif word == "garbage":
        with LOCK:
            sys.stdout.write("no json\n")
            sys.stdout.flush()
    elif word == "child":
        code = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
        return str(subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid)
    elif word == "whoami":
        return json.dumps({"pid": os.getpid(), "env": dict(os.environ), "argv": sys.argv, "cwd": os.getcwd()})
    elif word == "started":
        return json.dumps(START)
    else:
        try:
            return str(eval(line, {}))
        except Exception:
            return line
    return ""


def worker():
    while True:
        request = WORK.get()
        statement, text = request["id"], ""
        if statement not in CANCELLED:
            send(event="running", id=statement, started=int(time.time() * 1000))
        try:
            for line in request["code"].split("\n"):
                text = command(line, statement)
            output = {"status": "ok", "execution_count": statement, "data": {"text/plain": text}}
        except (ValueError, KeyboardInterrupt) as error:
            output = {"status": "error", "execution_count": statement, "ename": type(error).__name__, "evalue": str(error), "traceback": []}
        send(event="done", id=statement, output=output, completed=int(time.time() * 1000))


def main():
    for line in sys.stdin:
        request = json.loads(line)
        operation = request["op"]
        if operation == "start":
            START.update(request)
            how = request["conf"].get("fake.start", "")
            if how == "hang":
                continue
            if how == "fail":
                send(event="failed", error="There is no Java on this machine.")
                return
            if how == "exit":
                sys.stderr.write("Invalid maximum heap size\n")
                sys.exit(1)
            threading.Thread(target=worker, daemon=True).start()
            send(event="ready", spark="3.5.9", app_id="local-1", ui=None, java="17", python="3.11", scala="2.12")
        elif operation == "execute":
            WORK.put(request)
        elif operation == "cancel":
            CANCELLED.add(request["id"])
        elif operation == "complete":
            send(event="completion", seq=request["seq"], candidates=["parallelize"])
        elif operation == "add":
            missing = None if os.path.exists(request["path"]) else "no such file"
            sys.stderr.write("added %s %s\n" % (request["what"], request["path"]))
            sys.stderr.flush()
            send(event="added", seq=request["seq"], error=missing)
    if START.get("conf", {}).get("fake.end") == "stay":
        time.sleep(600)
    os._exit(0)


main()
