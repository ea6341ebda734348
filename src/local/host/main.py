"""The program behind one local session: it owns one SparkSession and runs Python, Scala, SQL and R on it.

It speaks JSON lines: requests on stdin, events on stdout (see session.py). It is started as
a script; its sibling modules are loaded as the package `livysh_host`, so that no name of
ours stands in the way of a module that user code imports.
"""

import os
import sys
import types


def load_package():
    package = types.ModuleType("livysh_host")
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules["livysh_host"] = package


def main():
    load_package()
    from livysh_host import pipe, session, watch

    sys.dont_write_bytecode = True
    watch.ignore_terminal_signals()
    # Before any thread or JVM exists: user code must not reach the protocol's descriptors.
    requests, events = pipe.take_standard_streams()
    guard = watch.Guard(requests, events)
    session.Session(pipe.Pipe(requests, events), guard).run()


if __name__ == "__main__":
    main()
