"""How far the running statement's Spark jobs are, and whether the executor slots still work."""

import threading
import time

POLL = 0.25  # seconds between two looks
STARVED = 10.0  # seconds in which no task of a later job starts


class Progress:
    """Watches one statement at a time from its own thread."""

    def __init__(self, spark, send, dead):
        self._spark = spark
        self._send = send
        self._dead = dead
        self._wake = threading.Condition()
        self._running = None
        self._stuck = []  # stages of cancelled statements whose tasks run on
        threading.Thread(target=self._watch, daemon=True).start()

    def begin(self, number):
        with self._wake:
            self._running = number
            self._wake.notify()

    def end(self, number, cancelled):
        with self._wake:
            self._running = None
        if cancelled:
            try:
                self._stuck.extend(stage.number for stage in Jobs(self._spark, number).look() if stage.active)
            except Exception:
                pass  # a context that is gone has no slots

    def _watch(self):
        while True:
            with self._wake:
                while self._running is None:
                    self._wake.wait()
                number = self._running
            try:
                self._follow(number)
            except Exception:
                time.sleep(POLL)  # the context may just be stopping; the session finds out itself

    def _follow(self, number):
        jobs = Jobs(self._spark, number)
        last, waiting_since = None, None
        time.sleep(POLL)
        while self._running == number:
            stages = jobs.look()
            total = sum(stage.tasks for stage in stages)
            done = sum(stage.completed for stage in stages)
            share = round(done / total, 4) if total else 0.0
            if share != last and self._running == number and (last is not None or share):
                self._send("progress", id=number, progress=share)
            last = share
            waiting_since = self._starved(stages, waiting_since)
            time.sleep(POLL)

    def _active(self, number):
        stage = Stage(number)
        stage.look(self._spark)
        return stage.active > 0

    def _starved(self, stages, since):
        """Since when no task of this statement has run although tasks wait, while lost ones hold slots."""
        waiting = any(stage.tasks > stage.completed for stage in stages)
        if not self._stuck or not waiting or any(stage.active for stage in stages):
            return None
        self._stuck = [stage for stage in self._stuck if self._active(stage)]
        now = time.monotonic()
        since = since or now
        if self._stuck and now - since > STARVED:
            self._dead("Tasks of a cancelled statement do not end and hold every executor slot: no later Spark "
                       "job can run. The session has to be started anew.")
        return since


class Stage:
    """One stage's tasks as they were last seen."""

    def __init__(self, number):
        self.number = number
        self.tasks = self.completed = self.active = 0

    def look(self, spark):
        found = tracker(spark).getStageInfo(self.number)
        if found.isDefined():
            info = found.get()
            self.tasks, self.completed = info.numTasks(), info.numCompletedTasks()
            self.active = info.numActiveTasks()


class Jobs:
    """The jobs of one statement; what has ended is not asked for again."""

    def __init__(self, spark, number):
        self._spark = spark
        self._group = str(number)
        self._jobs = {}  # job number to its stages
        self._ended = set()

    def look(self):
        """All stages so far."""
        numbers = tracker(self._spark).getJobIdsForGroup(self._group)
        for job in self._numbers(numbers):
            if job not in self._ended:
                self._look_at(job)
        return [stage for stages in self._jobs.values() for stage in stages]

    def _look_at(self, job):
        found = tracker(self._spark).getJobInfo(job)
        if not found.isDefined():
            return
        info = found.get()
        if job not in self._jobs:
            self._jobs[job] = [Stage(number) for number in self._numbers(info.stageIds())]
        running = info.status().toString() == "RUNNING"
        for stage in self._jobs[job]:
            stage.look(self._spark)
        if not running:
            self._ended.add(job)

    def _numbers(self, array):
        """A Java int array with one call instead of one per element."""
        text = self._spark.jvm.java.util.Arrays.toString(array).strip("[]")
        return [int(number) for number in text.split(",")] if text else []


def tracker(spark):
    return spark.context._jsc.sc().statusTracker()
