"""What of an answer is compared: all of it but ids, times, addresses and the depth of stacks."""

import base64
import re

CUT = re.compile(r"\.\.\.\[\d+ [^\]]*left out\]\.\.\.")

VOLATILE = [
    (re.compile(r'File "[^"]*/(pyspark|py4j)/'), r'File "<\1>/'),
    (re.compile(r'File "[^"]*/(python\d[.\d]*)/'), r'File "<python>/'),
    # py4j's own source moves between its releases.
    (re.compile(r'File "<py4j>/[^\n]*\n(?:    [^\n]*\n)*'), "<py4j>\n"),
    (re.compile(r"0x[0-9a-f]{6,}"), "<address>"),
    (re.compile(r"@[0-9a-f]{4,8}\b"), "@<hash>"),
    (re.compile(r"res\d+\b"), "res<n>"),
    (re.compile(r"\.\.\. \d+ (elided|more)"), r"... <n> \1"),
    (re.compile(r"[Ss]tage \d+\.\d+"), "stage <n>"),
    (re.compile(r"\(TID \d+\)"), "(TID <n>)"),
    (re.compile(r"#\d+L?"), "#<n>"),
    (re.compile(r"Job \d+ cancelled"), "Job <n> cancelled"),
    (re.compile(r"job group \d+"), "job group <n>"),
    (re.compile(r"\$line\d+"), "$line<n>"),
    (re.compile(r"\bThread-\d+"), "Thread-<n>"),
    # R's code opens its device on a file of the session's.
    (re.compile(r'(\bpng\(\\*")/[^"\\]*\.png'), r"\1<image>.png"),
    (re.compile(r"GeneratedMethodAccessor\d+|NativeMethodAccessorImpl\.invoke0?|DirectMethodHandleAccessor"), "<accessor>"),
]

# From here on down a Java stack is whoever called Spark: Livy there, py4j here.
CALLER = ("org.apache.spark.sql.Dataset.", "org.apache.spark.sql.Dataset$", "org.apache.livy.", "py4j.",
          "java.base/jdk.internal.reflect", "jdk.internal.reflect",
          "java.base/java.util.concurrent.ThreadPoolExecutor")


def normal(value, key=None):
    """The value with everything volatile replaced."""
    if isinstance(value, dict):
        return {name: normal(item, name) for name, item in value.items() if name != "execution_count"}
    if isinstance(value, list):
        if key == "traceback":
            # An item that was nothing but a caller's frame is empty now.
            return [item for item in map(normal, user_part(value)) if item.strip()]
        return [normal(item) for item in value]
    if isinstance(value, str):
        if key == "image/png":
            return "image of %d x %d" % size(value) if value.startswith("iVBOR") else value
        for pattern, replacement in VOLATILE:
            value = pattern.sub(replacement, value)
        return without_callers(value)
    return value


def user_part(frames):
    for position, frame in enumerate(frames):
        if frame.startswith(CALLER):
            return frames[:position]
    return frames


def without_callers(text):
    """A Java trace inside a text, without the frames of whoever called Spark."""
    lines = text.split("\n")
    kept = [line for line in lines if not line.strip().startswith(tuple("at " + name for name in CALLER))]
    return "\n".join(kept)


def size(image):
    data = base64.b64decode(image[:64])
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def same(recorded, found):
    """Equal, where a cut in the record stands for anything."""
    if isinstance(recorded, str) and isinstance(found, str):
        parts = CUT.split(recorded)
        return recorded == found if len(parts) == 1 else in_turn(parts, found)
    if isinstance(recorded, dict) and isinstance(found, dict):
        return recorded.keys() == found.keys() and all(same(recorded[key], found[key]) for key in recorded)
    if isinstance(recorded, list) and isinstance(found, list):
        return same_lists(recorded, found)
    return type(recorded) is type(found) and recorded == found


def in_turn(parts, found):
    position = 0
    for number, part in enumerate(parts):
        position = found.find(part, position)
        if position < 0 or (number == 0 and position > 0):
            return False
        position += len(part)
    return found.endswith(parts[-1])


def same_lists(recorded, found):
    for position, item in enumerate(recorded):
        text = item[0] if isinstance(item, list) and len(item) == 1 else item
        if isinstance(text, str) and CUT.fullmatch(text):
            rest = recorded[position + 1:]
            tail = found[len(found) - len(rest):] if rest else []
            return len(found) >= position + len(rest) and all(map(same, rest, tail))
        if position >= len(found) or not same(item, found[position]):
            return False
    return len(recorded) == len(found)
