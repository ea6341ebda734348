"""One session: takes requests, runs statements one at a time, answers with events."""

import os
import queue
import signal
import sys
import threading
import time
import traceback

from . import interrupts, launch, output, progress, python_kind, r_kind, scala_kind, spark, sql_kind, watch

KIND_NAMES = {"scala": "spark", "python": "pyspark", "r": "sparkr"}
CANCEL_EVERY = 0.1  # seconds


class Running:
    """The statement that runs now."""

    def __init__(self, number, kind):
        self.number = number
        self.kind = kind
        self.done = threading.Event()
        self.lock = threading.Lock()  # held while a thread is interrupted, so never after its end
        self.cancelled = False
        self.cancelling = threading.Lock()  # taken once, by the thread that begins to cancel


class Session:
    """Statements run on the main thread; the reader thread and its helpers never wait for them."""

    def __init__(self, pipe, guard):
        self._pipe = pipe
        self._guard = guard
        self._spark = spark.Spark()
        self._statements = queue.Queue()
        self._others = queue.Queue()
        self._kinds = {}
        self._running = None
        self._to_cancel = None  # the newest statement that is to be cancelled, which may wait in the queue
        self._progress = None
        self._request = None
        self._dead = False

    def run(self):
        reader = threading.Thread(target=self._read, daemon=True)
        reader.start()
        self._request = self._statements.get()
        try:
            self._start()
        except launch.StartError as error:
            self._fail(str(error))
        except Exception as error:
            traceback.print_exc()
            self._fail("The Spark session could not be started: %s" % first_line(error))
        while True:
            self._execute(self._statements.get())

    def _fail(self, text):
        self._pipe.send("failed", error=text)
        watch.end(self._spark.process)

    def _read(self):
        """Ends the host when the pipe ends, whatever the main thread is doing."""
        try:
            for request in self._pipe.requests():
                operation = request.get("op")
                if operation in ("start", "execute"):
                    self._statements.put(request)
                elif operation == "cancel":
                    self._cancel(request.get("id"))
                else:
                    self._others.put(request)
        finally:
            watch.end(self._spark.process)

    def _start(self):
        request = self._request
        faithful = bool(request.get("faithful"))
        os.environ.setdefault("MPLBACKEND", "Agg")
        self._spark.start(request, self._guard)
        signal.signal(signal.SIGINT, interrupts.on_interrupt)
        major = launch.major(self._spark.java)
        rows = (request.get("conf") or {}).get("livy.rsc.sql.num-rows") or request.get("sql_rows")
        self._kinds = {
            "pyspark": python_kind.PythonKind(self._spark, faithful),
            "spark": scala_kind.ScalaKind(self._spark, faithful, major),
            "sql": sql_kind.SqlKind(self._spark, int(rows or sql_kind.DEFAULT_ROWS), faithful),
            "sparkr": r_kind.RKind(self._spark, request, faithful, self._guard),
        }
        self._progress = progress.Progress(self._spark, self._pipe.send, self._die)
        # Where --files are, and where a Livy's Python runs.
        from pyspark import SparkFiles
        os.chdir(SparkFiles.getRootDirectory())
        self._pipe.send("ready", **self._spark.facts())
        threading.Thread(target=self._serve_others, daemon=True).start()
        if self._kind(request.get("kind")) == "spark":
            threading.Thread(target=self._warm_scala, daemon=True).start()

    def _warm_scala(self):
        try:
            self._kinds["spark"].ready()
        except Exception:
            traceback.print_exc()  # the first Scala statement tries again and tells

    def _kind(self, name):
        return KIND_NAMES.get(name, name)

    def _execute(self, request):
        number, name = request["id"], self._kind(request.get("kind"))
        kind = self._kinds.get(name)
        code = request.get("code") or ""
        if self._dead or kind is None:
            text = "The session cannot run statements any more." if kind else "There is no kind %r." % name
            self._done(number, output.error(number, "Error", text))
            return
        running = Running(number, kind)
        self._running = running
        if self._to_cancel == number:
            self._begin_cancelling(running)
        result = self._run(running, code.replace("\r\n", "\n"))
        with running.lock:
            running.done.set()
            self._running = None
        self._after(running)
        self._done(number, result)
        self._check_alive()

    def _run(self, running, code):
        number, kind = running.number, running.kind
        try:
            kind.ready()
        except Exception as error:
            traceback.print_exc()
            return output.error(number, "InterpreterError", "Fail to start interpreter: %s" % first_line(error))
        try:
            self._spark.set_job_group(number)
            self._pipe.send("running", id=number, started=now())
            self._progress.begin(number)
            return kind.execute(number, code)
        except BaseException as error:
            # Not user code's own error, which its kind reports: py4j or the JVM broke, or a stop came late.
            traceback.print_exc()
            return output.error(number, "Internal Error: %s" % type(error).__name__, first_line(error))

    def _after(self, running):
        self._progress.end(running.number, running.cancelled)
        if running.cancelled:
            try:
                self._spark.cancel_job_group(running.number)  # no one waits for a job that is left
                self._spark.jvm.java.lang.Thread.interrupted()  # clears an interrupt that came too late
                self._spark.adopt_thread()  # a stopped thread has a successor
            except Exception:
                traceback.print_exc()

    def _done(self, number, result):
        self._pipe.send("done", id=number, output=result, completed=now())

    def _check_alive(self):
        try:
            stopped = self._spark.stopped()
        except Exception:
            stopped = True
        if stopped:
            self._die("The SparkContext was stopped by the session's own code: nothing can run on it any more. "
                      "Start the session anew.")

    def _die(self, text):
        if not self._dead:
            self._dead = True
            self._pipe.send("dead", error=text)

    def _cancel(self, number):
        # Noted before the look at what runs: the main thread may just be taking the statement from the
        # queue, and looks for the note after it has said what runs. So one of the two sees the other.
        self._to_cancel = number
        running = self._running
        if running is not None and running.number == number:
            self._begin_cancelling(running)

    def _begin_cancelling(self, running):
        if running.cancelling.acquire(blocking=False):
            running.cancelled = True
            threading.Thread(target=self._keep_cancelling, args=(running,), daemon=True).start()

    def _keep_cancelling(self, running):
        """Until the statement ends: a job can start after the first try."""
        began = time.monotonic()
        while not running.done.is_set():
            try:
                self._spark.cancel_job_group(running.number)
                with running.lock:
                    text = None if running.done.is_set() else running.kind.interrupt(time.monotonic() - began)
                if text:
                    self._die(text)
                    return
            except Exception:
                traceback.print_exc()
            running.done.wait(CANCEL_EVERY)

    def _serve_others(self):
        while True:
            request = self._others.get()
            operation, sequence = request.get("op"), request.get("seq")
            if operation == "complete":
                self._pipe.send("completion", seq=sequence, candidates=self._candidates(request))
            elif operation == "add":
                self._pipe.send("added", seq=sequence, error=self._add(request))
            else:
                sys.__stderr__.write("unknown request: %r\n" % operation)

    def _candidates(self, request):
        """Livy completes Scala only; where it fails, nothing is offered."""
        if self._kind(request.get("kind")) != "spark":
            return []
        try:
            return self._kinds["spark"].complete(request.get("code") or "", int(request.get("cursor") or 0))
        except Exception:
            return []

    def _add(self, request):
        what, path = request.get("what"), request.get("path") or ""
        try:
            local = self._spark.add(what, path, self._kind(self._request.get("kind")) == "pyspark")
            if local:
                self._kinds["spark"].add_jar(local)
        except Exception as error:
            return "%s cannot be added: %s" % (path, first_line(error))
        return None


def first_line(error):
    """The telling line of an exception that may carry a whole Java trace."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line.lstrip(": ") for line in lines if not line.startswith("An error occurred while calling")]
    return (told or [type(error).__name__])[0]


def now():
    """Milliseconds since 1970."""
    return int(time.time() * 1000)
