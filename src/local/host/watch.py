"""Dying: nothing of a session outlives the program that started it.

The reader thread sees the end of the request pipe and ends the JVM and the host. Where it
cannot run (native code that keeps the interpreter lock), the guard does it: a small forked
process that sees the same pipe hang up. A death signal on the host itself would not do: it
fires when the starting *thread* ends, which says nothing about the starting program.
"""

import ctypes
import logging
import os
import select
import signal
import struct
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
GRACE = 1.5  # seconds that the host has to end by itself


def ignore_terminal_signals():
    """Ctrl-C belongs to the program in front; children (the JVM) inherit the ignoring."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def death_signal_setter():
    """What a child runs before its program, so that the kernel ends it with us (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def set_death_signal():
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

    return set_death_signal


class Guard:
    """A forked process that ends host and children when the request pipe hangs up."""

    def __init__(self, requests, events):
        self._pipe = None
        if not hasattr(os, "fork"):
            return
        ours, theirs = os.pipe()
        host = os.getpid()
        if os.fork() == 0:
            try:
                # Its copies must not keep alive what ends with the host.
                os.close(theirs)
                os.close(events)
                os.dup2(0, 1)
                os.dup2(0, 2)
                guard(host, requests, ours)
            finally:
                os._exit(0)
        os.close(ours)
        self._pipe = theirs

    def also(self, pid):
        """Names a child that has to end with the host."""
        if self._pipe is not None:
            try:
                os.write(self._pipe, struct.pack("i", pid))
            except OSError:
                pass  # the guard was killed; the reader thread still does the work


def guard(host, requests, names):
    for stream in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(stream, signal.SIG_IGN)
    children = []
    poll = select.poll()
    poll.register(requests, 0)  # nothing but the hang-up
    poll.register(names, select.POLLIN)
    while os.getppid() == host:
        ready = dict(poll.poll(1000))
        if ready.get(names, 0) & select.POLLIN:
            children.append(struct.unpack("i", os.read(names, 4))[0])
        elif ready:
            break
    wait_for(host)
    for pid in [host] * (os.getppid() == host) + children:
        kill(pid)


def wait_for(host):
    end = time.monotonic() + GRACE
    while os.getppid() == host and time.monotonic() < end:
        time.sleep(0.05)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass


ending = threading.Event()  # the end has begun: the JVM's own is no news any more


def end(process):
    """Ends the JVM (its own end of input first, so that it can clear its folders) and the host."""
    ending.set()
    logging.disable()  # threads that wait for the JVM will complain
    if process is not None:
        try:
            process.stdin.close()
        except OSError:
            pass
        limit = time.monotonic() + 1.0
        while process.poll() is None and time.monotonic() < limit:
            time.sleep(0.02)
        if process.poll() is None:
            process.kill()
    os._exit(0)
