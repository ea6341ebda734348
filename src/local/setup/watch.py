import os, signal, threading


def _watch():
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGKILL)


threading.Thread(target=_watch, daemon=True).start()
