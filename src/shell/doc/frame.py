import json

found = None


def columns(x):
    if hasattr(type(x), "schema"):
        for field in x.schema.fields:
            yield field.name, field.dataType.simpleString(), str((field.metadata or {}).get("comment") or "")
    else:
        # columns of the same name stand there each by itself
        for name, kind in x.dtypes.items():
            yield str(name), str(kind), ""


def main():
    global found
    x = value_of(ask["of"])
    if is_frame(x):
        try:
            found = list(columns(x))
        except Exception:
            found = "error"


try:
    main()
except Exception:
    pass
print(ask["mark"] + json.dumps(found))
