"""Starts the JVM: one gateway process from SPARK_HOME, quiet, on loopback, its litter in the work folder."""

import os
import shlex
import struct
import subprocess
import sys
import time

QUIET = """\
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n%ex
logger.gateway.name = org.apache.spark.api.python.PythonGatewayServer
logger.gateway.level = error
"""

JAVA_LIMIT = 24  # from here on Hadoop's security manager calls are gone and nothing starts


class StartError(Exception):
    """Why the session cannot start, in words for the user."""


def defaults(request, folders):
    """Settings that the session's own conf may override."""
    return {
        "spark.app.name": request.get("name") or "livysh",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.port": "0",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.catalogImplementation": "in-memory",
        # One per session: a kept folder would make CREATE TABLE fail in the next session.
        "spark.sql.warehouse.dir": folders["warehouse"],
        "spark.local.dir": folders["local"],
        "spark.hadoop.javax.jdo.option.ConnectionURL":
            "jdbc:derby:;databaseName=%s;create=true" % os.path.join(folders["derby"], "metastore"),
    }


def fixed(request, folders):
    """Settings that a session cannot change."""
    quiet = os.path.join(folders["home"], "log4j2.properties")
    options = [
        "-Dlog4j2.configurationFile=file:" + quiet,
        "-Dfile.encoding=UTF-8",
        "-Djava.io.tmpdir=" + folders["tmp"],
        "-Dderby.system.home=" + folders["derby"],
    ]
    archive = request.get("class_archive")
    if archive and os.path.isfile(archive):  # see make_archive.py; one that does not fit is passed over
        options.append("-XX:SharedArchiveFile=" + archive)
    # The UI has no secret, and every user of the machine can reach loopback: off unless asked.
    values = {
        "spark.ui.enabled": "true" if request.get("ui") else "false",
        "spark.driver.defaultJavaOptions": " ".join(shlex.quote(option) for option in options),
    }
    if request.get("driver_memory"):
        values["spark.driver.memory"] = request["driver_memory"]
    return values


def settings(request, folders):
    """All of a session's Spark settings, as one mapping."""
    conf = {key: value for key, value in (request.get("conf") or {}).items()
            if not key.startswith(("livy.", "livysh."))}
    master = conf.pop("spark.master", "")
    lists = {"spark.jars": "jars", "spark.files": "files", "spark.archives": "archives",
             "spark.submit.pyFiles": "py_files"}
    values = dict(defaults(request, folders))
    values.update(conf)
    values.update(fixed(request, folders))
    values["spark.master"] = master if master.startswith("local") else "local[*]"
    for key, name in lists.items():
        paths = list(request.get(name) or [])
        if conf.get(key):
            paths.append(conf[key])
        if paths:
            values[key] = ",".join(paths)
    return values


def make_folders(work_dir):
    folders = {"home": work_dir}
    for name in ("warehouse", "local", "derby", "tmp", "repl"):
        folders[name] = os.path.join(work_dir, name)
        os.makedirs(folders[name], mode=0o700, exist_ok=True)
    return folders


def write_properties(path, values, spark_home):
    """Settings go in a private file: a command line can be read by every user of the machine."""
    conf_dir = os.environ.get("SPARK_CONF_DIR") or os.path.join(spark_home, "conf")
    common = os.path.join(conf_dir, "spark-defaults.conf")
    lines = []
    if os.path.isfile(common):
        with open(common, encoding="utf-8", errors="replace") as file:
            lines.append(file.read())
    lines.extend("%s=%s" % (escape(key, "=: #!"), escape(value)) for key, value in values.items())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def escape(text, also=""):
    """The escapes of Java's property files."""
    text = str(text).replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return "".join("\\" + char if char in also else char for char in text)


def java_command():
    home = os.environ.get("JAVA_HOME")
    return os.path.join(home, "bin", "java") if home else "java"


def check_java_command():
    """Says why no JVM came up, where Java itself is the reason."""
    command = java_command()
    try:
        subprocess.run([command, "-version"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise StartError("Java cannot be started (%s: %s). Install Java 17, or let `livysh setup` do it."
                         % (command, error)) from None


def check_java_version(version):
    """Some versions get as far as a session and fail at the first file: better not to start."""
    if not 8 <= major(version) < JAVA_LIMIT:
        raise StartError("Spark 3.5 cannot run on Java %s (8, 11, 17 and 21 work). "
                         "Set JAVA_HOME to one of these, or let `livysh setup` install one." % version)


def major(version):
    """8 of 1.8.0_402, 17 of 17.0.15."""
    parts = version.replace("-", ".").replace("_", ".").split(".")
    return int(parts[1] if parts[0] == "1" and len(parts) > 1 else parts[0])


def start_gateway(folders, values, spark_home, before_exec):
    """The started process; connect_gateway waits for it."""
    properties = os.path.join(folders["home"], "spark.properties")
    write_properties(properties, values, spark_home)
    with open(os.path.join(folders["home"], "log4j2.properties"), "w", encoding="utf-8") as file:
        file.write(QUIET)
    info = os.path.join(folders["home"], "gateway")
    environment = dict(os.environ, SPARK_HOME=spark_home, _PYSPARK_DRIVER_CONN_INFO_PATH=info)
    script = "spark-submit.cmd" if sys.platform == "win32" else "spark-submit"
    command = [os.path.join(spark_home, "bin", script), "--properties-file", properties, "pyspark-shell"]
    try:
        return subprocess.Popen(command, stdin=subprocess.PIPE, env=environment, preexec_fn=before_exec)
    except OSError as error:
        raise StartError("Spark cannot be started: %s. Is %s a Spark?" % (error, spark_home)) from None


def connect_gateway(process, folders):
    """Waits until the JVM has told its port and secret, and hands them to pyspark."""
    info = os.path.join(folders["home"], "gateway")
    while not os.path.isfile(info):
        if process.poll() is not None:
            check_java_command()
            raise StartError("Spark's JVM ended with code %s before it was up; the session's log says why."
                             % process.returncode)
        time.sleep(0.01)
    with open(info, "rb") as file:
        data = file.read()
    os.remove(info)
    port, length = struct.unpack(">ii", data[:8])
    return port, data[8:8 + length].decode("utf-8")
