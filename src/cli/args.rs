//! The subcommands as clap declares them: no decisions, and nothing that is not built.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::options::{
    ColorArgs, CommonArgs, ConfigFileArgs, ConnectionArgs, FormatArgs, QuietArgs, RunArgs,
    SessionArgs, VerboseArgs, WhichArgs,
};
use crate::settings::values;

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
    after_long_help = long_help()
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Verb>,
    #[command(flatten)]
    pub(super) shell: ShellArgs,
}

fn long_help() -> String {
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
    pub(super) which: WhichArgs,
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
    pub(super) quiet: QuietArgs,
}

#[derive(Debug, Args)]
pub(super) struct SetupArgs {
    /// The version of Spark to install, such as 3.5.6
    #[arg(long, value_name = "VERSION", value_parser = values::spark_version)]
    pub(super) spark: Option<String>,
    #[command(flatten)]
    pub(super) quiet: QuietArgs,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct SessionsArgs {
    #[command(subcommand)]
    pub(super) verb: Option<SessionsVerb>,
    #[command(flatten)]
    pub(super) list: ListArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum SessionsVerb {
    /// List the server's sessions
    List(Box<ListArgs>),
    /// Show one session
    Show(Box<OneSessionArgs>),
    /// List a session's statements
    Statements(Box<OneSessionArgs>),
    /// Show a session's log
    Logs(Box<LogsArgs>),
    /// End sessions
    Kill(Box<KillArgs>),
    /// End the sessions of yours that a crash or a lost connection left behind
    Clean(Box<CleanArgs>),
}

/// A server that is looked at, and how to reach it.
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
    pub(super) verbose: VerboseArgs,
    #[command(flatten)]
    pub(super) config_file: ConfigFileArgs,
}

/// How a table is shown.
#[derive(Debug, Args)]
pub(super) struct TableArgs {
    #[command(flatten)]
    pub(super) format: FormatArgs,
    #[command(flatten)]
    pub(super) color: ColorArgs,
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    pub(super) remote: RemoteArgs,
    #[command(flatten)]
    pub(super) table: TableArgs,
}

#[derive(Debug, Args)]
pub(super) struct OneSessionArgs {
    /// The session's id or name
    #[arg(value_name = "ID", value_parser = values::session_id)]
    pub(super) id: String,
    #[command(flatten)]
    pub(super) list: ListArgs,
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
    #[command(flatten)]
    pub(super) quiet: QuietArgs,
}

#[derive(Debug, Args)]
pub(super) struct CleanArgs {
    #[command(flatten)]
    pub(super) remote: RemoteArgs,
    #[command(flatten)]
    pub(super) quiet: QuietArgs,
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
    },
    /// Write the whole record out, as one JSON object a line
    Export {
        /// Append to this file
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(super) struct EntriesArgs {
    /// How many entries, the newest ones
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = values::count)]
    pub(super) limit: u32,
    #[command(flatten)]
    pub(super) table: TableArgs,
}

#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    pub(super) verb: Option<ConfigVerb>,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum ConfigVerb {
    /// Print where the config file is
    Path,
    /// Show the config file
    Show,
    /// Open the config file in $VISUAL or $EDITOR
    Edit,
    /// Check the config file
    Check,
    /// Write a commented config file, unless there is one
    Init,
}
