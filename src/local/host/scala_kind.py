"""Runs Scala statements in Spark's own interpreter, line by line as a Livy does."""

import re
import threading
import time

from . import output, scala_lines, scala_magic

MAGIC = re.compile(r"%(\w+)\W*(.*)")
LINES = re.compile(r"[^\n]*\n|[^\n]+")
IMPORTS = ("import org.apache.spark.SparkContext._", "import spark.implicits._",
           "import spark.sql", "import org.apache.spark.sql.functions._")
# In the name of every class that the interpreter makes: user code runs where it is in the stack.
USER_FRAME = "$line"
SPARK_FRAME = "org.apache.spark."
INTERRUPT_AFTER = 0.3  # seconds of a cancel in which the Spark job may end by itself
STOP_AFTER = 1.0
STOP_SPARK_AFTER = 14.0  # a stop within Spark's own code could leave it broken
DEAD_AFTER = 20.0
STOPPED = "java.lang.ThreadDeath"
STOP_LIMIT = 20  # Thread.stop throws from this Java on


class ScalaKind:
    """The interpreter of a session; it is started by the first statement or in the background."""

    def __init__(self, spark, faithful, java_major):
        self._spark = spark
        self._faithful = faithful
        self._java_major = java_major
        self._starting = threading.Lock()
        self._new_jars = []
        self._cancelled = False
        self._loop = None
        self.interpreter = None
        self._all = self._printed = None  # byte streams: everything, and what user code printed

    def ready(self):
        """Starts the interpreter, once; a second caller waits for the first."""
        with self._starting:
            if self._loop is None:
                self._start()

    def _start(self):
        jvm = self._spark.jvm
        self._all = jvm.java.io.ByteArrayOutputStream()
        self._printed = jvm.java.io.ByteArrayOutputStream()
        loader = self._spark.loader
        jvm.java.lang.Thread.currentThread().setContextClassLoader(loader)
        settings = jvm.scala.tools.nsc.Settings()
        folder = jvm.java.io.File(loader.getURLs()[0].toURI()).getPath()
        settings.processArguments(self._spark.scala_list(
            "-Yrepl-class-based", "-Yrepl-outdir", folder, "-usejavacp"), True)
        settings.embeddedDefaults(loader)
        writer = jvm.java.io.PrintWriter(jvm.java.io.OutputStreamWriter(self._all, "UTF-8"), True)
        loop = jvm.org.apache.spark.repl.SparkILoop(self._spark.object("scala.None"), writer)
        getattr(loop, "settings_$eq")(settings)
        loop.createInterpreter()
        loop.intp().initializeSynchronous()
        self.interpreter = loop.intp()
        self._add_jars_of(loader)
        self._bind_names()
        self._all.reset()
        self._loop = loop

    def _add_jars_of(self, loader):
        """What came with --jars and --packages: in the loaders above ours, not in java.class.path."""
        self.interpreter.ensureClassLoader()
        while loader is not None:
            if loader.getClass().getName() == "org.apache.spark.util.MutableURLClassLoader":
                for url in loader.getURLs():
                    if url.getPath().endswith(".jar"):
                        self.interpreter.addUrlsToClassPath(self._spark.scala_list(url))
            loader = loader.getParent()

    def _bind_names(self):
        transient = self._spark.scala_list("@transient")
        session = self._spark.session._jsparkSession
        self.interpreter.bind("spark", "org.apache.spark.sql.SparkSession", session, transient)
        self.interpreter.bind("sc", "org.apache.spark.SparkContext", session.sparkContext(), transient)
        for line in IMPORTS:
            self.interpreter.interpret(line)

    def add_jar(self, path):
        """Puts a jar on the class path from the next statement on; safe from any thread."""
        self._new_jars.append(path)

    def _take_new_jars(self):
        while self._new_jars:
            url = self._spark.jvm.java.io.File(self._new_jars.pop(0)).toURI().toURL()
            # Classes of the interpreter are loaded by the loader that all tasks share, so the jar must be there too.
            self._spark.loader.addURL(url)
            self.interpreter.addUrlsToClassPath(self._spark.scala_list(url))

    def execute(self, count, code):
        self._cancelled = False
        self._prepare_thread()
        self._take_new_jars()
        lines = scala_lines.split(code) if self._faithful else scala_lines.joined(code)
        try:
            return Run(self._line, self._faithful).all(count, lines, lambda: self._cancelled)
        finally:
            self._all.reset()
            self._printed.reset()

    def _prepare_thread(self):
        """println writes where the thread's Console says; threads that user code makes inherit it."""
        jvm = self._spark.jvm
        self._spark.adopt_thread()
        tee = jvm.org.apache.commons.io.output.TeeOutputStream(self._all, self._printed)
        self._spark.object("scala.Console").setOut(jvm.java.io.PrintStream(tee, True, "UTF-8"))

    def _line(self, code, is_first):
        """Runs one unit: the word for how it went, and its data or error."""
        magic = MAGIC.fullmatch(code)
        if magic:
            value = None if is_first else self._last_value()
            return scala_magic.run(self._spark, magic.group(1), magic.group(2), value)
        word = self.interpreter.interpret(code).toString()
        text = self._all.toString("UTF-8")
        printed = self._printed.toString("UTF-8")
        self._all.reset()
        self._printed.reset()
        if word == "Success":
            return "ok", {output.TEXT: text}
        if word == "Incomplete":
            return "incomplete", None
        if self._faithful:
            printed = ""
        return "error", split_error(text, printed)

    def _last_value(self):
        request = self.interpreter.lastRequest()
        if request is None:
            return None
        return request.lineRep().call("$result", self._spark.object("scala.collection.immutable.Nil"))

    def complete(self, code, cursor):
        self.ready()
        completer = self._spark.jvm.scala.tools.nsc.interpreter.PresentationCompilerCompleter(self.interpreter)
        found = completer.complete(code, cursor).candidates().mkString("\n")
        return found.split("\n") if found else []

    def interrupt(self, age):
        """Called every 100 ms, from another thread, until the cancelled statement ends.

        First the Spark job may end by itself, then a sleep or wait is interrupted, then the
        thread is stopped where Java still can; the compiler is never touched.
        """
        if self._faithful:
            return None
        self._cancelled = True
        stack = self._spark.main_stack()
        if age < INTERRUPT_AFTER or USER_FRAME not in stack:
            return None
        if age < STOP_AFTER or (age < STOP_SPARK_AFTER and SPARK_FRAME in stack):
            self._spark.interrupt_main(age, stack)
        elif age > DEAD_AFTER:
            return ("The cancelled Scala statement cannot be stopped (on Java %d%s): the session has to be "
                    "started anew." % (self._java_major, "" if self._can_stop() else "; Java 17 could"))
        elif self._can_stop():
            self._spark.main_thread.stop()
            time.sleep(0.3)
        return None

    def _can_stop(self):
        return self._java_major < STOP_LIMIT


