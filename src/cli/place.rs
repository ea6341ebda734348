//! `livysh -e X local` means `livysh local -e X`: options before a subcommand belong to it.

use std::ffi::OsString;

use clap::Command;

/// Moves the options that stand before a subcommand behind it, at each level, in their order.
/// The first argument is the program's name. `command` must be built.
pub(super) fn behind_subcommand(
    command: &Command,
    arguments: impl Iterator<Item = OsString>,
) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.collect();
    let mut level = command;
    let mut from = 1;
    while let Some(at) = first_word(level, &arguments, from) {
        let word = arguments[at].to_string_lossy();
        let Some(next) = level.find_subcommand(word.as_ref()) else {
            break;
        };
        level = next;
        let word = arguments.remove(at);
        arguments.insert(from, word);
        from += 1;
    }
    arguments
}

/// Where the first argument stands that is neither an option nor an option's value.
fn first_word(command: &Command, arguments: &[OsString], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(argument) = arguments.get(at) {
        let text = argument.to_string_lossy();
        if text == "--" {
            return None;
        }
        if !text.starts_with('-') || text == "-" {
            return Some(at);
        }
        at += if value_follows(command, &text) { 2 } else { 1 };
    }
    None
}

/// Whether the next argument is the value of this option.
fn value_follows(command: &Command, option: &str) -> bool {
    if let Some(long) = option.strip_prefix("--") {
        return !long.contains('=')
            && command
                .get_arguments()
                .any(|a| a.get_long() == Some(long) && a.get_action().takes_values());
    }
    let mut letters = option.chars().skip(1);
    while let Some(letter) = letters.next() {
        let takes = command
            .get_arguments()
            .any(|a| a.get_short() == Some(letter) && a.get_action().takes_values());
        if takes {
            return letters.next().is_none();
        }
    }
    false
}
