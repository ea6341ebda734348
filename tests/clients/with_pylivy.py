"""pylivy against a server. Usage: with_pylivy.py URL PASSWORD-FILE|- PART... (python, scala, sql)."""

import sys

import requests
import pandas
from livy.client import LivyClient
from livy.session import LivySession
from livy.models import (OutputStatus, SessionKind, SessionState, SparkRuntimeError, StatementKind, StatementState,
                         Version)

from check import URL, USER, equal, has, password, raises, until

SECRET = password()
AUTH = (USER, SECRET) if SECRET else None


def refused():
    """Who does not know the password gets an error that requests knows."""
    stranger = LivyClient(URL, auth=(USER, "wrong"))
    error = raises("a wrong password", requests.HTTPError, stranger.list_sessions)
    equal("status of a wrong password", error.response.status_code, 401)


def server(client):
    equal("it counts as a server of today", client.legacy_server(), False)
    equal("its version can be compared", client.server_version() > Version("0.7.0-incubating"), True)
    equal("sessions at first", client.list_sessions(), [])
    equal("an unknown session", client.get_session(4711), None)


def python():
    with LivySession.create(URL, auth=AUTH, kind=SessionKind.PYSPARK, echo=False, name="pylivy-python",
                            spark_conf={"spark.sql.shuffle.partitions": "2"}) as session:
        equal("state of a session that was waited for", session.state, SessionState.IDLE)
        equal("a sum", session.run("1 + 1").text, "2")
        equal("nothing to show", session.run("x = 41").text, "")
        equal("a variable of before", session.run("print(x + 1)").text, "42")
        equal("text of another alphabet", session.run("print('日本語')").text, "日本語")
        equal("its own settings", session.run("spark.conf.get('spark.sql.shuffle.partitions')").text, "'2'")
        equal("JSON", session.run("d = {'a': [1, None]}\n%json d").json, {"a": [1, None]})
        error = raises("an exception", SparkRuntimeError, lambda: session.run("1 / 0"))
        equal("name and text of an exception", (error.ename, error.evalue), ("ZeroDivisionError", "division by zero"))
        has("traceback of an exception", "".join(error.traceback), "ZeroDivisionError: division by zero")
        frames(session)
        kinds(session)
        cancelled(session)
        listed(session)
    equal("a deleted session", session.client.get_session(session.session_id), None)


def frames(session):
    data = pandas.DataFrame({"id": [1, 2, 3], "word": ["a", "b", "日"]})
    session.upload("sent", data)
    equal("a frame sent and fetched", session.download("sent").to_dict("records"), data.to_dict("records"))


def kinds(session):
    """Statements of other kinds in the same session."""
    for kind, code, text in (
            (StatementKind.SPARK, "val n = 20 + 1", "n: Int = 21\n"),
            (StatementKind.PYSPARK, "n = 5; n", "5"),
            (StatementKind.SPARK, "n * 2", "res0: Int = 42\n")):
        equal("%s of kind %s" % (code, kind.value), over(session, code, kind).output.text, text)
    answer = over(session, "select id, word from missing", StatementKind.SQL).output
    equal("status of SQL without its table", answer.status, OutputStatus.ERROR)
    has("text of SQL without its table", answer.evalue, "TABLE_OR_VIEW_NOT_FOUND")


def over(session, code, kind=None):
    """A statement of the client below the session, after its end."""
    client, number = session.client, session.session_id
    statement = client.create_statement(number, code, kind)
    ends = (StatementState.AVAILABLE, StatementState.CANCELLED)
    until("the end of %r" % code, lambda: client.get_statement(number, statement.statement_id).state in ends)
    return client.get_statement(number, statement.statement_id)


def cancelled(session):
    """pylivy has no word for it; what it uses for its own requests has."""
    client, number = session.client, session.session_id
    statement = client.create_statement(number, "import time\nfor _ in range(6000):\n    time.sleep(0.1)")
    now = lambda: client.get_statement(number, statement.statement_id).state
    until("a statement that runs", lambda: now() == StatementState.RUNNING)
    waiting = client.create_statement(number, "'behind it'")
    equal("a statement behind one that runs", waiting.state, StatementState.WAITING)
    path = "/sessions/%d/statements/%d/cancel" % (number, statement.statement_id)
    equal("the answer to a cancel", client._client.post(path), {"msg": "canceled"})
    until("a cancelled statement", lambda: now() == StatementState.CANCELLED)
    behind = lambda: client.get_statement(number, waiting.statement_id)
    until("the statement behind it", lambda: behind().state == StatementState.AVAILABLE)
    equal("the statement behind it", behind().output.text, "'behind it'")
    equal("the session after a cancel", session.run("x").text, "41")


def listed(session):
    statements = session.client.list_statements(session.session_id)
    equal("ids of all statements", [one.statement_id for one in statements], list(range(len(statements))))
    equal("code of the first", statements[0].code, "1 + 1")
    equal("its progress", statements[0].progress, 1.0)
    equal("sessions", [(one.session_id, one.kind) for one in session.client.list_sessions()],
          [(session.session_id, SessionKind.PYSPARK)])


def scala():
    with LivySession.create(URL, auth=AUTH, kind=SessionKind.SPARK, echo=False) as session:
        equal("a Scala value", session.run("val x = 1 + 1").text, "x: Int = 2\n")
        equal("Scala over lines", session.run("def f(n: Int) = {\n  n * x\n}\nf(4)").text,
              "f: (n: Int)Int\nres0: Int = 8\n")
        error = raises("a Scala error", SparkRuntimeError, lambda: session.run("val y: Int = \"no\""))
        equal("name of a Scala error", error.ename, "Error")
        has("text of a Scala error", error.evalue, "type mismatch")
        session.upload("sent", pandas.DataFrame({"id": [1, 2]}))
        equal("a frame sent and fetched", session.download("sent").to_dict("records"), [{"id": 1}, {"id": 2}])
    equal("a deleted session", session.client.get_session(session.session_id), None)


def sql():
    with LivySession.create(URL, auth=AUTH, kind=SessionKind.SQL, echo=False) as session:
        frame = session.download_sql("select id, id / 2 as half, cast(null as string) as nothing from range(3)")
        equal("columns of SQL", list(frame.columns), ["id", "half", "nothing"])
        equal("rows of SQL", frame.values.tolist(), [[0, 0.0, None], [1, 0.5, None], [2, 1.0, None]])
        equal("SQL without rows", len(session.download_sql("select 1 as a where false")), 0)
        error = raises("an SQL error", SparkRuntimeError, lambda: session.download_sql("selct 1"))
        has("text of an SQL error", error.evalue, "PARSE_SYNTAX_ERROR")
    equal("a deleted session", session.client.get_session(session.session_id), None)


if __name__ == "__main__":
    if SECRET:
        refused()
    server(LivyClient(URL, auth=AUTH))
    for part in sys.argv[3:]:
        {"python": python, "scala": scala, "sql": sql}[part]()
    equal("sessions at the end", LivyClient(URL, auth=AUTH).list_sessions(), [])
