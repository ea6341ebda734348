"""What a Java exception says, without the frames that only the host put there."""

OURS = ("py4j.", "jdk.internal.reflect.", "java.base/jdk.internal.reflect.", "sun.reflect.", "java.base/java.lang.reflect.")


def java_side(error):
    """The Java exception behind a Python one, or None."""
    for name in ("_origin", "java_exception"):
        found = getattr(error, name, None)
        if found is not None:
            return found
    return None


def describe(error):
    """Message and stack, as Livy's SQL interpreter gives them."""
    cause = java_side(error)
    if cause is None:
        return str(error), []
    try:
        frames = [frame.toString() for frame in cause.getStackTrace()]
        message = cause.getMessage() or cause.toString()
    except Exception:  # the JVM may be on its way out
        return str(error), []
    return message, user_frames(frames)


def user_frames(frames):
    for position, frame in enumerate(frames):
        if frame.startswith(OURS):
            return frames[:position]
    return frames
