use super::*;

fn gist(language: Language, code: &str) -> Gist {
    Gists::default().read(language, code)
}

fn shows(language: Language, all: &[&str]) {
    for code in all {
        assert_eq!(gist(language, code), Gist::Shows, "{code}");
    }
}

fn matters(language: Language, all: &[&str]) {
    for code in all {
        assert_eq!(gist(language, code), Gist::Matters, "{code}");
    }
}

fn writes(language: Language, all: &[(&str, &str)]) {
    for (code, what) in all {
        assert_eq!(
            gist(language, code),
            Gist::Writes((*what).to_owned()),
            "{code}"
        );
    }
}

#[test]
fn python_that_only_shows_is_not_needed_again() {
    shows(
        Language::Python,
        &[
            "1 + 1",
            "x",
            "print(x)",
            "print(f'{x} = {y}', end='')",
            "df.show()",
            "df.show(n=5)",
            "spark.sql('select 1').show()",
            "spark.sql(f\"select * from {t} where a = 'insert'\").show()",
            "x == 1",
            "x <= 1",
            "'df.write.parquet(1)'",
            "# df.write\nx",
            "if x == 1:\n    print(x)",
            "for i in range(3):\n    print(i)",
            "%table x",
            "open('a').read()",
            "open('a', 'rb').read()",
            "open('a', encoding='utf8').read()",
            "with open(p) as f:\n    print(f.read())",
            "df.drop('a').count()",
            "df.rename(columns={'a': 'b'})",
            "",
        ],
    );
}

#[test]
fn python_that_later_statements_need_is_needed_again() {
    matters(
        Language::Python,
        &[
            "import os",
            "from shutil import rmtree",
            "import subprocess",
            "x = 1",
            "x: int = 1",
            "a, b = 1, 2",
            "x += 1",
            "d['a'] = 1",
            "o.a = 1",
            "x = 1; print(x)",
            "print(x); x = 1",
            "def f(df):\n    df.write.parquet('x')",
            "async def f():\n    pass",
            "class A:\n    def save(self):\n        open('a', 'w')",
            "@udf('int')\ndef f(x):\n    return x",
            "@dataclass\nclass A:\n    x: int",
            "for c in df.columns:\n    df = df.drop(c)",
            "with open(p) as f:\n    text = f.read()",
            "if x:\n    import json",
            "del x",
            "df.createOrReplaceTempView('v')",
            "spark.conf.set('a', 'b')",
            "spark.sql('USE db')",
            "spark.sql('CREATE OR REPLACE TEMP VIEW v AS SELECT 1')",
            "spark.sql(\"\"\"\n  set a=b\n\"\"\")",
            "spark.udf.register('f', f)",
            "sc.addPyFile('a.py')",
            "xs.append(1)",
            "df = spark.read.parquet('x').filter('a = 1')",
            "df = spark.sql('select 1')",
            "f = lambda x: x + 1",
            "text = open('a').read()",
        ],
    );
}

#[test]
fn python_that_writes_says_what_gives_it_away() {
    writes(
        Language::Python,
        &[
            ("df.write.parquet('x')", "df.write"),
            ("(df.write\n .mode('overwrite')\n .save('x'))", "df.write"),
            ("x = df.write.saveAsTable('t')", "df.write"),
            ("q = df.writeStream.start()", "df.writeStream"),
            ("df.toPandas().to_csv('x')", "to_csv"),
            ("spark.sql('INSERT INTO t VALUES (1)')", "INSERT INTO"),
            ("d = spark.sql('drop table t')", "DROP TABLE"),
            ("spark.sql(f'create table {t} as select 1')", "CREATE TABLE"),
            ("spark.sql(q)", "a query whose text is made elsewhere"),
            ("os.remove('a')", "os.remove"),
            ("r = requests.put(url, json=d)", "requests.put"),
            ("deltaTable.update('a = 1', {})", "deltaTable.update"),
            ("shutil.rmtree('a')", "shutil"),
            ("x = subprocess.run(['ls'])", "subprocess"),
            ("open('a', 'w').close()", "open"),
            ("with open(p, mode='a') as f:\n    f.x()", "open"),
            ("gzip.open(p, 'wb')", "gzip.open"),
            ("Path('a').open('w')", "open"),
            ("open(p, m)", "open"),
            ("dbutils.fs.rm('a')", "dbutils"),
            ("%sh ls", "%sh"),
            ("for t in ts:\n    df.write.save(t)", "df.write"),
            ("exec(code)", "exec"),
            ("Path('a').unlink()", "unlink"),
        ],
    );
}

#[test]
fn a_call_of_a_function_of_ones_own_that_writes_writes() {
    let mut gists = Gists::default();
    let code = "def keep(df):\n    df.write.parquet('x')";
    assert_eq!(gists.read(Language::Python, code), Gist::Matters);
    let writes = Gist::Writes("keep()".to_owned());
    assert_eq!(gists.read(Language::Python, "n = keep(df)"), writes);
    assert_eq!(
        gists.read(Language::Python, "def keep(df): pass"),
        Gist::Matters
    );
    assert_eq!(gists.read(Language::Python, "keep(df)"), Gist::Shows);
    assert_eq!(
        gists.read(
            Language::Scala,
            "def put(d: DataFrame) = d.write.save(\"x\")"
        ),
        Gist::Matters
    );
    assert_eq!(
        gists.read(Language::R, "store <- function(d) write.df(d, 'x')"),
        Gist::Matters
    );
    assert_eq!(
        gists.read(Language::Scala, "put(d)"),
        Gist::Writes("put()".to_owned())
    );
    assert_eq!(
        gists.read(Language::R, "x <- store(d)"),
        Gist::Writes("store()".to_owned())
    );
}

