"""R: placeholder until the interpreter is written."""

from . import output


class RKind:
    def __init__(self, spark, request, faithful):
        pass

    def ready(self):
        """Nothing."""

    def execute(self, count, code):
        return output.error(count, "Error", "no R")

    def interrupt(self, _age):
        return None
