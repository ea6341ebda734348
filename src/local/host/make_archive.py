"""Writes a class archive that later sessions start from: `python make_archive.py FILE WORK_FOLDER`.

A third of a session's start and of its first job is the loading of classes. The JVM (13 and
later) can keep them in a file, which fits only the same Java and Spark: it is made when these
are installed, by a session that runs a little of everything and then ends in order.
"""

import os
import sys

STATEMENTS = (
    ("spark", "1 + 1"),
    ("spark", "case class P(i: Int)\nsc.parallelize(1 to 3).map(i => P(i)).collect"),
    ("pyspark", "spark.range(3).selectExpr('id % 2 k').groupBy('k').count().collect()"),
    ("pyspark", "sc.parallelize(range(3)).map(lambda v: v + 1).collect()"),
    ("sql", "select * from values (1, 'a'), (2, 'b') as t(id, name) order by id"),
    ("sql", "create table t using parquet as select 1 a"),
    ("sql", "select count(*) from t join range(3) on a = id"),
)


def main(path, work_dir):
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import main as entry
    del sys.path[0]
    entry.load_package()
    if os.path.exists(path):
        os.remove(path)
    from livysh_host import python_kind, scala_kind, spark, sql_kind

    holder = spark.Spark()
    request = {"name": "class archive", "work_dir": work_dir,
               "conf": {"spark.driver.extraJavaOptions": "-Xlog:disable -Xlog:all=error:stderr -XX:ArchiveClassesAtExit=" + path}}
    holder.start(request, Alone(), tell_end=False)
    kinds = {
        "spark": scala_kind.ScalaKind(holder, False, 17),
        "pyspark": python_kind.PythonKind(holder, False),
        "sql": sql_kind.SqlKind(holder, 10, False),
    }
    for number, (kind, code) in enumerate(STATEMENTS):
        kinds[kind].ready()
        output = kinds[kind].execute(number, code)
        if output["status"] != "ok":
            sys.stderr.write("%s\n" % output)
    kinds["spark"].complete("spark.re", 8)
    holder.process.stdin.close()  # the JVM's end in order, at which it writes the file
    holder.process.wait(timeout=180)
    return 0 if os.path.isfile(path) else 1


class Alone:
    """There is no guard: nobody talks to this session."""

    def also(self, pid):
        pass


if __name__ == "__main__":
    code = main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]))
    sys.stdout.flush()
    os._exit(code)  # pyspark's own farewell would wait for the JVM that is gone
