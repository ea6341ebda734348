"""Claims about the host, checked on a real Spark: run with the Python that has pyspark."""

import base64
import os
import signal
import sys
import time
import unittest
import zipfile

from host_process import Ended, Host

# package probe; public class Probe { public static int answer() { return 42; } }
PROBE = base64.b64decode(
    "yv66vgAAADQADAoAAgADBwAEDAAFAAYBABBqYXZhL2xhbmcvT2JqZWN0AQAGPGluaXQ+AQADKClWBwAIAQALcHJvYmUvUHJvYmUBAARDb2RlAQ"
    "AGYW5zd2VyAQADKClJACEABwACAAAAAAACAAEABQAGAAEACQAAABEAAQABAAAABSq3AAGxAAAAAAAJAAoACwABAAkAAAAPAAEAAAAAAAMQKqw"
    "AAAAAAAA=")
TEXT = "text/plain"
GONE_WITHIN = 3.0  # seconds


def write_jar(folder):
    path = os.path.join(folder, "probe.jar")
    with zipfile.ZipFile(path, "w") as jar:
        jar.writestr("probe/Probe.class", PROBE)
    return path


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


class WithHost(unittest.TestCase):
    """One host for all tests of a class."""

    START = {}
    host = None

    @classmethod
    def setUpClass(cls):
        cls.host = Host(**cls.START)
        cls.addClassCleanup(cls.host.close)
        cls.ready = cls.host.wait("ready")

    def text(self, code, kind="pyspark"):
        output = self.host.run(code, kind)
        self.assertEqual(output["status"], "ok", output)
        return output["data"].get(TEXT)

    def data(self, code, kind):
        output = self.host.run(code, kind)
        self.assertEqual(output["status"], "ok", output)
        return output["data"]

    def error(self, code, kind="pyspark"):
        output = self.host.run(code, kind)
        self.assertEqual(output["status"], "error", output)
        return output

    def cancelled(self, code, kind, once="running", within=30.0):
        number = self.host.submit(code, kind)
        self.host.wait(once, id=number)
        self.host.send(op="cancel", id=number)
        began = time.monotonic()
        output = self.host.wait("done", id=number)["output"]
        self.assertLess(time.monotonic() - began, within)
        return output

    def cancelled_once_begun(self, code, kind):
        """Cancels code when it runs, not while it is compiled: it makes the file that stands at its `%r`."""
        sign = os.path.join(self.host.folder, "begun")
        number = self.host.submit(code.replace("%r", '"%s"' % sign), kind)
        while not os.path.exists(sign):
            time.sleep(0.05)
        os.remove(sign)
        self.host.send(op="cancel", id=number)
        return self.host.wait("done", id=number)["output"]


