"""Which lines of a Scala statement belong together before any of them runs.

A Livy runs line by line and joins only what its compiler calls incomplete. So a chain of
calls, an `else` or a companion object on a line of its own fails there, with the line before
it already run. These are joined here, unless the host is to answer exactly as a Livy.
"""

import re

CONTINUES = re.compile(r"\s*(?:\.(?!\d)|(?:else|catch|finally|yield|with|extends)\b)")
DEFINES = re.compile(
    r"\s*(?:(?:case|abstract|final|sealed|implicit|private|protected)\s+)*(class|trait|object)\s+([\w$]+)")
COMMENT = re.compile(r"\s*(?://.*)?$")


def split(code):
    """The lines as a Livy takes them: trimmed, trailing empty ones dropped."""
    lines = code.strip(WHITE).split("\n")
    while len(lines) > 1 and not lines[-1]:
        lines.pop()
    return lines


WHITE = "".join(chr(number) for number in range(33))


def joined(code):
    """The units to run, each one line or several."""
    return with_companions(with_continuations(split(code)))


def with_continuations(lines):
    units = []
    waiting = []  # blank and comment lines, which do not end a chain
    for line in lines:
        if units and CONTINUES.match(line):
            units[-1] = "\n".join([units[-1]] + waiting + [line])
            waiting = []
        elif units and COMMENT.match(line):
            waiting.append(line)
        else:
            units.extend(waiting)
            waiting = []
            units.append(line)
    return units + waiting


def with_companions(units):
    result = []
    position = 0
    while position < len(units):
        block, after = whole(units, position)
        names = DEFINES.match(block)
        while names:
            follower, rest = whole(units, skip_blank(units, after))
            other = DEFINES.match(follower)
            if not other or other.group(2) != names.group(2) or other.group(1) == names.group(1):
                break
            block = "\n".join(units[position:rest])
            after = rest
        if names:
            result.append(block)
        else:
            result.extend(units[position:after])
        position = after
    return result


def skip_blank(units, position):
    while position < len(units) and COMMENT.match(units[position]):
        position += 1
    return position


def whole(units, position):
    """The definition that begins at `position` with all its lines, and where the next one begins."""
    if position >= len(units):
        return "", position
    if not DEFINES.match(units[position]):
        return units[position], position + 1
    for end in range(position + 1, len(units) + 1):
        block = "\n".join(units[position:end])
        if depth(block) <= 0:
            return block, end
    return units[position], position + 1


TOKENS = re.compile(
    r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\\n])*"|\'(?:\\.[^\']*|[^\'\\\n])\'|//[^\n]*|/\*(?:.|\n)*?\*/|[()\[\]{}]')


def depth(block):
    """How many brackets are open, leaving out strings and comments."""
    level = 0
    for token in TOKENS.findall(block):
        if token in ("(", "[", "{"):
            level += 1
        elif token in (")", "]", "}"):
            level -= 1
    return level
