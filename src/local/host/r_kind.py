"""Runs R statements in one R process that is joined to the session's Spark through SparkR."""

import base64
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading

from . import output, watch

END = "----LIVYSH_END_OF_COMMAND----"
FAILED = "----LIVYSH_END_OF_ERROR----"
PRINTED_END = '[1] "%s"' % END
COLOURS = re.compile("\x1b\\[[0-9;]*[mG]")
# Where one of these words stands, also inside another word, a Livy opens a PNG device.
PLOTS = re.compile("bagplot|barplot|boxplot|dotchart|hist|lines|pie|plot|qqline|qqnorm|splom|stripchart")
# SparkR's connection must not be broken in the middle of an answer: its job is given time to end.
INTERRUPT_AFTER = 2.0
INTERRUPT_EVERY = 1.0  # seconds

NO_R = ("R is missing: there is no program %r on the PATH. Install R (for example Debian's r-base-core), "
        "and the SparkR package: it comes with a full Spark (SPARK_HOME), not with pyspark.")
NO_SPARKR = ("The SparkR package is missing: it is neither in %s nor in R's own library. It comes with a full "
             "Spark: download one of the session's version and name its folder with --spark-home or SPARK_HOME.")


class Missing(Exception):
    """What R needs and is not there."""


class Died(Exception):
    """The R process ended."""


