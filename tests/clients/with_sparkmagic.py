"""sparkmagic's client classes against a server. Usage: with_sparkmagic.py URL PASSWORD-FILE|- PART... (python, scala)."""

import builtins
import importlib.util
import os
import signal
import sys
import threading
import types

# The package's own __init__ is the extension of a notebook server, which nothing here needs.
_package = types.ModuleType("sparkmagic")
_package.__path__ = list(importlib.util.find_spec("sparkmagic").submodule_search_locations)
sys.modules["sparkmagic"] = _package
# Its errors change the shell that they are raised in: this one stands for it.
_shell = types.SimpleNamespace(_showtraceback=None)
builtins.get_ipython = lambda: _shell

import sparkmagic.utils.configuration as configuration
from sparkmagic.auth.basic import Basic
from sparkmagic.livyclientlib.command import Command
from sparkmagic.livyclientlib.endpoint import Endpoint
from sparkmagic.livyclientlib.exceptions import (BadUserDataException, HttpClientException,
                                                 SparkStatementCancelledException)
from sparkmagic.livyclientlib.sendstringtosparkcommand import SendStringToSparkCommand
from sparkmagic.livyclientlib.sparkcontroller import SparkController
from sparkmagic.livyclientlib.sqlquery import SQLQuery

from check import PATIENCE, URL, USER, equal, has, password, raises, until

TEXT, JSON, PNG = "text/plain", "application/json", "image/png"
LOOP = "import time\nfor _ in range(6000):\n    time.sleep(0.1)"


class Display:
    """The notebook's page: keeps what is written on it."""

    def __init__(self):
        self.text = ""

    def display(self, _widget):
        pass

    def html(self, text):
        self.text += text

    def writeln(self, text):
        self.text += text + "\n"

    send_error = writeln


def endpoint(secret):
    """The server, as the notebook's dialog describes it."""
    if secret is None:
        return Endpoint(URL, None)
    return Endpoint(URL, Basic(types.SimpleNamespace(user=USER, password=secret, url=URL)))


def refused():
    configuration.override("configurable_retry_policy_max_retries", 0)
    controller = SparkController(Display())
    stranger = endpoint("wrong")
    error = raises("a wrong password", HttpClientException, lambda: controller.get_all_sessions_endpoint(stranger))
    has("text of a wrong password", str(error), "401")


def started(controller, place, name, kind):
    properties = {"kind": kind, "name": "sparkmagic-" + name, "conf": {"spark.sql.shuffle.partitions": "2"},
                  "driverMemory": "600m", "executorCores": 1}
    controller.add_session(name, place, False, properties)
    has("what a start says", controller.ipython_display.text, "Starting Spark application",
        "SparkSession available as 'spark'.")
    equal("ids of our sessions", [one.id for one in controller.get_all_sessions_endpoint(place)],
          [controller.get_session_id_for_client(name)])
    has("a session's log", controller.get_logs(name), "\n")
    equal("a session's web page", controller.get_spark_ui_url(name), None)


def runner(controller, name):
    """Answers a command with (success, content, type)."""
    return lambda code: controller.run_command(Command(code), name)


def python(controller, place):
    started(controller, place, "python", "pyspark")
    run = runner(controller, "python")
    equal("a sum", run("1 + 1"), (True, "2", TEXT))
    equal("nothing to show", run("x = 41"), (True, "", TEXT))
    equal("a variable of before", run("print(x + 1)"), (True, "42", TEXT))
    equal("text of another alphabet", run("'日本語'"), (True, "'日本語'", TEXT))
    equal("JSON", run("d = {'a': 1}\n%json d"), (True, {"a": 1}, JSON))
    success, text, kind = run("1 / 0")
    equal("an exception fails", (success, kind), (False, TEXT))
    has("text of an exception", text, "division by zero", "ZeroDivisionError")
    success, text, _kind = run("x +")
    equal("incomplete code fails", success, False)
    has("text of incomplete code", text, "SyntaxError")
    run("spark.range(3).selectExpr('id', 'cast(id as string) as word').createOrReplaceTempView('words')")
    queries(controller, "python")
    text = "it's \"quoted\"\nover lines"
    command = SendStringToSparkCommand("here", text, "there")
    equal("a string is sent", controller.run_command(command, "python")[0], True)
    equal("the string that was sent", run("print(there)"), (True, text, TEXT))
    interrupted(controller, run)
    deleted(controller, place, "python")


def queries(controller, name):
    """SQL, which sparkmagic wraps in the session's own language."""
    ask = lambda query, **options: controller.run_sqlquery(SQLQuery(query, **options), name)
    frame = ask("select * from words order by id")
    equal("columns of SQL", list(frame.columns), ["id", "word"])
    equal("rows of SQL", frame["id"].tolist(), [0, 1, 2])
    equal("rows of SQL, limited", len(ask("select * from words", maxrows=2)), 2)
    equal("SQL without rows", len(ask("select * from words where id > 9")), 0)
    error = raises("an SQL error", BadUserDataException, lambda: ask("select * from missing"))
    has("text of an SQL error", str(error), "TABLE_OR_VIEW_NOT_FOUND")


def interrupted(controller, run):
    """The notebook's stop button: a SIGINT while the statement runs."""
    session = controller.get_session_by_name_or_default("python")
    client = session.http_client
    number = run_count(client, session)

    def press():
        until("a statement that runs", lambda: run_count(client, session) > number and running(client, session, number))
        os.kill(os.getpid(), signal.SIGINT)

    # whoever starts this in the background of a script has SIGINT ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    button = threading.Thread(target=press, daemon=True)
    button.start()
    raises("a stopped statement", SparkStatementCancelledException, lambda: run(LOOP))
    button.join()
    until("its state", lambda: client.get_statement(session.id, number)["state"] == "cancelled")
    equal("the session after a cancel", run("x"), (True, "41", TEXT))


def run_count(client, session):
    """sparkmagic has no list of statements; its HTTP client can ask for one."""
    return client._http_client.get("/sessions/%d/statements" % session.id, [200]).json()["total_statements"]


def running(client, session, number):
    return client.get_statement(session.id, number)["state"] == "running"


def scala(controller, place):
    started(controller, place, "scala", "spark")
    run = runner(controller, "scala")
    equal("a Scala value", run("val x = 1 + 1"), (True, "x: Int = 2\n", TEXT))
    equal("printed Scala", run('println("hello")'), (True, "hello\n", TEXT))
    success, text, kind = run('val y: Int = "no"')
    equal("a Scala error fails", (success, kind), (False, TEXT))
    has("text of a Scala error", text, "type mismatch")
    success, text, _kind = run("val z = {")
    equal("incomplete Scala fails", (success, text), (False, "incomplete statement\n"))
    run('spark.range(3).selectExpr("id", "cast(id as string) as word").createOrReplaceTempView("words")')
    queries(controller, "scala")
    deleted(controller, place, "scala")


def deleted(controller, place, name):
    controller.delete_session_by_name(name)
    equal("sessions after a delete", controller.get_all_sessions_endpoint_info(place), [])


def main():
    if password():
        refused()
    configuration.override("wait_for_idle_timeout_seconds", PATIENCE)
    configuration.override("livy_session_startup_timeout_seconds", PATIENCE)
    place = endpoint(password())
    for part in sys.argv[3:]:
        {"python": python, "scala": scala}[part](SparkController(Display()), place)


if __name__ == "__main__":
    main()
