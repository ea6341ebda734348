import builtins, inspect, json, keyword, os, pkgutil, re, sys, time

stop = time.time() + 0.4
spent = [0.0]  # seconds, on signatures
# properties of old releases, without annotations, that cost nothing
EASY = ("catalog", "conf", "na", "read", "readStream", "sparkContext", "stat", "streams", "udf", "write", "writeStream")
word, of, found = ask["word"], ask["of"], {}


def add(name, about):
    if isinstance(name, str) and name.startswith(word) and name not in found and len(found) < 500:
        if word[:1] == "_" or name[:1] != "_" or ask["mode"] in ("key", "text"):
            found[name] = about[:80]


def named(annotation, f):
    # a class by its name: the module may import it for type checkers only
    if isinstance(annotation, str):
        name = annotation.strip("'\"").split("[")[0].split(".")[-1]
        scope = getattr(f, "__globals__", {})
        annotation = scope.get(name) or getattr(builtins, name, None)
        package = str(scope.get("__package__") or "?")
        for path in [] if annotation else list(sys.modules):
            if path.startswith(package) and isinstance(vars(sys.modules[path]).get(name), type):
                annotation = vars(sys.modules[path])[name]
    return annotation if isinstance(annotation, type) else None


def result(f):
    f = getattr(f, "__func__", f)
    f = getattr(f, "__wrapped__", f)
    return named(getattr(f, "__annotations__", {}).get("return"), f)


class Of:
    "Something of this class, of which no more is known."

    def __init__(self, known):
        self.known = known


def look(x, name):
    # what would run somebody's code is not asked for: its annotation says what it would be
    known = x.known if isinstance(x, Of) else x
    value = inspect.getattr_static(known, name)
    if isinstance(value, property) or type(value).__name__ == "cached_property":
        f = getattr(value, "fget", None) or getattr(value, "func", None)
        kind = result(f)
        if kind:
            return Of(kind)
        ours = not isinstance(x, Of) and type(x).__module__.startswith("pyspark.")
        return getattr(x, name) if ours and name in EASY else None
    if isinstance(value, (staticmethod, classmethod)):
        return value.__func__
    if isinstance(x, Of) or callable(value):
        return value
    plain = name in getattr(x, "__dict__", {}) or isinstance(x, type)
    return value if plain or not hasattr(type(value), "__get__") else None


def value_of(steps):
    x = ns.get(steps[0], getattr(builtins, steps[0], None)) if steps else None
    for step in steps[1:]:
        if x is None:
            return None
        if step == "()":
            known = x if isinstance(x, type) else result(x)
            x = Of(known) if known else None
        elif step == "[]":
            x = x[0] if type(x) in (list, tuple) and len(x) else None
        else:
            try:
                x = look(x, step[1:])
            except AttributeError:
                return None
    return x


def is_frame(x):
    return not isinstance(x, (Of, type)) and type(x).__name__ == "DataFrame" and hasattr(type(x), "dtypes")


def columns(x):
    kinds = x.dtypes
    for name, kind in kinds.items() if hasattr(kinds, "items") else kinds:
        if ask["mode"] != "attribute" or str(name).isidentifier() and not keyword.iskeyword(name):
            add(str(name), "column: %s" % kind)


def kind_of(x):
    if isinstance(x, Of):
        return x.known.__name__
    if inspect.isclass(x):
        return "class"
    if inspect.ismodule(x):
        return "module"
    if not callable(x):
        return type(x).__name__
    began = time.time()
    try:
        if spent[0] < 0.03:
            text = re.sub(r"\bself\b[^,)]*(, )?|['\"]|\b\w+\.(?=\w)|ForwardRef", "", str(inspect.signature(x)))
            return "function" + text
    except Exception:
        pass
    finally:
        spent[0] += time.time() - began
    return "function"


def attributes(x):
    known = x.known if isinstance(x, Of) else x
    for name in dir(known):
        if time.time() > stop:
            break
        if not name.startswith(word):
            continue
        try:
            value = inspect.getattr_static(known, name)
            if isinstance(value, property):
                kind = result(value.fget)
                add(name, kind.__name__ if kind else "property")
            else:
                add(name, kind_of(getattr(value, "__func__", value)))
        except Exception:
            add(name, "")


def modules(path, prefix=""):
    for one in pkgutil.iter_modules(path):
        add(one.name, "module")
        if time.time() > stop:
            break


def files():
    folder, begun = os.path.split(os.path.expanduser(word))
    typed = word[: len(word) - len(begun)]
    for name in sorted(os.listdir(folder or ".")) if "://" not in word else []:
        if name.startswith(begun) and (begun or name[0] != "."):
            is_folder = os.path.isdir(os.path.join(folder, name))
            add(typed + name + ("/" if is_folder else ""), "folder" if is_folder else "file")


def main():
    mode = ask["mode"]
    if mode == "name":
        call = value_of(of)
        if callable(call):
            for name, it in inspect.signature(call).parameters.items():
                if it.kind in (it.POSITIONAL_OR_KEYWORD, it.KEYWORD_ONLY) and name != "self":
                    add(name + "=", "argument")
        for name in sorted(ns):
            if name.startswith(word):
                add(name, kind_of(ns[name]))
        for name in keyword.kwlist:
            add(name, "keyword")
        for name in dir(builtins):
            if name.startswith(word):
                add(name, kind_of(getattr(builtins, name)))
    elif mode == "attribute":
        x = value_of(of)
        if x is not None:
            try:
                if is_frame(x):
                    columns(x)
            finally:
                attributes(x)
    elif mode == "module":
        if not of:
            for name in sys.builtin_module_names:
                add(name, "module")
            modules(None)
        elif of[0] in sys.modules:
            modules(getattr(sys.modules[of[0]], "__path__", []))
    elif mode == "member":
        if of[0] in sys.modules:
            attributes(sys.modules[of[0]])
            modules(getattr(sys.modules[of[0]], "__path__", []))
    elif mode == "key":
        x = value_of(of)
        if is_frame(x):
            columns(x)
        elif type(x) is dict:
            for name in list(x)[:5000]:
                add(name, kind_of(x[name]) if isinstance(name, str) else "")
    else:
        for steps in of:
            x = value_of(steps)
            if isinstance(x, Of) and x.known.__name__ == "DataFrame":
                x = ns.get(steps[0])
            if not found and is_frame(x):
                columns(x)
        if ask["column"] and not found:
            for x in list(ns.values()):
                if time.time() > stop:
                    break
                if is_frame(x):
                    columns(x)
        if not found and not ask["column"]:
            files()


try:
    main()
except Exception:
    pass
print(ask["mark"] + json.dumps(list(found.items())))