class RKind:
    """The R process of a session, started by the first statement."""

    def __init__(self, spark, request, faithful, guard):
        conf = request.get("conf") or {}
        self._spark = spark
        self._guard = guard
        self._faithful = faithful
        self._plain = conf.get("livysh.r.plain") == "true"
        self._command = conf.get("spark.r.shell.command") or os.environ.get("SPARKR_DRIVER_R") or "R"
        self._process = None
        self._died = False
        self._missing = None
        self._interrupted_at = 0.0

    def ready(self):
        if self._process is not None or self._died:
            return
        try:
            self._start()
            self._missing = None
        except Missing as error:
            self._missing = str(error)

    def _start(self):
        if shutil.which(self._command) is None:
            raise Missing(NO_R % self._command)
        package = None if self._plain else self._package()
        environment = dict(os.environ)
        if "UTF-8" not in (environment.get("LC_ALL") or environment.get("LC_CTYPE")
                           or environment.get("LANG") or "").upper():
            environment["LC_ALL"] = "C.UTF-8"
        self._process = subprocess.Popen(
            [self._command, "--slave", "--no-save", "--no-restore"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=environment, preexec_fn=watch.death_signal_setter(), bufsize=0)
        self._guard.also(self._process.pid)
        try:
            # Errors are caught and reported; without this one at top level would end R.
            self._request("options(error = dump.frames)")
            if not self._plain:
                self._connect(package)
        except Exception:
            self._process.kill()
            self._process = None
            raise

    def _package(self):
        """The library that holds SparkR; None where R finds it by itself."""
        folder = os.environ.get("SPARKR_PACKAGE_DIR") or os.path.join(self._spark.home, "R", "lib")
        if os.path.isdir(os.path.join(folder, "SparkR")):
            return folder
        found = subprocess.run([self._command, "--slave", "--no-save", "--no-restore", "-e",
                                "cat(nzchar(system.file(package = 'SparkR')))"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        if b"TRUE" in found:
            return None
        raise Missing(NO_SPARKR % folder)

    def _connect(self, package):
        """Joins R to the running session; the secret goes through the pipe only."""
        backend = self._spark.jvm.org.apache.spark.api.r.RBackend()
        address = backend.init()
        threading.Thread(target=serve, args=(backend,), daemon=True).start()
        place = "" if package is None else ', lib.loc = "%s"' % escape(package)
        hidden = ", envir = SparkR:::.sparkREnv)"
        for line in (
                "suppressWarnings(suppressPackageStartupMessages(library(SparkR%s)))" % place,
                'SparkR:::connectBackend("localhost", %d, 6000, "%s")' % (address._1(), address._2().secret()),
                'assign(".scStartTime", as.integer(Sys.time())' + hidden,
                'spark <- SparkR:::callJStatic("org.apache.spark.sql.SparkSession", "active")',
                'sc <- SparkR:::callJStatic("org.apache.spark.api.java.JavaSparkContext", "fromSparkContext", '
                'SparkR:::callJMethod(spark, "sparkContext"))',
                'sqlContext <- SparkR:::callJMethod(spark, "sqlContext")',
                'assign(".sc", sc' + hidden,
                'assign(".sparkRsession", spark' + hidden,
                'assign(".sqlc", sqlContext' + hidden):
            failed, text = self._request(line)
            if failed:
                raise Missing("SparkR cannot join the session: " + text)

    def execute(self, count, code):
        if self._missing:
            return output.error(count, "InterpreterError", self._missing)
        image = None
        try:
            if self._process is None:
                raise Died()
            if not self._plain:
                self._request('setJobGroup("%d", "Job group for statement %d", TRUE)' % (count, count))
            if PLOTS.search(code):
                descriptor, image = tempfile.mkstemp(suffix=".png")
                os.close(descriptor)
                code = 'png("%s")\n%s\ndev.off()' % (escape(image), code)
            failed, text = self._request(code)
            if failed:
                return output.error(count, "Error", text)
            return output.ok(count, self._data(text, image))
        except Died:
            return output.error(count, "Error", self._bury())
        finally:
            if image:
                os.unlink(image)

    def _data(self, text, image):
        data = {output.TEXT: text}
        if image:
            with open(image, "rb") as file:
                content = file.read()
            if content:
                data[output.PNG] = base64.b64encode(content).decode("ascii")
        return data

    def _bury(self):
        """A Livy's R stays dead; ours is started anew by the next statement."""
        code = self._process.wait() if self._process is not None else None
        self._process = None
        self._died = self._faithful
        if self._faithful:
            return "Interpreter died:\nnull"
        return "Interpreter died:\nR ended with code %s; the next statement starts a new one, without this one's variables." % code

    def _request(self, code):
        """Whether it failed, and R's text."""
        caught = 'tryCatch(eval(parse(text="%s")),error = function(e) sprintf("%%s%%s", e, "%s"))' % (
            escape(code), FAILED)
        if not self._faithful:
            caught = 'tryCatch(%s, interrupt = function(e) sprintf("Interrupted\\n%s"))' % (caught, FAILED)
        try:
            self._process.stdin.write(('%s\nprint("%s")\n' % (caught, END)).encode("utf-8"))
        except OSError:
            raise Died() from None
        text = self._read_to_end()
        if text.endswith(FAILED + '"'):
            return True, stripped(text.replace("\\n" + FAILED, ""))
        return False, text

    def _read_to_end(self):
        found = bytearray()
        # With its line's end: what follows would stand before the next answer.
        marker = PRINTED_END.encode("ascii") + b"\n"
        while marker not in found[-len(marker) - 65536:]:
            data = self._process.stdout.read(65536)
            if not data:
                raise Died()
            found += data
        text = COLOURS.sub("", found.decode("utf-8", "replace").replace("\r\n", "\n"))
        text = text[:text.rindex(PRINTED_END)].replace(PRINTED_END, "")
        return text[:-1] if text.endswith("\n") else text

    def interrupt(self, age):
        """Called every 100 ms, from another thread, until the cancelled statement ends."""
        process = self._process
        if self._faithful or process is None or age < INTERRUPT_AFTER:
            return None
        if age - self._interrupted_at >= INTERRUPT_EVERY or self._interrupted_at > age:
            self._interrupted_at = age
            process.send_signal(signal.SIGINT)
        return None


def serve(backend):
    try:
        backend.run()
    except Exception:
        pass  # the JVM ends with the session


def stripped(text):
    """Without one line end at the front and one at the end."""
    if text.startswith("\n"):
        text = text[1:]
    return text[:-1] if text.endswith("\n") else text


ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}


def escape(text):
    """The code as an R string of plain ASCII."""
    return "".join(ESCAPES.get(char) or escape_one(char) for char in text)


def escape_one(char):
    number = ord(char)
    if 32 <= number < 127:
        return char
    return "\\u%04X" % number if number < 0x10000 else "\\U%08X" % number