class Python(WithHost):
    def test_ready_tells_the_versions(self):
        self.assertTrue(self.ready["spark"].startswith("3."))
        self.assertEqual(self.ready["python"], "%d.%d.%d" % sys.version_info[:3])
        self.assertIsNone(self.ready["ui"])

    def test_text_before_an_exception_is_kept(self):
        output = self.error("print('kept')\n1 / 0")
        self.assertEqual(output["data"], {TEXT: "kept\n"})
        self.assertEqual(output["traceback"][-1], "ZeroDivisionError: division by zero\n")

    def test_no_frame_of_the_host_shows(self):
        for code in ("1 / 0", "await x", "exit()", "%json nothing", "import json; json.loads('x')"):
            self.assertNotIn("local/host", str(self.host.run(code)))

    def test_the_hosts_modules_do_not_stand_in_the_way(self):
        for name in ("session", "spark", "pipe", "output", "cancel", "main"):
            self.assertEqual(self.error("import " + name)["ename"], "ModuleNotFoundError")

    def test_a_log_handler_of_one_statement_works_in_the_next(self):
        self.text("import logging\nlog = logging.getLogger('t')\nlog.propagate = False\nlog.addHandler(logging.StreamHandler())")
        self.assertEqual(self.text("log.warning('heard')"), "heard")

    def test_a_future_import_acts_in_its_statement_and_in_later_ones(self):
        written = "from __future__ import annotations\ndef f(v: Written): pass\nf.__annotations__['v']"
        self.assertEqual(self.text(written), "'Written'")
        self.assertEqual(self.text("class C:\n    v: Later\nC.__annotations__['v']"), "'Later'")

    def test_input_is_at_its_end_also_after_exit(self):
        self.error("exit()")
        self.assertEqual(self.error("input()")["ename"], "EOFError")

    def test_a_childs_output_goes_to_the_log_and_does_no_harm(self):
        self.assertEqual(self.text("import os\nos.system('echo from-child')"), "0")
        self.assertEqual(self.text("'next'"), "'next'")
        self.assertIn("from-child", self.host.log())

    def test_a_forked_child_does_not_answer(self):
        self.assertEqual(self.text("import os\npid = os.fork()\nif pid: done = os.waitpid(pid, 0)"), "")
        self.assertEqual(self.text("'one answer'"), "'one answer'")

    def test_a_lone_surrogate_still_makes_valid_json(self):
        self.assertEqual(self.text("print('a\\ud800b')"), "a\ufffdb")

    def test_special_numbers_still_make_valid_json(self):
        data = self.data("v = [float('nan'), float('inf'), 1.5]\n%json v", "pyspark")
        self.assertEqual(data, {"application/json": [None, "Infinity", 1.5]})

    def test_magics_never_end_the_interpreter(self):
        self.text("import datetime, decimal\nkept = 1")
        for value in ("{1, 2}", "datetime.date(2026, 1, 31)", "[{'a': {'k': object()}}]", "[[1], ['x']]", "spark",
                      "[{1: 2, 'x': 3}]", "[decimal.Decimal(1), None]"):
            for magic in ("json", "table", "matplot"):
                self.host.run("v = %s\n%%%s v" % (value, magic))
        self.host.run("%json")
        self.assertEqual(self.text("kept"), "1")

    def test_columns_of_different_types_are_a_broken_magic(self):
        data = self.data("v = [[1], ['x']]\n%table v", "pyspark")
        self.assertEqual(data["content"]["evalue"], "table rows have different types")

    def test_a_loop_is_interrupted_and_the_session_lives(self):
        output = self.cancelled_once_begun(
            "n = 1\nprint('begun')\nopen(%r, 'w').close()\nwhile True: pass", "pyspark")
        self.assertEqual((output["ename"], output["data"]), ("KeyboardInterrupt", {TEXT: "begun\n"}))
        self.assertEqual(self.text("n"), "1")

    def test_a_cancel_that_comes_before_the_statement_runs_is_not_lost(self):
        endless = "import time\nend = time.monotonic() + 30\nwhile time.monotonic() < end: pass"
        for _ in range(3):
            number = self.host.submit(endless, "pyspark", cancelled=True)
            output = self.host.wait("done", id=number)["output"]
            self.assertEqual((output["status"], output.get("ename")), ("error", "KeyboardInterrupt"))
        self.assertEqual(self.text("'next'"), "'next'")

    def test_a_job_is_cancelled_with_livys_error(self):
        output = self.cancelled(
            "import time\nsc.parallelize(range(200), 200).map(lambda v: time.sleep(1)).count()", "pyspark", "progress")
        self.assertIn("cancelled part of cancelled job group", output["evalue"])

    def test_code_that_swallows_its_cancelled_jobs_ends(self):
        output = self.cancelled(
            "while True:\n    try:\n        x = spark.range(100).count()\n    except Exception:\n        pass", "pyspark")
        self.assertEqual(output["ename"], "KeyboardInterrupt")

    def test_a_java_call_that_waits_is_interrupted(self):
        output = self.cancelled_once_begun("open(%r, 'w').close(); sc._jvm.java.lang.Thread.sleep(100000)", "pyspark")
        self.assertIn("InterruptedException", output["evalue"])
        self.assertEqual(self.text("spark.range(3).count()"), "3")

    def test_progress_is_told(self):
        number = self.host.submit(
            "import time\nsc.parallelize(range(8), 8).map(lambda v: time.sleep(0.5)).count()", "pyspark")
        self.host.wait("done", id=number)
        told = [event["progress"] for event in self.host.seen if event["event"] == "progress" and event["id"] == number]
        self.assertTrue(any(0 < share < 1 for share in told), told)

    def test_an_unknown_kind_is_an_error(self):
        self.assertIn("no kind", self.error("1", "cobol")["evalue"])


