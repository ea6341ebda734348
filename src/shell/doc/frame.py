import json

found = []


def main():
    x = value_of(ask["of"])
    if not is_frame(x):
        return
    if hasattr(x, "schema"):
        for field in x.schema.fields:
            found.append((field.name, field.dataType.simpleString(), str((field.metadata or {}).get("comment") or "")))
    else:
        for name, kind in x.dtypes.items():
            found.append((str(name), str(kind), ""))


try:
    main()
except Exception:
    pass
print(ask["mark"] + json.dumps(found))