class Run:
    """One statement's way through its units."""

    def __init__(self, line, faithful):
        self._line = line
        self._faithful = faithful

    def all(self, count, units, cancelled):
        data = {output.TEXT: ""}
        unit, position, is_first = "", 0, True
        while position < len(units):
            if cancelled():
                text = data.get(output.TEXT, "")
                return output.error(count, "Error", "The statement was cancelled before its next line ran.", [], text)
            unit = unit + "\n" + units[position] if unit else units[position]
            position += 1
            word, result = self._line(unit, is_first)
            if word == "incomplete":
                if position == len(units) and not self._is_comment(unit):
                    before = "" if self._faithful else data.get(output.TEXT, "")
                    return output.error(count, "Error", "incomplete statement", [], before)
                continue
            if word == "error":
                ename, evalue, trace, text = result
                before = "" if self._faithful else data.get(output.TEXT, "")
                return output.error(count, ename, evalue, trace, before + text)
            data = merged(data, result)
            unit, is_first = "", False
        return output.ok(count, data)

    def _is_comment(self, unit):
        """Comments are incomplete too; in braces they are complete, and real code is not."""
        word, _ = self._line("{\n%s\n}" % unit, False)
        return word == "ok"


def merged(before, data):
    """Text adds up; a magic's result replaces what was there, and is replaced by text."""
    if output.TEXT in before and output.TEXT in data:
        return {output.TEXT: before[output.TEXT] + data[output.TEXT]}
    return data


def split_error(text, printed):
    """ename, evalue, traceback, and what had been printed where that is told apart."""
    if printed and printed in text:
        text = text.replace(printed, "", 1)
    else:
        printed = ""
    lines = LINES.findall(text)
    if lines and lines[0].strip() == STOPPED:
        lines = lines[:1]  # the rest is how the host stopped it
    evalue = lines[0].strip() if lines else "unknown error"
    return "Error", evalue, lines[1:], printed
