"""The one SparkSession of the host, and what every kind needs from it."""

import glob
import os
import sys
import threading

from . import launch, watch

JOB_ENDS_WITHIN = 10.0  # seconds after its cancel
WAITS_FOR_JOB = ("org.apache.spark.scheduler.DAGScheduler", "org.apache.spark.util.ThreadUtils",
                 "org.apache.spark.sql.execution.SQLExecution")

class Spark:
    """Owns the JVM, the SparkContext and the class loader that Scala's classes live in."""

    def __init__(self):
        self.home = ""
        self.process = None
        self.session = None
        self.context = None
        self.jvm = None
        self.gateway = None
        self.loader = None
        self.main_thread = None
        self.java = ""

    def start(self, request, guard, tell_end=True):
        """Runs on the main thread, whose JVM twin runs every statement afterwards."""
        self.home = home = spark_home()
        folders = launch.make_folders(request["work_dir"])
        self.process = launch.start_gateway(folders, launch.settings(request, folders), home,
                                            watch.death_signal_setter())
        guard.also(self.process.pid)
        use_pyspark_of(home)
        from pyspark import SparkContext  # while the JVM comes up
        from pyspark.sql import SparkSession

        gateway = connect(*launch.connect_gateway(self.process, folders))
        gateway.proc = self.process
        self.gateway = gateway
        SparkContext._ensure_initialized(gateway=gateway)
        self.jvm = gateway.jvm
        self.java = self.jvm.java.lang.System.getProperty("java.version")
        launch.check_java_version(self.java)
        self._prepare_class_loader(folders["repl"])
        self.session = SparkSession.builder.getOrCreate()
        self.context = self.session.sparkContext
        self.context.setLogLevel("ERROR")
        if tell_end:
            threading.Thread(target=self._end_with_jvm, daemon=True).start()

    def _prepare_class_loader(self, folder):
        """Lets every thread see Scala's classes, also those compiled later.

        Tasks and the statement must load a class of the interpreter through the same loader,
        else a case class in an RDD is not equal to itself. The loader has to be there before
        the SparkContext; the compiler then writes its classes into `folder`.
        """
        thread = self.jvm.java.lang.Thread.currentThread()
        array = self.gateway.new_array(self.jvm.java.net.URL, 1)
        array[0] = self.jvm.java.io.File(folder).toURI().toURL()
        self.loader = self.jvm.org.apache.spark.util.MutableURLClassLoader(
            array, thread.getContextClassLoader())
        self.adopt_thread()

    def adopt_thread(self):
        """Makes the calling thread's JVM twin the one that runs statements."""
        thread = self.jvm.java.lang.Thread.currentThread()
        thread.setContextClassLoader(self.loader)
        self.main_thread = thread

    def _end_with_jvm(self):
        code = self.process.wait()
        if watch.ending.is_set():
            return
        sys.__stderr__.write("The session's JVM ended with code %s; the session ends.\n" % code)
        sys.__stderr__.flush()
        os._exit(1)

    def facts(self):
        """What the ready event tells."""
        version = self.jvm.scala.util.Properties.versionNumberString()
        return {
            "spark": self.session.version,
            "app_id": self.context.applicationId,
            "ui": self.context.uiWebUrl,
            "java": self.java,
            "python": "%d.%d.%d" % sys.version_info[:3],
            "scala": version,
        }

    def stopped(self):
        """Whether user code stopped the SparkContext."""
        java_context = self.context._jsc
        return java_context is None or java_context.sc().isStopped()

    def set_job_group(self, number):
        self.context._jsc.sc().setJobGroup(str(number), "Job group for statement %d" % number, True)

    def cancel_job_group(self, number):
        java_context = self.context._jsc
        if java_context is not None:
            java_context.sc().cancelJobGroup(str(number))

    def main_stack(self):
        """The statement's Java stack as one text."""
        holder = self.jvm.java.lang.Throwable()
        holder.setStackTrace(self.main_thread.getStackTrace())
        return self.jvm.org.apache.commons.lang3.exception.ExceptionUtils.getStackTrace(holder)

    def interrupt_main(self, age, stack=None):
        """Interrupts a wait or sleep of a cancelled statement, `age` seconds after the cancel.

        A wait for a Spark job is left alone at first: the cancelled job ends it with an error
        that says so. So is a thread that works, say at a query's plan: its job is still to come.
        """
        stack = self.main_stack() if stack is None else stack
        waits = "WAITING" in self.main_thread.getState().toString()
        if age > JOB_ENDS_WITHIN or (waits and not any(name in stack for name in WAITS_FOR_JOB)):
            self.main_thread.interrupt()

    def query(self, code):
        """The DataFrame of a SQL text, asked for as Scala asks, so that errors have the same stack."""
        from pyspark.sql import DataFrame
        return DataFrame(self.session._jsparkSession.sql(code), self.session)

    def add(self, what, path, python_session):
        """Adds a file, Python file or jar; returns a local path where Scala needs one."""
        if what == "file":
            self.context.addFile(path)
        elif what == "pyfile":
            self.context.addPyFile(path)
        elif what == "jar":
            if python_session:  # a Livy takes it as a Python file there
                self.context.addPyFile(path)
            self.context._jsc.addJar(path)
            return self._local_copy(path)
        else:
            raise ValueError("What to add is a file, a pyfile or a jar, not %r." % what)
        return None

    def _local_copy(self, path):
        if path.startswith("file:"):
            return self.jvm.java.io.File(self.jvm.java.net.URI(path)).getPath()
        if ":" not in path:
            return path
        from pyspark import SparkFiles
        self.context.addFile(path)
        return SparkFiles.get(path.rsplit("/", 1)[-1])

    def scala_list(self, *items):
        """A scala.collection.immutable.List of the items."""
        result = self.object("scala.collection.immutable.Nil")
        for item in reversed(items):
            result = getattr(result, "$colon$colon")(item)
        return result

    def object(self, name):
        """The Scala object of that name."""
        return getattr(getattr(self.jvm, name + "$"), "MODULE$")


def spark_home():
    home = os.environ.get("SPARK_HOME")
    if home:
        return home
    try:
        import pyspark
    except ImportError:
        raise launch.StartError("There is no pyspark in %s and no SPARK_HOME. Run `livysh setup`."
                                % sys.executable) from None
    return os.path.dirname(pyspark.__file__)


def use_pyspark_of(home):
    """A full Spark brings its own pyspark, which fits its JVM better than an installed one."""
    archives = sorted(glob.glob(os.path.join(home, "python", "lib", "*.zip")))
    try:
        import importlib.util
        installed = importlib.util.find_spec("pyspark")
    except ImportError:
        installed = None
    here = installed and os.path.dirname(os.path.realpath(installed.origin or ""))
    if archives and here != os.path.realpath(home):
        sys.path[:0] = archives


def connect(port, secret):
    from pyspark.java_gateway import launch_gateway
    os.environ["PYSPARK_GATEWAY_PORT"] = str(port)
    os.environ["PYSPARK_GATEWAY_SECRET"] = secret
    try:
        return launch_gateway()
    finally:
        del os.environ["PYSPARK_GATEWAY_PORT"], os.environ["PYSPARK_GATEWAY_SECRET"]

