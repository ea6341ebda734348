//! The command line as clap declares it: no decisions, and nothing that is not built.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use crate::settings::values;
use crate::settings::{Color, Format, Kind};

const START: &str = "\
Three ways to start:
  livysh local                          a real Spark on this machine (installed on first use)
  livysh https://host.example.net/livy  any Apache Livy server
  livysh prod                           a profile of the config file (see: livysh config init)";

const EXAMPLES: &str = "\
Examples:
  livysh local -e '1 + 1'
  livysh prod -k sql -o csv -e 'select 1 as a'
  livysh prod -f prepare.py -f report.sql --output report.csv -o csv
  livysh sessions list prod -o json

Exit codes: 0 all well; 1 a statement failed, was cancelled or timed out; 2 usage, config or
unreadable input; 3 no server, no access or no session; 129, 130, 143 ended by HUP, INT, TERM.";

/// The Spark shell for any Apache Livy endpoint.
#[derive(Debug, Parser)]
#[command(
    name = "livysh",
    version,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    override_usage = "livysh [OPTIONS] [SERVER]\n       livysh <COMMAND>",
    after_help = START,
    after_long_help = const_format_examples()
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Verb>,
    #[command(flatten)]
    pub(super) shell: ShellArgs,
}

fn const_format_examples() -> String {
    format!("{START}\n\n{EXAMPLES}")
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// The shell on a real Spark on this machine, installed on first use
    Local(Box<LocalArgs>),
    /// That Spark behind the Livy REST API, for any Livy client, until Ctrl-C
    Serve(ServeArgs),
    /// Install what `local` and `serve` need, and check it; safe to repeat
    Setup(SetupArgs),
    /// List, look into and end the sessions of a server
    Sessions(Box<SessionsArgs>),
    /// Look into the record of what ran
    History(HistoryArgs),
    /// Find, show, check or make the config file
    Config(ConfigArgs),
    /// Print a shell's completion script
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff)
    Man,
}

