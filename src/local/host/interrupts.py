"""Interrupting Python code from outside, without harm to the connection with the JVM."""

import os
import sys

PY4J = os.sep + "py4j" + os.sep

# Set by the cancelling thread once the code has had its time to end with its Spark job.
insisting = False


def run(compiled, names):
    """Runs user code; while it runs, and only then, on_interrupt may raise."""
    global insisting
    insisting = False
    try:
        execute(compiled, names)
    finally:
        if sys.gettrace() is no_trace:
            sys.settrace(None)


def execute(compiled, names):
    exec(compiled, names)


def on_interrupt(_signal, frame):
    """Raises KeyboardInterrupt in user code, and nowhere else.

    Not in the host's own lines, and never inside a py4j call: there it would leave the
    connection with half an answer. The job behind such a call is cancelled another way; code
    that swallows the error of its cancelled job meets the interrupt at its next line.
    """
    callers = user_frames(frame)
    if callers is None:
        return
    if not any(PY4J in caller.f_code.co_filename for caller in callers):
        raise KeyboardInterrupt
    if insisting:
        sys.settrace(no_trace)
        for caller in callers:
            if caller.f_code.co_filename == "<stdin>":
                caller.f_trace = raise_at_next_line


def user_frames(frame):
    """The frames that user code is in, innermost first; None where the host itself was interrupted."""
    callers = []
    while frame is not None:
        if frame.f_code is execute.__code__:
            return callers or None
        callers.append(frame)
        frame = frame.f_back
    return None


def no_trace(_frame, _event, _argument):
    """New frames are not traced."""
    return None


def raise_at_next_line(_frame, event, _argument):
    if event == "line":
        sys.settrace(None)
        raise KeyboardInterrupt
    return raise_at_next_line
