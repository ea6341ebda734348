"""Starts the host with the interpreter that runs this, and speaks its protocol."""

import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
ENTRY = os.path.join(HERE, "..", "..", "src", "local", "host", "main.py")
PATIENCE = 120  # seconds without any event after which a test gives up


class Ended(Exception):
    """The host closed its pipe."""


class Host:
    """One host process; use it in a with statement, so that nothing is left running."""

    def __init__(self, environment=None, **start):
        self.folder = tempfile.mkdtemp(prefix="livysh-host-")
        self.log_path = os.path.join(self.folder, "log")
        self._log = open(self.log_path, "wb")
        env = dict(os.environ, SPARK_LOCAL_IP="127.0.0.1", PYSPARK_PYTHON=sys.executable)
        env.update(environment or {})
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-I", ENTRY], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._log, env=env, cwd=self.folder, start_new_session=True)
        self._events = queue.Queue()
        self.seen = []  # every event so far
        self._next = 0
        threading.Thread(target=self._read, daemon=True).start()
        self.send(**self._start_request(start))

    def _start_request(self, given):
        request = {
            "op": "start", "kind": "pyspark", "name": "host-test", "conf": {"spark.master": "local[2]"},
            "driver_memory": None, "work_dir": os.path.join(self.folder, "work"), "jars": [], "py_files": [],
            "files": [], "archives": [], "faithful": False, "sql_rows": 1000, "ui": False}
        request["conf"].update(given.pop("conf", {}))
        request.update(given)
        return request

    def _read(self):
        for line in self.process.stdout:
            self._events.put(json.loads(line.decode("utf-8")))
        self._events.put(None)

    def send(self, **request):
        self.send_together(request)

    def send_together(self, *requests):
        """Several requests that the host reads in one piece."""
        lines = [json.dumps(request).encode("utf-8") + b"\n" for request in requests]
        self.process.stdin.write(b"".join(lines))
        self.process.stdin.flush()

    def wait(self, event, **fields):
        """The next event of that name whose fields are those given."""
        while True:
            found = self._events.get(timeout=PATIENCE)
            if found is None:
                raise Ended("the host ended while %r was awaited\n%s" % (event, self.log()))
            self.seen.append(found)
            if found["event"] == event and all(found.get(key) == value for key, value in fields.items()):
                return found
            if found["event"] == "failed":
                raise Ended("the host failed: %s\n%s" % (found["error"], self.log()))

    def submit(self, code, kind, cancelled=False):
        """Sends a statement, and at once its cancel where one is wanted."""
        number = self._next
        self._next += 1
        cancel = [{"op": "cancel", "id": number}] if cancelled else []
        self.send_together({"op": "execute", "id": number, "kind": kind, "code": code}, *cancel)
        return number

    def run(self, code, kind="pyspark"):
        """The output of one statement."""
        return self.wait("done", id=self.submit(code, kind))["output"]

    def complete(self, code, cursor, kind="spark"):
        self.send(op="complete", seq=7, kind=kind, code=code, cursor=cursor)
        return self.wait("completion", seq=7)["candidates"]

    def add(self, what, path):
        self.send(op="add", seq=8, what=what, path=path)
        return self.wait("added", seq=8)["error"]

    def log(self):
        with open(self.log_path, "rb") as file:
            return file.read().decode("utf-8", "replace")[-4000:]

    def close(self):
        try:
            self.process.stdin.close()
        except OSError:
            pass
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()
