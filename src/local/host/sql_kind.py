"""Runs one SQL query and gives its schema and rows as Livy does."""

import json

from . import java_errors, output, sql_values

DEFAULT_ROWS = 1000
INTERRUPT_AFTER = 1.0  # seconds


class SqlKind:
    """SQL on the session's SparkSession; every kind sees the same views and tables."""

    def __init__(self, spark, rows, faithful):
        self._spark = spark
        self._faithful = faithful
        self._rows = rows

    def ready(self):
        """Nothing to wait for."""

    def execute(self, count, code):
        try:
            frame = self._spark.query(code)
            schema = json.loads(frame._jdf.schema().json())
            fields = schema["fields"]
            rows = sql_values.fetchable(frame, fields).take(self._rows)
            data = [[sql_values.convert(value, field["type"]) for value, field in zip(row, fields)]
                    for row in rows]
        except Exception as error:
            message, trace = java_errors.describe(error)
            return output.error(count, "Error", message, trace)
        return output.ok(count, {output.JSON: {"schema": schema, "data": data}})

    def interrupt(self, age):
        """The session cancels the job; work of the driver alone that waits is interrupted later."""
        if age > INTERRUPT_AFTER and not self._faithful:
            self._spark.interrupt_main(age)
        return None
