"""Livy's output objects: what a statement answers."""

TEXT = "text/plain"
JSON = "application/json"
TABLE = "application/vnd.livy.table.v1+json"
PNG = "image/png"


def ok(count, data):
    return {"status": "ok", "execution_count": count, "data": data}


def error(count, ename, evalue, traceback=(), text=""):
    """An error; `text` is what was printed before it, which Livy itself would lose."""
    output = {
        "status": "error",
        "execution_count": count,
        "ename": ename,
        "evalue": evalue,
        "traceback": list(traceback),
    }
    if text:
        output["data"] = {TEXT: text}
    return output
