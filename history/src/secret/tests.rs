use super::*;

/// Code of people that holds a credential: Python, Scala, R, SQL, and what stands in their texts. None is real.
const CREDENTIALS: &[&str] = &[
    // settings of Spark and Hadoop
    "spark.conf.set('fs.azure.account.key.acc.blob.core.windows.net', k)",
    "spark.conf.set(\"fs.azure.account.key.acc.dfs.core.windows.net\", \"Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4==\")",
    "spark.conf.set('fs.azure.sas.box.acc.blob.core.windows.net', sas)",
    "spark.conf.set('fs.azure.account.oauth2.client.secret.acc.dfs.core.windows.net', 'q~abc')",
    "spark.conf.set('spark.hadoop.fs.azure.account.key.acc.blob.core.windows.net', k)",
    "sc.hadoopConfiguration.set(\"fs.s3a.secret.key\", s)",
    "sc._jsc.hadoopConfiguration().set('fs.s3a.access.key', 'x')",
    "spark.conf.set('fs.s3a.session.token', t)",
    "sc.hadoopConfiguration.set(\"fs.s3n.awsSecretAccessKey\", s)",
    "spark.conf.set('google.cloud.auth.service.account.private.key', k)",
    "spark.conf.set('fs.s3a.bucket.logs.secret.key', 'abc')",
    "SET spark.hadoop.javax.jdo.option.ConnectionPassword=hunter2;",
    // keys of clouds
    "key = 'AKIAIOSFODNN7EXAMPLE'",
    "boto3.client('s3', aws_access_key_id=a, aws_secret_access_key=b)",
    "os.environ['AWS_SECRET_ACCESS_KEY'] = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'",
    "AWS_SESSION_TOKEN = 'IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQD'",
    "conn = 'AccountName=a;AccountKey=abc=='",
    "e = 'Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey=abc='",
    "u = 'https://acc.blob.core.windows.net/box?sv=2020&sig=Zm9vYmFyYmF6cXV4%3D'",
    "spark.read.csv(\"wasbs://b@a.blob.core.windows.net/x?se=2030-01-01&sp=r&sig=abcdefghijklmnop\")",
    "creds = {\"type\": \"service_account\", \"private_key\": \"-----BEGIN PRIVATE KEY-----\\nMIIE\"}",
    "k = 'AIzaSyA1234567890abcdefghijklmnopqrstuv'",
    "COPY INTO t FROM 's3://b/x' CREDENTIALS (AWS_KEY_ID = 'x' AWS_SECRET_KEY = 'yyyyyyyyyyyyyyyy')",
    "dbutils.fs.mount(source=s, extra_configs={'fs.azure.account.key.a.blob.core.windows.net': k})",
    // passwords
    "password = \"hunter2\"",
    "val dbPassword = \"hunter2\"",
    "val x = Map(\"password\" -> \"hunter2\")",
    ".option(\"password\", \"hunter2\")",
    "PASSWORD='hunter2'",
    "opts['password'] = f'{a}'",
    "props.put(\"password\", \"hunter2\")",
    "props.setProperty(\"password\", \"hunter2\");",
    "pwd <- 'x'",
    "db_pass = 'hunter2'",
    "dbConnect(drv, user = 'u', password = 'hunter2')",
    "password = \"\"\"hunter2\"\"\"",
    "password: str = 'hunter2'",
    "val password: String = \"hunter2\"",
    "passwd=\"x\"",
    "df.write.jdbc(url, 't', properties={'user': 'u', 'password': 'hunter2'})",
    "connect(user='u', passwd='hunter2', db='d')",
    "CREATE USER u IDENTIFIED BY 'hunter2'",
    "CREATE TABLE t USING jdbc OPTIONS (url 'jdbc:x', user 'u', password 'hunter2')",
    "OPTIONS (password \"hunter2\")",
    "jdbc:postgresql://h/db?user=u&password=hunter2",
    "val u = \"jdbc:sqlserver://h:1433;database=d;user=u;password=hunter2;encrypt=true\"",
    "'mongodb+srv://u:hunter2@cluster0.mongodb.net/test'",
    "spark.read.jdbc('postgresql://u:hunter2@h/db')",
    "redis.from_url('redis://:hunter2@h:6379/0')",
    "requests.get(u, auth=('ann', 'hunter2'))",
    "curl -u ann:hunter2 https://h",
    "sasl = 'org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\" password=\"p\";'",
    "client_secret = 'abc~def'",
    "passphrase='correct horse'",
    // tokens
    "token = 'dGhpcyBpcyBhIHRva2Vu'",
    "API_KEY = \"0123456789abcdef0123\"",
    "headers = {'X-Api-Key': '0123456789abcdef0123'}",
    "{'Authorization': 'Bearer dGhpcyBpcyBhIHRva2Vu'}",
    "{'Authorization': 'Basic YW5uOmh1bnRlcjI='}",
    "headers={'authorization': 'token abcdefgh12345678'}",
    "t = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefgh'",
    "g = 'ghp_0123456789abcdefghijABCDEFGHIJ012345'",
    "d = 'dapi0123456789abcdef0123456789abcdef'",
    "s = 'xoxb-123456789012-abcdefABCDEF'",
    "o = 'sk-proj-abcdefghijklmnopqrstuvwxyz012345'",
    "p = 'npg_abcdefghij'; secretKey = 'abcdefghijklmnop'",
    "-----BEGIN RSA PRIVATE KEY-----",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk",
    "refresh_token=\"1//0abcdefghijklmnop\"",
];