class Scala(WithHost):
    START = {"kind": "spark"}

    def test_chains_and_branches_on_their_own_lines_are_joined(self):
        self.assertEqual(self.text("val q = List(1, 2)\n  // note\n\n  .map(_ + 1)\nq.sum", "spark").split("\n")[0],
                         "q: List[Int] = List(2, 3)")
        self.assertIn('String = small', self.text('if (1 > 2) {\n  "big"\n}\nelse {\n  "small"\n}', "spark"))
        self.assertIn("Int = -1", self.text("try { 1 / 0 }\ncatch { case e: ArithmeticException => -1 }", "spark"))

    def test_companions_are_defined_together(self):
        text = self.text("class Bar(val n: Int) {\n  def m = Bar.z\n}\n\nobject Bar { val z = 5 }\nnew Bar(1).m", "spark")
        self.assertNotIn("warning", text)
        self.assertIn("Int = 5", text)

    def test_text_before_an_exception_is_kept(self):
        output = self.error('println("one")\n{ println("two"); sys.error("boom") }', "spark")
        self.assertEqual(output["evalue"], "java.lang.RuntimeException: boom")
        self.assertEqual(output["data"], {TEXT: "one\ntwo\n"})

    def test_a_case_class_is_itself_in_tasks_and_out(self):
        self.assertIn("Array(P(1), P(2))", self.text(
            "case class P(i: Int)\nsc.parallelize(1 to 2).map(i => P(i)).collect", "spark"))

    def test_only_what_scala_prints_is_captured(self):
        self.assertEqual(self.text('Console.err.println("no"); System.out.println("no"); println("yes")', "spark"), "yes\n")

    def test_magics_show_the_value_of_the_line_before(self):
        self.assertEqual(self.data('val m = Map("a" -> 1)\n%json m', "spark"), {"application/json": {"a": 1}})

    def test_a_job_a_sleep_and_a_loop_end_when_cancelled(self):
        self.text("val before = 5", "spark")
        output = self.cancelled("sc.parallelize(1 to 200, 200).map { v => Thread.sleep(1000); v }.count", "spark",
                                "progress")
        self.assertIn("cancelled part of cancelled job group", output["evalue"])
        output = self.cancelled_once_begun("new java.io.File(%r).createNewFile(); Thread.sleep(100000)", "spark")
        self.assertIn("InterruptedException", output["evalue"])
        if int(self.ready["java"].split(".")[0]) < 20:
            output = self.cancelled_once_begun("new java.io.File(%r).createNewFile(); while (true) {}", "spark")
            self.assertEqual(output["evalue"], "java.lang.ThreadDeath")
        self.assertIn("Int = 6", self.text("before + 1", "spark"))
        self.assertEqual(self.text('println("still captured")', "spark"), "still captured\n")
        self.assertEqual(self.text("spark.range(3).count()"), "3")

    def test_completion_answers_while_a_statement_runs(self):
        self.host.run("1", "spark")
        go = os.path.join(self.host.folder, "go")
        number = self.host.submit("import os, time\nwhile not os.path.exists(%r): time.sleep(0.05)" % go, "pyspark")
        self.host.wait("running", id=number)
        self.assertEqual(self.host.complete("spark.re", 8), ["read", "readStream"])
        self.assertEqual(self.host.complete("spark.re", 8, "pyspark"), [])
        self.assertFalse([event for event in self.host.seen if event["event"] == "done" and event["id"] == number])
        write(self.host.folder, "go", "")
        self.host.wait("done", id=number)

    def test_a_jar_added_later_reaches_code_and_tasks(self):
        self.assertIsNone(self.host.add("jar", write_jar(self.host.folder)))
        self.assertIn("Int = 42", self.text("probe.Probe.answer", "spark"))
        self.assertIn("Array(42)", self.text("sc.parallelize(Seq(1)).map(_ => probe.Probe.answer).collect", "spark"))

    def test_files_added_later_are_found(self):
        folder = self.host.folder
        self.assertIsNone(self.host.add("pyfile", write(folder, "added_module.py", "VALUE = 7\n")))
        self.assertEqual(self.text("import added_module\nsc.parallelize([1]).map(lambda v: __import__('added_module')"
                                   ".VALUE).collect()"), "[7]")
        self.assertIsNone(self.host.add("file", write(folder, "added.txt", "hello")))
        self.assertEqual(self.text("open('added.txt').read()"), "'hello'")
        self.assertIn("cannot be added", self.host.add("file", "/no/such/file"))


