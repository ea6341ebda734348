import builtins, inspect, sys, types

# properties of old releases, without annotations, that cost nothing
EASY = ("catalog", "conf", "na", "read", "readStream", "sparkContext", "stat", "streams", "udf", "write", "writeStream")


def is_a(x, of):
    # isinstance would ask a proxy for its __class__, which may run anything
    return issubclass(type(x), of)


def named(annotation, f):
    # a class by its name: the module may import it for type checkers only
    if is_a(annotation, str):
        name = annotation.strip("'\"").split("[")[0].split(".")[-1]
        scope = getattr(f, "__globals__", {})
        annotation = scope.get(name) or getattr(builtins, name, None)
        package = str(scope.get("__package__") or "?")
        for path in [] if annotation else list(sys.modules):
            if path.startswith(package) and is_a(vars(sys.modules[path]).get(name), type):
                annotation = vars(sys.modules[path])[name]
    return annotation if is_a(annotation, type) else None


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
    known = x.known if is_a(x, Of) else x
    value = inspect.getattr_static(known, name)
    if is_a(value, property) or type(value).__name__ == "cached_property":
        f = getattr(value, "fget", None) or getattr(value, "func", None)
        kind = result(f)
        if kind:
            return Of(kind)
        ours = not is_a(x, Of) and type(x).__module__.startswith("pyspark.")
        return getattr(x, name) if ours and name in EASY else None
    if is_a(value, (staticmethod, classmethod)):
        return value.__func__
    if is_a(x, Of) or callable(value):
        return value
    plain = name in getattr(x, "__dict__", {}) or is_a(x, type)
    return value if plain or not hasattr(type(value), "__get__") else None


def walk(x, steps):
    for step in steps:
        if x is None:
            return None
        if step == "()":
            known = x if is_a(x, type) else result(x)
            x = Of(known) if known else None
        elif step == "[]":
            x = x[0] if type(x) in (list, tuple) and len(x) else None
        else:
            try:
                x = look(x, step[1:])
            except AttributeError:
                return None
    return x


def value_of(steps):
    x = ns.get(steps[0], getattr(builtins, steps[0], None)) if steps else None
    return walk(x, steps[1:])


def is_frame(x):
    # others may be called so, and look up their types by running anything
    known = type(x).__module__.split(".")[0] in ("pyspark", "pandas")
    return known and type(x).__name__ == "DataFrame" and not is_a(x, type)


