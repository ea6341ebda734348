import json, keyword, os, pkgutil, re, time

stop = time.time() + 0.4
spent = [0.0]  # seconds, on signatures
word, of, found = ask["word"], ask["of"], {}


def add(name, about):
    if is_a(name, str) and name.startswith(word) and name not in found and len(found) < 500:
        try:
            name.encode()
        except UnicodeEncodeError:
            return  # a file whose name is no text cannot be written in code
        if word[:1] == "_" or name[:1] != "_" or ask["mode"] in ("key", "text"):
            found[name] = about[:80]


def columns(x):
    kinds = x.dtypes
    for name, kind in kinds.items() if hasattr(kinds, "items") else kinds:
        if ask["mode"] != "attribute" or str(name).isidentifier() and not keyword.iskeyword(name):
            add(str(name), "column: %s" % kind)


def kind_of(x):
    if is_a(x, Of):
        return x.known.__name__
    if is_a(x, type):
        return "class"
    if is_a(x, types.ModuleType):
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
    known = x.known if is_a(x, Of) else x
    for name in dir(known):
        if time.time() > stop:
            break
        if not name.startswith(word):
            continue
        try:
            value = inspect.getattr_static(known, name)
            if is_a(value, property):
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
                add(name, kind_of(x[name]) if is_a(name, str) else "")
    else:
        for steps in of:
            x = value_of(steps)
            if is_a(x, Of) and x.known.__name__ == "DataFrame":
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
