import json, os, sys

import pyspark

answer = {"spark": pyspark.__version__, "package": os.path.dirname(os.path.abspath(pyspark.__file__))}
if sys.argv[1] == "job":
    from pyspark.sql import SparkSession
    from pyspark.sql.functions import udf

    work = os.getcwd()
    spark = (
        SparkSession.builder.master("local[1]")
        .appName("livysh setup")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.local.dir", work)
        .config("spark.sql.warehouse.dir", work)
        .config("spark.driver.extraJavaOptions", "-Djava.io.tmpdir=" + work)
        .getOrCreate()
    )
    add = udf(lambda x: x + 1, "long")
    answer["count"] = spark.range(10).count()
    answer["udf"] = [row[0] for row in spark.range(2).select(add("id")).collect()]
    answer["java"] = spark._jvm.java.lang.System.getProperty("java.version")
    spark.stop()
print(json.dumps(answer))
