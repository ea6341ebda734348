"""What the scripts of this folder share: their arguments, and checks that say what they wanted."""

import sys
import time

URL = sys.argv[1]
PATIENCE = 600  # seconds after which something that is awaited counts as never coming
USER = "anyone"


def password():
    """The server's password; None where it asks for none (`-`)."""
    if sys.argv[2] == "-":
        return None
    with open(sys.argv[2], encoding="utf-8") as file:
        return file.read().strip()


def equal(what, found, wanted):
    if found != wanted:
        raise AssertionError("%s: %r is not %r" % (what, found, wanted))


def has(what, found, *parts):
    for part in parts:
        if part not in found:
            raise AssertionError("%s: no %r in %r" % (what, part, found))


def raises(what, kind, action):
    """The error that the action ends with."""
    try:
        answer = action()
    except kind as error:
        return error
    raise AssertionError("%s: no %s, but %r" % (what, kind.__name__, answer))


def until(what, so):
    end = time.monotonic() + PATIENCE
    while not so():
        if time.monotonic() > end:
            raise AssertionError("not within %d s: %s" % (PATIENCE, what))
        time.sleep(0.05)
