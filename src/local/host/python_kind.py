"""Runs Python statements in the host itself, as Livy's own Python interpreter would."""

import __future__
import ast
import io
import os
import re
import signal
import sys
import threading
import traceback
import warnings

from . import interrupts, output, python_magic

TOP_FRAME = re.compile(r'\s*File "<stdin>".*in <module>')
HERE = os.path.dirname(os.path.abspath(__file__))
INSIST_AFTER = 1.0  # seconds of a cancel in which the Spark job may end by itself
FUTURES = [getattr(__future__, name).compiler_flag for name in __future__.all_feature_names]


class Stream(io.TextIOBase):
    """One text stream for all statements, so that a log handler made in one works in the next."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self):
        self._text = io.StringIO()

    def writable(self):
        return True

    def write(self, text):
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        return self._text.write(text)

    def getvalue(self):
        return self._text.getvalue()

    def take(self):
        text = self._text.getvalue()
        self._text = io.StringIO()
        return text


class PythonKind:
    """The namespace of a session's Python, and the running of one statement in it."""

    def __init__(self, spark, faithful):
        self._spark = spark
        self._faithful = faithful
        self._host = os.getpid()
        self._main = threading.main_thread().ident
        self._stdout, self._stderr = Stream(), Stream()
        self._stdin = io.StringIO()
        # What the session's `from __future__ import` lines changed, as in Python's own shell.
        self._flags = 0
        # A plain mapping without __name__, so classes carry the module name that Livy's carry.
        self.names = {}
        self._bind(spark)

    def _bind(self, spark):
        from pyspark.sql import SQLContext
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            context = SQLContext.getOrCreate(spark.context)
        self.names.update(spark=spark.session, sc=spark.context, sqlContext=context)
        for statement in ("from pyspark.sql import HiveContext",
                          "from pyspark.streaming import StreamingContext",
                          "import pyspark.cloudpickle as cloudpickle"):
            exec(statement, self.names)

    def ready(self):
        """Nothing to wait for."""

    def execute(self, count, code):
        streams = sys.stdin, sys.stdout, sys.stderr
        if self._stdin.closed and not self._faithful:
            self._stdin = io.StringIO()
        sys.stdin, sys.stdout, sys.stderr = self._stdin, self._stdout, self._stderr
        try:
            result = self._run(count, code)
        finally:
            if os.getpid() != self._host:
                os._exit(0)  # a child that user code forked must not answer in our name
            sys.stdin, sys.stdout, sys.stderr = streams
            self._stdout.take()
            self._stderr.take()
        return result

    def _run(self, count, code):
        try:
            nodes = parse(code)
        except SyntaxError as error:
            return output.error(count, *describe(type(error), error, None))
        except (ValueError, RecursionError, MemoryError) as error:
            return output.error(count, *describe(type(error), error, None))
        data = {}
        try:
            for node in nodes:
                data = self._run_node(node)
        except BaseException as error:
            trace = None if isinstance(error, python_magic.UnknownMagic) else error.__traceback__
            ename, evalue, lines = describe(type(error), error, trace)
            text = "" if self._faithful else self._printed()
            return output.error(count, ename, evalue, lines, text)
        text = (data.pop(output.TEXT, "") + self._printed()).rstrip()
        if text or not data:
            data[output.TEXT] = text
        return output.ok(count, data)

    def _printed(self):
        return self._stdout.getvalue() + self._stderr.getvalue()

    def _run_node(self, node):
        if isinstance(node, str):
            return python_magic.run(node, self.names)
        for position, statement in enumerate(node.body):
            if position + 1 < len(node.body):
                compiled = self._compile(ast.Module([statement], []), "exec")
            else:
                compiled = self._compile(ast.Interactive([statement]), "single")
            interrupts.run(compiled, self.names)
        return {}

    def _compile(self, tree, mode):
        compiled = compile(tree, "<stdin>", mode, self._flags, True)
        if not self._faithful:  # a Livy forgets them after each node
            for flag in FUTURES:
                self._flags |= compiled.co_flags & flag
        return compiled

    def interrupt(self, age):
        """Called every 100 ms, from another thread, until the cancelled statement ends."""
        if self._faithful:
            return None
        interrupts.insisting = age > INSIST_AFTER
        if age > INSIST_AFTER:
            self._spark.interrupt_main(age)  # a Java call that waits for no Spark job
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(self._main, signal.SIGINT)
        else:
            import _thread
            _thread.interrupt_main()
        return None


def parse(code):
    """Syntax trees and, where the code is none because of them, magic lines."""
    tree_of = lambda text: compile(text, "<stdin>", "exec", ast.PyCF_ONLY_AST, True)
    try:
        return [tree_of(code)]
    except SyntaxError:
        chunks = []
        for line in code.rstrip().split("\n"):
            if line.startswith("%"):
                chunks.append(line)
            elif chunks and isinstance(chunks[-1], list):
                chunks[-1].append(line)
            else:
                chunks.append([line])
        return [chunk if isinstance(chunk, str) else tree_of("\n".join(chunk)) for chunk in chunks]


def describe(kind, error, trace):
    """ename, evalue and traceback as Livy gives them: no frames but the user's, no causes."""
    try:
        evalue = str(error)
    except Exception:
        evalue = "<the exception's text cannot be had>"
    try:
        lines = traceback.format_exception(kind, error, without_host(trace), chain=False)
    except Exception:
        lines = ["%s\n" % kind.__name__]
    for position, line in enumerate(lines):
        if TOP_FRAME.match(line):
            lines = lines[:1] + lines[position + 1:]
            break
    lines = [line for line in lines if not line.startswith('  File "' + HERE)]
    return kind.__name__, evalue, lines


def without_host(trace):
    """The traceback from where the host's own frames end."""
    while trace is not None and os.path.dirname(trace.tb_frame.f_code.co_filename) == HERE:
        trace = trace.tb_next
    return trace