#[test]
fn scala_is_read_by_its_own_rules() {
    shows(
        Language::Scala,
        &[
            "1 + 1",
            "df.show()",
            "df.filter(x => x.a == 1).count()",
            "df.filter($\"a\" === 1).show",
            "xs.foreach(x => println(x))",
            "println(s\"df.write ${x}\")",
            "%json x",
            "!done",
            "a != b",
        ],
    );
    matters(
        Language::Scala,
        &[
            "import org.apache.spark.sql.functions._",
            "val x = 1",
            "var x: Int = 1",
            "lazy val y = 2",
            "private[this] val z = 3",
            "def f(x: Int) = x + 1",
            "case class P(a: Int, b: String)",
            "object O { def f(d: DataFrame) = d.write.save(\"x\") }",
            "sealed trait T",
            "implicit class R(d: DataFrame) { def twice = d.union(d) }",
            "type M = Map[String, Int]",
            "x = 2",
            "x += 1",
            "df.createOrReplaceTempView(\"v\")",
            "spark.conf.set(\"a\", \"b\")",
            "spark.sql(\"USE db\")",
            "val d = spark.sql(\"\"\"select 1\"\"\")",
            "val x = 1; println(x)",
        ],
    );
    writes(
        Language::Scala,
        &[
            ("df.write.parquet(\"x\")", "df.write"),
            ("val n = { df.write.save(\"x\"); 1 }", "df.write"),
            ("spark.sql(s\"insert into $t select 1\")", "INSERT INTO"),
            ("rdd.saveAsTextFile(\"x\")", "rdd.saveAsTextFile"),
            ("\"ls\".!", "a program that it runs"),
            ("val out = \"ls\" !!", "a program that it runs"),
            ("new java.io.PrintWriter(\"x\").close()", "PrintWriter"),
            ("Files.createFile(p)", "Files.createFile"),
            ("fs.delete(p, true)", "fs.delete"),
        ],
    );
}

#[test]
fn r_is_read_by_its_own_rules() {
    shows(
        Language::R,
        &[
            "1 + 1",
            "head(df)",
            "print(x, digits = 3)",
            "x == 1",
            "'write.df(x)'",
        ],
    );
    matters(
        Language::R,
        &[
            "x <- 1",
            "x = 1",
            "1 -> x",
            "x[1] <- 2",
            "library(SparkR)",
            "f <- function(x) x + 1",
            "createOrReplaceTempView(df, 'v')",
            "df <- sql('select 1')",
            "set.seed(1)",
            "if (a) { x <- 1 }",
        ],
    );
    writes(
        Language::R,
        &[
            ("write.df(df, 'x')", "write.df"),
            ("saveAsTable(df, 't')", "saveAsTable"),
            ("x <- system('ls')", "system"),
            ("sql('drop table t')", "DROP TABLE"),
            ("unlink('a')", "unlink"),
        ],
    );
}

#[test]
fn sql_is_read_by_its_first_words() {
    shows(
        Language::Sql,
        &[
            "select 1",
            "with a as (select 1) select * from a",
            "(select 1)",
            "show tables",
            "describe t",
            "explain insert into t select 1",
            "select 'insert into'",
            "-- drop\nselect 1",
            "values (1)",
        ],
    );
    matters(
        Language::Sql,
        &[
            "set a = b",
            "use db",
            "create temporary view v as select 1",
            "CREATE OR REPLACE TEMP VIEW v AS SELECT 1;",
            "create or replace global temporary view v as select 1",
            "create temporary function f as 'x'",
            "cache table t",
            "add jar x.jar",
        ],
    );
    writes(
        Language::Sql,
        &[
            ("insert into t values (1)", "INSERT INTO"),
            ("create table t (a int)", "CREATE TABLE"),
            ("create or replace view v as select 1", "CREATE OR"),
            ("drop table t", "DROP TABLE"),
            ("alter table t add columns (a int)", "ALTER TABLE"),
            ("delete from t", "DELETE FROM"),
            (
                "merge into t using s on a when matched then delete",
                "MERGE INTO",
            ),
            ("truncate table t", "TRUNCATE TABLE"),
            (
                "with a as (select 1) insert into t select * from a",
                "INSERT",
            ),
            ("from s insert into t select *", "INSERT"),
            ("update t set a = 1", "UPDATE T"),
            ("vacuum t", "VACUUM T"),
        ],
    );
}

#[test]
fn any_text_has_a_gist() {
    for language in Language::ALL {
        for code in [
            "(", "))", ".", ".write", "open(", "sql(", "@", "é.(é", "\"", "x.open(,", "[,]=",
            "private[", "@a(",
        ] {
            let _ = gist(language, code);
        }
    }
}
