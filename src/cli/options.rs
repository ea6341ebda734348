//! The options, in the groups in which the subcommands share them.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::settings::values;
use crate::settings::{Color, Format, Kind};

#[derive(Debug, Args)]
#[command(next_help_heading = "Session")]
pub(super) struct SessionArgs {
    /// The language of the code [default: pyspark]
    ///
    /// Statements of the other kinds run in the same session: a file by its ending, a line by
    /// %sql, %pyspark, %spark or %sparkr before it.
    #[arg(long, short, value_parser = kinds())]
    pub(super) kind: Option<Kind>,
    /// A word for the session's name; a random part follows it, and --attach takes the word too
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

/// Which session is used, on a server that outlives the run.
#[derive(Debug, Args)]
#[command(next_help_heading = "Session")]
pub(super) struct WhichArgs {
    /// Use a session that is there; it is not deleted
    #[arg(long, value_name = "ID|NAME", value_parser = values::session_id, conflicts_with_all = ["keep", "reuse"])]
    pub(super) attach: Option<String>,
    /// Delete the session of --attach on the way out
    #[arg(long, requires = "attach")]
    pub(super) delete: bool,
    /// Leave our own session there on the way out, until the server's idle limit
    #[arg(long, conflicts_with = "heartbeat")]
    pub(super) keep: bool,
    /// Take an idle session of ours with the same options, else make one that stays until its idle limit
    ///
    /// With a name, only one that was made by that name. A URL or a profile that stands behind it is the
    /// server.
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["keep", "heartbeat"])]
    pub(super) reuse: Option<String>,
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
    /// Send a file as one statement, not part by part; SQL always goes query by query
    #[arg(long)]
    pub(super) whole: bool,
    /// Send a statement again when the server has no trace of it after its answer was lost; it may run twice
    #[arg(long)]
    pub(super) resend: bool,
    /// What `${NAME}` in a file stands for; repeatable. `$${NAME}` stands for itself
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) var: Vec<String>,
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
    /// Show what is longer than the screen without a pager
    #[arg(long)]
    pub(super) no_pager: bool,
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
pub(super) struct QuietArgs {
    /// Say only what failed
    #[arg(short, long)]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Running")]
pub(super) struct VerboseArgs {
    /// Show what is sent and received, secrets hidden; -vv shows more
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Running")]
pub(super) struct ColorArgs {
    /// When to use colours [default: auto]
    #[arg(long, value_name = "WHEN", value_parser = colors())]
    pub(super) color: Option<Color>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Running")]
pub(super) struct ConfigFileArgs {
    /// Read no config file
    #[arg(long)]
    pub(super) no_config: bool,
}

/// What every way of running code has.
#[derive(Debug, Args)]
#[command(next_help_heading = "Running")]
pub(super) struct CommonArgs {
    /// Say only what failed
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    #[command(flatten)]
    pub(super) verbose: VerboseArgs,
    #[command(flatten)]
    pub(super) color: ColorArgs,
    #[command(flatten)]
    pub(super) config_file: ConfigFileArgs,
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
