"""The host without a Spark, for the tests of a session's life: a Spark takes most of a start, and they ask nothing of it.

Everything else is the host's own: its pipe, its queue, its Python, its end.
"""

import os
import sys
import types

HOST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src", "local", "host")
sys.path.insert(0, HOST)
import main as entry

del sys.path[0]
entry.load_package()
entry.load_package = lambda: None  # once: what is changed below must stay

from livysh_host import progress, python_kind, spark


class NoSpark:
    """What a session asks of its Spark, where there is none."""

    home = ""
    process = session = context = None
    java = "17"

    def start(self, request, guard, tell_end=True):
        pyspark = types.ModuleType("pyspark")
        pyspark.SparkFiles = types.SimpleNamespace(getRootDirectory=lambda: request["work_dir"])
        sys.modules["pyspark"] = pyspark

    def facts(self):
        return {"spark": "none", "app_id": "local-0", "ui": None, "java": "17", "python": "3", "scala": "2.12"}

    def stopped(self):
        return False

    def nothing(self, *_):
        pass

    set_job_group = cancel_job_group = interrupt_main = nothing


class NoProgress:
    def __init__(self, *_):
        pass

    begin = end = __init__


spark.Spark = NoSpark
progress.Progress = NoProgress
python_kind.PythonKind._bind = lambda self, spark: None

if __name__ == "__main__":
    entry.main()
