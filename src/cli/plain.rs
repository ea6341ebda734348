//! From clap's structs to plain ones, with the checks whose messages clap must not write.

use std::path::PathBuf;

use clap::ArgMatches;

use super::args::{RemoteOptions, TableArgs};
use super::options::{CommonArgs, ConnectionArgs, RunArgs, SessionArgs, WhichArgs};
use super::{CliError, Given};
use crate::settings::values::{self, Header, ValueError};
use crate::settings::{ConnectionSettings, RunSettings, SessionSettings, Source, Which};

/// The code to run in the order of the command line, which clap keeps only as positions.
/// For the matches of a command that has -e and -f.
pub(super) fn sources(matches: &ArgMatches) -> Vec<Source> {
    let codes = matches.get_many::<String>("execute").into_iter().flatten();
    let files = matches.get_many::<PathBuf>("file").into_iter().flatten();
    let places = |id: &str| matches.indices_of(id).into_iter().flatten();
    let codes = codes.cloned().map(Source::Code);
    let files = files.map(|file| match file.to_str() {
        Some("-") => Source::Stdin,
        _ => Source::File(file.clone()),
    });
    let mut ordered: Vec<(usize, Source)> = places("execute").zip(codes).collect();
    ordered.extend(places("file").zip(files));
    ordered.sort_by_key(|(place, _)| *place);
    ordered.into_iter().map(|(_, source)| source).collect()
}

pub(super) fn given(
    server: Option<String>,
    session_args: SessionArgs,
    connection_args: ConnectionArgs,
) -> Result<Box<Given>, CliError> {
    Ok(Box::new(Given {
        server: checked_server(server)?,
        session: session(session_args)?,
        connection: connection(connection_args)?,
        ..Given::default()
    }))
}

/// Whether the word behind --reuse is a name or the server, only the config file tells.
pub(super) fn which(given: &mut Given, args: WhichArgs) {
    given.which = match (args.attach, args.keep, args.reuse) {
        (Some(session), ..) => Which::Attached {
            session,
            delete: args.delete,
        },
        (None, true, _) => Which::Kept,
        (None, false, Some(name)) => Which::Reused {
            name: Some(name).filter(|name| !name.is_empty()),
            fresh: false,
        },
        (None, false, None) => Which::New,
    };
}

pub(super) fn remote(
    server: Option<String>,
    options: RemoteOptions,
) -> Result<Box<Given>, CliError> {
    let mut given = Given {
        server: checked_server(server)?,
        connection: connection(options.connection)?,
        ..Given::default()
    };
    given.run.verbose = options.verbose.verbose;
    given.no_config = options.config_file.no_config;
    Ok(Box::new(given))
}

/// A URL with a password is refused before anything else sees it.
fn checked_server(server: Option<String>) -> Result<Option<String>, CliError> {
    if let Some(text) = server.as_deref().filter(|text| text.contains("://")) {
        checked("SERVER", values::server_url(text))?;
    }
    Ok(server)
}

fn checked<T>(option: &'static str, result: Result<T, ValueError>) -> Result<T, CliError> {
    result.map_err(|error| CliError::Value { option, error })
}

pub(super) fn session(args: SessionArgs) -> Result<SessionSettings, CliError> {
    let mut settings = SessionSettings {
        kind: args.kind,
        name: args.name,
        driver_memory: args.driver_memory,
        driver_cores: args.driver_cores,
        executor_memory: args.executor_memory,
        executor_cores: args.executor_cores,
        num_executors: args.num_executors,
        queue: args.queue,
        proxy_user: args.proxy_user,
        ttl: args.ttl,
        idle_timeout: args.idle_timeout,
        heartbeat: args.heartbeat,
        rows: args.rows,
        start_timeout: args.start_timeout,
        ..SessionSettings::default()
    };
    for pair in &args.conf {
        let (key, value) = checked("--conf", values::key_value(pair))?;
        settings.conf.insert(key, value);
    }
    let lists = [
        ("--jars", args.jars, &mut settings.jars),
        ("--py-files", args.py_files, &mut settings.py_files),
        ("--files", args.files, &mut settings.files),
        ("--archives", args.archives, &mut settings.archives),
    ];
    for (option, texts, list) in lists {
        for text in &texts {
            list.extend(checked(option, values::list(text))?);
        }
    }
    Ok(settings)
}

fn connection(args: ConnectionArgs) -> Result<ConnectionSettings, CliError> {
    let mut settings = ConnectionSettings {
        secret_from_flags: args.password_file.is_some() || args.token_command.is_some(),
        password_file: args.password_file,
        token_command: args.token_command,
        do_as: args.do_as,
        cacert: args.cacert,
        cert: args.cert,
        key: args.key,
        insecure: args.insecure.then_some(true),
        insecure_http: args.insecure_http.then_some(true),
        no_proxy: args.no_proxy.then_some(true),
        connect_timeout: args.connect_timeout,
        ..ConnectionSettings::default()
    };
    if let Some(method) = &args.auth {
        checked("--auth", settings.set("auth", method))?;
    }
    if let Some(user) = &args.user {
        checked("--user", settings.set("user", user))?;
    }
    if let Some(proxy) = &args.proxy {
        checked("--proxy", settings.set("proxy", proxy))?;
    }
    for header in &args.header {
        let header = checked("--header", Header::from_argument(header))?;
        settings.headers.push(header);
    }
    Ok(settings)
}

pub(super) fn run(
    run: &mut RunSettings,
    args: RunArgs,
    sources: Vec<Source>,
) -> Result<(), CliError> {
    run.sources = sources;
    for pair in &args.var {
        run.vars.push(checked("--var", values::variable(pair))?);
    }
    run.format = args.format.format;
    run.output = args.output;
    run.go_on = args.go_on;
    run.whole = args.whole;
    run.resend = args.resend;
    run.fail_truncated = args.fail_truncated;
    run.dry_run = args.dry_run;
    run.timeout = args.timeout;
    run.no_history = args.no_history;
    run.no_pager = args.no_pager;
    Ok(())
}

pub(super) fn common(given: &mut Given, args: &CommonArgs) {
    given.run.quiet = args.quiet;
    given.run.verbose = args.verbose.verbose;
    given.run.color = args.color.color;
    given.no_config = args.config_file.no_config;
}

pub(super) fn table(run: &mut RunSettings, args: &TableArgs) {
    run.format = args.format.format;
    run.color = args.color.color;
}