class Sql(WithHost):
    START = {"kind": "sql", "sql_rows": 3}

    def cells(self, query):
        return self.data(query, "sql")["application/json"]["data"]

    def test_values_are_encoded_as_a_livy_does(self):
        self.assertEqual(self.cells(
            "select 1.10, timestamp '2026-01-31 12:00:00.5', double('NaN'), double('-Infinity'), X'00FF', map(1, 'a')"),
            [[1.1, "2026-01-31T12:00:00Z", None, "-Infinity", [0, -1], {"1": "a"}]])

    def test_values_that_python_does_not_know_are_text(self):
        self.assertEqual(self.cells("select interval 1 day, interval '1-2' year to month, make_interval(0, 1)"),
                         [["INTERVAL '1' DAY", "INTERVAL '1-2' YEAR TO MONTH", "1 months"]])

    def test_rows_end_at_the_limit(self):
        self.assertEqual(len(self.cells("select * from range(10)")), 3)

    def test_views_are_seen_by_every_kind(self):
        self.text("spark.range(2).createOrReplaceTempView('shared_view')")
        self.assertEqual(self.cells("select count(*) from shared_view"), [[2]])

    def test_tables_live_in_the_session_folder(self):
        self.cells("create table t using parquet as select 1 a")
        self.assertEqual(self.cells("select * from t"), [[1]])
        self.assertTrue(os.path.isdir(os.path.join(self.host.folder, "work", "warehouse", "t")))

    def test_a_job_is_cancelled(self):
        output = self.cancelled("select count(*) from range(0, 200, 1, 200) where "
                                "java_method('java.lang.Thread', 'sleep', 1000L + id * 0) is null", "sql")
        # on a busy machine the query has no job yet when its time to end by itself is over
        self.assertRegex(output["evalue"], "cancelled part of cancelled job group|InterruptedException")


class Start(unittest.TestCase):
    def test_jars_files_and_settings_of_the_start_act(self):
        with Host(kind="spark") as maker:
            jar = write_jar(maker.folder)
            module = write(maker.folder, "early.py", "VALUE = 5\n")
            plain = write(maker.folder, "early.txt", "text")
            conf = {"spark.sql.shuffle.partitions": "3", "livy.rsc.sql.num-rows": "2", "spark.test.odd": "a=b: \\c #"}
            with Host(kind="spark", jars=[jar], py_files=[module], files=[plain], conf=conf, name="its name") as host:
                host.wait("ready")
                self.assertIn("Int = 42", host.run("probe.Probe.answer", "spark")["data"][TEXT])
                self.assertEqual(host.run("import early\nearly.VALUE, open('early.txt').read(), sc.appName")["data"][TEXT],
                                 "(5, 'text', 'its name')")
                self.assertEqual(host.run("spark.conf.get('spark.test.odd')")["data"][TEXT], repr("a=b: \\c #"))
                self.assertEqual(host.run("sc.getConf().get('livy.rsc.sql.num-rows')")["data"][TEXT], "")
                self.assertEqual(len(host.run("select * from range(9)", "sql")["data"]["application/json"]["data"]), 2)

    def test_a_class_archive_that_does_not_fit_is_passed_over(self):
        with Host() as maker:
            with Host(class_archive=write(maker.folder, "classes.jsa", "nonsense")) as host:
                host.wait("ready")

    def test_a_start_that_fails_says_why(self):
        with Host(environment={"JAVA_HOME": "/no/java"}) as host:
            with self.assertRaisesRegex(Ended, "Java cannot be started|JAVA_HOME"):
                host.wait("ready")

    def test_r_without_its_parts_says_what_is_missing(self):
        with Host(kind="sparkr", conf={"spark.r.shell.command": "no-such-r"}) as host:
            host.wait("ready")
            self.assertIn("no program 'no-such-r'", host.run("1 + 1", "sparkr")["evalue"])

    def test_faithful_mode_leaves_the_additions_out(self):
        with Host(kind="spark", faithful=True) as host:
            host.wait("ready")
            self.assertNotIn("data", host.run("print('lost')\n1 / 0"))
            future = host.run("from __future__ import annotations\ndef f(v: Written): pass")
            self.assertEqual(future.get("ename"), "NameError")
            self.assertEqual(host.run("List(1)\n  .map(_ + 1)", "spark")["status"], "error")
            number = host.submit("import time\ntime.sleep(2)\n'slept'", "pyspark")
            host.wait("running", id=number)
            host.send(op="cancel", id=number)
            self.assertEqual(host.wait("done", id=number)["output"]["data"][TEXT], "'slept'")


