"""The magics of Livy's Scala: `%json` and `%table` of the value of the line before."""

import json

from . import java_errors, output

ROWS_OF_RDD = 10
SHADED = ("org.json4s.", "org.apache.livy.shaded.json4s.")  # the name that clients of a Livy see


def run(spark, magic, name, value):
    """How it went ("ok" or "error"), and the data or the error's parts."""
    if magic not in ("json", "table"):
        return failed("UnknownMagic", "Unknown magic command %s" % magic)
    if value is None:
        return failed("NameError", "Value %s does not exist" % name)
    if magic == "json":
        return show_json(spark, value)
    return show_table(spark, value)


def failed(ename, evalue):
    return "error", (ename, evalue, [], "")


def show_json(spark, value):
    try:
        found, data = decomposed(spark, value)
    except Exception:
        return failed("ValueError", "Failed to convert value into a JSON value")
    return "ok", {output.JSON: data} if found else {}


def show_table(spark, value):
    try:
        found, data = decomposed(spark, value)
    except Exception as error:
        cause = java_errors.java_side(error)
        name = cause.getClass().getName() if cause is not None else type(error).__name__
        message = cause.getMessage() if cause is not None else str(error)
        return failed("Internal Error: " + name.replace(*SHADED), message)
    rows = data if isinstance(data, list) else [data if found else None]
    try:
        return "ok", {output.TABLE: table(rows)}
    except TypeError as error:
        return failed("TypeError", str(error))


def decomposed(spark, value):
    """Whether there is a value at all, and the value, through the JSON library that a Livy uses."""
    if is_rdd(spark, value):
        value = value.take(ROWS_OF_RDD)
    tree = spark.jvm.org.json4s.Extraction.decompose(value, spark.object("org.json4s.DefaultFormats"))
    if tree.getClass().getName() == "org.json4s.JsonAST$JNothing$":
        return False, None
    methods = spark.object("org.json4s.jackson.JsonMethods")
    return True, json.loads(methods.mapper().writeValueAsString(tree))


def is_rdd(spark, value):
    from py4j.java_gateway import JavaObject, is_instance_of
    return isinstance(value, JavaObject) and is_instance_of(spark.gateway, value, "org.apache.spark.rdd.RDD")


def table(rows):
    headers, data = {}, []
    for row in rows:
        cells = columns(row)
        for name, cell in cells:
            kind = type_of(cell)
            if headers.setdefault(name, kind) != kind:
                raise TypeError("table rows have different types")
        data.append([cell for _, cell in cells])
    ordered = [{"type": headers[name], "name": name} for name in sorted(headers)]
    return {"headers": ordered, "data": data}


def columns(row):
    if isinstance(row, list):
        return [(str(position), cell) for position, cell in enumerate(row)]
    if isinstance(row, dict):
        return sorted(row.items())
    return [("0", row)]


def type_of(value):
    if value is None:
        return "NULL_TYPE"
    if isinstance(value, bool):
        return "BOOLEAN_TYPE"
    if isinstance(value, str):
        return "STRING_TYPE"
    if isinstance(value, int):
        return "BIGINT_TYPE"
    if isinstance(value, float):
        return "DOUBLE_TYPE"
    items = value if isinstance(value, list) else list(value.values())
    if len({type_of(item) for item in items}) > 1:
        raise TypeError("table rows have different types")
    return "ARRAY_TYPE" if isinstance(value, list) else "MAP_TYPE"