#[derive(Debug, Args)]
pub(super) struct ShellArgs {
    /// A server's URL or a profile's name; else `$LIVYSH_SERVER`, else `default` in the config file
    pub(super) server: Option<String>,
    #[command(flatten)]
    pub(super) session: SessionArgs,
    #[command(flatten)]
    pub(super) connection: ConnectionArgs,
    #[command(flatten)]
    pub(super) run: RunArgs,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

#[derive(Debug, Args)]
pub(super) struct LocalArgs {
    #[command(flatten)]
    pub(super) spark: SparkArgs,
    #[command(flatten)]
    pub(super) session: SessionArgs,
    #[command(flatten)]
    pub(super) run: RunArgs,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

#[derive(Debug, Args)]
pub(super) struct SparkArgs {
    /// Use this Spark instead of the installed one
    #[arg(long, value_name = "DIR")]
    pub(super) spark_home: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// The port on this machine's loopback address; 0 takes a free one
    #[arg(long, default_value_t = 8998)]
    pub(super) port: u16,
    /// Ask clients for no secret: every user and program of this machine may run code as you
    #[arg(long)]
    pub(super) no_auth: bool,
    #[command(flatten)]
    pub(super) spark: SparkArgs,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

#[derive(Debug, Args)]
pub(super) struct SetupArgs {
    /// The version of Spark to install, such as 3.5.6
    #[arg(long, value_name = "VERSION", value_parser = values::spark_version)]
    pub(super) spark: Option<String>,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Session")]
pub(super) struct SessionArgs {
    /// The language of the code [default: pyspark]
    ///
    /// Statements of the other kinds run in the same session: a file by its ending, a line by
    /// %sql, %pyspark, %spark or %sparkr before it.
    #[arg(long, short, value_parser = kinds())]
    pub(super) kind: Option<Kind>,
    /// The session's name, unique on the server
    #[arg(long, value_parser = values::session_name)]
    pub(super) name: Option<String>,
    /// A setting of Spark; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) conf: Vec<String>,
    /// Jars for driver and executors, with commas; repeatable
    #[arg(long, value_name = "LIST")]
    pub(super) jars: Vec<String>,
    /// Python files for the session, with commas; repeatable
    #[arg(long, value_name = "LIST")]
    pub(super) py_files: Vec<String>,
    /// Files for each executor, with commas; repeatable
    #[arg(long, value_name = "LIST")]
    pub(super) files: Vec<String>,
    /// Archives to unpack for each executor, with commas; repeatable
    #[arg(long, value_name = "LIST")]
    pub(super) archives: Vec<String>,
    /// Memory of the driver, such as 4g
    #[arg(long, value_name = "SIZE", value_parser = values::memory)]
    pub(super) driver_memory: Option<String>,
    /// Cores of the driver
    #[arg(long, value_name = "COUNT", value_parser = values::count)]
    pub(super) driver_cores: Option<u32>,
    /// Memory of each executor, such as 4g
    #[arg(long, value_name = "SIZE", value_parser = values::memory)]
    pub(super) executor_memory: Option<String>,
    /// Cores of each executor
    #[arg(long, value_name = "COUNT", value_parser = values::count)]
    pub(super) executor_cores: Option<u32>,
    /// How many executors
    #[arg(long, value_name = "COUNT", value_parser = values::count)]
    pub(super) num_executors: Option<u32>,
    /// The queue of YARN
    #[arg(long, value_parser = values::text)]
    pub(super) queue: Option<String>,
    /// The user that the session runs as
    #[arg(long, value_name = "USER", value_parser = values::text)]
    pub(super) proxy_user: Option<String>,
    /// The session's longest life, such as 8h
    #[arg(long, value_name = "TIME", value_parser = values::livy_time)]
    pub(super) ttl: Option<String>,
    /// How long the session may be idle, such as 30m
    #[arg(long, value_name = "TIME", value_parser = values::livy_time)]
    pub(super) idle_timeout: Option<String>,
    /// When nobody asks for the session that long, the server ends it; 0 = off [default: 600]
    #[arg(long, value_name = "SECONDS", value_parser = values::seconds)]
    pub(super) heartbeat: Option<u32>,
    /// How many rows of a SQL result the server returns
    #[arg(long, value_name = "COUNT", value_parser = values::count)]
    pub(super) rows: Option<u32>,
    /// How long to wait for the session to start, such as 5m
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub(super) start_timeout: Option<Duration>,
}

// What may hold a secret (user, header, proxy) is taken as text and checked by us: clap's own
// messages repeat the value.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct ConnectionArgs {
    /// How to authenticate [default: auto]
    ///
    /// auto: a token when one is set up, else a user and password (also from netrc), else nothing.
    #[arg(long, value_parser = words(&["auto", "none", "basic", "bearer"]))]
    pub(super) auth: Option<String>,
    /// The user's name; the password comes from a file, `$LIVYSH_PASSWORD`, netrc or a prompt
    #[arg(long, value_name = "NAME")]
    pub(super) user: Option<String>,
    /// A file whose first line is the password
    #[arg(long, value_name = "FILE")]
    pub(super) password_file: Option<PathBuf>,
    /// A command whose first line of output is the token
    #[arg(long, value_name = "COMMAND", value_parser = values::text)]
    pub(super) token_command: Option<String>,
    /// The user to act as, with every request
    #[arg(long, value_name = "USER", value_parser = values::text)]
    pub(super) do_as: Option<String>,
    /// A header for every request; repeatable
    #[arg(long, value_name = "NAME: VALUE")]
    pub(super) header: Vec<String>,
    /// Certificates to trust, besides the system's (PEM)
    #[arg(long, value_name = "FILE")]
    pub(super) cacert: Option<PathBuf>,
    /// Our own certificate (PEM)
    #[arg(long, value_name = "FILE")]
    pub(super) cert: Option<PathBuf>,
    /// The certificate's key, when it is in a file of its own (PEM)
    #[arg(long, value_name = "FILE")]
    pub(super) key: Option<PathBuf>,
    /// Do not check the server's certificate
    #[arg(long)]
    pub(super) insecure: bool,
    /// Send credentials over plain http to another machine
    #[arg(long)]
    pub(super) insecure_http: bool,
    /// The proxy to use, instead of the environment's
    #[arg(long, value_name = "URL", conflicts_with = "no_proxy")]
    pub(super) proxy: Option<String>,
    /// Use no proxy
    #[arg(long)]
    pub(super) no_proxy: bool,
    /// How long to try to connect [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub(super) connect_timeout: Option<Duration>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Running")]
pub(super) struct RunArgs {
    /// Run this code instead of the shell; repeatable, in order with -f
    #[arg(short, long, value_name = "CODE", allow_hyphen_values = true)]
    pub(super) execute: Vec<String>,
    /// Run this file, `-` is standard input; repeatable, in order with -e
    #[arg(short, long, value_name = "FILE")]
    pub(super) file: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) format: FormatArgs,
    /// Write the results to this file
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Go on after a failed statement
    #[arg(long = "continue")]
    pub(super) go_on: bool,
    /// Send a file as one statement, not part by part
    #[arg(long)]
    pub(super) whole: bool,
    /// Exit with 1 when a result was cut
    #[arg(long)]
    pub(super) fail_truncated: bool,
    /// Show the requests and send nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// How long the whole run may take; then it is cancelled and exits with 1
    #[arg(long, value_name = "SECONDS", value_parser = values::time)]
    pub(super) timeout: Option<Duration>,
    /// Neither read nor write the record of what ran
    #[arg(long)]
    pub(super) no_history: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Running")]
pub(super) struct FormatArgs {
    /// The form of the results [default: text]
    #[arg(short = 'o', long, value_parser = formats())]
    pub(super) format: Option<Format>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Running")]
pub(super) struct CommonArgs {
    /// Say only what failed
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Show what is sent and received, secrets hidden; -vv shows more
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// When to use colours [default: auto]
    #[arg(long, value_name = "WHEN", value_parser = colors())]
    pub(super) color: Option<Color>,
    /// Read no config file
    #[arg(long)]
    pub(super) no_config: bool,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct SessionsArgs {
    #[command(subcommand)]
    pub(super) verb: Option<SessionsVerb>,
    #[command(flatten)]
    pub(super) list: RemoteArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum SessionsVerb {
    /// List the server's sessions
    List(Box<RemoteArgs>),
    /// Show one session
    Show(Box<OneSessionArgs>),
    /// List a session's statements
    Statements(Box<OneSessionArgs>),
    /// Show a session's log
    Logs(Box<LogsArgs>),
    /// End sessions
    Kill(Box<KillArgs>),
}

#[derive(Debug, Args)]
pub(super) struct RemoteArgs {
    /// A server's URL or a profile's name; else `$LIVYSH_SERVER`, else `default` in the config file
    pub(super) server: Option<String>,
    #[command(flatten)]
    pub(super) options: RemoteOptions,
}

#[derive(Debug, Args)]
pub(super) struct RemoteOptions {
    #[command(flatten)]
    pub(super) connection: ConnectionArgs,
    #[command(flatten)]
    pub(super) format: FormatArgs,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

#[derive(Debug, Args)]
pub(super) struct OneSessionArgs {
    /// The session's id or name
    #[arg(value_name = "ID", value_parser = values::session_id)]
    pub(super) id: String,
    #[command(flatten)]
    pub(super) remote: RemoteArgs,
}

#[derive(Debug, Args)]
pub(super) struct LogsArgs {
    /// The session's id or name
    #[arg(value_name = "ID", value_parser = values::session_id)]
    pub(super) id: String,
    /// Go on as the log grows
    #[arg(short, long)]
    pub(super) follow: bool,
    #[command(flatten)]
    pub(super) remote: RemoteArgs,
}

#[derive(Debug, Args)]
pub(super) struct KillArgs {
    /// Ids or names of sessions; the last word may be the server's URL or profile
    #[arg(value_name = "ID", required = true)]
    pub(super) ids: Vec<String>,
    #[command(flatten)]
    pub(super) options: RemoteOptions,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct HistoryArgs {
    #[command(subcommand)]
    pub(super) verb: Option<HistoryVerb>,
    #[command(flatten)]
    pub(super) list: EntriesArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum HistoryVerb {
    /// Find entries whose code has a text
    Search {
        /// The text, in any case
        #[arg(value_parser = values::text)]
        text: String,
        #[command(flatten)]
        entries: EntriesArgs,
    },
    /// Show one entry whole
    Show {
        /// The entry's number
        #[arg(value_parser = values::count)]
        number: u32,
        #[command(flatten)]
        entries: ReportArgs,
    },
    /// Write the whole record out
    Export {
        /// Write to this file
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        entries: ReportArgs,
    },
}

#[derive(Debug, Args)]
pub(super) struct EntriesArgs {
    /// How many entries, the newest ones
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = values::count)]
    pub(super) limit: u32,
    #[command(flatten)]
    pub(super) report: ReportArgs,
}

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    pub(super) format: FormatArgs,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    pub(super) verb: Option<ConfigVerb>,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigVerb {
    /// Print where the config file is
    Path(CommonArgs),
    /// Show the config file
    Show(CommonArgs),
    /// Open the config file in $VISUAL or $EDITOR
    Edit(CommonArgs),
    /// Check the config file
    Check(CommonArgs),
    /// Write a commented config file, unless there is one
    Init(CommonArgs),
}

fn kinds() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new([
        PossibleValue::new("pyspark").aliases(["python", "py"]),
        PossibleValue::new("spark").alias("scala"),
        PossibleValue::new("sparkr").aliases(["r", "R"]),
        PossibleValue::new("sql"),
    ])
    .try_map(|word| word.parse::<Kind>())
}

fn formats() -> impl TypedValueParser<Value = Format> {
    words(&["text", "table", "csv", "tsv", "json", "ndjson"]).try_map(|word| word.parse::<Format>())
}

fn colors() -> impl TypedValueParser<Value = Color> {
    words(&["auto", "always", "never"]).try_map(|word| word.parse::<Color>())
}

fn words(words: &'static [&'static str]) -> PossibleValuesParser {
    PossibleValuesParser::new(words)
}
