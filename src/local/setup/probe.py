import importlib.util, json, sys

missing = [m for m in ("venv", "ensurepip") if importlib.util.find_spec(m) is None]
print(json.dumps({
    "version": "%d.%d.%d" % sys.version_info[:3],
    "executable": sys.executable,
    "missing": missing,
}))
