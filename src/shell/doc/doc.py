import json

found = []


def say(label, text):
    if text:
        found.append((label, str(text)[:100000].encode("utf-8", "replace").decode()))


def begin(steps):
    "What the first steps are, and those that are left; a module that is not imported here may be loaded."
    if steps[0] in ns:
        return True, ns[steps[0]], steps[1:]
    if hasattr(builtins, steps[0]):
        return True, getattr(builtins, steps[0]), steps[1:]
    for many in range(len(steps), 0, -1):
        path = "".join(steps[:many])
        if path in sys.modules:
            return True, sys.modules[path], steps[many:]
    return False, None, steps


def file_of(x):
    try:
        path = inspect.getsourcefile(inspect.unwrap(x)) or inspect.getfile(inspect.unwrap(x))
        return None if path.startswith("<") else path
    except Exception:
        return None


def signature(x, name, of_object):
    try:
        it = inspect.signature(x)
        if of_object:
            it = it.replace(parameters=list(it.parameters.values())[1:])
        return name + str(it)
    except Exception:
        return None


def documented(x):
    try:
        return inspect.getdoc(x)
    except Exception:
        return None


def inherited(owner, name):
    "The first documentation of that attribute among the classes it comes from."
    for one in owner.__mro__ if is_a(owner, type) else ():
        text = documented(vars(one).get(name))
        if text and name in vars(one):
            return text
    return None


def called(x):
    return x.known.__name__ if is_a(x, Of) else type(x).__qualname__


def is_routine(x):
    of = type(x)
    plain = issubclass(of, (types.FunctionType, types.BuiltinFunctionType, types.MethodType))
    return plain or hasattr(of, "__get__") and not hasattr(of, "__set__") and not issubclass(of, type)


def value(x, name):
    "Something that is no routine: its class says what it is."
    known = x.known if is_a(x, Of) else type(x)
    say("Type", known.__qualname__ if known.__module__ == "builtins" else known.__module__ + "." + known.__qualname__)
    if type(x) in (str, bytes, list, tuple, dict, set, frozenset):
        say("Length", len(x))
    if not is_a(x, Of) and is_frame(x):
        kinds = x.dtypes
        pairs = list(kinds.items() if hasattr(kinds, "items") else kinds)
        say("Columns", ", ".join("%s: %s" % pair for pair in pairs[:200]))
        return
    if known.__module__ != "builtins":
        say("File", file_of(known))
    say("Docstring", documented(known))


def thing(x, name, owner=None, bound=True):
    if is_routine(x):
        say("Signature", signature(x, name, not bound))
        of = owner.known if is_a(owner, Of) else owner if is_a(owner, type) else type(owner)
        say("Docstring", documented(x) or inherited(of, name))
        say("File", file_of(x))
        say("Type", "method" if not bound or is_a(x, types.MethodType) else "builtin" if is_a(x, types.BuiltinFunctionType) else "function")
    elif is_a(x, type):
        say("Signature", signature(x, name, False))
        say("Docstring", documented(x))
        say("File", file_of(x))
        say("Type", "class")
    elif is_a(x, types.ModuleType):
        say("Docstring", documented(x))
        say("File", file_of(x))
        say("Type", "module")
    else:
        value(x, name)


def member(owner, name):
    known = owner.known if is_a(owner, Of) else owner
    try:
        it = inspect.getattr_static(known, name)
    except AttributeError:
        if not is_a(owner, Of) and is_frame(owner):
            kinds = dict(owner.dtypes)
            if name in kinds:
                say("Type", "column: %s" % kinds[name])
        return
    if is_a(it, property) or type(it).__name__ == "cached_property":
        f = getattr(it, "fget", None) or getattr(it, "func", None)
        kind = result(f)
        say("Type", "property of %s" % called(owner) + (": " + kind.__name__ if kind else ""))
        say("Docstring", documented(it) or documented(f))
        say("File", file_of(f))
    elif is_a(it, (staticmethod, classmethod)):
        thing(it.__func__, name, owner, is_a(it, staticmethod))
    else:
        # what is found on the class of an object takes the object
        own = name in getattr(known, "__dict__", {})
        thing(it, name, owner, is_a(known, types.ModuleType) or is_a(owner, type) or own and not is_a(owner, Of))


def main():
    steps = ask["of"]
    known, x, rest = begin(steps)
    if not known:
        return
    if not rest:
        thing(x, steps[-1].lstrip("."))
    else:
        owner = walk(x, rest[:-1])
        if owner is None:
            return
        if rest[-1].startswith("."):
            member(owner, rest[-1][1:])
        else:
            x = walk(owner, rest[-1:])
            if x is not None:
                thing(x, "")


try:
    main()
except Exception:
    pass
print(ask["mark"] + json.dumps(found))
