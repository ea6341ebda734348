"""The magics of Livy's Python: `%json name`, `%table name`, `%matplot plt`."""

import base64
import datetime
import decimal
import io
import json
import traceback

from . import output


class UnknownMagic(Exception):
    """A line starts with % and names no magic."""

    __module__ = "builtins"  # or a traceback would show a module of ours


def run(line, names):
    word, _, rest = line[1:].partition(" ")
    if not word:
        raise UnknownMagic("magic command not specified")
    magic = MAGICS.get(word)
    if magic is None:
        raise UnknownMagic("unknown magic command '%s'" % word)
    try:
        return magic(names[rest])
    except Exception as error:
        return broken(error)


def broken(error):
    """Livy calls a magic that failed a success, and packs the error in its data."""
    kind = type(error)
    return {
        "msg_type": "execute_reply",
        "content": {
            "ename": kind.__name__,
            "evalue": str(error),
            "traceback": traceback.format_exception_only(kind, error),
            "status": "error",
        },
    }


def show_json(value):
    return {output.JSON: json.loads(json.dumps(value, default=plain))}


def plain(value):
    """Something that JSON knows, for what it does not."""
    if isinstance(value, (set, frozenset)):
        return list(value)
    for method in ("asDict", "tolist", "item", "to_dict"):
        convert = getattr(value, method, None)
        if callable(convert):
            return convert()
    return str(value)


def show_table(value):
    rows = value if isinstance(value, (list, tuple)) and not is_row(value) else [value]
    headers, data = {}, []
    for row in rows:
        cells = []
        for name, item in columns(row):
            kind, cell = typed(item)
            header = headers.setdefault(name, {"name": str(name), "type": kind})
            header["type"] = merged(header["type"], kind)
            cells.append(cell)
        data.append(cells)
    ordered = [headers[name] for name in in_order(headers)]
    return {output.TABLE: {"headers": ordered, "data": data}}


def is_row(value):
    return type(value).__name__ == "Row" and hasattr(value, "asDict")


def columns(row):
    if is_row(row):
        row = row.asDict()
    if isinstance(row, dict):
        return [(name, row[name]) for name in in_order(row)]
    if isinstance(row, (list, tuple)):
        return list(enumerate(row))
    return [(0, row)]


def in_order(names):
    """Sorted, also where the names do not compare."""
    try:
        return sorted(names)
    except TypeError:
        return sorted(names, key=str)


def merged(known, seen):
    if seen in ("NULL_TYPE", known):
        return known
    if known == "NULL_TYPE":
        return seen
    if {known, seen} == {"INT_TYPE", "DOUBLE_TYPE"}:
        return "DOUBLE_TYPE"
    raise TypeError("table rows have different types")


def typed(value):
    """Livy's type name, and the value as JSON has it."""
    if isinstance(value, (list, tuple)):
        return "ARRAY_TYPE", [typed(item)[1] for item in value]
    if isinstance(value, dict):
        return "MAP_TYPE", {str(key): typed(item)[1] for key, item in value.items()}
    value = getattr(value, "item", lambda: value)() if type(value).__module__ == "numpy" else value
    kind = TYPES.get(type(value))
    if kind is None:
        return "STRING_TYPE", str(value)
    return kind, str(value) if kind in AS_TEXT else value


TYPES = {
    type(None): "NULL_TYPE",
    bool: "BOOLEAN_TYPE",
    int: "INT_TYPE",
    float: "DOUBLE_TYPE",
    str: "STRING_TYPE",
    datetime.date: "DATE_TYPE",
    datetime.datetime: "TIMESTAMP_TYPE",
    decimal.Decimal: "DECIMAL_TYPE",
}
AS_TEXT = ("DATE_TYPE", "TIMESTAMP_TYPE", "DECIMAL_TYPE")


def show_figure(value):
    image = io.BytesIO()
    value.gcf().savefig(image, format="png")
    return {output.PNG: base64.b64encode(image.getvalue()).decode("ascii"), output.TEXT: ""}


MAGICS = {"json": show_json, "table": show_table, "matplot": show_figure}