class Dead(unittest.TestCase):
    def test_a_stopped_context_ends_the_session_not_the_host(self):
        with Host() as host:
            host.wait("ready")
            self.assertEqual(host.run("spark.stop()")["status"], "ok")
            self.assertIn("stopped", host.wait("dead")["error"])
            self.assertEqual(host.run("1 + 1")["status"], "error")

    def test_slots_that_are_held_for_ever_are_found(self):
        with Host(kind="spark") as host:
            host.wait("ready")
            signs = [os.path.join(host.folder, "task%d" % task) for task in (0, 1)]
            number = host.submit(
                "sc.parallelize(0 to 1, 2).foreach { i => new java.io.File(\"%s/task\" + i).createNewFile(); "
                "var x = 0L; while (true) { x += 1 } }" % host.folder, "spark")
            while not all(map(os.path.exists, signs)):
                time.sleep(0.05)
            host.send(op="cancel", id=number)
            host.wait("done", id=number)
            host.submit("spark.range(10).count()", "pyspark")
            self.assertIn("executor slot", host.wait("dead")["error"])


@unittest.skipUnless(sys.platform.startswith("linux"), "finds processes through /proc")
class Ending(unittest.TestCase):
    def left(self, mark):
        """Processes that have the mark in their environment."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/environ" % pid, "rb") as file:
                    if mark.encode() in file.read():
                        found.append(int(pid))
            except OSError:
                continue
        return found

    def ends(self, code=None, kind="pyspark", wait=2.0, until="ready"):
        mark = "LIVYSH_TEST_MARK=%d.%d" % (os.getpid(), time.monotonic_ns())
        with Host(environment=dict([mark.split("=", 1)]), kind=kind) as host:
            if until:
                host.wait(until)
            if code:
                host.wait("running", id=host.submit(code, kind))
            time.sleep(wait)
            self.assertTrue(self.left(mark))
            host.process.stdin.close()
            began = time.monotonic()
            while self.left(mark) and time.monotonic() - began < 10:
                time.sleep(0.02)
                host.process.poll()
            took = time.monotonic() - began
        print("%s gone after %.2f s" % (self.id().rsplit(".", 1)[-1], took), file=sys.stderr)
        self.assertLess(took, GONE_WITHIN)

    def test_ends_when_idle(self):
        self.ends(wait=0)

    def test_ends_while_it_starts(self):
        self.ends(wait=0.5, until=None)

    def test_ends_while_spark_starts(self):
        self.ends(wait=1.8, until=None)

    def test_ends_in_a_python_loop(self):
        self.ends("while True: pass")

    def test_ends_in_a_scala_loop(self):
        self.ends("while (true) {}", "spark")

    def test_ends_while_python_workers_sleep(self):
        self.ends("import time\nsc.parallelize(range(2), 2).map(lambda v: time.sleep(500)).count()", wait=4.0)

    def test_ends_while_native_code_holds_the_interpreter_lock(self):
        self.ends("import ctypes\nctypes.PyDLL(None).sleep(60)")

    def test_a_killed_host_takes_all_with_it(self):
        mark = "LIVYSH_TEST_MARK=%d.%d" % (os.getpid(), time.monotonic_ns())
        with Host(environment=dict([mark.split("=", 1)])) as host:
            host.wait("ready")
            os.kill(host.process.pid, signal.SIGKILL)
            host.process.wait()
            began = time.monotonic()
            while self.left(mark) and time.monotonic() - began < 10:
                time.sleep(0.02)
            self.assertLess(time.monotonic() - began, GONE_WITHIN)

    def test_the_terminals_interrupt_does_not_reach_the_host(self):
        with Host() as host:
            host.wait("ready")
            os.killpg(host.process.pid, signal.SIGINT)
            self.assertEqual(host.run("1 + 1")["data"][TEXT], "2")
            self.assertEqual(host.run("spark.range(3).count()")["data"][TEXT], "3")


if __name__ == "__main__":
    unittest.main()
