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
                self._stuck.extend(stage for stage in self._stages(number) if self._active(stage))
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
        last, waiting_since = None, None
        time.sleep(POLL)
        while self._running == number:
            infos = [info for info in map(self._info, self._stages(number)) if info is not None]
            total = sum(info.numTasks() for info in infos)
            done = sum(info.numCompletedTasks() for info in infos)
            share = round(done / total, 4) if total else 0.0
            if share != last and self._running == number and (last is not None or share):
                self._send("progress", id=number, progress=share)
            last = share
            waiting_since = self._starved(infos, waiting_since)
            time.sleep(POLL)

    def _stages(self, number):
        context = self._spark.context._jsc.sc()
        jobs = context.statusTracker().getJobIdsForGroup(str(number))
        stages = []
        for job in jobs:
            info = context.statusTracker().getJobInfo(job)
            if info.isDefined():
                stages.extend(info.get().stageIds())
        return stages

    def _info(self, stage):
        found = self._spark.context._jsc.sc().statusTracker().getStageInfo(stage)
        return found.get() if found.isDefined() else None

    def _active(self, stage):
        info = self._info(stage)
        return info is not None and info.numActiveTasks() > 0

    def _starved(self, infos, since):
        """Since when no task of this statement has run although tasks wait, while lost ones hold slots."""
        waiting = any(info.numTasks() > info.numCompletedTasks() for info in infos)
        if not self._stuck or not waiting or any(info.numActiveTasks() > 0 for info in infos):
            return None
        self._stuck = [stage for stage in self._stuck if self._active(stage)]
        now = time.monotonic()
        since = since or now
        if self._stuck and now - since > STARVED:
            self._dead("Tasks of a cancelled statement do not end and hold every executor slot: no later Spark "
                       "job can run. The session has to be started anew.")
        return since