/// Code of people that holds none.
const ORDINARY: &[&str] = &[
    "",
    "x = 1 + 1",
    "1",
    "df.show()",
    "tokens = text.split(' ')",
    "for token in tokens: print(token)",
    "tokenizer = Tokenizer(inputCol='text', outputCol='words')",
    "Tokenizer().setInputCol(\"sentence\").setOutputCol(\"tokens\")",
    "val tokenized = tokenizer.transform(df)",
    "max_tokens = 4096",
    "df.where(df.token == 'abcdefghijklmnop')",
    "df.filter(col(\"password\").isNull)",
    "df.drop('password')",
    "df.drop('password', 'email')",
    "df.select('password', 'email').show()",
    "df.select(\"user\", \"password\")",
    "df.withColumnRenamed('password', 'pw')",
    "df = df.withColumn('password', lit(None))",
    "cols = ['user', 'password', 'email']",
    "select user, password from accounts",
    "select password, count(*) from accounts group by password",
    "select count(*) from passwords",
    "select * from t where password is null",
    "create table users (name string, password string)",
    "create table users (\n  name varchar(20),\n  password varchar(64) not null\n)",
    "StructField('password', StringType(), True)",
    "StructField(\"token\", StringType)",
    "password = getpass.getpass()",
    "password = getpass.getpass('Password: ')",
    "password = dbutils.secrets.get(scope='s', key='db')",
    "token = mssparkutils.credentials.getToken('storage')",
    "val password = sys.env(\"DB_PASSWORD\")",
    "password = os.environ['DB_PASSWORD']",
    "password = os.getenv('DB_PASSWORD')",
    ".option('password', password)",
    ".option(\"password\", sys.env(\"PW\"))",
    "connect(user=user, password=password)",
    "password = ''\nname = 'x'",
    "password = None",
    "if password == 'x': pass",
    "assert secret != 'x'",
    "def login(user: str, password: str) -> None: pass",
    "def f(password: String): Unit = ()",
    "case class User(name: String, password: String)",
    "print('wrong password')",
    "raise ValueError('token expired')",
    "// TODO: ask for the password",
    "# the secret of a good join: broadcast it",
    "spark.read.csv('abfss://box@acc.dfs.core.windows.net/x')",
    "spark.read.csv('wasbs://box@acc.blob.core.windows.net/a:b')",
    "spark.read.text('https://host:8443/livy')",
    "spark.read.parquet('s3a://bucket/year=2024/token=abc/part-0.parquet')",
    "hdfs dfs -ls hdfs://nn:8020/user/ann@example.org:x",
    "m = 'mail to ann@example.org: hello'",
    "token = ''",
    "sig = 3",
    "sigma = 0.5; sig=0.1",
    "signature = sign(x)",
    "key = 'abc'",
    "primary_key = 'customer_id_of_the_table'",
    "joined = a.join(b, 'access_key_of_nothing'[:6])",
    "sort_key = 'abcdefghijklmnopqrst'",
    "pivot_key=\"customer_and_order_number\"",
    "sha = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'",
    "uuid = '123e4567-e89b-12d3-a456-426614174000'",
    "image = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB'",
    "bearer_of_news <- 'x'",
    "pwd()",
    "getwd(); setwd('/home/ann')",
    "!pwd",
    "compass = 'north'; bypass = 'yes'",
    "library(tokenizers); tokenize_words('a b')",
    "spark.conf.get('spark.sql.shuffle.partitions')",
    "conf.set('spark.hadoop.fs.s3a.endpoint', 'http://minio:9000')",
    "auth = ('none', )",
];

fn listed<'a>(cases: &[&'a str], wanted: bool) -> Vec<&'a str> {
    let wrong = |code: &&&str| looks_secret(code).is_some() != wanted;
    cases.iter().filter(wrong).copied().collect()
}

#[test]
fn credentials_of_many_forms_are_seen() {
    assert!(CREDENTIALS.len() >= 60);
    assert_eq!(listed(CREDENTIALS, true), [""; 0]);
}

#[test]
fn ordinary_code_is_kept() {
    assert!(ORDINARY.len() >= 60);
    assert_eq!(listed(ORDINARY, false), [""; 0]);
}

#[test]
fn a_name_is_told_however_its_words_are_joined() {
    for name in [
        "password",
        "\"my.PASSWORD\"",
        "spark.ssl.keyStorePassword",
        "fs.azure.account.key.x",
        "spark.hadoop.fs.azure.sas.box.acc",
        "fs.s3a.access.key",
        "fs.s3a.accesskey",
        "access_key",
        "X-Api-Key",
        "api.key",
        "private_key",
        "private.key",
        "passphrase",
        "passwd",
        "credentials",
        "client_secret",
        "refresh_token",
        "sig",
        "sas.sig",
        "Proxy-Authorization",
        "fs.s3n.awsSecretAccessKey",
        "SharedAccessSignature",
    ] {
        assert!(names_a_secret(name), "{name}");
    }
    for name in [
        "spark.executor.memory",
        "spark.app.name",
        "signature",
        "design",
        "hive.security.authorization.manager",
        "key",
        "code",
        "",
    ] {
        assert!(!names_a_secret(name), "{name}");
    }
}

#[test]
fn what_is_looked_for_in_code_is_a_name_of_a_secret_by_itself() {
    for name in PASSWORDS.iter().chain(TOKENS) {
        assert!(names_a_secret(name), "{name}");
    }
}
