"""The protocol's two pipes: requests come as JSON lines, events leave as JSON lines."""

import json
import math
import os
import threading


def take_standard_streams():
    """Moves the protocol away from fds 0 and 1, so that user code cannot read or write it.

    Afterwards fd 0 is /dev/null and fd 1 is the log (fd 2): what a child process or native
    code prints lands there, and statements after it are unharmed.
    """
    requests = os.dup(0)
    events = os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return requests, events


class Pipe:
    """Reads requests and writes events; events may be sent from any thread."""

    def __init__(self, requests, events):
        self._requests = os.fdopen(requests, "rb", buffering=1 << 16)
        self._events = events
        self._lock = threading.Lock()

    def requests(self):
        """Yields request objects until the other side closes the pipe."""
        for line in self._requests:
            if line.strip():
                yield json.loads(line.decode("utf-8", "replace"))

    def send(self, event, **fields):
        fields["event"] = event
        data = encode(fields)
        with self._lock:
            while data:
                data = data[os.write(self._events, data):]


def encode(value):
    """One JSON line that any strict parser accepts: no NaN, no lone surrogates."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(without_special_numbers(value), ensure_ascii=False, allow_nan=False)
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:
        pairs = text.encode("utf-16-le", "surrogatepass")
        data = pairs.decode("utf-16-le", "replace").encode("utf-8")
    return data + b"\n"


def without_special_numbers(value):
    """NaN becomes null and the infinities become text, as in the SQL results of a Livy."""
    if isinstance(value, float) and not math.isfinite(value):
        if math.isnan(value):
            return None
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {str(key): without_special_numbers(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_special_numbers(item) for item in value]
    return value
