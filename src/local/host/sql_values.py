"""The cells of a SQL result as a Livy encodes them."""

import datetime
import json
import math
import re

# pyspark cannot fetch these; their text is what Spark's own shell would show.
ONLY_TEXT = ("interval",)


def fetchable(frame, fields):
    """The frame, with columns that Python cannot hold cast to text."""
    wanted = [needs_text(field["type"]) for field in fields]
    if not any(wanted):
        return frame
    renamed = frame.toDF(*["c%d" % position for position in range(len(fields))])
    columns = [renamed["c%d" % position].cast("string") if text else renamed["c%d" % position]
               for position, text in enumerate(wanted)]
    return renamed.select(columns)


def needs_text(kind):
    return isinstance(kind, str) and kind.startswith(ONLY_TEXT)


def convert(value, kind):
    """`kind` is the type as in the schema's JSON: a name, or an object for nested types."""
    if value is None:
        return None
    if isinstance(kind, dict):
        return NESTED.get(kind["type"], lambda value, _kind: str(value))(value, kind)
    if kind in ("float", "double"):
        return number(value)
    if kind.startswith("decimal"):
        return float(value)  # a Livy gives decimals as doubles
    if kind == "timestamp":
        seconds = math.floor(value.timestamp())
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")
    if kind == "binary":
        return [byte - 256 if byte > 127 else byte for byte in value]
    if isinstance(value, (bool, int, str)):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


def number(value):
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def array(value, kind):
    return [convert(item, kind["elementType"]) for item in value]


def mapping(value, kind):
    return {key_text(convert(key, kind["keyType"])): convert(item, kind["valueType"])
            for key, item in value.items()}


def key_text(key):
    if isinstance(key, bool):
        return "true" if key else "false"
    return json.dumps(key) if isinstance(key, (dict, list)) else str(key)


def struct(value, kind):
    """The fields' schema, written as a Livy writes Spark's own objects, and the values."""
    fields = kind["fields"]
    values = [convert(item, field["type"]) for item, field in zip(value, fields)]
    return {"schema": described_fields(fields), "values": values}


def described_fields(fields):
    return [{"name": field["name"], "dataType": described(field["type"]), "nullable": field["nullable"],
             "metadata": {"map": field["metadata"]}} for field in fields]


def described(kind):
    """A type by its parameters alone: nothing for a plain one, and no word for which type it is."""
    if isinstance(kind, str):
        decimal = re.fullmatch(r"decimal\((\d+),(-?\d+)\)", kind)
        return {"precision": int(decimal.group(1)), "scale": int(decimal.group(2))} if decimal else {}
    if kind["type"] == "array":
        return {"elementType": described(kind["elementType"]), "containsNull": kind["containsNull"]}
    if kind["type"] == "map":
        return {"keyType": described(kind["keyType"]), "valueType": described(kind["valueType"]),
                "valueContainsNull": kind["valueContainsNull"]}
    if kind["type"] == "struct":
        return described_fields(kind["fields"])
    return {}


def user_defined(value, _kind):
    return str(value)


NESTED = {"array": array, "map": mapping, "struct": struct, "udt": user_defined}
